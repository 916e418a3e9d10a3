import ClaimRules
import Glibc
import HookInputs

/// The lane in which the hook was called, as the state file has it.
struct LaneRow {
  let number: Int
  /// The lane's top directory.
  let path: String
  let feature: String
  let agent: String?
  let branch: String
  /// The merge base of the branch and the target, in hex.
  let base: String?
  let checkedTree: [UInt8]?
  let checkedParent: [UInt8]?
  let checkedTarget: [UInt8]?
  /// The reference that landings move.
  let target: String
  /// `auto`, `strict` or `off`.
  let policy: String

  /// Reads a lane; `nil` where it is not assigned to a feature.
  static func find(_ number: Int, _ database: LockDatabase) throws(StateFileError) -> LaneRow? {
    try database.query(
      """
      SELECT feature, agent, branch, base, checked_tree, checked_parent, checked_target,
        (SELECT value FROM meta WHERE key = 'target'),
        (SELECT value FROM meta WHERE key = 'claims.policy'), path
      FROM lanes WHERE number = ? AND feature IS NOT NULL AND branch IS NOT NULL
      """, [.integer(Int64(number))]
    ) { row in
      LaneRow(
        number: number, path: row.text(9) ?? "", feature: row.text(0) ?? "", agent: row.text(1),
        branch: row.text(2) ?? "",
        base: row.blob(3).map(Hex.text), checkedTree: row.blob(4), checkedParent: row.blob(5),
        checkedTarget: row.blob(6), target: row.text(7) ?? "", policy: row.text(8) ?? "auto")
    }.first
  }

  var owner: ClaimOwner { ClaimOwner(kind: .feature, id: feature) }
}

/// Judges the paths of a commit in a lane and writes down what follows from it.
struct LaneJudge {
  let database: LockDatabase
  let lane: LaneRow
  /// The target's tip, in hex.
  let tip: String?

  /// Claims what is not claimed, all or nothing, inside a transaction that is open.
  ///
  /// - Parameter base: the merge base that the commit will have with the target, in hex.
  /// - Returns: what stands in the way; empty when every path may be changed.
  func claim(_ paths: [[UInt8]], base: String?) throws(StateFileError) -> [ClaimConflict] {
    guard lane.policy != "off" else { return [] }
    let requests = paths.map { ClaimRequest(path: ClaimPath(file: $0), mode: .exclusive) }
    let now = Clock.milliseconds
    let decision: ClaimDecision
    do {
      let policies = try policies()
      decision = try ClaimRule.decide(
        requests, owner: lane.owner, policies: policies, now: now, committing: true,
        table: HookLockTable(database: database, base: base, tip: tip, naming: policies.naming))
    } catch let error as StateFileError {
      throw error
    } catch {
      throw StateFileError(reason: "\(error)")
    }
    switch decision {
    case .refused(let conflicts): return conflicts
    case .granted(let new, _, _, let expired):
      if lane.policy == "strict", !new.isEmpty {
        return new.map { ClaimConflict(path: $0.path, reason: .held, holder: nil) }
      }
      try write(new, replacing: expired, now: now)
      return []
    }
  }

  private func write(
    _ new: [ClaimRequest], replacing expired: [ClaimRow], now: Int64
  ) throws(StateFileError) {
    guard !new.isEmpty else { return }
    for row in expired {
      try database.query(
        """
        DELETE FROM claims WHERE path = ? AND subtree = ? AND owner_kind = ? AND owner = ?
        """,
        [
          .blob(row.path.bytes), .integer(row.path.isSubtree ? 1 : 0),
          .text(row.owner.kind.rawValue), .text(row.owner.id),
        ])
    }
    let generation =
      try database.query(ClaimSchema.nextGeneration, []) { $0.integer(0) }.first ?? 1
    for request in new {
      try database.query(
        ClaimSchema.insertClaim,
        [
          .blob(request.path.bytes), .integer(request.path.isSubtree ? 1 : 0),
          .text(request.mode.rawValue), .text("feature"), .text(lane.feature),
          lane.agent.map { .text($0) } ?? .null, .integer(generation), .integer(now), .null,
          .integer(0), request.path.spelled.map { .blob($0) } ?? .null,
        ])
      try database.query(
        "DELETE FROM refusals WHERE feature = ? AND path = ?",
        [.text(lane.feature), .blob(request.path.bytes)])
    }
    let names = new.map { JSONString.of($0.path.description) }.joined(separator: ",")
    try event("claims_granted", "{\"paths\":[\(names)],\"generation\":\(generation)}", now)
  }

