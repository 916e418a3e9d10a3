import Model

/// JSON Schemas, as the tools declare them, and the check of a value against one.
///
/// Only the words of JSON Schema that the tools use are understood.
enum Schema {
  /// An object whose listed members are allowed and no others.
  static func object(
    _ properties: [(String, JSON)], required: [String] = [], isOpen: Bool = false
  ) -> JSON {
    let schema: JSON = [
      "type": "object",
      "properties": .object(properties),
      "required": .texts(required),
    ]
    return isOpen ? schema : schema.with("additionalProperties", false)
  }

  static func text(_ description: String) -> JSON {
    ["type": "string", "description": .string(description)]
  }

  static func optionalText(_ description: String) -> JSON {
    ["type": ["string", "null"], "description": .string(description)]
  }

  static func oneOf(_ values: [String], _ description: String) -> JSON {
    ["type": "string", "enum": .texts(values), "description": .string(description)]
  }

  static func list(_ items: JSON, _ description: String, from minimum: Int = 0) -> JSON {
    let schema: JSON = ["type": "array", "items": items, "description": .string(description)]
    return minimum > 0 ? schema.with("minItems", .whole(minimum)) : schema
  }

  static func whole(_ description: String, from minimum: Int? = nil, to maximum: Int? = nil) -> JSON
  {
    var schema: JSON = ["type": "integer", "description": .string(description)]
    if let minimum { schema = schema.with("minimum", .whole(minimum)) }
    if let maximum { schema = schema.with("maximum", .whole(maximum)) }
    return schema
  }

  static func number(_ description: String, from minimum: Int, to maximum: Int) -> JSON {
    [
      "type": "number", "description": .string(description), "minimum": .whole(minimum),
      "maximum": .whole(maximum),
    ]
  }

  static func flag(_ description: String) -> JSON {
    ["type": "boolean", "description": .string(description)]
  }

  /// Returns what is wrong with a value, and where; `nil` where it fits.
  static func problem(_ value: JSON, _ schema: JSON, at place: String = "") -> String? {
    let name = place.isEmpty ? "the value" : "'\(place)'"
    let types = schema["type"].map { $0.array?.compactMap(\.string) ?? [$0.string ?? ""] } ?? []
    guard types.isEmpty || types.contains(where: { fits(value, $0) }) else {
      return "\(name) has to be \(types.map(words).joined(separator: " or "))"
    }
    if let allowed = schema["enum"]?.array, !allowed.contains(value) {
      return "\(name) has to be one of " + allowed.map(\.text).joined(separator: ", ")
    }
    if let number = value.number {
      if let least = schema["minimum"]?.number, number < least {
        return "\(name) has to be at least \(schema["minimum"]!.text)"
      }
      if let most = schema["maximum"]?.number, number > most {
        return "\(name) has to be at most \(schema["maximum"]!.text)"
      }
    }
    switch value {
    case .object(let members): return problem(members, schema, place)
    case .array(let values):
      if let least = schema["minItems"]?.integer, values.count < least {
        return "\(name) needs at least \(least) \(least == 1 ? "entry" : "entries")"
      }
      guard let items = schema["items"] else { return nil }
      for (index, item) in values.enumerated() {
        if let found = problem(item, items, at: "\(place)[\(index)]") { return found }
      }
      return nil
    default: return nil
    }
  }

  private static func problem(_ members: [JSON.Member], _ schema: JSON, _ place: String) -> String?
  {
    let prefix = place.isEmpty ? "" : place + "."
    for name in schema["required"]?.array?.compactMap(\.string) ?? []
    where !members.contains(where: { $0.name == name }) {
      return "'\(prefix)\(name)' is missing"
    }
    for member in members {
      guard let property = schema["properties"]?[member.name] else {
        if schema["additionalProperties"] == false {
          let known = schema["properties"]?.members?.map(\.name) ?? []
          return
            "'\(prefix)\(member.name)' is not known; there are \(known.joined(separator: ", "))"
        }
        continue
      }
      if let found = problem(member.value, property, at: prefix + member.name) { return found }
    }
    return nil
  }

  private static func fits(_ value: JSON, _ type: String) -> Bool {
    switch type {
    case "object": value.members != nil
    case "array": value.array != nil
    case "string": value.string != nil
    case "boolean": value.bool != nil
    case "integer": value.integer != nil
    case "number": value.number != nil
    case "null": value == .null
    default: false
    }
  }

  private static func words(_ type: String) -> String {
    switch type {
    case "object": "an object"
    case "array": "a list"
    case "string": "a text"
    case "boolean": "true or false"
    case "integer": "a whole number"
    case "number": "a number"
    default: type
    }
  }
}
