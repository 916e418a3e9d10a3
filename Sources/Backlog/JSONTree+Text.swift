extension JSONTree {
  /// Returns an object of members; those that are `nil` are left out.
  static func object(_ members: [(String, JSONTree?)]) -> JSONTree {
    JSONTree(.object(members.compactMap { key, value in value.map { (key: key, value: $0) } }))
  }

  static func string(_ text: String) -> JSONTree { JSONTree(.string(text)) }
  static func integer(_ number: Int) -> JSONTree { JSONTree(.number(String(number))) }
  static func array(_ items: [JSONTree]) -> JSONTree { JSONTree(.array(items)) }

  /// Sets a member of an object; a new one comes last.
  mutating func set(_ key: String, _ value: JSONTree) {
    guard case .object(var members) = self.value else { return }
    if let index = members.firstIndex(where: { $0.key == key }) {
      members[index].value = value
    } else {
      members.append((key, value))
    }
    self.value = .object(members)
  }

  /// The text on one line.
  var line: String {
    var result = ""
    write(into: &result, depth: nil)
    return result
  }

  /// The text with two spaces of indent a level.
  var lines: String {
    var result = ""
    write(into: &result, depth: 0)
    return result + "\n"
  }

  private func write(into result: inout String, depth: Int?) {
    switch value {
    case .null: result += "null"
    case .bool(let flag): result += flag ? "true" : "false"
    case .number(let text): result += text
    case .string(let text): Self.quote(text, into: &result)
    case .array(let items):
      Self.list(items, "[", "]", into: &result, depth: depth) { item, result, depth in
        item.write(into: &result, depth: depth)
      }
    case .object(let members):
      Self.list(members, "{", "}", into: &result, depth: depth) { member, result, depth in
        Self.quote(member.key, into: &result)
        result += depth == nil ? ":" : ": "
        member.value.write(into: &result, depth: depth)
      }
    }
  }

  private static func list<Item>(
    _ items: [Item], _ open: String, _ close: String, into result: inout String, depth: Int?,
    _ write: (Item, inout String, Int?) -> Void
  ) {
    result += open
    guard !items.isEmpty else {
      result += close
      return
    }
    let inner = depth.map { "\n" + String(repeating: "  ", count: $0 + 1) } ?? ""
    for (number, item) in items.enumerated() {
      result += (number > 0 ? "," : "") + inner
      write(item, &result, depth.map { $0 + 1 })
    }
    result += (depth.map { "\n" + String(repeating: "  ", count: $0) } ?? "") + close
  }

  private static func quote(_ text: String, into result: inout String) {
    result += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default:
        if scalar.value < 0x20 || scalar.value == 0x7f {
          let hex = String(scalar.value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    result += "\""
  }
}
