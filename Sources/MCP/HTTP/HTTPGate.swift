/// The checks that a request has to pass before its message counts.
package struct HTTPGate: Sendable {
  /// The hosts under which the server may be spoken to, without ports; others are a web page's try
  /// to reach it by a name of its own. `nil` where who serves has looked at that.
  package var hosts: Set<String>?
  /// The origins of web pages that may use it, such as `http://127.0.0.1:8420`.
  package var origins: Set<String>
  /// The most bytes of a body.
  package var limit: Int

  package init(
    hosts: Set<String>? = ["127.0.0.1", "localhost", "[::1]"], origins: Set<String> = [],
    limit: Int = 4 << 20
  ) {
    self.hosts = hosts
    self.origins = origins
    self.limit = limit
  }

  /// Returns the refusal; `nil` where the request may go on.
  func refusal(_ request: HTTPRequest) -> HTTPResponse? {
    if let origin = request.header("Origin"), !origins.contains(origin) {
      return .error(403, .invalidRequest("the origin \(origin) is not allowed"))
    }
    if let hosts, let host = request.header("Host"), !hosts.contains(Self.withoutPort(host)) {
      return .error(403, .invalidRequest("the host \(host) is not this server"))
    }
    guard request.method == "POST" else { return nil }
    let type = request.header("Content-Type")?.split(separator: ";").first
      .map { $0.trimmingSpaces.lowercased() }
    guard type == "application/json" else {
      return .error(415, .invalidRequest("the content type has to be application/json"))
    }
    guard Self.accepts(request.header("Accept")) else {
      return .error(
        406, .invalidRequest("accept both application/json and text/event-stream"))
    }
    guard request.body.count <= limit else {
      return .error(413, .invalidRequest("the message is longer than \(limit) bytes"))
    }
    return nil
  }

  private static func accepts(_ header: String?) -> Bool {
    guard let header else { return false }
    let types = header.split(separator: ",").map {
      ($0.split(separator: ";").first ?? "").trimmingSpaces.lowercased()
    }
    return types.contains("*/*")
      || (types.contains("application/json") && types.contains("text/event-stream"))
  }

  private static func withoutPort(_ host: String) -> String {
    if host.hasPrefix("["), let end = host.firstIndex(of: "]") { return String(host[...end]) }
    return host.split(separator: ":", maxSplits: 1).first.map(String.init)?.lowercased() ?? ""
  }

  /// Compares the headers of a stateless request with its body.
  ///
  /// - Returns: what does not agree; `nil` where all does.
  static func mismatch(_ request: HTTPRequest, _ message: Request) -> String? {
    let version = message.meta(Dispatcher.versionKey)?.string
    guard request.header("MCP-Protocol-Version") == version else {
      return "MCP-Protocol-Version does not name the version of the body"
    }
    guard request.header("Mcp-Method").flatMap(decoded) == message.method else {
      return "Mcp-Method does not name the method of the body"
    }
    let key: String? =
      switch message.method {
      case "tools/call", "prompts/get": "name"
      case "resources/read": "uri"
      default: nil
      }
    guard let key else { return nil }
    guard request.header("Mcp-Name").flatMap(decoded) == message.params[key]?.string else {
      return "Mcp-Name does not name the \(key) of the body"
    }
    return nil
  }

  /// Reads a header that may be written as `=?base64?…?=`.
  static func decoded(_ value: String) -> String? {
    guard value.hasPrefix("=?base64?"), value.hasSuffix("?="), value.count >= 11 else {
      return value
    }
    return Base64.text(String(value.dropFirst("=?base64?".count).dropLast(2)))
  }
}

extension StringProtocol {
  fileprivate var trimmingSpaces: String {
    var text = Substring(self)
    while text.first == " " || text.first == "\t" { text.removeFirst() }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return String(text)
  }
}
