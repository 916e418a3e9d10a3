import Model

/// The id by which an answer is matched with its request.
package enum RequestID: Hashable, Sendable {
  case text(String)
  case number(Int64)

  package init?(_ value: JSON?) {
    switch value {
    case .string(let text): self = .text(text)
    case .number:
      guard let whole = value?.integer else { return nil }
      self = .number(whole)
    default: return nil
    }
  }

  package var json: JSON {
    switch self {
    case .text(let text): .string(text)
    case .number(let number): .integer(number)
    }
  }
}

/// An error as JSON-RPC tells it.
package struct RPCError: Error, Equatable, Sendable {
  package var code: Int
  package var message: String
  package var data: JSON?

  package init(_ code: Int, _ message: String, data: JSON? = nil) {
    self.code = code
    self.message = message
    self.data = data
  }

  package static func parse(_ reason: String) -> RPCError {
    RPCError(-32700, "this is no JSON: \(reason)")
  }
  package static func invalidRequest(_ reason: String) -> RPCError {
    RPCError(-32600, "invalid request: \(reason)")
  }
  package static func unknownMethod(_ method: String) -> RPCError {
    RPCError(-32601, "there is no method '\(method)'")
  }
  package static func invalidParameters(_ reason: String) -> RPCError {
    RPCError(-32602, "invalid parameters: \(reason)")
  }
  package static func inside(_ reason: String) -> RPCError { RPCError(-32603, reason) }

  package var json: JSON {
    let value: JSON = ["code": .whole(code), "message": .string(message)]
    return data.map { value.with("data", $0) } ?? value
  }
}

/// One request for which an answer is due.
package struct Request: Sendable, Equatable {
  package var id: RequestID
  package var method: String
  /// An object; empty where the request had none.
  package var params: JSON

  package init(id: RequestID, method: String, params: JSON = [:]) {
    self.id = id
    self.method = method
    self.params = params
  }

  /// The member of `params._meta`.
  package func meta(_ name: String) -> JSON? { params["_meta"]?[name] }
}

/// What a client may send.
package enum Incoming: Sendable, Equatable {
  case request(Request)
  /// Gets no answer, whatever comes of it.
  case notification(method: String, params: JSON)
  /// An answer to something that was never asked; it is ignored.
  case response
  /// Something that can't be understood; the id is known where it could be read.
  case broken(RequestID?, RPCError)
}

/// The messages that are sent.
package enum Outgoing {
  package static func result(_ id: RequestID, _ result: JSON) -> JSON {
    ["jsonrpc": "2.0", "id": id.json, "result": result]
  }

  package static func error(_ id: RequestID?, _ error: RPCError) -> JSON {
    ["jsonrpc": "2.0", "id": id?.json ?? .null, "error": error.json]
  }

  package static func notification(_ method: String, _ params: JSON? = nil) -> JSON {
    let message: JSON = ["jsonrpc": "2.0", "method": .string(method)]
    return params.map { message.with("params", $0) } ?? message
  }
}