  /// Marks the claims that cover these paths: a path that a commit changes can't be released.
  func pin(_ paths: [[UInt8]]) throws(StateFileError) {
    let naming = try Policies.naming(database)
    for path in paths {
      let file = ClaimPath(file: path, naming: naming)
      for candidate in [file.bytes] + file.ancestors {
        try database.query(
          """
          UPDATE claims SET pinned = 1, expires_at = NULL WHERE path = ? AND pinned = 0
            AND owner_kind = 'feature' AND owner = ? AND (subtree = 1 OR ?)
          """,
          [.blob(candidate), .text(lane.feature), .integer(candidate == file.bytes ? 1 : 0)])
      }
    }
  }

  /// Remembers what was refused, so that the feature waits for its holder, and returns the words.
  func refuse(_ conflicts: [ClaimConflict]) throws(StateFileError) -> [String] {
    let now = Clock.milliseconds
    try database.transaction { () throws(StateFileError) in
      for conflict in conflicts where conflict.holder != nil || conflict.reason != .held {
        let holder = conflict.holder.flatMap { $0.owner.kind == .feature ? $0.owner.id : nil }
        try database.query(
          """
          INSERT OR REPLACE INTO refusals(feature, path, subtree, reason, holder, at)
          VALUES (?, ?, ?, ?, ?, ?)
          """,
          [
            .text(lane.feature), .blob(conflict.path.bytes),
            .integer(conflict.path.isSubtree ? 1 : 0), .text(conflict.reason.rawValue),
            holder.map { .text($0) } ?? .null, .integer(now),
          ])
      }
      let names = conflicts.map { JSONString.of($0.path.description) }.joined(separator: ",")
      let reasons = conflicts.map { JSONString.of($0.reason.rawValue) }.joined(separator: ",")
      try event("claim_refused", "{\"paths\":[\(names)],\"reasons\":[\(reasons)]}", now)
    }
    if conflicts.allSatisfy({ $0.holder == nil && $0.reason == .held }) {
      return ["lanekeeper: feature #\(lane.feature) has not claimed what it commits:"]
        + conflicts.map { "  \($0.path)" }
        + ["Run `lanekeeper claim PATH…` here first (claims.policy is strict)."]
    }
    return ["lanekeeper: feature #\(lane.feature) may not change these paths now:"]
      + RefusalText.lines(conflicts, titleOf: title)
  }

  private func title(_ feature: String) -> String? {
    let rows = try? database.query(
      "SELECT title FROM features WHERE id = ?", [.text(feature)]
    ) { $0.text(0) }
    return rows?.first ?? nil
  }

  private func event(_ type: String, _ data: String, _ now: Int64) throws(StateFileError) {
    try database.query(
      "INSERT INTO events(time, type, feature, agent, data) VALUES (?, ?, ?, ?, ?)",
      [
        .integer(now), .text(type), .text(lane.feature), lane.agent.map { .text($0) } ?? .null,
        .text(data),
      ])
  }

  private func policies() throws(StateFileError) -> PathPolicies { try Policies.read(database) }
}

/// The policies of the repository, as the state file has them.
enum Policies {
  static func read(_ database: LockDatabase) throws(StateFileError) -> PathPolicies {
    PathPolicies(
      try database.query("SELECT path, subtree, policy, argument FROM path_policies", []) { row in
        let policy: PathPolicy =
          switch row.text(2) {
          case "free": .free
          case "frozen": .frozen
          case "shared": .shared(strategy: row.text(3) ?? "union")
          default: .strict
          }
        return (ClaimPath(stored: row.blob(0) ?? [], isSubtree: row.integer(1) != 0), policy)
      }, naming: try naming(database))
  }

  /// How the repository's file system names files.
  static func naming(_ database: LockDatabase) throws(StateFileError) -> PathNaming {
    let rows = try database.query(
      "SELECT value FROM meta WHERE key = ?", [.text(ClaimSchema.namingKey)]
    ) { $0.text(0) }
    return PathNaming(text: rows.first ?? nil)
  }
}

/// The time of day.
enum Clock {
  /// Milliseconds since 1970.
  static var milliseconds: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}

/// Text as JSON writes it.
enum JSONString {
  static func of(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\u{0}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
