/// An obstacle to making or removing a linked worktree.
package enum WorktreeError: Error, CustomStringConvertible, Equatable {
  /// The directory exists and is not empty.
  case directoryInTheWay(path: String)
  /// git's name for the worktree is taken.
  case nameTaken(name: String)
  /// The name can't be a directory below `worktrees/`.
  case badName(String)
  /// No worktree has the name.
  case unknown(name: String)
  /// Another worktree has the branch checked out.
  case branchInUse(branch: String, path: String)
  /// The worktree is locked.
  case locked(name: String, reason: String)
  /// Its directory still exists, so that its registration is kept.
  case stillThere(name: String, path: String)
  /// A file of the registration can't be read or written.
  case file(path: String, reason: String)
  /// A checkout was asked for where there is none.
  case bare(path: String)

  package var description: String {
    switch self {
    case .directoryInTheWay(let path):
      "\(path) exists and is not empty; move it away, or choose another place for the worktree"
    case .nameTaken(let name):
      "a worktree is registered as '\(name)' already; `git worktree list` shows where"
    case .badName(let name): "'\(name)' can't be the name of a worktree; use letters, digits and -"
    case .unknown(let name): "no worktree is registered as '\(name)'; see `git worktree list`"
    case .branchInUse(let branch, let path):
      "\(branch) is checked out in \(path); switch that worktree to another branch first"
    case .locked(let name, let reason):
      "the worktree '\(name)' is locked (\(reason)); `git worktree unlock` frees it"
    case .stillThere(let name, let path):
      "the worktree '\(name)' still has its directory \(path); move it away first"
    case .file(let path, let reason): "can't use \(path): \(reason)"
    case .bare(let path): "\(path) has no checkout; open a worktree instead"
    }
  }
}
