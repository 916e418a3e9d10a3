import GitFormats
import Glibc
import Model

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
  /// The reference that landings move; for a stacked feature, the branch that it stands on.
  let target: String
  /// `auto`, `strict` or `off`.
  let policy: String
  /// Tells that no feature is in the lane: a person has switched to the branch of this one there.
  var isVisited = false
  /// Tells that an attempt is at work in the lane: what is committed there is its work, whoever seems to commit it,
  /// since an agent can let another service of the machine start a commit.
  var isAtWork = false

  /// Tells whether a commit to the lane's branch is noted as a person's.
  func isPersons(_ place: GitPlace) -> Bool { !isAtWork && Ancestry.isPerson(place) }

  /// Reads a lane; `nil` where it is not assigned to a feature.
  static func find(_ number: Int, _ database: LockDatabase) throws(StateFileError) -> LaneRow? {
    try database.query(
      """
      SELECT feature, agent, branch, base, path,
        coalesce((SELECT branch FROM stacks WHERE feature = lanes.feature AND landed = 0),
          (SELECT value FROM meta WHERE key = 'target')),
        (SELECT value FROM meta WHERE key = 'claims.policy'),
        EXISTS(SELECT 1 FROM features WHERE id = lanes.feature AND state = 'running')
      FROM lanes WHERE number = ? AND feature IS NOT NULL AND branch IS NOT NULL
      """, [.integer(Int64(number))]
    ) { row in
      LaneRow(
        number: number, path: row.text(4) ?? "", feature: row.text(0) ?? "", agent: row.text(1),
        branch: row.text(2) ?? "", base: row.blob(3).map(Hex.text), target: row.text(5) ?? "",
        policy: row.text(6) ?? "auto", isAtWork: row.integer(7) != 0)
    }.first
  }

  var owner: ClaimOwner { ClaimOwner(kind: .feature, id: feature) }

  /// Finds the feature that a commit in a lane belongs to; `nil` where there is none.
  static func find(_ number: Int, _ place: GitPlace, _ database: LockDatabase)
    throws(StateFileError)
    -> LaneRow?
  {
    if let lane = try find(number, database) { return lane }
    return try visited(number, place, database)
  }

  /// The feature on whose branch a person stands in a lane that nobody works in: claims hold for them as
  /// for the feature. What has come to its end is not gone on with.
  private static func visited(
    _ number: Int, _ place: GitPlace, _ database: LockDatabase
  ) throws(StateFileError) -> LaneRow? {
    guard Ancestry.isPerson(place), let branch = References(place: place).headBranch else {
      return nil
    }
    return try database.query(
      """
      SELECT id, (SELECT path FROM lanes WHERE number = ?),
        coalesce((SELECT branch FROM stacks WHERE feature = features.id AND landed = 0),
          (SELECT value FROM meta WHERE key = 'target')),
        (SELECT value FROM meta WHERE key = 'claims.policy')
      FROM features WHERE branch = ? AND state IN ('ready', 'waiting', 'completed', 'in_review',
        'approved', 'queued', 'changes_requested', 'gate_failed')
      """, [.integer(Int64(number)), .text(branch)]
    ) { row in
      LaneRow(
        number: number, path: row.text(1) ?? "", feature: row.text(0) ?? "", agent: nil,
        branch: branch, base: nil, target: row.text(2) ?? "", policy: row.text(3) ?? "auto",
        isVisited: true)
    }.first
  }
}

/// Judges the paths of a commit in a lane and writes down what follows from it.
struct LaneJudge {
  let database: LockDatabase
  let lane: LaneRow
  /// The target's tip, in hex.
  let tip: String?
  let changes: Changes

  /// Judges the paths, and claims and pins what is not, all or nothing.
  ///
  /// Nothing is written where the lane has it all already, so that lanes do not wait for each other.
  /// - Parameter record: what else has to be written down in the same transaction.
  /// - Returns: what stands in the way; empty when every path may be changed.
  func admit(
    _ paths: [[UInt8]], base: String?, record: (() throws(StateFileError) -> Void)? = nil
  ) throws(StateFileError) -> [ClaimConflict] {
    if record == nil,
      try database.reading({ () throws(StateFileError) in try holds(paths, base: base) })
    {
      return []
    }
    return try database.transaction { () throws(StateFileError) -> [ClaimConflict] in
      let conflicts = try claim(paths, base: base)
      guard conflicts.isEmpty else { return conflicts }
      try pin(paths)
      try record?()
      return []
    }
  }

