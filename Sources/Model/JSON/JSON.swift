/// A JSON value. Objects keep the order of their members, numbers the digits they were written with.
package enum JSON: Sendable, Hashable {
  case null
  case bool(Bool)
  case number(Number)
  case string(String)
  case array([JSON])
  case object([Member])

  /// A name with its value.
  package struct Member: Sendable, Hashable {
    package var name: String
    package var value: JSON

    package init(_ name: String, _ value: JSON) {
      self.name = name
      self.value = value
    }
  }

  /// A number as it is written; two spellings of one number differ.
  package struct Number: Sendable, Hashable {
    package let text: String

    /// - Parameter text: a number of JSON's grammar.
    init(text: String) { self.text = text }

    package init(_ value: some FixedWidthInteger) { text = String(value) }
  }

  /// Returns a whole number.
  package static func integer(_ value: Int64) -> JSON { .number(Number(value)) }

  /// Returns a number; `null` for infinity and for what is no number, which JSON can't write.
  package static func number(_ value: Double) -> JSON {
    value.isFinite ? .number(Number(text: "\(value)")) : .null
  }

  /// Returns an object of members in this order; an empty one is written `[:]`.
  package static func object(_ members: [(String, JSON)]) -> JSON {
    .object(members.map { Member($0.0, $0.1) })
  }

  /// Returns an object whose members are sorted by name.
  package static func sorted(_ members: [String: JSON]) -> JSON {
    .object(members.sorted { $0.key < $1.key }.map { Member($0.key, $0.value) })
  }

  /// Returns a string, or `null`.
  package static func text(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }

  /// Returns a whole number, or `null`.
  package static func whole(_ value: Int?) -> JSON { value.map { .number(Number($0)) } ?? .null }

  /// Returns an array of strings.
  package static func texts(_ values: [String]) -> JSON { .array(values.map { .string($0) }) }
}

extension JSON {
  /// The member of an object; `nil` where there is none, or where the value is no object.
  package subscript(_ name: String) -> JSON? { members?.first { $0.name == name }?.value }

  package var string: String? { if case .string(let value) = self { value } else { nil } }

  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

  package var array: [JSON]? { if case .array(let values) = self { values } else { nil } }

  package var members: [Member]? { if case .object(let members) = self { members } else { nil } }

  /// A whole number, also where it is written as `1.0`; `nil` where 64 bits do not hold it.
  package var integer: Int64? {
    guard case .number(let number) = self else { return nil }
    return Int64(number.text) ?? Double(number.text).flatMap { Int64(exactly: $0) }
  }

  package var number: Double? {
    if case .number(let number) = self { Double(number.text) } else { nil }
  }

  /// The text of a string, or a number as it is written.
  package var word: String? {
    switch self {
    case .string(let text): text
    case .number(let number): number.text
    default: nil
    }
  }

  /// The strings of an array; `nil` where it holds anything else.
  package var strings: [String]? {
    guard let array else { return nil }
    let strings = array.compactMap(\.string)
    return strings.count == array.count ? strings : nil
  }

  /// Returns the strings of a text that is a JSON array of them; empty for any other text.
  package static func strings(in text: String?) -> [String] {
    text.flatMap { try? JSON(reading: $0) }?.strings ?? []
  }

  /// Sets a member of an object; a new one comes last. A value of another kind becomes an object.
  package mutating func set(_ name: String, _ value: JSON) {
    var members = members ?? []
    if let index = members.firstIndex(where: { $0.name == name }) {
      members[index].value = value
    } else {
      members.append(Member(name, value))
    }
    self = .object(members)
  }

  /// Returns the object with a member set.
  package func with(_ name: String, _ value: JSON) -> JSON {
    var result = self
    result.set(name, value)
    return result
  }

  /// The value with its members sorted by name, and whole numbers without a fraction.
  package var canonical: JSON {
    switch self {
    case .array(let values): .array(values.map(\.canonical))
    case .object(let members):
      .object(
        members.sorted { $0.name < $1.name }.map { Member($0.name, $0.value.canonical) })
    case .number(let number):
      Double(number.text).flatMap { abs($0) < 9e15 ? Int64(exactly: $0) : nil }
        .map { .integer($0) } ?? self
    case .null, .bool, .string: self
    }
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
  ExpressibleByNilLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int64) { self = .integer(value) }
  package init(floatLiteral value: Double) { self = .number(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }
  package init(nilLiteral: ()) { self = .null }
  package init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements) }
}
