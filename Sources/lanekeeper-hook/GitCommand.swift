import CProcess
import Glibc
import HookInputs

/// Asks git what the hook does not read by itself.
enum GitCommand {
  /// Runs git in the hook's own directory and environment and returns what it printed; `nil` where
  /// it failed.
  static func run(_ arguments: [String]) -> [UInt8]? {
    var ends: [Int32] = [0, 0]
    guard lk_pipe_cloexec(&ends) == 0 else { return nil }
    defer { close(ends[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    var words: [UnsafeMutablePointer<CChar>?] =
      (["git", "--no-replace-objects", "-c", "core.fsmonitor=false"] + arguments).map { strdup($0) }
      + [nil]
    defer { for word in words { free(word) } }
    var process: pid_t = 0
    let code = posix_spawnp(&process, "git", &actions, nil, &words, environ)
    close(ends[1])
    guard code == 0 else { return nil }
    let output = Files.readAll(descriptor: ends[0])
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 { if errno != EINTR { return nil } }
    return status == 0 ? output : nil
  }

  /// Lists the paths in which the index differs from a commit; `nil` where git failed.
  static func stagedPaths(against commit: String) -> [[UInt8]]? {
    run([
      "diff-index", "--cached", "-z", "--no-renames", "--name-only",
      "--ignore-submodules=none", "--ita-invisible-in-index", commit, "--",
    ]).map(paths)
  }

  /// Lists the paths in which two commits differ; `nil` where git failed.
  static func changedPaths(_ old: String, _ new: String) -> [[UInt8]]? {
    run(["diff-tree", "-r", "-z", "--no-renames", "--name-only", old, new]).map(paths)
  }

  /// Returns the best common ancestor of two commits, in hex; `nil` where there is none.
  static func mergeBase(_ a: String, _ b: String) -> String? {
    guard let output = run(["merge-base", a, b]) else { return nil }
    let text = String(decoding: output.prefix(40), as: UTF8.self)
    return Hex.isObjectID(text) ? text : nil
  }

  static func isAncestor(_ a: String, of b: String) -> Bool {
    run(["merge-base", "--is-ancestor", a, b]) != nil
  }

  private static func paths(_ output: [UInt8]) -> [[UInt8]] {
    output.split(separator: 0).map(Array.init)
  }
}
