import CProcess
import Glibc

/// The way out of a sandbox: the state file is out of reach in it, so the supervisor is asked at a socket.
struct Sandbox {
  private static let name = "socket"
  /// The hooks that are judged outside.
  static let judged = ["pre-commit", "pre-merge-commit", "pre-push", "reference-transaction"]
  /// The directory that the socket stands in.
  private let directory: String

  /// - Returns: `nil` where the repository's state directory is not that of a sandbox.
  init?(_ commonDirectory: String) {
    directory = commonDirectory + "/lanekeeper"
    guard Files.exists(directory + "/" + Self.name) else { return nil }
  }

  /// Has a hook judged, whose refusal is written to standard error.
  func judge(_ call: HookCall, input: [UInt8]) -> Verdict {
    switch ask("hook", [call.name] + call.rest, input: input, environment: gitVariables) {
    case 0: .pass([])
    case nil:
      .refuse([
        "lanekeeper: the supervisor outside the sandbox does not answer, and nobody else knows which "
          + "paths are claimed; your changes stay as they are"
      ])
    default: .refuse([])
    }
  }

  /// Does what follows where the program was called as `lanekeeper`; does not return.
  func runCommand(_ arguments: [String]) -> Never {
    let names = ["TERM", "NO_COLOR", "COLUMNS", "LINES", "LANG", "LC_ALL"]
    let status = ask(
      "command", arguments, input: [],
      environment: names.compactMap { name in Environment.value(name).map { "\(name)=\($0)" } })
    guard let status else {
      Output.error(["lanekeeper: the supervisor outside the sandbox does not answer"])
      exit(75)
    }
    exit(status)
  }

  /// The variables by which git tells its hooks what it is about to do.
  private var gitVariables: [String] {
    var result: [String] = []
    var next = environ
    while let entry = next.pointee {
      let text = String(cString: entry)
      if text.hasPrefix("GITHEAD_") || text.hasPrefix("GIT_INDEX_FILE=") { result.append(text) }
      next += 1
    }
    return result
  }

  /// Sends a request together with the standard descriptors and waits for its exit status.
  private func ask(
    _ kind: String, _ arguments: [String], input: [UInt8], environment: [String]
  ) -> Int32? {
    let socket = lk_unix_connect(directory, Self.name)
    guard socket >= 0 else { return nil }
    defer { close(socket) }
    var current = ""
    if let pointer = getcwd(nil, 0) {
      current = String(cString: pointer)
      free(pointer)
    }
    var fields = [
      Array(kind.utf8), Array(current.utf8), input, Array(String(arguments.count).utf8),
    ]
    fields += (arguments + environment).map { Array($0.utf8) }
    let message = fields.flatMap { Self.length($0.count) + $0 }
    guard lk_send_descriptors(socket, Self.length(message.count), 4, [0, 1, 2], 3) == 0 else {
      return nil
    }
    var sent = 0
    while sent < message.count {
      let count = message[sent...].withUnsafeBytes {
        send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return nil }
      sent += count
    }
    let answer = Files.readAll(descriptor: socket)
    guard answer.count == 4 else { return nil }
    return answer.reversed().reduce(0) { $0 << 8 | Int32($1) }
  }

  private static func length(_ count: Int) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) }
  }
}
