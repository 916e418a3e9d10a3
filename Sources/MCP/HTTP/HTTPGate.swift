import Foundation

/// The checks that a request has to pass before its message counts. The web server has checked `Host`, the
/// token and the length of the body.
enum HTTPGate {
  /// Returns the refusal; `nil` if the request is accepted. No web page may use the server.
  static func refusal(_ request: HTTPRequest) -> HTTPResponse? {
    if let origin = request.header("Origin") {
      return .error(403, .invalidRequest("the origin \(origin) is not allowed"))
    }
    guard request.method == "POST" else { return nil }
    let type = request.header("Content-Type")?.split(separator: ";").first
      .map { $0.trimmingSpaces.lowercased() }
    guard type == "application/json" else {
      return .error(415, .invalidRequest("the content type has to be application/json"))
    }
    guard accepts(request.header("Accept")) else {
      return .error(
        406, .invalidRequest("accept both application/json and text/event-stream"))
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
    let text = String(value.dropFirst("=?base64?".count).dropLast(2))
    return Data(base64Encoded: text).flatMap { String(validating: $0, as: UTF8.self) }
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
