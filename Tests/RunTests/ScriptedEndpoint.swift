import Foundation

/// An HTTP server on loopback that answers by a script, one request a connection.
final class ScriptedEndpoint: @unchecked Sendable {
  struct Request {
    var path: String
    /// Names in small letters.
    var headers: [String: String]
    var body: [String: Any]
  }

  struct Response {
    var status = 200
    var headers: [String: String] = [:]
    var body: String
  }

  let port: UInt16
  private let descriptor: Int32
  private let lock = NSLock()
  private var seen: [Request] = []
  private let script: @Sendable (Request) -> Response

  var requests: [Request] { lock.withLock { seen } }
  var url: String { "http://127.0.0.1:\(port)" }

  init(_ script: @escaping @Sendable (Request) -> Response) throws {
    self.script = script
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let bound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && listen(descriptor, 16) == 0
          && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard bound else { throw POSIXError(.EADDRINUSE) }
    port = UInt16(bigEndian: address.sin_port)
    Thread { [weak self] in
      while true {
        let connection = accept(descriptor, nil, nil)
        guard connection >= 0, let self else { return }
        self.serve(connection)
        close(connection)
      }
    }.start()
  }

  func close() {
    shutdown(descriptor, Int32(SHUT_RDWR))
    Foundation.close(descriptor)
  }

  private func close(_ descriptor: Int32) { Foundation.close(descriptor) }

  private func serve(_ connection: Int32) {
    var data = Data()
    var buffer = [UInt8](repeating: 0, count: 65536)
    var needed: Int?
    while needed.map({ data.count < $0 }) ?? true {
      let count = read(connection, &buffer, buffer.count)
      guard count > 0 else { return }
      data += buffer[..<count]
      if needed == nil, let end = data.range(of: Data("\r\n\r\n".utf8)) {
        let head = String(decoding: data[..<end.lowerBound], as: UTF8.self)
        needed = end.upperBound + (Int(Self.headers(head)["content-length"] ?? "0") ?? 0)
      }
    }
    guard let end = data.range(of: Data("\r\n\r\n".utf8)) else { return }
    let head = String(decoding: data[..<end.lowerBound], as: UTF8.self)
    let body = try? JSONSerialization.jsonObject(with: data[end.upperBound...]) as? [String: Any]
    let request = Request(
      path: String(head.split(separator: " ").dropFirst().first ?? ""),
      headers: Self.headers(head), body: body ?? [:])
    lock.withLock { seen.append(request) }
    let response = script(request)
    var text = "HTTP/1.1 \(response.status) X\r\nContent-Length: \(response.body.utf8.count)\r\n"
    for (name, value) in response.headers { text += "\(name): \(value)\r\n" }
    var bytes = Array((text + "Connection: close\r\n\r\n" + response.body).utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes {
        send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }

  private static func headers(_ head: String) -> [String: String] {
    var result: [String: String] = [:]
    for line in head.split(separator: "\r\n").dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      result[line[..<colon].lowercased()] = line[line.index(after: colon)...]
        .trimmingCharacters(in: .whitespaces)
    }
    return result
  }

  /// The text of a request's one message.
  static func prompt(_ request: Request) -> String {
    ((request.body["messages"] as? [[String: Any]])?.first?["content"] as? String) ?? ""
  }

  /// What a model says, in the wire format of the request's path.
  static func says(_ text: String, to request: Request) -> Response {
    let object: [String: Any] =
      request.path.hasSuffix("/v1/messages")
      ? ["content": [["type": "text", "text": text]], "stop_reason": "end_turn"]
      : [
        "choices": [["message": ["role": "assistant", "content": text], "finish_reason": "stop"]]
      ]
    let data = try? JSONSerialization.data(withJSONObject: object)
    return Response(body: String(decoding: data ?? Data(), as: UTF8.self))
  }
}
