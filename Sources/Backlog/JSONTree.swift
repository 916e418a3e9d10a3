/// A JSON value that knows where it stands in its text.
struct JSONTree: Sendable {
  enum Value: Sendable {
    case null
    case bool(Bool)
    /// As it is written.
    case number(String)
    case string(String)
    case array([JSONTree])
    case object([(key: String, value: JSONTree)])
  }

  var value: Value
  /// The offset of its first byte.
  var offset: Int

  /// Where a text stops being JSON.
  struct Failure: Error { var offset: Int }

  /// Reads a text by RFC 8259; lists and objects may be nested 500 deep.
  init(_ bytes: [UInt8]) throws(Failure) {
    var parser = Parser(bytes: bytes)
    let start = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    parser.position = start
    self = try parser.document()
  }

  init(_ value: Value, at offset: Int = 0) {
    self.value = value
    self.offset = offset
  }

  var isNull: Bool { if case .null = value { true } else { false } }

  var array: [JSONTree]? { if case .array(let items) = value { items } else { nil } }

  var object: [(key: String, value: JSONTree)]? {
    if case .object(let members) = value { members } else { nil }
  }

  /// The text of a string, or a number as it is written.
  var text: String? {
    switch value {
    case .string(let text), .number(let text): text
    default: nil
    }
  }

  var bool: Bool? { if case .bool(let flag) = value { flag } else { nil } }

  /// The member of an object that is there and not null.
  subscript(key: String) -> JSONTree? {
    guard let found = object?.last(where: { $0.key == key })?.value, !found.isNull else {
      return nil
    }
    return found
  }

  private struct Parser {
    let bytes: [UInt8]
    var position = 0

    mutating func document() throws(Failure) -> JSONTree {
      let value = try value(depth: 0)
      skipSpace()
      guard position == bytes.count else { throw Failure(offset: position) }
      return value
    }

    private mutating func skipSpace() {
      while position < bytes.count {
        switch bytes[position] {
        case 0x20, 0x09, 0x0a, 0x0d: position += 1
        default: return
        }
      }
    }

    private mutating func take(_ character: UInt8) -> Bool {
      guard position < bytes.count, bytes[position] == character else { return false }
      position += 1
      return true
    }

    private mutating func value(depth: Int) throws(Failure) -> JSONTree {
      skipSpace()
      guard depth < 500, position < bytes.count else { throw Failure(offset: position) }
      let start = position
      switch bytes[position] {
      case UInt8(ascii: "{"): return JSONTree(.object(try members(depth)), at: start)
      case UInt8(ascii: "["): return JSONTree(.array(try items(depth)), at: start)
      case UInt8(ascii: "\""): return JSONTree(.string(try string()), at: start)
      case UInt8(ascii: "t"): return JSONTree(try word("true", .bool(true)), at: start)
      case UInt8(ascii: "f"): return JSONTree(try word("false", .bool(false)), at: start)
      case UInt8(ascii: "n"): return JSONTree(try word("null", .null), at: start)
      default: return JSONTree(.number(try number()), at: start)
      }
    }

    private mutating func items(_ depth: Int) throws(Failure) -> [JSONTree] {
      position += 1
      var result: [JSONTree] = []
      skipSpace()
      if take(UInt8(ascii: "]")) { return result }
      while true {
        result.append(try value(depth: depth + 1))
        skipSpace()
        if take(UInt8(ascii: "]")) { return result }
        guard take(UInt8(ascii: ",")) else { throw Failure(offset: position) }
      }
    }

    private mutating func members(
      _ depth: Int
    ) throws(Failure) -> [(key: String, value: JSONTree)] {
      position += 1
      var result: [(key: String, value: JSONTree)] = []
      skipSpace()
      if take(UInt8(ascii: "}")) { return result }
      while true {
        skipSpace()
        let key = try string()
        skipSpace()
        guard take(UInt8(ascii: ":")) else { throw Failure(offset: position) }
        result.append((key, try value(depth: depth + 1)))
        skipSpace()
        if take(UInt8(ascii: "}")) { return result }
        guard take(UInt8(ascii: ",")) else { throw Failure(offset: position) }
      }
    }

    private mutating func word(_ text: StaticString, _ value: Value) throws(Failure) -> Value {
      for byte in text.description.utf8 where !take(byte) { throw Failure(offset: position) }
      return value
    }

    private mutating func number() throws(Failure) -> String {
      let start = position
      _ = take(UInt8(ascii: "-"))
      guard digits() > 0 else { throw Failure(offset: position) }
      if take(UInt8(ascii: ".")), digits() == 0 { throw Failure(offset: position) }
      if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
        if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
        guard digits() > 0 else { throw Failure(offset: position) }
      }
      return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits() -> Int {
      let start = position
      while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
      return position - start
    }

    private mutating func string() throws(Failure) -> String {
      guard take(UInt8(ascii: "\"")) else { throw Failure(offset: position) }
      var content: [UInt8] = []
      while position < bytes.count {
        let start = position
        while position < bytes.count, bytes[position] >= 0x20,
          bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\")
        {
          position += 1
        }
        content += bytes[start..<position]
        if take(UInt8(ascii: "\"")) { return String(decoding: content, as: UTF8.self) }
        guard take(UInt8(ascii: "\\")), position < bytes.count else { break }
        let escape = bytes[position]
        position += 1
        switch escape {
        case UInt8(ascii: "n"): content.append(0x0a)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "r"): content.append(0x0d)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0c)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(escape)
        case UInt8(ascii: "u"): content += String(Character(try scalar())).utf8
        default: throw Failure(offset: position - 1)
        }
      }
      throw Failure(offset: position)
    }

    /// Reads what follows `\u`, with the second half of a pair; half a pair becomes U+FFFD.
    private mutating func scalar() throws(Failure) -> Unicode.Scalar {
      let first = try unit()
      if let scalar = Unicode.Scalar(first) { return scalar }
      guard (0xd800..<0xdc00).contains(first), position + 1 < bytes.count,
        bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
      else { return "\u{fffd}" }
      let before = position
      position += 2
      let second = try unit()
      guard (0xdc00..<0xe000).contains(second) else {
        position = before
        return "\u{fffd}"
      }
      return Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00)) ?? "\u{fffd}"
    }

    private mutating func unit() throws(Failure) -> UInt32 {
      guard position + 4 <= bytes.count,
        let value = UInt32(
          String(decoding: bytes[position..<(position + 4)], as: UTF8.self), radix: 16)
      else { throw Failure(offset: position) }
      position += 4
      return value
    }
  }
}
