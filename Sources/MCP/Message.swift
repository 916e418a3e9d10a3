import Model

/// The id that matches an answer with its request.
enum RequestID: Hashable, Sendable {
  case text(String)
  case number(Int64)

  init?(_ value: JSON?) {
    switch value {
    case .string(let text): self = .text(text)
    case .number:
      guard let whole = value?.integer else { return nil }
      self = .number(whole)
    default: return nil
    }
  }

  var json: JSON {
    switch self {
    case .text(let text): .string(text)
    case .number(let number): .integer(number)
    }
  }
}

/// A JSON-RPC error.
struct RPCError: Error, Equatable, Sendable {
  var code: Int
  var message: String
  var data: JSON?

  init(_ code: Int, _ message: String, data: JSON? = nil) {
    self.code = code
    self.message = message
    self.data = data
  }

  static func parse(_ reason: String) -> RPCError {
    RPCError(-32700, "this is no JSON: \(reason)")
  }
  static func invalidRequest(_ reason: String) -> RPCError {
    RPCError(-32600, "invalid request: \(reason)")
  }
  static func unknownMethod(_ method: String) -> RPCError {
    RPCError(-32601, "there is no method '\(method)'")
  }
  static func invalidParameters(_ reason: String) -> RPCError {
    RPCError(-32602, "invalid parameters: \(reason)")
  }
  static func inside(_ reason: String) -> RPCError { RPCError(-32603, reason) }

  var json: JSON {
    let value: JSON = ["code": .whole(code), "message": .string(message)]
    return data.map { value.with("data", $0) } ?? value
  }
}

/// A message that expects an answer.
struct Request: Sendable, Equatable {
  var id: RequestID
  var method: String
  /// An object; empty if the request had none.
  var params: JSON = [:]

  /// The member of `params._meta`.
  func meta(_ name: String) -> JSON? { params["_meta"]?[name] }
}

/// A message from a client.
enum Incoming: Sendable, Equatable {
  case request(Request)
  /// Expects no answer.
  case notification(method: String, params: JSON)
  /// An answer, which is ignored: the server asks nothing.
  case response
  /// An invalid message, with its id if that could be read.
  case broken(RequestID?, RPCError)
}

/// Builds the messages that the server sends.
enum Outgoing {
  static func result(_ id: RequestID, _ result: JSON) -> JSON {
    ["jsonrpc": "2.0", "id": id.json, "result": result]
  }

  static func error(_ id: RequestID?, _ error: RPCError) -> JSON {
    ["jsonrpc": "2.0", "id": id?.json ?? .null, "error": error.json]
  }

  static func notification(_ method: String, _ params: JSON? = nil) -> JSON {
    let message: JSON = ["jsonrpc": "2.0", "method": .string(method)]
    return params.map { message.with("params", $0) } ?? message
  }
}
