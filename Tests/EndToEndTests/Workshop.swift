import Foundation
import TestSupport

// EndToEndTests: the programs as they are built, on real repositories, with real processes.

/// A repository with a backlog and an agent of the test's own.
struct Workshop {
  let repository: TestRepository
  /// The environment of the programs; HOME lies in the temporary directory.
  var environment: [String: String]

  /// - Parameters:
  ///   - features: the text of `features.yml`.
  ///   - agent: the body of the shell script that plays the agent; the prompt is in `$prompt`.
  ///   - configuration: further lines of `lanekeeper.yml`.
  init(
    features: String, agent: String, gate: String = "make test", configuration: String = "",
    files: [String: String] = [:]
  ) throws {
    repository = try TestRepository()
    environment = repository.environment
    try repository.write("Makefile", "test:\n\t@sh check.sh\n")
    try repository.write("check.sh", "! grep -rl BUG . --include=*.txt\n")
    try repository.write("shared.txt", "shared\n")
    for (name, text) in files { try repository.write(name, text) }
    try repository.commit("base")
    try repository.write("features.yml", features)
    try repository.root.write("agent.sh", Self.prelude + agent)
    try repository.write(
      "lanekeeper.yml",
      """
      gate: \(gate.isEmpty ? "\"\"" : gate)
      agent: command
      agents: {command: {run: 'sh "\(repository.root.path)/agent.sh"'}}
      \(configuration)

      """)
  }

  /// Each attempt notes its begin and end.
  private static let prelude = """
    prompt=$(cat)
    id=$LANEKEEPER_FEATURE_ID
    trace="$LANEKEEPER_REPOSITORY/../trace"
    echo "begin $id $LANEKEEPER_ATTEMPT $LANEKEEPER_MODEL $LANEKEEPER_AGENT_ID" >> "$trace"
    trap 'echo "end $id $LANEKEEPER_ATTEMPT" >> "$trace"' EXIT

    """

  /// A backlog of so many features without ties.
  static func independent(_ count: Int, touching: (Int) -> [String] = { _ in [] }) -> String {
    "features:\n"
      + (1...count).map { number in
        let paths = touching(number)
        let touches = paths.isEmpty ? "" : ", touches: [\(paths.joined(separator: ", "))]"
        return "  - {id: \(number), title: Feature \(number)\(touches)}\n"
      }.joined()
  }

  static let program = BuiltPrograms.path("lanekeeper")

  func run(_ arguments: [String], at directory: String? = nil) throws -> TestProgramResult {
    try TestProgram.run(
      [Self.program] + arguments, directory: directory ?? repository.path, environment: environment)
  }

  func run(_ arguments: String...) throws -> TestProgramResult { try run(arguments) }

  /// Runs a command that must end with 0 and returns its JSON.
  func json(_ arguments: String...) throws -> [String: Any] {
    let result = try run(arguments + ["--json"])
    guard result.status == 0 else {
      throw TestProgramFailure(command: arguments, result: result)
    }
    let value = try JSONSerialization.jsonObject(with: Data(result.output))
    return value as? [String: Any] ?? [:]
  }

  /// Starts the program and returns at once.
  func start(_ arguments: [String], output: String) throws -> RunningProgram {
    try RunningProgram(
      [Self.program] + arguments, directory: repository.path, environment: environment,
      output: repository.root.path(output))
  }

  /// The ids in the `Feature:` trailers of the target's first-parent line, in the order of landing.
  func landed(on target: String = "main") throws -> [String] {
    try repository.git(
      "log", "--first-parent", "--reverse", "--format=%(trailers:key=Feature,valueonly)", target
    ).split(separator: "\n").map(String.init)
  }

  /// The lines that the attempts wrote: `begin <id> <attempt> <model> <agent>` and `end <id> <attempt>`.
  func trace() throws -> [[String]] {
    guard repository.root.exists("trace") else { return [] }
    return try repository.root.read("trace").split(separator: "\n").map {
      $0.split(separator: " ").map(String.init)
    }
  }

  /// What git and the program say is wrong after a run: nothing, where all is well.
  ///
  /// - Parameter spoiled: objects were spoiled, and only what references hold has to be whole.
  func leftovers(spoiled: Bool = false) throws -> [String] {
    var problems: [String] = []
    let check =
      try spoiled
      ? repository.git("rev-list", "--objects", "--all", "--verify-objects", "--quiet")
      : repository.git("fsck", "--no-dangling", "--no-progress")
    if !check.isEmpty { problems.append("fsck: \(check)") }
    let claims = try json("claims")["claims"] as? [Any] ?? []
    if !claims.isEmpty { problems.append("claims are left: \(claims)") }
    for path in try processes() { problems.append("a process is left: \(path)") }
    return problems
  }

  /// The command lines of processes that stand in the temporary directory.
  func processes(besides isLeftOut: (Int32) -> Bool = { _ in false }) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { name in
      guard let pid = Int32(name), !isLeftOut(pid),
        let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(name)/cwd"),
        place.hasPrefix(repository.root.path + "/")
      else { return nil }
      let line = FileManager.default.contents(atPath: "/proc/\(name)/cmdline") ?? Data()
      return "\(name) \(String(decoding: line, as: UTF8.self))"
    }
  }
}

/// A program that runs beside the test.
final class RunningProgram {
  let pid: pid_t
  private var status: Int32?

  init(
    _ command: [String], directory: String, environment: [String: String], output: String
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    let line = ["env", "-C", directory] + command
    var argv: [UnsafeMutablePointer<CChar>?] = line.map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] =
      environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var pid: pid_t = 0
    let code = posix_spawnp(&pid, "env", &actions, nil, &argv, &envp)
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO) }
    self.pid = pid
  }

  func signal(_ number: Int32) { kill(pid, number) }

  /// Waits for the end; the exit status, or 128 + n after signal n.
  @discardableResult
  func wait() -> Int32 {
    if let status { return status }
    var raw: Int32 = 0
    while waitpid(pid, &raw, 0) < 0 && errno == EINTR {}
    return note(raw)
  }

  /// Tells whether it has ended.
  func hasEnded() -> Bool {
    var raw: Int32 = 0
    if status == nil, waitpid(pid, &raw, WNOHANG) == pid { note(raw) }
    return status != nil
  }

  @discardableResult
  private func note(_ raw: Int32) -> Int32 {
    let value = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f)
    status = value
    return value
  }

  deinit {
    if status == nil {
      kill(pid, SIGKILL)
      wait()
    }
  }
}

/// Waits, for at most a minute, until something is true.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
  for _ in 0..<3000 {
    if try condition() { return true }
    usleep(20_000)
  }
  return false
}
