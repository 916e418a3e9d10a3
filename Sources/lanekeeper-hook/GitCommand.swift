import CProcess
import GitFormats
import Glibc

/// Asks git what the hook does not read by itself.
enum GitCommand {
  /// How long git may take for one answer with all that it starts, in seconds. It reads what stands on the disk, unless
  /// a partial clone has it fetch what is missing.
  private static let mostSeconds = 60.0

  /// The group of the git that is asked just now; 0 for none.
  nonisolated(unsafe) private static var group: pid_t = 0

  /// Runs git in the hook's own directory and environment and returns what it printed; `nil` where
  /// it failed. One that takes too long is ended, and the hook with it: what git does not tell is refused.
  static func run(_ arguments: [String]) -> [UInt8]? {
    var ends: [Int32] = [0, 0]
    guard lk_pipe_cloexec(&ends) == 0 else { return nil }
    defer { close(ends[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    // A group of its own, so that it can be ended with all that it has started.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    var words: [UnsafeMutablePointer<CChar>?] =
      (["git", "--no-replace-objects", "-c", "core.fsmonitor=false"] + arguments).map { strdup($0) }
      + [nil]
    defer { for word in words { free(word) } }
    let end = lk_boot_milliseconds() + Int64(seconds * 1000)
    let before = endWithGroup()
    defer { restore(before) }
    var process: pid_t = 0
    let code = posix_spawnp(&process, "git", &actions, &attributes, &words, environ)
    close(ends[1])
    guard code == 0 else { return nil }
    group = process
    guard let output = readAll(ends[0], until: end), let status = wait(process, until: end) else {
      giveUp(process, arguments)
    }
    return status == 0 ? output : nil
  }

  /// The same, or fewer where whoever started the hook has less patience.
  private static var seconds: Double {
    let wish = Environment.value("LANEKEEPER_GIT_SECONDS").flatMap(Double.init)
    return wish.flatMap { $0 > 0 && $0 < mostSeconds ? $0 : nil } ?? mostSeconds
  }

  /// Reads until the end; `nil` where that does not come in time.
  private static func readAll(_ descriptor: Int32, until end: Int64) -> [UInt8]? {
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while true {
      var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let left = end - lk_boot_milliseconds()
      guard left > 0 else { return nil }
      guard poll(&polled, 1, Int32(left)) > 0 else { continue }
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return result }
      result += buffer[..<count]
    }
  }

  /// Waits for the end of a process and returns its status; `nil` where that does not come in time.
  private static func wait(_ process: pid_t, until end: Int64) -> Int32? {
    var status: Int32 = 0
    var pause: UInt32 = 50
    while true {
      let found = waitpid(process, &status, WNOHANG)
      if found == process { return status }
      if found < 0, errno != EINTR { return -1 }
      guard lk_boot_milliseconds() < end else { return nil }
      usleep(pause)
      pause = min(pause * 2, 10_000)
    }
  }

  private static func giveUp(_ process: pid_t, _ arguments: [String]) -> Never {
    kill(-process, SIGKILL)
    _ = waitpid(process, nil, 0)
    let call = (["git"] + arguments).joined(separator: " ")
    let limit = seconds == seconds.rounded() ? "\(Int(seconds))" : "\(seconds)"
    let place = getcwd(nil, 0).map { pointer in
      defer { free(pointer) }
      return String(cString: pointer)
    }
    Output.error([
      "lanekeeper: `\(call)` did not end within \(limit) s, so this is refused",
      "  It was started in \(place ?? "."); run it there to see what holds it up, and try again.",
    ])
    exit(1)
  }

  // MARK: the end of the hook

  private static let signals = [SIGINT, SIGTERM, SIGHUP]

  /// Takes git along where the hook is ended, as by Ctrl+C.
  private static func endWithGroup() -> [sigaction] {
    signals.map { number in
      var (old, new) = (sigaction(), sigaction())
      new.__sigaction_handler.sa_handler = { number in
        if GitCommand.group > 0 {
          kill(-GitCommand.group, SIGKILL)
          _ = waitpid(GitCommand.group, nil, 0)
        }
        _exit(128 + number)
      }
      sigaction(number, nil, &old)
      // Who has it ignored goes on.
      if unsafeBitCast(old.__sigaction_handler.sa_handler, to: Int.self) != 1 {
        sigaction(number, &new, nil)
      }
      return old
    }
  }

  private static func restore(_ actions: [sigaction]) {
    group = 0
    for (number, action) in zip(signals, actions) {
      var action = action
      sigaction(number, &action, nil)
    }
  }

  // MARK: questions

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
