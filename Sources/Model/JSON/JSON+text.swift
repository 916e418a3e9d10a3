extension JSON {
  /// The value as JSON text on one line.
  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The value as JSON text on one line, in UTF-8.
  package var bytes: [UInt8] {
    var out: [UInt8] = []
    write(to: &out, depth: nil)
    return out
  }

  /// The value with two spaces of indent a level, and a line's end at its end.
  package var lines: String {
    var out: [UInt8] = []
    write(to: &out, depth: 0)
    return String(decoding: out, as: UTF8.self) + "\n"
  }

  /// The value for people: texts without quotes, lists with commas.
  package var plain: String {
    switch self {
    case .string(let value): value
    case .array(let values): values.map(\.plain).joined(separator: ",")
    case .null: ""
    default: text
    }
  }

  /// Returns a text as a JSON string.
  package static func quoted(_ text: String) -> String { JSON.string(text).text }

  /// - Parameter depth: the level of indent; `nil` for one line.
  private func write(to out: inout [UInt8], depth: Int?) {
    switch self {
    case .null: out += "null".utf8
    case .bool(let value): out += (value ? "true" : "false").utf8
    case .number(let number): out += number.text.utf8
    case .string(let value): Self.quote(value, to: &out)
    case .array(let values):
      Self.list(values, "[]", to: &out, depth) { $0.write(to: &$1, depth: $2) }
    case .object(let members):
      Self.list(members, "{}", to: &out, depth) { member, out, depth in
        Self.quote(member.name, to: &out)
        out += (depth == nil ? ":" : ": ").utf8
        member.value.write(to: &out, depth: depth)
      }
    }
  }

  private static func list<Item>(
    _ items: [Item], _ brackets: StaticString, to out: inout [UInt8], _ depth: Int?,
    _ write: (Item, inout [UInt8], Int?) -> Void
  ) {
    func line(_ depth: Int?) {
      guard let depth else { return }
      out.append(0x0a)
      out += repeatElement(0x20, count: 2 * depth)
    }
    out.append(brackets.utf8Start[0])
    let inner = depth.map { $0 + 1 }
    for (index, item) in items.enumerated() {
      if index > 0 { out.append(UInt8(ascii: ",")) }
      line(inner)
      write(item, &out, inner)
    }
    if !items.isEmpty { line(depth) }
    out.append(brackets.utf8Start[1])
  }

  /// Escapes, beyond what has to be, whatever does more on a terminal than show itself (``TerminalSafeText``).
  private static func quote(_ text: String, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": out += [UInt8(ascii: "\\"), UInt8(scalar.value)]
      case "\n": out += "\\n".utf8
      case "\r": out += "\\r".utf8
      case "\t": out += "\\t".utf8
      case _ where TerminalSafeText.isHarmless(scalar): out += UTF8.encode(scalar)!
      default:
        for unit in UTF16.encode(scalar)! {
          let digits = String(unit, radix: 16)
          out += ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8
        }
      }
    }
    out.append(UInt8(ascii: "\""))
  }
}
