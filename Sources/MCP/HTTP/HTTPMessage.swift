import Model

/// A request from the web server.
package struct HTTPRequest: Sendable {
  package var method: String
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]

  package init(method: String, headers: [(name: String, value: String)], body: [UInt8] = []) {
    self.method = method
    self.headers = headers
    self.body = body
  }

  /// Returns the value of a header; its name in any case.
  package func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }
}

/// A response for the web server.
package struct HTTPResponse: Sendable {
  package enum Body: Sendable {
    case none
    case bytes([UInt8])
    /// Server-sent events, one chunk each; ends with the stream. Dropping it cancels the request.
    case events(AsyncStream<[UInt8]>)
  }

  package var status: Int
  package var headers: [(name: String, value: String)]
  package var body: Body

  package init(_ status: Int, headers: [(name: String, value: String)] = [], body: Body = .none) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  static func json(
    _ status: Int, _ value: JSON, headers: [(name: String, value: String)] = []
  ) -> HTTPResponse {
    HTTPResponse(
      status, headers: [(name: "Content-Type", value: "application/json")] + headers,
      body: .bytes(value.bytes))
  }

  static func error(_ status: Int, _ error: RPCError, id: RequestID? = nil) -> HTTPResponse {
    json(status, Outgoing.error(id, error))
  }
}
