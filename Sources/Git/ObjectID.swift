import CLibgit2

/// The name of a git object: 20 bytes of SHA-1.
package struct ObjectID: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
  /// The 20 bytes.
  package let bytes: [UInt8]

  /// Names no object; git writes it for "absent".
  package static let zero = ObjectID(bytes: [UInt8](repeating: 0, count: 20))

  /// Takes 20 bytes.
  package init(bytes: [UInt8]) {
    precondition(bytes.count == 20, "an object id has 20 bytes")
    self.bytes = bytes
  }

  /// Reads 40 hexadecimal digits; `nil` for anything else.
  package init?(hex: String) {
    var bytes: [UInt8] = []
    var high: UInt8?
    for byte in hex.utf8 {
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte - 0x30
      case 0x61...0x66: digit = byte - 0x61 + 10
      case 0x41...0x46: digit = byte - 0x41 + 10
      default: return nil
      }
      if let first = high {
        bytes.append(first << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    guard bytes.count == 20, high == nil else { return nil }
    self.bytes = bytes
  }

  init(_ oid: git_oid) {
    bytes = withUnsafeBytes(of: oid.id) { Array($0) }
  }

  /// The id in hexadecimal digits.
  package var hex: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
  /// The first seven digits, for people.
  package var short: String { String(hex.prefix(7)) }
  package var description: String { hex }

  var oid: git_oid {
    var oid = git_oid()
    withUnsafeMutableBytes(of: &oid.id) { $0.copyBytes(from: bytes) }
    return oid
  }

  package static func < (a: ObjectID, b: ObjectID) -> Bool {
    a.bytes.lexicographicallyPrecedes(b.bytes)
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let id = ObjectID(hex: try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "no object id")
    }
    self = id
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(hex)
  }
}
