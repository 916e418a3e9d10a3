import GitFormats
import Model

/// The early, readable refusal, before a commit and before a merge is committed: compares what is
/// staged with the lock table, and claims what is free in the same transaction.
enum PreCommit {
  /// - Parameter merging: the commits that are being merged, where git has not written `MERGE_HEAD` yet.
  static func judge(_ place: GitPlace, merging: [String] = []) -> Verdict {
    guard let number = place.lane else { return Person.judgeCommit(place) }
    guard !Files.exists("\(place.commonDirectory)/lanekeeper/sync/lane-\(number)/journal") else {
      return .refuse(Refusals.syncCutOff)
    }
    do throws(StateFileError) {
      let database = try LockDatabase(place)
      guard let lane = try LaneRow.find(number, place, database) else {
        return .refuse(Refusals.idleLane(number))
      }
      if Ancestry.isForeign(to: lane.path, in: place) {
        return .refuse(Refusals.otherLane(lane))
      }
      return try judge(place, lane, merging, database)
    } catch {
      return .refuse(Refusals.stateFile(place, error))
    }
  }

  private static func judge(
    _ place: GitPlace, _ lane: LaneRow, _ merging: [String], _ database: LockDatabase
  ) throws(StateFileError) -> Verdict {
    let references = References(place: place)
    var notes: [String] = []
    if let branch = references.headBranch {
      guard branch.utf8.elementsEqual(lane.branch.utf8) else {
        return .refuse(Refusals.otherBranch(branch, lane))
      }
    } else if !Progress.isReplaying(place) {
      notes = Refusals.detached(lane)
    }
    let head = references.head
    let tip = references.value(lane.target)
    var against = head
    var base = lane.base
    if lane.isVisited, let head, let tip { base = GitCommand.mergeBase(head, tip) }
    let merged = merging.isEmpty ? Progress.merging(place) : merging
    if !merged.isEmpty {
      // A merge is judged by the merge base that it will have.
      base = MergeBase.ofMerge([head].compactMap(\.self) + merged, target: tip) ?? base
      against = base
    }
    let changes = Changes(place, staged: true)
    guard let paths = changes.staged(against: against) else {
      return .refuse(["lanekeeper: git can't tell what is staged here; the commit is refused"])
    }
    let judge = LaneJudge(database: database, lane: lane, tip: tip, changes: changes)
    let conflicts = try judge.admit(paths, base: base)
    return conflicts.isEmpty
      ? .pass(notes) : .refuse(try judge.refuse(conflicts, of: paths.count))
  }
}
