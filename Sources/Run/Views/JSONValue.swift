import Attempts
import Foundation
import Model
import Store

/// A JSON value that keeps the order of its members.
package enum JSONValue: Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  case null
  case string(String)
  case integer(Int64)
  case number(Double)
  case bool(Bool)
  case array([JSONValue])
  case object([(String, JSONValue)])

  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int64) { self = .integer(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(elements) }

  package static func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
  package static func whole(_ value: Int?) -> JSONValue {
    value.map { .integer(Int64($0)) } ?? .null
  }
  package static func texts(_ values: [String]) -> JSONValue { .array(values.map { .string($0) }) }
  /// A time in milliseconds since 1970, as ISO 8601 in UTC.
  package static func time(_ milliseconds: Int64?) -> JSONValue {
    guard let milliseconds else { return .null }
    return .string(Self.iso(milliseconds))
  }

  package static func iso(_ milliseconds: Int64) -> String {
    let date = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
    return date.formatted(
      Date.ISO8601FormatStyle(
        includingFractionalSeconds: true, timeZone: TimeZone(identifier: "UTC")!))
  }

  /// Reads JSON text; `null` where it is broken.
  package init(parsing text: String) {
    let value = try? JSONSerialization.jsonObject(
      with: Data(text.utf8), options: [.fragmentsAllowed])
    self = Self.from(value)
  }

  private static func from(_ value: Any?) -> JSONValue {
    switch value {
    case let text as String: .string(text)
    case let number as NSNumber:
      boolean(number)
        ?? (number.doubleValue == number.doubleValue.rounded()
          && abs(number.doubleValue) < 9e15
          ? .integer(number.int64Value) : .number(number.doubleValue))
    case let list as [Any]: .array(list.map(from))
    case let members as [String: Any]:
      .object(members.sorted { $0.key < $1.key }.map { ($0.key, from($0.value)) })
    default: .null
    }
  }

  private static func boolean(_ number: NSNumber) -> JSONValue? {
    String(cString: number.objCType) == "c" ? .bool(number.boolValue) : nil
  }

  /// The text, on one line.
  package var text: String {
    switch self {
    case .null: "null"
    case .string(let value): Self.quoted(value)
    case .integer(let value): String(value)
    case .number(let value): value.isFinite ? String(value) : "null"
    case .bool(let value): value ? "true" : "false"
    case .array(let values): "[" + values.map(\.text).joined(separator: ",") + "]"
    case .object(let members):
      "{" + members.map { Self.quoted($0.0) + ":" + $0.1.text }.joined(separator: ",") + "}"
    }
  }

  /// Also on a terminal a JSON text is nothing but text.
  private static func quoted(_ text: String) -> String {
    let quoted = JSONText.quote(text)
    guard !quoted.unicodeScalars.allSatisfy(TerminalSafeText.isHarmless) else { return quoted }
    var result = ""
    for scalar in quoted.unicodeScalars {
      if TerminalSafeText.isHarmless(scalar) {
        result.unicodeScalars.append(scalar)
      } else {
        for unit in String(scalar).utf16 { result += String(format: "\\u%04x", unit) }
      }
    }
    return result
  }
}

extension JSONValue {
  /// The value for people: texts without quotes, lists with commas.
  package var plain: String {
    switch self {
    case .string(let value): value
    case .array(let values): values.map(\.plain).joined(separator: ",")
    case .null: ""
    default: text
    }
  }
}
