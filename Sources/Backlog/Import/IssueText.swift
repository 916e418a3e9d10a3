/// Finds what people write into the texts of issues by custom: check boxes, and what blocks what.
enum IssueText {
  /// Returns the items of a list, or the lines of a text: `- [ ] one`, `* two`, `3. three`.
  static func steps(_ text: String) -> [String] {
    text.split(whereSeparator: \.isNewline).map { item(String($0)) }.filter { !$0.isEmpty }
  }

  /// Returns the check boxes of a Markdown text.
  static func checkboxes(_ text: String) -> [String] {
    text.split(whereSeparator: \.isNewline).compactMap { line in
      checkbox(String(line)).flatMap { $0.text.isEmpty ? nil : $0.text }
    }
  }

  /// Returns the number of the issue that a check box stands for: `#12`, or an issue's address alone.
  static func issue(_ text: String) -> String? {
    text.wholeMatch(of: #/(?:#|https?:\/\/[^\s]+\/issues\/)([0-9]{1,9})/#).map { String($0.1) }
  }

  /// Reads a line as a check box of a list.
  static func checkbox(_ line: String) -> (indent: Int, mark: Character, text: String)? {
    guard let bullet = ItemText.bullet(line), let mark = bullet.mark else { return nil }
    return (ItemText.indent(line), mark, bullet.text)
  }

  /// Drops what makes a line an item of a list.
  private static func item(_ line: String) -> String {
    ItemText.bullet(line)?.text ?? line.trimmed
  }

  /// The phrases after which a text names what must be done first.
  static let phrases = ["depends on", "blocked by", "needs", "requires", "after"]

  /// Returns the numbers after `Depends on #3, #4` and its like.
  static func blockers(_ text: String) -> [String] {
    var result: [String] = []
    for line in text.split(whereSeparator: \.isNewline) {
      let lower = line.lowercased()
      for phrase in phrases {
        var rest = lower[...]
        while let range = rest.firstRange(of: phrase) {
          rest = rest[range.upperBound...]
          for id in references(rest) where !result.contains(id) { result.append(id) }
        }
      }
    }
    return result
  }

  /// Returns the numbers at the start of a text: `: #3, #4 and #5`.
  private static func references(_ text: Substring) -> [String] {
    var rest = text
    var result: [String] = []
    while true {
      rest = rest.drop { " :,&*_`[".contains($0) }
      if rest.hasPrefix("and ") || rest.hasPrefix("und ") { rest = rest.dropFirst(4) }
      if rest.hasPrefix("issue ") { rest = rest.dropFirst(6) }
      guard rest.first == "#" else { return result }
      let digits = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
      guard !digits.isEmpty else { return result }
      result.append(String(digits))
      rest = rest.dropFirst(1 + digits.count).drop { $0 == "]" }
    }
  }
}

extension String {
  /// The text without white space at its ends.
  var trimmed: String {
    var view = self[...]
    while let first = view.first, first.isWhitespace { view.removeFirst() }
    while let last = view.last, last.isWhitespace { view.removeLast() }
    return String(view)
  }
}
