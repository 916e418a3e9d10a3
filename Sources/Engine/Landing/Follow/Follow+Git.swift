import Git
import Model
import Store

extension Follow {
  /// Lets git itself bring files and index along after the target has moved, as its own fast-forward does: for a checkout
  /// that leaves files out, and for further ones on the same branch. What a person has changed stays; then nothing
  /// is brought along.
  ///
  /// - Returns: what a person has to know; `nil` where it follows.
  func bringAlong(from old: ObjectID, to new: ObjectID) -> String? {
    func git(_ arguments: [String]) -> GitProgram.Result? {
      try? GitProgram.run(
        ["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"] + arguments,
        directory: directory, environment: checkout.environment)
    }
    // Else files whose times alone have changed count as changed.
    _ = git(["update-index", "-q", "--refresh"])
    let result = git(["read-tree", "-m", "-u", "--no-recurse-submodules", old.hex, new.hex])
    guard result?.status != 0 else { return nil }
    let reason = result?.error.split(separator: "\n").first.map { " (\($0))" } ?? ""
    return "\(directory) does not follow\(reason); it catches up by "
      + "`git -C \(directory) read-tree -m -u \(old.short) \(new.short)`"
  }

  /// Returns what to tell of submodules that a landing moved: their checkouts are the person's.
  func submoduleNote(_ entries: [FollowEntry]) -> String? {
    let moved = entries.filter { $0.movesSubmodule && isInUse($0.path) }.map {
      PathText.quoted($0.path)
    }
    guard !moved.isEmpty else { return nil }
    return "\(moved.joined(separator: ", ")) \(moved.count == 1 ? "was" : "were") moved to another "
      + "commit; `git -C \(directory) submodule update` brings the checkout along"
  }
}
