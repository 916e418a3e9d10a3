import Model

/// Reads JSON-RPC 2.0 messages. Nothing that comes in can make it fail otherwise than by
/// ``Incoming/broken(_:_:)``.
enum MessageReader {
  static func read(_ bytes: [UInt8]) -> Incoming {
    let value: JSON
    do {
      value = try JSON(reading: bytes)
    } catch {
      return .broken(nil, .parse(error.description))
    }
    guard case .object = value else {
      return .broken(nil, .invalidRequest("a message is one object; there are no batches"))
    }
    let id = RequestID(value["id"])
    guard value["jsonrpc"] == "2.0" else {
      return .broken(id, .invalidRequest("'jsonrpc' has to be \"2.0\""))
    }
    guard let method = value["method"] else {
      if value["result"] != nil || value["error"] != nil { return .response }
      return .broken(id, .invalidRequest("'method' is missing"))
    }
    guard case .string(let name) = method, !name.isEmpty else {
      return .broken(id, .invalidRequest("'method' has to be a text"))
    }
    let params: JSON
    switch value["params"] {
    case nil, .null: params = [:]
    case .object(let members): params = .object(members)
    default: return .broken(id, .invalidRequest("'params' has to be an object"))
    }
    guard let given = value["id"] else { return .notification(method: name, params: params) }
    guard let id else {
      return .broken(
        nil,
        .invalidRequest("'id' has to be a text or a whole number, not \(given.text.prefix(40))"))
    }
    return .request(Request(id: id, method: name, params: params))
  }
}
