import Foundation

/// Leaves out what is no prose in a Markdown text; `\n` ends its lines.
package enum MarkdownProse {
  /// Returns a text without HTML comments and fenced code.
  ///
  /// - Parameter gap: what stands for each comment.
  package static func withoutBlocks(_ text: String, gap: String = "") -> String {
    var result = ""
    var fence: Character?
    for line in without(text, from: "<!--", to: "-->", gap: gap).split(
      separator: "\n", omittingEmptySubsequences: false)
    {
      let start = line.drop { $0 == " " || $0 == "\t" }
      if let first = start.first, first == "`" || first == "~",
        start.prefix(while: { $0 == first }).count >= 3, fence == nil || fence == first
      {
        fence = fence == nil ? first : nil
      } else if fence == nil {
        result += line + "\n"
      }
    }
    return result
  }

  /// Returns a text without code spans.
  ///
  /// - Parameter gap: what stands for each.
  package static func withoutSpans(_ text: String, gap: String = "") -> String {
    without(
      without(text, from: "``", to: "``", gap: gap), from: "`", to: "`", gap: gap, inLine: true)
  }

  private static func without(
    _ text: String, from open: String, to close: String, gap: String, inLine: Bool = false
  ) -> String {
    var result = ""
    var rest = text[...]
    while let start = rest.range(of: open) {
      let after = rest[start.upperBound...]
      guard let end = after.range(of: close) else {
        // What is never closed is no code, but a comment goes to the end.
        return result + (open == "<!--" ? rest[..<start.lowerBound] : rest)
      }
      if inLine, after[..<end.lowerBound].contains("\n") {
        result += rest[..<start.upperBound]
        rest = after
        continue
      }
      result += rest[..<start.lowerBound] + gap
      rest = after[end.upperBound...]
    }
    return result + rest
  }
}
