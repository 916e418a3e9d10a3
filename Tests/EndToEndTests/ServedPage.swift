import Foundation
import TestSupport
import Testing

/// `lanekeeper ui` on a free port, spoken to over plain sockets.
final class ServedPage {
  struct Answer {
    var status: Int
    /// Head and body.
    var text: String
    var body: String {
      text.range(of: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? ""
    }
    var json: [String: Any] {
      (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
    }

    /// The value of a header; its name in lower case.
    func header(_ name: String) -> String? {
      text.components(separatedBy: "\r\n").first { $0.lowercased().hasPrefix(name + ":") }
        .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }
  }

  let program: RunningProgram
  let port: UInt16
  /// The header that opens `/mcp`.
  let authorization: String
  /// What opens the page once.
  let key: String
  /// The secret that the link was turned into.
  private(set) var session = ""
  /// The header that carries it.
  var sessionHeader: String { "Authorization: Bearer \(session)" }

  init(_ shop: Workshop, output: String, port: UInt16 = 0) throws {
    signal(SIGPIPE, SIG_IGN)
    let program = try shop.start(["ui", "--port", "\(port)"], output: output)
    var text = ""
    #expect(
      try eventually {
        text = try shop.repository.root.read(output)
        return text.split(separator: "\n").count == 3 && text.hasSuffix("\n")
      }, "\(text)")
    let place = text.firstMatch(of: /Page: http:\/\/127\.0\.0\.1:(\d+)\/#key=(\w+)\n/)
    self.port = try #require(place.flatMap { UInt16($0.output.1) }, "\(text)")
    key = String(place?.output.2 ?? "")
    #expect(text.contains("MCP: http://127.0.0.1:\(self.port)/mcp\n"))
    authorization = String(text.split(separator: "\n").last ?? "")
    self.program = program
  }

  func end() {
    program.signal(SIGTERM)
    #expect(program.wait() == 0)
  }

  /// Opens the link.
  func enter() throws {
    let answer = try send("POST", "/api/session", body: "{\"key\":\"\(key)\"}")
    #expect(answer.status == 200, "\(answer.text)")
    #expect(answer.header("set-cookie") == nil)
    session = try #require(answer.json["session"] as? String)
  }

  func use(session: String) { self.session = session }

  /// Opens a connection.
  func connected() throws -> Int32 { try Self.connected(to: port) }

  /// Opens a connection to a port on loopback.
  static func connected(to port: UInt16) throws -> Int32 {
    let descriptor = socket(
      AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else {
      close(descriptor)
      throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
    }
    return descriptor
  }

  /// Sends bytes as they are and reads to the end of the connection.
  func raw(_ bytes: [UInt8]) throws -> Answer {
    let descriptor = try connected()
    defer { close(descriptor) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Foundation.send(descriptor, $0.baseAddress, min($0.count, 1 << 16), Int32(MSG_NOSIGNAL))
      }
      // The server may have had enough.
      guard count > 0 else { break }
      rest = rest.dropFirst(count)
    }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 {
      answer += buffer[..<count]
    }
    let text = String(decoding: answer, as: UTF8.self)
    return Answer(status: Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0, text: text)
  }

  /// A request as our own page makes it; `headers` come in place of those of the same name.
  func send(
    _ method: String, _ path: String, body: String? = nil, _ headers: String...
  ) throws -> Answer {
    var lines = ["\(method) \(path) HTTP/1.1"]
    var own = ["Host: 127.0.0.1:\(port)", "Connection: close"]
    if method != "GET" { own.append("Origin: http://127.0.0.1:\(port)") }
    if !session.isEmpty { own.append(sessionHeader) }
    if let body {
      own += ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"]
    }
    func name(_ line: String) -> String { line.prefix { $0 != ":" }.lowercased() }
    let given = Set(headers.map(name))
    lines += own.filter { !given.contains(name($0)) }
    // A name alone leaves the header out.
    lines += headers.filter { $0.contains(": ") }
    return try raw(Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")).utf8))
  }

  func get(_ path: String) throws -> Answer { try send("GET", path) }

  /// Posts a message to the coordination server.
  func post(_ message: String, _ headers: String...) throws -> (status: Int, text: String) {
    let lines =
      [
        "POST /mcp HTTP/1.1", "Host: 127.0.0.1:\(port)", "Connection: close",
        "Content-Type: application/json", "Accept: application/json, text/event-stream",
        "Content-Length: \(message.utf8.count)",
      ] + headers
    let answer = try raw(Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + message).utf8))
    return (answer.status, answer.text)
  }
}
