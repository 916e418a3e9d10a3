import Model

/// The words of refusals, beside those of `RefusalText`.
enum Refusals {
  /// How a refusal for the sake of paths begins.
  static func head(_ conflicts: [ClaimConflict], feature: String, target: String) -> String {
    conflicts.allSatisfy { $0.reason == .staleBase }
      ? "lanekeeper: nothing was committed: the branch of feature #\(feature) is behind \(target), which "
        + "has changed:"
      : "lanekeeper: nothing was committed (your changes stay as they are); feature #\(feature) can't have "
        + "these files at the moment:"
  }

  static func stateFile(_ place: GitPlace, _ error: StateFileError) -> [String] {
    [
      "lanekeeper: refused, because the state file \(place.stateFile) can't be used (\(error.reason)) "
        + "and nobody knows which paths are claimed; your changes stay as they are, and "
        + "`lanekeeper doctor` says more"
    ]
  }

  /// A person goes on without it.
  static func stateFileWarning(_ place: GitPlace, _ error: StateFileError) -> [String] {
    [
      "lanekeeper: warning: the state file \(place.stateFile) can't be used (\(error.reason)); "
        + "nothing was checked"
    ]
  }

  static func idleLane(_ number: Int) -> [String] {
    [
      "lanekeeper: lane \(number) is not assigned to a feature now, so nothing can be committed in it;",
      "your changes stay as they are. A person may go on with a feature that has not landed on its branch:",
      "`git switch BRANCH` (`lanekeeper status --json` names the branch of each).",
    ]
  }

  static func otherLane(_ lane: LaneRow) -> [String] {
    [
      "lanekeeper: this is the lane of feature #\(lane.feature), and you were started in another one;",
      "commit in the lane that you were started in ($LANEKEEPER_LANE).",
    ]
  }

  static func otherBranch(_ branch: String, _ lane: LaneRow) -> [String] {
    [
      "lanekeeper: HEAD is on \(short(branch)), but this lane builds on \(short(lane.branch));",
      "your changes stay as they are: `git switch \(short(lane.branch))` takes them along.",
    ]
  }

  static func detached(_ lane: LaneRow) -> [String] {
    [
      "lanekeeper: HEAD is detached, so this commit is not on \(short(lane.branch)) yet;",
      "it is kept; so that it counts, `git switch \(short(lane.branch))` and `git cherry-pick` it there.",
    ]
  }

  static func reference(_ change: String, _ lane: LaneRow) -> String {
    let what =
      change == "refs/stash"
      ? "use the stash, which all lanes share; commit on \(short(lane.branch)) instead"
      : "change \(change); it may move its own branch \(lane.branch)"
    return "lanekeeper: a lane may not \(what) (your changes stay as they are)"
  }

  static let unreadable = [
    "lanekeeper: the change of references can't be read, so it is refused; names must be UTF-8"
  ]

  static let syncCutOff = [
    "lanekeeper: a sync was cut off here and the files are half of one state and half of the next;",
    "run `lanekeeper sync` to bring it to its end, then commit again.",
  ]

  static let fromAgent = [
    "lanekeeper: an agent may change its own lane only, not this checkout;",
    "commit in the lane that you were started in ($LANEKEEPER_LANE).",
  ]

  static func short(_ branch: String) -> String {
    branch.hasPrefix("refs/heads/") ? String(branch.dropFirst("refs/heads/".count)) : branch
  }
}
