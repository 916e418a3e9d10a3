import Foundation

/// How a program of a test ended.
package struct TestProgramResult: Sendable {
  /// The exit status; 128 + n after signal n.
  package var status: Int32
  package var output: [UInt8]
  /// Standard error.
  package var error: String
  /// The output as text, without line ends at its end.
  package var text: String {
    var text = String(decoding: output, as: UTF8.self)
    while text.hasSuffix("\n") { text.removeLast() }
    return text
  }
}

/// A program ended otherwise than a test expected.
package struct TestProgramFailure: Error, CustomStringConvertible {
  package var command: [String]
  package var result: TestProgramResult

  package init(command: [String], result: TestProgramResult) {
    self.command = command
    self.result = result
  }

  package var description: String {
    "`\(command.joined(separator: " "))` ended with \(result.status): \(result.error)"
      + String(decoding: result.output, as: UTF8.self)
  }
}

/// Runs programs for tests with nothing of the machine's environment but `PATH`.
package enum TestProgram {
  /// Returns an environment whose git reads no configuration but the repository's, and whose commits
  /// have the same author and date each time.
  package static func environment(home: String) -> [String: String] {
    [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
      "HOME": home, "XDG_CONFIG_HOME": home + "/.config", "TMPDIR": home, "LC_ALL": "C",
      "TZ": "UTC", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null",
      "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "true",
      "GIT_AUTHOR_NAME": "Test Author", "GIT_AUTHOR_EMAIL": "author@example.org",
      "GIT_COMMITTER_NAME": "Test Committer", "GIT_COMMITTER_EMAIL": "committer@example.org",
      "GIT_AUTHOR_DATE": "2001-02-03T04:05:06+0000",
      "GIT_COMMITTER_DATE": "2001-02-03T04:05:06+0000",
    ]
  }

  /// Runs a program to its end. Input and outputs go through files, so that nothing can fill up.
  package static func run(
    _ command: [String], directory: String, environment: [String: String], input: [UInt8] = []
  ) throws -> TestProgramResult {
    let scratch = try TemporaryDirectory()
    try Data(input).write(to: URL(fileURLWithPath: scratch.path("in")))
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let create = O_WRONLY | O_CREAT
    posix_spawn_file_actions_addopen(&actions, 0, scratch.path("in"), O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, scratch.path("out"), create, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, scratch.path("err"), create, 0o600)
    let line = ["env", "-C", directory] + command
    var argv: [UnsafeMutablePointer<CChar>?] = line.map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] =
      environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var pid: pid_t = 0
    let code = posix_spawnp(&pid, "env", &actions, nil, &argv, &envp)
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO) }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    func content(_ name: String) -> [UInt8] {
      [UInt8](FileManager.default.contents(atPath: scratch.path(name)) ?? Data())
    }
    return TestProgramResult(
      status: status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f),
      output: content("out"), error: String(decoding: content("err"), as: UTF8.self))
  }
}
