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
    guard let data = try? encoder.encode(strings) else { return "[]" }
    return String(decoding: data, as: UTF8.self)
  }

  /// Returns a JSON object with its keys in order.
  package static func text(_ object: [String: JSONScalar]) -> String {
    guard let data = try? encoder.encode(object) else { return "{}" }
    return String(decoding: data, as: UTF8.self)
  }

  private static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }
}

/// A value inside an event's facts.
package enum JSONScalar: Sendable, Encodable, ExpressibleByStringLiteral,
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

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .string(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .bool(let value): try container.encode(value)
    case .strings(let value): try container.encode(value)
    }
  }
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
