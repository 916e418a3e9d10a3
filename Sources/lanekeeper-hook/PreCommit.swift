import ClaimRules

/// The early, readable refusal: compares what is staged with the lock table, and claims what is
/// free in the same transaction.
enum PreCommit {
  static func judge(_ place: GitPlace) -> Verdict {
    guard let lane = place.lane else { return Person.judgeCommit(place) }
    guard !Files.exists(place.gitDirectory + "/lanekeeper-sync") else {
      return .refuse(Refusals.syncCutOff)
    }
    do {
      let database = try LockDatabase(place.stateFile)
      return try judge(place, number: lane, database)
    } catch {
      return .refuse(Refusals.stateFile(place, error))
    }
  }

  private static func judge(
    _ place: GitPlace, number: Int, _ database: LockDatabase
  ) throws(StateFileError) -> Verdict {
    guard let lane = try LaneRow.find(number, database) else {
      return .refuse(Refusals.idleLane(number))
    }
    let references = References(place: place)
    let head = references.head
    let tip = references.value(lane.target)
    var against = head
    var base = lane.base
    // A merge of the target is judged by the merge base that it will have.
    if let merged = Files.line(place.gitDirectory + "/MERGE_HEAD"), let tip,
      References.isObjectID(merged), merged == tip || GitCommand.isAncestor(merged, of: tip)
    {
      against = merged
      base = merged
    }
    guard let paths = GitCommand.stagedPaths(against: against ?? GitCommand.emptyTree) else {
      return .refuse(["lanekeeper: git can't tell what is staged here; the commit is refused"])
    }
    let judge = LaneJudge(database: database, lane: lane, tip: tip)
    let root = Self.root(place)
    let conflicts = try database.transaction { () throws(StateFileError) -> [ClaimConflict] in
      let conflicts = try judge.claim(paths, base: base)
      guard conflicts.isEmpty else { return conflicts }
      try judge.pin(paths)
      try database.query(
        "UPDATE lanes SET checked_tree = ?, checked_parent = ?, checked_target = ? WHERE number = ?",
        [blob(root), blob(head), blob(tip), .integer(Int64(number))])
      return []
    }
    return conflicts.isEmpty ? .pass([]) : .refuse(try judge.refuse(conflicts))
  }

  private static func root(_ place: GitPlace) -> String? {
    let path = Environment.value("GIT_INDEX_FILE") ?? place.gitDirectory + "/index"
    return Files.read(path).flatMap(IndexTree.root)
  }

  private static func blob(_ id: String?) -> LockDatabase.Value {
    id.flatMap(Hex.bytes).map { .blob($0) } ?? .null
  }
}

/// Refusals that have nothing to do with a path.
enum Refusals {
  static func stateFile(_ place: GitPlace, _ error: StateFileError) -> [String] {
    [
      "lanekeeper: the state file \(place.stateFile) can't be used: \(error.reason)",
      "Without it nobody knows which paths are claimed, so lanes can't commit;",
      "your changes stay as they are. `lanekeeper doctor` says more.",
    ]
  }

  static func idleLane(_ number: Int) -> [String] {
    [
      "lanekeeper: lane \(number) is not assigned to a feature now, so nothing can be committed in it;",
      "your changes stay as they are, and `lanekeeper lanes` shows the lanes.",
    ]
  }

  static let syncCutOff = [
    "lanekeeper: a sync was cut off here and the files are half of one state and half of the next;",
    "run `lanekeeper sync` to bring it to its end, then commit again.",
  ]

  static let fromAgent = [
    "lanekeeper: an agent may change its own lane only, not this checkout;",
    "commit in the lane that you were started in ($LANEKEEPER_LANE).",
  ]
}
