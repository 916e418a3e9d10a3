import ClaimRules

/// The last word before git moves references: holds for `--no-verify`, rebase, cherry-pick and
/// plumbing, too.
enum ReferenceTransaction {
  static func judge(_ place: GitPlace, lines input: [UInt8]) -> Verdict {
    let changes = input.split(separator: 0x0a).compactMap(Change.init)
    guard let number = place.lane else { return judgeOutside(place, changes) }
    let references = References(place: place)
    let weighty = changes.filter { isWeighty($0, references) }
    guard !weighty.isEmpty else { return .pass([]) }
    do {
      let database = try LockDatabase(place.stateFile)
      guard let lane = try LaneRow.find(number, database) else {
        return .refuse(Refusals.idleLane(number))
      }
      let foreign = weighty.filter { $0.name != lane.branch }
      guard foreign.isEmpty else {
        return .refuse(
          foreign.map {
            "lanekeeper: a lane may not change \($0.name); it may move its own branch \(lane.branch)"
          })
      }
      for change in weighty {
        guard !change.isDeletion else {
          return .refuse(["lanekeeper: a lane may not delete its own branch \(lane.branch)"])
        }
        let refusal = try judge(change, lane, place, references, database)
        if !refusal.isEmpty { return .refuse(refusal) }
      }
      return .pass([])
    } catch {
      return .refuse(Refusals.stateFile(place, error))
    }
  }

  /// An agent that reaches out of its lane into another checkout of the repository.
  private static func judgeOutside(_ place: GitPlace, _ changes: [Change]) -> Verdict {
    guard Files.exists(place.stateFile) else { return .pass([]) }
    let references = References(place: place)
    let weighty = changes.filter { isWeighty($0, references) }
    guard !weighty.isEmpty, Ancestry.hasGuard else { return .pass([]) }
    return .refuse(Refusals.fromAgent)
  }

  /// Tells whether a change moves a reference that others see, other than a new tag.
  private static func isWeighty(_ change: Change, _ references: References) -> Bool {
    guard !change.isOfWorktree else { return false }
    let present = references.value(change.name)
    if change.isDeletion { return !references.isPruned(change) }
    if change.name.hasPrefix("refs/tags/"), present == nil { return false }
    return present != change.new
  }

  private static func judge(
    _ change: Change, _ lane: LaneRow, _ place: GitPlace, _ references: References,
    _ database: LockDatabase
  ) throws(StateFileError) -> [String] {
    let present = references.value(lane.branch)
    let tip = references.value(lane.target)
    let commit = LooseCommit(change.new, place: place)
    let onTop = commit.map { $0.parents == [present] } ?? false
    if onTop, let commit, let tree = lane.checkedTree, tree == Hex.bytes(commit.tree),
      lane.checkedParent == present.flatMap(Hex.bytes),
      lane.checkedTarget == tip.flatMap(Hex.bytes)
    {
      // pre-commit judged exactly this, and claimed and pinned it.
      return []
    }
    var base = lane.base
    var from = present
    if !onTop || base == nil {
      base = tip.flatMap { GitCommand.mergeBase(change.new, $0) }
      from = base
    }
    guard let paths = GitCommand.changedPaths(from ?? GitCommand.emptyTree, change.new) else {
      return ["lanekeeper: git can't tell what \(change.new) changes; the change is refused"]
    }
    let judge = LaneJudge(database: database, lane: lane, tip: tip)
    let conflicts = try database.transaction { () throws(StateFileError) -> [ClaimConflict] in
      let conflicts = try judge.claim(paths, base: base)
      guard conflicts.isEmpty else { return conflicts }
      try judge.pin(paths)
      if let base, base != lane.base, let bytes = Hex.bytes(base) {
        try database.query(
          "UPDATE lanes SET base = ? WHERE number = ?",
          [.blob(bytes), .integer(Int64(lane.number))])
      }
      return []
    }
    return conflicts.isEmpty ? [] : try judge.refuse(conflicts)
  }
}

/// One line that git hands to `reference-transaction`.
struct Change {
  let old: String
  let new: String
  let name: String

  init?(_ line: ArraySlice<UInt8>) {
    let parts = line.split(separator: 0x20, maxSplits: 2)
    guard parts.count == 3 else { return nil }
    old = String(decoding: parts[0], as: UTF8.self)
    new = String(decoding: parts[1], as: UTF8.self)
    name = String(decoding: parts[2], as: UTF8.self)
  }

  var isDeletion: Bool { new.utf8.allSatisfy { $0 == 0x30 } }

  /// Tells whether the name belongs to the worktree alone, or to what was fetched.
  var isOfWorktree: Bool {
    guard name.hasPrefix("refs/") else { return true }
    return ["refs/worktree/", "refs/bisect/", "refs/rewritten/", "refs/remotes/"].contains {
      name.hasPrefix($0)
    }
  }
}
