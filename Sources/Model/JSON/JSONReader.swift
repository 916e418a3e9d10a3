/// Why a text is no JSON, and where.
package struct JSONError: Error, Equatable, CustomStringConvertible {
  package var reason: String
  /// The place in bytes, from 0.
  package var offset: Int

  package init(reason: String, offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  package var description: String { "\(reason) at byte \(offset)" }
}

/// How far a text may go beyond what every reader of JSON agrees on (RFC 8259, sections 4, 8 and 9).
package struct JSONRules: Sendable {
  /// The most levels of arrays and objects.
  package var maximumDepth: Int
  /// Whether the following is read: a byte order mark, of two members of one name the last, and U+FFFD for half a
  /// surrogate pair and for bytes that are no UTF-8.
  package var isLenient: Bool

  /// For messages, which anybody may have written.
  package static let strict = JSONRules(maximumDepth: 64, isLenient: false)
  /// For files that other programs keep.
  package static let lenient = JSONRules(maximumDepth: 500, isLenient: true)
}

extension JSON {
  /// Reads one value that fills the whole text.
  package init(reading bytes: [UInt8], by rules: JSONRules = .strict) throws(JSONError) {
    var reader = JSONReader<JSON>(bytes: bytes, rules: rules)
    self = try reader.document()
  }

  /// Reads one value that fills the whole text.
  package init(reading text: String, by rules: JSONRules = .strict) throws(JSONError) {
    try self.init(reading: Array(text.utf8), by: rules)
  }
}

/// Builds values from the tokens of a text.
protocol JSONReading {
  /// - Parameter offset: where the value begins, in bytes.
  static func leaf(_ value: JSON, at offset: Int) -> Self
  static func array(_ items: [Self], at offset: Int) -> Self
  static func object(_ members: [(name: String, nameOffset: Int, value: Self)], at offset: Int)
    -> Self
}

extension JSON: JSONReading {
  static func leaf(_ value: JSON, at offset: Int) -> JSON { value }
  static func array(_ items: [JSON], at offset: Int) -> JSON { .array(items) }
  static func object(
    _ members: [(name: String, nameOffset: Int, value: JSON)], at offset: Int
  ) -> JSON {
    .object(members.map { Member($0.name, $0.value) })
  }
}

/// The one reader of JSON text (RFC 8259). A number that no `Double` holds is refused.
struct JSONReader<Value: JSONReading> {
  private let bytes: [UInt8]
  private let rules: JSONRules
  private var position = 0

  init(bytes: [UInt8], rules: JSONRules) {
    self.bytes = bytes
    self.rules = rules
  }

  /// Reads one value that fills the whole text.
  mutating func document() throws(JSONError) -> Value {
    if rules.isLenient, bytes.starts(with: [0xef, 0xbb, 0xbf]) { position = 3 }
    skipSpace()
    let value = try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw problem("text after the value") }
    return value
  }

  private func problem(_ reason: String) -> JSONError {
    JSONError(reason: reason, offset: position)
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
      position += 1
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(JSONError) -> Value {
    guard let byte = next else { throw problem("the text ends where a value is expected") }
    let start = position
    switch byte {
    case UInt8(ascii: "{"): return .object(try members(depth: depth + 1), at: start)
    case UInt8(ascii: "["): return .array(try items(depth: depth + 1), at: start)
    case UInt8(ascii: "\""): return .leaf(.string(try string()), at: start)
    case UInt8(ascii: "t"): return .leaf(try word("true", .bool(true)), at: start)
    case UInt8(ascii: "f"): return .leaf(try word("false", .bool(false)), at: start)
    case UInt8(ascii: "n"): return .leaf(try word("null", .null), at: start)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      return .leaf(.number(try number()), at: start)
    default: throw problem("no value begins like this")
    }
  }

  private mutating func word(_ text: String, _ value: JSON) throws(JSONError) -> JSON {
    for byte in text.utf8 { guard take(byte) else { throw problem("'\(text)' is expected") } }
    return value
  }

  private mutating func items(depth: Int) throws(JSONError) -> [Value] {
    try open(depth)
    var items: [Value] = []
    if take(UInt8(ascii: "]")) { return [] }
    while true {
      skipSpace()
      items.append(try value(depth: depth))
      skipSpace()
      if take(UInt8(ascii: ",")) { continue }
      guard take(UInt8(ascii: "]")) else { throw problem("',' or ']' is expected") }
      return items
    }
  }

  private mutating func members(
    depth: Int
  ) throws(JSONError) -> [(name: String, nameOffset: Int, value: Value)] {
    try open(depth)
    var members: [(name: String, nameOffset: Int, value: Value)] = []
    var places: [String: Int] = [:]
    if take(UInt8(ascii: "}")) { return [] }
    while true {
      skipSpace()
      let start = position
      guard next == UInt8(ascii: "\"") else { throw problem("a name in quotes is expected") }
      let name = try string()
      let known = places.updateValue(members.count, forKey: name)
      guard known == nil || rules.isLenient else { throw problem("a second member '\(name)'") }
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw problem("':' is expected") }
      skipSpace()
      let member = (name: name, nameOffset: start, value: try value(depth: depth))
      if let known {
        members[known] = member
        places[name] = known
      } else {
        members.append(member)
      }
      skipSpace()
      if take(UInt8(ascii: ",")) { continue }
      guard take(UInt8(ascii: "}")) else { throw problem("',' or '}' is expected") }
      return members
    }
  }

  private mutating func open(_ depth: Int) throws(JSONError) {
    guard depth <= rules.maximumDepth else {
      throw problem("more than \(rules.maximumDepth) levels")
    }
    position += 1
    skipSpace()
  }

  private mutating func number() throws(JSONError) -> JSON.Number {
    let start = position
    _ = take(UInt8(ascii: "-"))
    if !take(UInt8(ascii: "0")) { try digits() }
    if take(UInt8(ascii: ".")) { try digits() }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try digits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard let value = Double(text), value.isFinite else { throw problem("the number is too big") }
    return JSON.Number(text: text)
  }

  private mutating func digits() throws(JSONError) {
    let start = position
    while let byte = next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
    guard position > start else { throw problem("a digit is expected") }
  }

  private mutating func string() throws(JSONError) -> String {
    let begin = position
    position += 1
    var out: [UInt8] = []
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        if let text = String(validating: out, as: UTF8.self) { return text }
        guard rules.isLenient else {
          throw JSONError(reason: "a text that is no UTF-8", offset: begin)
        }
        return String(decoding: out, as: UTF8.self)
      case UInt8(ascii: "\\"):
        position += 1
        try escape(into: &out)
      case 0..<0x20: throw problem("a control character inside a text")
      default:
        out.append(byte)
        position += 1
      }
    }
    throw problem("the text ends inside a string")
  }

  private mutating func escape(into out: inout [UInt8]) throws(JSONError) {
    guard let byte = next else { throw problem("the text ends inside a string") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
    case UInt8(ascii: "b"): out.append(0x08)
    case UInt8(ascii: "f"): out.append(0x0c)
    case UInt8(ascii: "n"): out.append(0x0a)
    case UInt8(ascii: "r"): out.append(0x0d)
    case UInt8(ascii: "t"): out.append(0x09)
    case UInt8(ascii: "u"): out += UTF8.encode(try scalar())!
    default: throw problem("an unknown escape")
    }
  }

  /// Reads what follows `\u`, with the second half of a pair.
  private mutating func scalar() throws(JSONError) -> Unicode.Scalar {
    let first = try fourDigits()
    if let scalar = Unicode.Scalar(first) { return scalar }
    let end = position
    if first <= 0xdbff, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
      let second = try fourDigits()
      if second >= 0xdc00, second <= 0xdfff {
        return Unicode.Scalar(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))!
      }
    }
    guard rules.isLenient else { throw problem("half of a surrogate pair") }
    position = end
    return "\u{fffd}"
  }

  private mutating func fourDigits() throws(JSONError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = next.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else {
        throw problem("four hexadecimal digits are expected")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}
