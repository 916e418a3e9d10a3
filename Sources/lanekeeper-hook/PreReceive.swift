import GitFormats
import Model

/// Checks a push to a shared repository: it accepts the branch of a feature, where nobody else holds what it changes,
/// and changes of the target that leave alone what unlanded features hold (`claims.humans`).
enum PreReceive {
  static func judge(_ place: GitPlace, lines input: [UInt8]) -> Verdict {
    guard Files.exists(place.stateFile) else { return .pass([]) }
    guard let changes = ReferenceChange.read(input) else { return .refuse(Refusals.unreadable) }
    do throws(StateFileError) {
      let server = try ServerJudge(place)
      var notes: [String] = []
      for change in changes {
        switch try server.judge(change) {
        case .pass(let lines): notes += lines
        case .refuse(let lines): return .refuse(lines)
        }
      }
      return .pass(notes)
    } catch {
      return .refuse(Refusals.stateFile(place, error))
    }
  }
}

/// Judges single references that are pushed to a shared repository.
private struct ServerJudge {
  /// The prefixes of feature branches, from the current setting and earlier ones.
  let prefixes: [String]
  let database: LockDatabase
  let references: References
  let changes: Changes
  let target: String
  let policy: String
  let humans: String
  let tip: String?

  init(_ place: GitPlace) throws(StateFileError) {
    let database = try LockDatabase(place)
    self.database = database
    references = References(place: place)
    changes = Changes(place)
    target = try database.setting("target") ?? ""
    policy = try database.setting("claims.policy") ?? "auto"
    humans = try database.setting("claims.humans") ?? "warn"
    tip = references.value(target)
    let lines = (try database.setting(ClaimSchema.branchPrefixesKey) ?? "").split(separator: "\n")
    prefixes = lines.isEmpty ? ["refs/heads/lane/"] : lines.map(String.init)
  }

  func judge(_ change: ReferenceChange) throws(StateFileError) -> Verdict {
    if change.name.hasPrefix("refs/lanekeeper/") {
      return .refuse(["lanekeeper: \(change.name) is Lanekeeper's own; it can't be pushed"])
    }
    if change.isDeletion { return .pass([]) }
    if change.isNamed(target) { return try judgeTarget(change) }
    return prefixes.contains { change.name.hasPrefix($0) } ? try judgeLane(change) : .pass([])
  }

  /// The feature that a branch belongs to: the one that the state file knows, or else the one that
  /// the branch is named after.
  private func owner(_ branch: String) throws(StateFileError) -> String {
    let known = try? database.text("SELECT id FROM features WHERE branch = ?", [.text(branch)])
    let prefix = prefixes.filter { branch.hasPrefix($0) }.max { $0.utf8.count < $1.utf8.count }
    return (known ?? nil) ?? String(branch.dropFirst(prefix?.count ?? 0))
  }

  private func branch(_ owner: String) throws(StateFileError) -> String {
    let known = try? database.text("SELECT branch FROM features WHERE id = ?", [.text(owner)])
    let names = prefixes.map { $0 + owner }
    return (known ?? nil) ?? names.first { references.value($0) != nil } ?? names[0]
  }

  private func judgeLane(_ change: ReferenceChange) throws(StateFileError) -> Verdict {
    let base = tip.flatMap { GitCommand.mergeBase(change.new, $0) }
    guard let paths = changes.between(base, change.new) else {
      return .refuse(["lanekeeper: git can't tell what \(change.new) changes; it is refused"])
    }
    let lane = LaneRow(
      number: 0, path: "", feature: try owner(change.name), agent: nil, branch: change.name,
      base: base, target: target, policy: policy == "strict" ? "auto" : policy)
    let judge = LaneJudge(database: database, lane: lane, tip: tip, changes: changes)
    let conflicts = try database.transaction { () throws(StateFileError) -> [ClaimConflict] in
      var conflicts = try judge.claim(paths, base: base)
      if try settle(holdersOf: conflicts) { conflicts = try judge.claim(paths, base: base) }
      guard conflicts.isEmpty else { return conflicts }
      try database.ledger.pin(files: paths, of: lane.feature)
      return []
    }
    return conflicts.isEmpty ? .pass([]) : .refuse(try judge.refuse(conflicts, of: .max))
  }

  /// Ends the claims of holders whose branch has landed or is gone.
  ///
  /// - Returns: whether any did end.
  private func settle(holdersOf conflicts: [ClaimConflict]) throws(StateFileError) -> Bool {
    var ended = false
    for holder in Set(conflicts.compactMap(\.holder?.owner)) where holder.kind == .feature {
      let value = references.value(try branch(holder.id))
      if let value, let tip, !GitCommand.isAncestor(value, of: tip) { continue }
      if value != nil, tip == nil { continue }
      try database.ledger.removeAll(of: holder)
      ended = true
    }
    return ended
  }

  private func judgeTarget(_ change: ReferenceChange) throws(StateFileError) -> Verdict {
    guard humans != "off", let tip,
      let paths = changes.between(tip, change.new)
    else { return .pass([]) }
    let requests = paths.map { ClaimRequest(path: ClaimPath(file: $0), mode: .exclusive) }
    let pusher = ClaimOwner(kind: .person, id: "pusher")
    let policies = try database.ledger.policies()
    let decision = try? ClaimRule.decide(
      requests, owner: pusher, policies: policies, now: Clock.milliseconds,
      table: LedgerTable(database.ledger, naming: policies.naming))
    guard case .refused(let found) = decision else { return .pass([]) }
    var conflicts: [ClaimConflict] = []
    for conflict in found {
      // What lands is no conflict with itself.
      if let holder = conflict.holder?.owner, holder.kind == .feature {
        let value = references.value(try branch(holder.id))
        if value == nil || GitCommand.isAncestor(value!, of: change.new) { continue }
      }
      conflicts.append(conflict)
    }
    guard !conflicts.isEmpty else { return .pass([]) }
    let lines = RefusalText.grouped(conflicts, titleOf: { _ in nil }).map { "  " + $0 }
    return humans == "deny"
      ? .refuse(
        ["lanekeeper: unlanded features hold what you push to \(Refusals.short(target)):"] + lines
          + ["Wait until they have landed (claims.humans is deny)."])
      : .pass(
        ["lanekeeper: unlanded features hold what you push; they will have to follow:"] + lines)
  }
}
