/// A JSON value that knows where it stands in its text.
package struct PlacedJSON: Sendable {
  package enum Content: Sendable {
    /// Anything but an array or an object.
    case leaf(JSON)
    case array([PlacedJSON])
    case object([Member])
  }

  package struct Member: Sendable {
    package let name: String
    /// The offset of the name's quotation mark.
    package let nameOffset: Int
    package let value: PlacedJSON
  }

  package let content: Content
  /// The offset of its first byte.
  package let offset: Int

  /// Reads one value that fills the whole text.
  package init(reading bytes: [UInt8], by rules: JSONRules = .lenient) throws(JSONError) {
    var reader = JSONReader<PlacedJSON>(bytes: bytes, rules: rules)
    self = try reader.document()
  }

  fileprivate init(_ content: Content, at offset: Int) {
    self.content = content
    self.offset = offset
  }

  package var array: [PlacedJSON]? { if case .array(let items) = content { items } else { nil } }

  package var members: [Member]? { if case .object(let members) = content { members } else { nil } }

  /// The text of a string, or a number as it is written.
  package var word: String? { if case .leaf(let value) = content { value.word } else { nil } }

  /// The member of an object that is there and not null.
  package subscript(_ name: String) -> PlacedJSON? {
    guard let value = members?.first(where: { $0.name == name })?.value else { return nil }
    if case .leaf(.null) = value.content { return nil }
    return value
  }

  /// The value alone.
  package var value: JSON {
    switch content {
    case .leaf(let value): value
    case .array(let items): .array(items.map(\.value))
    case .object(let members): .object(members.map { JSON.Member($0.name, $0.value.value) })
    }
  }
}

extension PlacedJSON: JSONReading {
  static func leaf(_ value: JSON, at offset: Int) -> PlacedJSON {
    PlacedJSON(.leaf(value), at: offset)
  }
  static func array(_ items: [PlacedJSON], at offset: Int) -> PlacedJSON {
    PlacedJSON(.array(items), at: offset)
  }
  static func object(
    _ members: [(name: String, nameOffset: Int, value: PlacedJSON)], at offset: Int
  ) -> PlacedJSON {
    PlacedJSON(
      .object(members.map { Member(name: $0.name, nameOffset: $0.nameOffset, value: $0.value) }),
      at: offset)
  }
}
