import Foundation
import TestSupport

/// A program that the test talks with, line by line.
final class PipedProgram {
  let pid: pid_t
  private var input: Int32
  private var output: Int32
  private var pending: [UInt8] = []
  private var status: Int32?

  init(_ command: [String], directory: String, environment: [String: String]) throws {
    var toProgram: [Int32] = [-1, -1]
    var fromProgram: [Int32] = [-1, -1]
    // Other tests start programs at the same time; these must not inherit our ends.
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &toProgram) == 0,
      socketpair(AF_UNIX, kind, 0, &fromProgram) == 0
    else {
      throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, toProgram[0], 0)
    posix_spawn_file_actions_adddup2(&actions, fromProgram[1], 1)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    let line = ["env", "-C", directory] + command
    var argv: [UnsafeMutablePointer<CChar>?] = line.map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] =
      environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var pid: pid_t = 0
    let code = posix_spawnp(&pid, "env", &actions, nil, &argv, &envp)
    close(toProgram[0])
    close(fromProgram[1])
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO) }
    self.pid = pid
    input = toProgram[1]
    output = fromProgram[0]
  }

  /// Writes bytes as they are.
  func send(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  func send(_ text: String) { send(Array(text.utf8)) }

  /// Reads one line; `nil` at the end of the output or after some minutes of silence.
  func line() -> String? {
    while true {
      if let end = pending.firstIndex(of: 0x0a) {
        let text = String(decoding: pending[..<end], as: UTF8.self)
        pending.removeSubrange(...end)
        return text
      }
      var waiting = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      guard poll(&waiting, 1, 240_000) > 0 else { return nil }
      var buffer = [UInt8](repeating: 0, count: 65536)
      let count = read(output, &buffer, buffer.count)
      guard count > 0 else { return nil }
      pending += buffer[..<count]
    }
  }

  func closeInput() {
    if input >= 0 { close(input) }
    input = -1
  }

  func closeOutput() {
    if output >= 0 { close(output) }
    output = -1
  }

  /// Waits for the end; the exit status, or 128 + n after signal n.
  @discardableResult
  func wait() -> Int32 {
    if let status { return status }
    var raw: Int32 = 0
    while waitpid(pid, &raw, 0) < 0 && errno == EINTR {}
    let value = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f)
    status = value
    return value
  }

  deinit {
    closeInput()
    closeOutput()
    if status == nil {
      kill(pid, SIGKILL)
      wait()
    }
  }
}

/// A client of `lanekeeper mcp` that speaks raw JSON lines.
final class McpClient {
  let program: PipedProgram
  private var last = 0

  /// - Parameter command: what starts the program.
  init(at directory: String, environment: [String: String], below command: [String] = []) throws {
    signal(SIGPIPE, SIG_IGN)
    program = try PipedProgram(
      command + [Workshop.program, "mcp"], directory: directory, environment: environment)
  }

  /// Sends a request and returns its id.
  func start(_ method: String, _ params: [String: Any] = [:]) throws -> Int {
    last += 1
    try send(["jsonrpc": "2.0", "id": last, "method": method, "params": params])
    return last
  }

  func notify(_ method: String, _ params: [String: Any] = [:]) throws {
    try send(["jsonrpc": "2.0", "method": method, "params": params])
  }

  func send(_ message: [String: Any]) throws {
    let data = try JSONSerialization.data(withJSONObject: message)
    program.send([UInt8](data) + [0x0a])
  }

  /// Reads the next message.
  func next() throws -> [String: Any] {
    guard let line = program.line() else { throw Ended() }
    return try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
  }

  struct Ended: Error {}

  /// Reads up to the answer with an id; notifications on the way are handed over.
  func answer(_ id: Int, notifications: ([String: Any]) -> Void = { _ in }) throws -> [String: Any]
  {
    while true {
      let message = try next()
      if message["id"] as? Int == id { return message }
      notifications(message)
    }
  }

  func ask(_ method: String, _ params: [String: Any] = [:]) throws -> [String: Any] {
    try answer(try start(method, params))
  }

  func initialize(_ version: String = "2025-11-25") throws {
    _ = try ask(
      "initialize",
      [
        "protocolVersion": version, "capabilities": [:],
        "clientInfo": ["name": "test", "version": "1"],
      ])
    try notify("notifications/initialized")
  }

  /// Calls a tool; its structured result, or `["error": text]`.
  func call(_ tool: String, _ arguments: [String: Any] = [:]) throws -> [String: Any] {
    let answer = try ask("tools/call", ["name": tool, "arguments": arguments])
    let result = answer["result"] as? [String: Any] ?? ["protocol_error": answer]
    if result["isError"] as? Bool == true {
      let content = result["content"] as? [[String: Any]]
      return ["error": content?.first?["text"] as? String ?? ""]
    }
    return result["structuredContent"] as? [String: Any] ?? result
  }
}
