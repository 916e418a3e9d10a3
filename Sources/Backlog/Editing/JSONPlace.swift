/// Finds lines and columns in JSON text, since Foundation's reader does not tell them.
package enum JSONPlace {
  /// Returns where a key stands, from 1; the start of the text where it does not.
  package static func ofKey(_ key: String, in text: String) -> (line: Int, column: Int) {
    let wanted = Array("\"\(key)\"".utf8)
    let bytes = Array(text.utf8)
    guard bytes.count >= wanted.count else { return (1, 1) }
    for start in 0...(bytes.count - wanted.count)
    where bytes[start..<(start + wanted.count)].elementsEqual(wanted) {
      return place(of: start, in: bytes)
    }
    return (1, 1)
  }

  /// Returns the first place at which the text stops being JSON, from 1.
  package static func ofError(in text: String) -> (line: Int, column: Int) {
    var reader = Reader(bytes: Array(text.utf8))
    _ = reader.value(depth: 0) && reader.end()
    return place(of: min(reader.position, reader.bytes.count), in: reader.bytes)
  }

  private static func place(of offset: Int, in bytes: [UInt8]) -> (line: Int, column: Int) {
    let before = bytes[..<offset]
    let line = before.count { $0 == 0x0a } + 1
    let start = before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
    return (line, String(decoding: bytes[start..<offset], as: UTF8.self).count + 1)
  }

  /// Reads JSON by RFC 8259 and stops at the first byte that does not fit.
  private struct Reader {
    let bytes: [UInt8]
    var position = 0

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
      while let byte = next, [0x20, 0x09, 0x0a, 0x0d].contains(byte) { position += 1 }
    }

    private mutating func take(_ character: Character) -> Bool {
      guard let byte = next, byte == character.asciiValue else { return false }
      position += 1
      return true
    }

    mutating func end() -> Bool {
      skipSpace()
      return next == nil
    }

    mutating func value(depth: Int) -> Bool {
      skipSpace()
      guard depth < 500, let byte = next else { return false }
      switch byte {
      case UInt8(ascii: "{"):
        return list(close: "}") { reader in
          reader.skipSpace()
          guard reader.string() else { return false }
          reader.skipSpace()
          return reader.take(":") && reader.value(depth: depth + 1)
        }
      case UInt8(ascii: "["): return list(close: "]") { $0.value(depth: depth + 1) }
      case UInt8(ascii: "\""): return string()
      case UInt8(ascii: "t"): return word("true")
      case UInt8(ascii: "f"): return word("false")
      case UInt8(ascii: "n"): return word("null")
      default: return number()
      }
    }

    private mutating func list(close: Character, item: (inout Reader) -> Bool) -> Bool {
      position += 1
      skipSpace()
      if take(close) { return true }
      while true {
        guard item(&self) else { return false }
        skipSpace()
        if take(close) { return true }
        guard take(",") else { return false }
      }
    }

    private mutating func string() -> Bool {
      guard take("\"") else { return false }
      while let byte = next, byte >= 0x20 {
        position += 1
        if byte == UInt8(ascii: "\"") { return true }
        if byte == UInt8(ascii: "\\") { position += 1 }
      }
      return false
    }

    private mutating func word(_ text: String) -> Bool {
      text.allSatisfy { take($0) }
    }

    private mutating func number() -> Bool {
      _ = take("-")
      let start = position
      while let byte = next,
        (0x30...0x39).contains(byte) || [0x2e, 0x65, 0x45, 0x2b, 0x2d].contains(byte)
      {
        position += 1
      }
      return position > start
    }
  }
}
