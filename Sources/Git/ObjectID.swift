import CLibgit2

/// The name of a git object: 20 bytes of SHA-1.
package struct ObjectID: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
  // Three numbers, the first bytes in the highest places, so that no id needs memory of its own and
  // comparing the numbers compares the bytes.
  private let high: UInt64
  private let middle: UInt64
  private let low: UInt32

  /// Names no object; git writes it for "absent".
  package static let zero = ObjectID(bytes: [UInt8](repeating: 0, count: 20))

  /// Takes 20 bytes.
  package init(bytes: [UInt8]) {
    precondition(bytes.count == 20, "an object id has 20 bytes")
    self = bytes.withUnsafeBytes { ObjectID(raw: $0) }
  }

  /// Takes the first 20 bytes.
  init(raw: UnsafeRawBufferPointer) {
    high = UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
    middle = UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    low = UInt32(bigEndian: raw.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
  }

  /// Reads 40 hexadecimal digits; `nil` for anything else.
  package init?(hex: String) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(20)
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
    self.init(bytes: bytes)
  }

  init(_ oid: git_oid) {
    self = withUnsafeBytes(of: oid.id) { ObjectID(raw: $0) }
  }

  /// The 20 bytes.
  package var bytes: [UInt8] { withUnsafeBytes(of: oid.id) { Array($0) } }

  /// The id in hexadecimal digits.
  package var hex: String {
    let oid = oid
    return withUnsafeBytes(of: oid.id) { bytes in
      String(unsafeUninitializedCapacity: 40) { text in
        for (place, byte) in bytes.enumerated() {
          text[2 * place] = Self.digit(byte >> 4)
          text[2 * place + 1] = Self.digit(byte & 15)
        }
        return 40
      }
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }

  /// The first seven digits, for people.
  package var short: String { String(hex.prefix(7)) }
  package var description: String { hex }

  var oid: git_oid {
    var oid = git_oid()
    withUnsafeMutableBytes(of: &oid.id) { place in
      place.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
      place.storeBytes(of: middle.bigEndian, toByteOffset: 8, as: UInt64.self)
      place.storeBytes(of: low.bigEndian, toByteOffset: 16, as: UInt32.self)
    }
    return oid
  }

  package static func < (a: ObjectID, b: ObjectID) -> Bool {
    (a.high, a.middle, a.low) < (b.high, b.middle, b.low)
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