  /// Claims what is not claimed, all or nothing, inside a transaction that is open.
  ///
  /// - Parameter base: the merge base that the commit will have with the target, in hex.
  /// - Returns: what stands in the way; empty when every path may be changed.
  func claim(_ paths: [[UInt8]], base: String?) throws(StateFileError) -> [ClaimConflict] {
    guard lane.policy != "off" else { return [] }
    let now = Clock.milliseconds
    switch try decide(paths, now, table(base, Policies.read(database))) {
    case .refused(let conflicts): return conflicts
    case .granted(let new, _, _, let expired):
      if lane.policy == "strict", !new.isEmpty {
        return new.map { ClaimConflict(path: $0.path, reason: .held, holder: nil) }
      }
      try write(new, replacing: expired, now: now)
      return []
    }
  }

  /// Tells whether the lane may change every path, and nothing has to be written down for it: all are
  /// claimed and pinned already. Inside a transaction that only reads.
  func holds(_ paths: [[UInt8]], base: String?) throws(StateFileError) -> Bool {
    guard lane.policy != "off" else { return false }
    let table = try table(base, Policies.read(database))
    table.mayWrite = false
    let decision = try decide(paths, Clock.milliseconds, table)
    guard case .granted(let new, _, let free, _) = decision, new.isEmpty, free.isEmpty else {
      return false
    }
    return !table.rows.contains { $0.owner == lane.owner && !$0.isPinned }
  }

  private func table(_ base: String?, _ policies: PathPolicies) -> HookLockTable {
    HookLockTable(database: database, base: base, tip: tip, policies: policies, changes: changes)
  }

  private func decide(
    _ paths: [[UInt8]], _ now: Int64, _ table: HookLockTable
  ) throws(StateFileError) -> ClaimDecision {
    let requests = paths.map { ClaimRequest(path: ClaimPath(file: $0), mode: .exclusive) }
    do {
      return try ClaimRule.decide(
        requests, owner: lane.owner, policies: table.policies, now: now, committing: true,
        table: table)
    } catch {
      throw table.failure ?? StateFileError(reason: "\(error)")
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
    let names = new.map { JSON.quoted($0.path.description) }.joined(separator: ",")
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
  ///
  /// - Parameter count: how many paths were asked for.
  func refuse(
    _ conflicts: [ClaimConflict], of count: Int
  ) throws(StateFileError) -> [String] {
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
      let names = conflicts.map { JSON.quoted($0.path.description) }.joined(separator: ",")
      let reasons = conflicts.map { JSON.quoted($0.reason.rawValue) }.joined(separator: ",")
      try event("claim_refused", "{\"paths\":[\(names)],\"reasons\":[\(reasons)]}", now)
    }
    if conflicts.allSatisfy({ $0.holder == nil && $0.reason == .held }) {
      return ["lanekeeper: feature #\(lane.feature) has not claimed what it commits:"]
        + conflicts.map { "  \($0.path)" }
        + ["Run `lanekeeper claim PATH…` here first (claims.policy is strict)."]
    }
    let target = Refusals.short(lane.target)
    return [Refusals.head(conflicts, feature: lane.feature, target: target)]
      + RefusalText.lines(
        conflicts, target: target, isAll: conflicts.count >= count,
        titleOf: { fact("title", of: $0) }, stateOf: { fact("state", of: $0) })
  }

  private func fact(_ column: String, of feature: String) -> String? {
    let rows = try? database.query(
      "SELECT \(column) FROM features WHERE id = ?", [.text(feature)]
    ) { $0.text(0) }
    return rows?.first ?? nil
  }

  /// Notes a person's commits on the lane's branch, which are shown as theirs.
  ///
  /// - Parameter old: the branch's tip before, in hex.
  func notePerson(_ old: String?, _ new: String) throws(StateFileError) {
    let from = old.map { ",\"from\":\"\($0)\"" } ?? ""
    try event("person_committed", "{\"to\":\"\(new)\"\(from)}", Clock.milliseconds)
  }

  private func event(_ type: String, _ data: String, _ now: Int64) throws(StateFileError) {
    try database.query(
      "INSERT INTO events(time, type, feature, agent, data) VALUES (?, ?, ?, ?, ?)",
      [
        .integer(now), .text(type), .text(lane.feature), lane.agent.map { .text($0) } ?? .null,
        .text(data),
      ])
  }
}

/// The policies of the repository, as the state file has them.
enum Policies {
  static func read(_ database: LockDatabase) throws(StateFileError) -> PathPolicies {
    PathPolicies(
      try database.query("SELECT path, subtree, policy, argument FROM path_policies", []) { row in
        (
          ClaimPath(stored: row.blob(0) ?? [], isSubtree: row.integer(1) != 0),
          PathPolicy(name: row.text(2) ?? "", argument: row.text(3))
        )
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
