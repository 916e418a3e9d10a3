/// Words in braces inside arguments, such as `{model}`.
enum Placeholders {
  /// Returns the words in braces that look like placeholders.
  static func words(in text: String) -> [String] {
    var found: [String] = []
    var rest = text[...]
    while let start = rest.firstIndex(of: "{") {
      rest = rest[rest.index(after: start)...]
      guard let end = rest.firstIndex(of: "}") else { break }
      let word = rest[..<end]
      if !word.isEmpty, word.allSatisfy({ $0.isLowercase || $0 == "_" }) {
        found.append(String(word))
      }
    }
    return found
  }

  /// Puts values in, in one pass: what a value itself holds in braces stays as it is.
  static func fill(_ text: String, _ values: [String: String]) -> String {
    var result = ""
    var rest = text[...]
    while let start = rest.firstIndex(of: "{") {
      result += rest[..<start]
      let after = rest.index(after: start)
      if let end = rest[after...].firstIndex(of: "}"), let value = values[String(rest[after..<end])]
      {
        result += value
        rest = rest[rest.index(after: end)...]
      } else {
        result += "{"
        rest = rest[after...]
      }
    }
    return result + rest
  }
}
