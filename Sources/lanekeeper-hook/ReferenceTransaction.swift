import GitFormats
import Model

/// The last word before git moves references: holds for `--no-verify`, rebase, cherry-pick and
/// plumbing, too.
enum ReferenceTransaction {
  static func judge(_ place: GitPlace, lines input: [UInt8]) -> Verdict {
    guard let changes = ReferenceChange.read(input) else {
      return place.lane == nil && !Ancestry.isAgent(place)
        ? .pass([]) : .refuse(Refusals.unreadable)
    }
    let references = References(place: place)
    let weighty = changes.filter(references.isWeighty)
    guard !weighty.isEmpty else { return .pass([]) }
    guard let number = place.lane else { return judgeOutside(place, weighty, references) }
    do throws(StateFileError) {
      let database = try LockDatabase(place)
      guard let lane = try LaneRow.find(number, place, database) else {
        return .refuse(Refusals.idleLane(number))
      }
      if Ancestry.isForeign(to: lane.path, in: place) {
        return .refuse(Refusals.otherLane(lane))
      }
      let foreign = weighty.filter { !$0.isNamed(lane.branch) }
      guard foreign.isEmpty else {
        return .refuse(foreign.map { Refusals.reference($0.name, lane) })
      }
      for change in weighty {
        guard !change.isDeletion else {
          return .refuse(["lanekeeper: a lane may not delete its own branch \(lane.branch)"])
        }
        let refusal = try judge(change, lane, references, database)
        if !refusal.isEmpty { return .refuse(refusal) }
      }
      return .pass([])
    } catch {
      return .refuse(Refusals.stateFile(place, error))
    }
  }

  /// Refuses an agent that reaches out of its lane into another checkout of the repository, and writes
  /// down where a person moves the target, so that a move by nobody is seen.
  private static func judgeOutside(
    _ place: GitPlace, _ weighty: [ReferenceChange], _ references: References
  ) -> Verdict {
    let isWatched = Files.exists(place.stateFile) || place.hasLanes
    guard isWatched else { return .pass([]) }
    if Ancestry.isAgent(place) { return .refuse(Refusals.fromAgent) }
    guard weighty.contains(where: { $0.name.hasPrefix("refs/heads/") }) else { return .pass([]) }
    do throws(StateFileError) {
      let database = try LockDatabase(place, busyMilliseconds: 2000)
      let target = try database.setting("target")
      guard let target else { return .pass([]) }
      var moves = weighty.filter { $0.isNamed(target) }
      // A target that was renamed goes on under a name that is not known yet.
      if moves.isEmpty, references.value(target) == nil {
        moves = weighty.filter { $0.name.hasPrefix("refs/heads/") && !$0.isDeletion }
      }
      for change in moves {
        let old = references.value(change.name).flatMap(Hex.bytes)
        try database.run(
          ClaimSchema.insertTargetMove,
          [
            old.map { .blob($0) } ?? .null, Hex.bytes(change.new).map { .blob($0) } ?? .null,
            .integer(Clock.milliseconds), .text("person"),
          ])
      }
      return .pass([])
    } catch {
      // A person is never held up by the state file.
      return .pass(Refusals.stateFileWarning(place, error))
    }
  }

  private static func judge(
    _ change: ReferenceChange, _ lane: LaneRow, _ references: References, _ database: LockDatabase
  ) throws(StateFileError) -> [String] {
    let changes = Changes(references.place)
    let present = references.value(lane.branch)
    let tip = references.value(lane.target)
    let commit = changes.commit(change.new)
    let onTop = commit.map { $0.parents == [present] } ?? false
    var base = lane.base
    var from = present
    if !onTop || base == nil {
      base = tip.flatMap { GitCommand.mergeBase(change.new, $0) }
      from = base
    }
    guard let paths = changes.between(from, change.new) else {
      return ["lanekeeper: git can't tell what \(change.new) changes; the change is refused"]
    }
    let judge = LaneJudge(database: database, lane: lane, tip: tip, changes: changes)
    var record: (() throws(StateFileError) -> Void)?
    let isPerson = lane.isPersons(references.place)
    let moved = base.flatMap { $0 != lane.base && !lane.isVisited ? Hex.bytes($0) : nil }
    if moved != nil || isPerson {
      record = { () throws(StateFileError) in
        if let moved {
          try database.run(
            "UPDATE lanes SET base = ? WHERE number = ?",
            [.blob(moved), .integer(Int64(lane.number))])
        }
        if isPerson { try judge.notePerson(present, change.new) }
      }
    }
    let conflicts = try judge.admit(paths, base: base, record: record)
    return conflicts.isEmpty ? [] : try judge.refuse(conflicts, of: paths.count)
  }
}
