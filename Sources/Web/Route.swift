import Engine
import Model

/// An operation of the API: its parameters, its description and its handler.
///
/// The server and its description (`/api/openapi.json`) are both made from these.
struct Route: Sendable {
  enum Method: String, Sendable { case get, post, patch, delete }
  enum Kind: String, Sendable {
    case string, integer, number, boolean
    case strings, comments, object
  }

  /// A value in the query or in the body.
  struct Field: Sendable {
    var name: String
    var kind: Kind
    var about: String
    var isRequired = false
  }

  var method: Method
  /// `/api/features/{id}/retry`
  var path: String
  var about: String
  var query: [Field] = []
  var body: [Field] = []
  /// The content type of the answer.
  var gives = "application/json"
  var handler: @Sendable (Call) async throws -> Answer

  static func get(
    _ path: String, _ about: String, query: [Field] = [], gives: String = "application/json",
    _ handler: @escaping @Sendable (Call) async throws -> Answer
  ) -> Route {
    Route(method: .get, path: path, about: about, query: query, gives: gives, handler: handler)
  }

  static func act(
    _ method: Method, _ path: String, _ about: String, body: [Field] = [],
    _ handler: @escaping @Sendable (Call) async throws -> Answer
  ) -> Route {
    Route(method: method, path: path, about: about, body: body, handler: handler)
  }

  /// Returns the values of the braces if a path matches; else `nil`.
  func match(_ path: [Substring]) -> [String: String]? {
    let own = self.path.split(separator: "/")
    guard own.count == path.count else { return nil }
    var values: [String: String] = [:]
    for (part, given) in zip(own, path) {
      if part.hasPrefix("{") {
        guard let value = String(given).removingPercentEncoding else { return nil }
        values[String(part.dropFirst().dropLast())] = value
      } else if part != given {
        return nil
      }
    }
    return values
  }
}

/// A request for a route's handler.
struct Call: Sendable {
  let site: Site
  var path: [String: String] = [:]
  var query: [String: String] = [:]
  var body: JSON = [:]
  /// The `Last-Event-ID` header, by which a browser resumes a stream.
  var lastEvent: String?

  var id: String { path["id"] ?? "" }

  func number(_ name: String) -> Int64? { query[name].flatMap { Int64($0) } }
}

/// The answer of a route's handler.
enum Answer: Sendable {
  case json(JSON)
  /// JSON, encoded already.
  case text(String)
  /// A file to download, read in pieces: from an offset, with the next offset.
  case download(name: String, @Sendable (UInt64) throws -> (bytes: [UInt8], next: UInt64))
  /// The event log after a number.
  case events(after: Int64, isReset: Bool)
  /// The output of running attempts.
  case output(cursor: String?)

  static let done = Answer.json(["ok": true])
}
