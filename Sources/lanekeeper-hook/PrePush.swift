import GitFormats
import Model

/// Checks a push from a lane: it may push its own branch under its own name, and new tags.
enum PrePush {
  /// - Parameter lines: local name, local id, remote name, remote id; one push a line.
  static func judge(_ place: GitPlace, lines input: [UInt8]) -> Verdict {
    guard let number = place.lane else {
      let isWatched = Files.exists(place.stateFile) || place.hasLanes
      return isWatched && Ancestry.isAgent(place) ? .refuse(Refusals.fromAgent) : .pass([])
    }
    do throws(StateFileError) {
      let database = try LockDatabase(place)
      guard let lane = try LaneRow.find(number, place, database) else {
        return .refuse(Refusals.idleLane(number))
      }
      if Ancestry.isForeign(to: lane.path, in: place) { return .refuse(Refusals.otherLane(lane)) }
      for line in input.split(separator: 0x0a) {
        let refusal = try judge(line, lane, place, database)
        if !refusal.isEmpty { return .refuse(refusal) }
      }
      return .pass([])
    } catch {
      return .refuse(Refusals.stateFile(place, error))
    }
  }

  private static func judge(
    _ line: ArraySlice<UInt8>, _ lane: LaneRow, _ place: GitPlace, _ database: LockDatabase
  ) throws(StateFileError) -> [String] {
    let words = line.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
    guard words.count == 4 else { return ["lanekeeper: the push can't be read; it is refused"] }
    let (local, remote) = (words[1], words[2])
    let isDeletion = local.utf8.allSatisfy { $0 == 0x30 }
    if remote.hasPrefix("refs/tags/"), !isDeletion, words[3].utf8.allSatisfy({ $0 == 0x30 }) {
      return []
    }
    guard !isDeletion, remote.utf8.elementsEqual(lane.branch.utf8) else {
      return [
        "lanekeeper: a lane may not push to \(remote); it may push its own branch "
          + "\(Refusals.short(lane.branch)), and landing brings it to the target"
      ]
    }
    let tip = References(place: place).value(lane.target)
    let base = tip.flatMap { GitCommand.mergeBase(local, $0) }
    let changes = Changes(place)
    guard let paths = changes.between(base, local) else {
      return ["lanekeeper: git can't tell what \(local) changes; the push is refused"]
    }
    let judge = LaneJudge(database: database, lane: lane, tip: tip, changes: changes)
    let conflicts = try database.transaction { () throws(StateFileError) -> [ClaimConflict] in
      try judge.claim(paths, base: base)
    }
    return conflicts.isEmpty ? [] : try judge.refuse(conflicts, of: paths.count)
  }
}
