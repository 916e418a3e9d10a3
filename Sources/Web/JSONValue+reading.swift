import Run

/// Reading a request's body; what has another kind is a clear error.
extension JSONValue {
  subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    guard let value = members.first(where: { $0.0 == name })?.1 else { return nil }
    if case .null = value { return nil }
    return value
  }

  /// Tells whether a member is there, be it `null`.
  func has(_ name: String) -> Bool {
    guard case .object(let members) = self else { return false }
    return members.contains { $0.0 == name }
  }

  func string(_ name: String) throws -> String? {
    switch self[name] {
    case nil: return nil
    case .string(let text): return text
    default: throw Failure("\(name) has to be a text", status: 64)
    }
  }

  func needed(_ name: String) throws -> String {
    guard let text = try string(name), !text.isEmpty else {
      throw Failure("\(name) is missing", status: 64)
    }
    return text
  }

  func integer(_ name: String) throws -> Int? {
    switch self[name] {
    case nil: return nil
    case .integer(let number): return Int(number)
    default: throw Failure("\(name) has to be a whole number", status: 64)
    }
  }

  func double(_ name: String) throws -> Double? {
    switch self[name] {
    case nil: return nil
    case .integer(let number): return Double(number)
    case .number(let number): return number
    default: throw Failure("\(name) has to be a number", status: 64)
    }
  }

  func flag(_ name: String) throws -> Bool {
    switch self[name] {
    case nil: return false
    case .bool(let flag): return flag
    default: throw Failure("\(name) has to be true or false", status: 64)
    }
  }

  func strings(_ name: String) throws -> [String]? {
    switch self[name] {
    case nil: return nil
    case .array(let items):
      return try items.map { item in
        guard case .string(let text) = item else {
          throw Failure("\(name) has to be a list of texts", status: 64)
        }
        return text
      }
    default: throw Failure("\(name) has to be a list of texts", status: 64)
    }
  }

  func objects(_ name: String) throws -> [JSONValue] {
    switch self[name] {
    case nil: return []
    case .array(let items): return items
    default: throw Failure("\(name) has to be a list", status: 64)
    }
  }
}
