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
  /// Whether no feature is in the lane: a person has switched to the branch of this one there.
  var isVisited = false
  /// Whether an attempt is at work in the lane: what is committed there is its work, whoever seems to commit it,
  /// since an agent can let another service of the machine start a commit.
  var isAtWork = false

  /// Returns whether a commit to the lane's branch is noted as a person's.
  func isPersons(_ place: GitPlace) -> Bool { !isAtWork && Ancestry.isPerson(place) }

  /// Reads a lane; `nil` where it is not assigned to a feature.
  static func find(_ number: Int, _ database: LockDatabase) throws(StateFileError) -> LaneRow? {
    try database.rows(
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
        branch: row.text(2) ?? "", base: row.isNull(3) ? nil : Hex.text(row.blob(3)),
        target: row.text(5) ?? "",
        policy: row.text(6) ?? "auto", isAtWork: row.integer(7) != 0)
    }.first
  }

  var owner: ClaimOwner { .feature(feature) }

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
    return try database.rows(
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
      try database.ledger.pin(files: paths, of: lane.feature)
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
    let ledger = database.ledger
    let policies = try ledger.policies()
    let decision = try ClaimRule.decide(
      requests(paths), owner: lane.owner, policies: policies, now: now, committing: true,
      table: table(base, policies))
    switch decision {
    case .refused(let conflicts): return conflicts
    case .granted(let new, _, _, let expired):
      guard !new.isEmpty else { return [] }
      if lane.policy == "strict" {
        return new.map { ClaimConflict(path: $0.path, reason: .held, holder: nil) }
      }
      try ledger.grant(new, replacing: expired, to: lane.owner, agent: lane.agent, now: now)
      try ledger.forgetRefusals(of: new.map(\.path.bytes), to: lane.feature)
      return []
    }
  }

  /// Returns whether the lane may change every path, and nothing has to be written down for it: all are
  /// claimed and pinned already. Inside a transaction that only reads.
  func holds(_ paths: [[UInt8]], base: String?) throws(StateFileError) -> Bool {
    guard lane.policy != "off" else { return false }
    let policies = try database.ledger.policies()
    let table = table(base, policies, mayWrite: false)
    let decision = try ClaimRule.decide(
      requests(paths), owner: lane.owner, policies: policies, now: Clock.milliseconds,
      committing: true, table: table)
    guard case .granted(let new, _, let free, _) = decision, new.isEmpty, free.isEmpty else {
      return false
    }
    return !table.rows.contains { $0.owner == lane.owner && !$0.isPinned }
  }

  private func requests(_ paths: [[UInt8]]) -> [ClaimRequest] {
    paths.map { ClaimRequest(path: ClaimPath(file: $0), mode: .exclusive) }
  }

  private func table(
    _ base: String?, _ policies: PathPolicies, mayWrite: Bool = true
  ) -> LedgerTable<LockDatabase> {
    LedgerTable(database.ledger, naming: policies.naming, mayWrite: mayWrite) {
      () throws(StateFileError) in
      guard let base, let tip, let from = Hex.bytes(base), let to = Hex.bytes(tip) else {
        return nil
      }
      return LedgerTable.Pair(base: from, tip: to) { () throws(StateFileError) in
        guard let changed = changes.between(base, tip) else {
          throw StateFileError(reason: "git can't compare \(base) with \(tip)")
        }
        return changed
      }
    }
  }

  /// Remembers what was refused, so that the feature waits for its holder, and returns the words.
  ///
  /// - Parameter count: how many paths were asked for.
  func refuse(
    _ conflicts: [ClaimConflict], of count: Int
  ) throws(StateFileError) -> [String] {
    try database.transaction { () throws(StateFileError) in
      try database.ledger.refuse(
        conflicts, to: lane.owner, agent: lane.agent, now: Clock.milliseconds)
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
    (try? database.text("SELECT \(column) FROM features WHERE id = ?", [.text(feature)])) ?? nil
  }

  /// Notes a person's commits on the lane's branch, which are shown as theirs.
  ///
  /// - Parameter old: the branch's tip before, in hex.
  func notePerson(_ old: String?, _ new: String) throws(StateFileError) {
    var facts: JSON = ["to": .string(new)]
    if let old { facts.set("from", .string(old)) }
    try database.ledger.append(
      .personCommitted, feature: lane.feature, agent: lane.agent, facts, now: Clock.milliseconds)
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
