import Glibc

/// Puts our own links back where another hook manager has written over them.
///
/// Such a manager asks git for the hooks directory, gets ours, and installs itself there. This runs
/// before each change of a reference, so that the next commit is judged by `pre-commit` again.
enum SelfRepair {
  private static let program = "../bin/lanekeeper-hook"

  /// - Parameter directory: the directory of links that the hook was called from.
  static func run(_ directory: String?) {
    guard let directory, Files.link(directory + "/reference-transaction") == program else { return }
    for name in ["pre-commit", "pre-merge-commit", "pre-push"] {
      let path = directory + "/" + name
      guard Files.link(path) != program else { continue }
      // What stood there is kept; `lanekeeper hooks install` moves it to the user's own hooks.
      _ = rename(path, path + ".displaced")
      _ = symlink(program, path)
    }
  }
}
