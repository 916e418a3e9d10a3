import Foundation

/// Object ids between their hex form and the bytes that the hook compares.
enum Hex {
  static func string(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count * 2)
    for byte in bytes {
      out.append(digits[Int(byte >> 4)])
      out.append(digits[Int(byte & 15)])
    }
    return String(decoding: out, as: UTF8.self)
  }

  static func data(_ hex: String) -> Data {
    var bytes: [UInt8] = []
    var high: UInt8?
    for character in hex {
      guard let digit = character.hexDigitValue else { return Data() }
      if let first = high {
        bytes.append(first << 4 | UInt8(digit))
        high = nil
      } else {
        high = UInt8(digit)
      }
    }
    return Data(bytes)
  }
}
