/// Object ids as text and as bytes.
package enum Hex {
  static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x61...0x66: byte - 0x61 + 10
    case 0x41...0x46: byte - 0x41 + 10
    default: nil
    }
  }

  /// Returns the 20 bytes of an object id; `nil` where the text is none.
  package static func bytes(_ text: String) -> [UInt8]? {
    let digits = text.utf8.compactMap(digit)
    guard digits.count == text.utf8.count, digits.count == 40 else { return nil }
    return stride(from: 0, to: 40, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  package static func text(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// Tells whether a text is an object id in hex.
  package static func isObjectID(_ text: String) -> Bool {
    text.utf8.count == 40 && text.utf8.allSatisfy { digit($0) != nil }
  }
}
