import Foundation

/// Small JSON values as they stand in columns of the state file.
package enum JSONText {
  /// Returns the strings of a JSON array; empty for anything else.
  package static func strings(_ text: String?) -> [String] {
    guard let data = text?.data(using: .utf8),
      let value = try? JSONDecoder().decode([String].self, from: data)
    else { return [] }
    return value
  }

  /// Returns the JSON array of the strings.
  package static func text(_ strings: [String]) -> String {
    "[" + strings.map(quoted).joined(separator: ",") + "]"
  }

  /// Returns a JSON object with its keys in order.
  package static func text(_ object: [String: JSONScalar]) -> String {
    let members = object.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(text($0.value))" }
    return "{" + members.joined(separator: ",") + "}"
  }

  /// Returns a JSON string.
  package static func quote(_ text: String) -> String { quoted(text) }

  private static func text(_ value: JSONScalar) -> String {
    switch value {
    case .string(let text): quoted(text)
    case .integer(let number): String(number)
    case .number(let number): number.isFinite ? "\(number)" : "null"
    case .bool(let flag): flag ? "true" : "false"
    case .strings(let texts): text(texts)
    }
  }

  private static func quoted(_ text: String) -> String {
    var text = text
    let bytes = text.withUTF8 { source in
      var out: [UInt8] = [0x22]
      out.reserveCapacity(source.count + 2)
      for byte in source {
        switch byte {
        case 0x22, 0x5c: out += [0x5c, byte]
        case 0x0a: out += Array("\\n".utf8)
        case 0x09: out += Array("\\t".utf8)
        case 0..<0x20, 0x7f:
          let digits = String(byte, radix: 16)
          out += Array("\\u\(byte < 16 ? "000" : "00")\(digits)".utf8)
        default: out.append(byte)
        }
      }
      out.append(0x22)
      return out
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// A value inside an event's facts.
package enum JSONScalar: Sendable, Equatable, ExpressibleByStringLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByFloatLiteral
{
  case string(String)
  case integer(Int64)
  case number(Double)
  case bool(Bool)
  case strings([String])

  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int64) { self = .integer(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(floatLiteral value: Double) { self = .number(value) }
}

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
