import Foundation

/// Values inside parsed JSON, found by dotted paths such as `message.content.0.text`.
enum FieldPath {
  static func value(_ path: String, in root: Any) -> Any? {
    var current: Any = root
    for part in path.split(separator: ".") {
      if let object = current as? [String: Any] {
        guard let next = object[String(part)] else { return nil }
        current = next
      } else if let list = current as? [Any], let index = Int(part), list.indices.contains(index) {
        current = list[index]
      } else {
        return nil
      }
    }
    return current is NSNull ? nil : current
  }

  /// The value as text; a list of texts is joined, other structures are written as JSON.
  static func text(_ path: String?, in root: Any) -> String? {
    guard let path, let value = value(path, in: root) else { return nil }
    return text(value)
  }

  static func text(_ value: Any) -> String? {
    switch value {
    case let text as String: return text
    case let number as NSNumber:
      // The type code of Bool is that of a C char.
      if String(cString: number.objCType) == "c" { return number.boolValue ? "true" : "false" }
      return number.stringValue
    case let list as [String]: return list.joined(separator: " ")
    default:
      guard
        let data = try? JSONSerialization.data(withJSONObject: value, options: [.sortedKeys])
      else { return nil }
      return String(decoding: data, as: UTF8.self)
    }
  }

  static func number(_ path: String?, in root: Any) -> Double? {
    guard let path, let value = value(path, in: root) else { return nil }
    if let text = value as? String { return Double(text) }
    return (value as? NSNumber)?.doubleValue
  }
}
