import Model

/// Values inside parsed JSON, found by dotted paths such as `message.content.0.text`.
enum FieldPath {
  static func value(_ path: String, in root: JSON) -> JSON? {
    var current = root
    for part in path.split(separator: ".") {
      if let member = current[String(part)] {
        current = member
      } else if let list = current.array, let index = Int(part), list.indices.contains(index) {
        current = list[index]
      } else {
        return nil
      }
    }
    return current == .null ? nil : current
  }

  /// The value as text; a list of texts is joined, other structures are written as JSON.
  static func text(_ path: String?, in root: JSON) -> String? {
    path.flatMap { value($0, in: root) }.map(text)
  }

  static func text(_ value: JSON) -> String {
    value.string ?? value.strings?.joined(separator: " ") ?? value.canonical.text
  }

  static func number(_ path: String?, in root: JSON) -> Double? {
    guard let value = path.flatMap({ value($0, in: root) }) else { return nil }
    return value.number ?? value.string.flatMap(Double.init)
  }
}
