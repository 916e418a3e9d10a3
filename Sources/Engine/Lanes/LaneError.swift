/// An error about a lane, with the way out.
package enum LaneError: Error, CustomStringConvertible, Equatable {
  /// The directory stands where a lane should be made and is not ours.
  case directoryInTheWay(String)
  /// The directory, its registration and its `.git` file do not agree.
  case broken(path: String, reason: String)
  /// git or the set-up command failed.
  case commandFailed(command: String, detail: String)
  /// Not enough room to make a lane.
  case noSpace(path: String, availableBytes: Int64, neededBytes: Int64)
  /// Somebody else is changing the repository's configuration.
  case configurationLocked(path: String, reason: String)
  /// A lane holds what could not be kept elsewhere.
  case holdsWork(path: String, reason: String)
  /// The directory for lanes is another repository's.
  case othersDirectory(path: String, owner: String)
  /// The directory for lanes can't be written.
  case notWritable(path: String, reason: String)

  /// Whether another lane number may work.
  var leavesNextNumber: Bool {
    switch self {
    case .directoryInTheWay, .broken: true
    default: false
    }
  }

  package var description: String {
    switch self {
    case .directoryInTheWay(let path):
      "\(path) stands where a lane is to be made and is no lane; move it away, or set lanes.path"
    case .broken(let path, let reason):
      "the lane \(path) can't be used: \(reason); move it back, or let git forget it: `git worktree prune`"
    case .commandFailed(let command, let detail):
      "`\(command)` failed: \(detail)"
    case .noSpace(let path, let available, let needed):
      "not enough disk space at \(path) for a lane: \(available / 1_048_576) MB free, about "
        + "\(needed / 1_048_576) MB needed; free some, or set lanes.path to a larger disk"
    case .configurationLocked(let path, let reason):
      "\(path) can't be made: \(reason); another program changes the configuration just now, or was "
        + "killed while it did: try again, or remove the lock"
    case .holdsWork(let path, let reason):
      "\(path) stays as it is: \(reason); bring what it holds to safety, and try again"
    case .othersDirectory(let path, let owner):
      "\(path) holds the lanes of another repository, \(owner); give this one a directory of its own "
        + "(`lanes: {path: …}` in lanekeeper.yml), or clean those with `lanekeeper lanes clean` there"
    case .notWritable(let path, let reason):
      "lanes can't be made at \(path): \(reason); set lanes.path in lanekeeper.yml"
    }
  }
}
