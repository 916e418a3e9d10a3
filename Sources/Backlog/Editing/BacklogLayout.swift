import Yams

/// Which lines of `features.yml` belong to which feature and key.
struct BacklogLayout {
  struct KeyPlace {
    /// Without the comments and blank lines behind it.
    var lines: Range<Int>
    /// Where the key starts, from 0.
    var column: Int
    /// Whether the value is a list in brackets.
    var isFlow: Bool
    /// The lines of the items of a list with dashes.
    var items: [Range<Int>]
  }

  struct Item {
    /// From its dash on, without the comments and blank lines behind it.
    var lines: Range<Int>
    var dash: Int
    /// Where its keys start, from 0.
    var indent: Int
    /// The keys by name; `nil` where they don't stand on lines of their own.
    var keys: [String: KeyPlace]?
  }

  private(set) var items: [Item] = []
  let lineCount: Int
  /// The column of the dashes.
  var dash: Int { items.first?.dash ?? 2 }
  /// Tells whether blank lines stand between the features.
  private(set) var isSpaced = false

  /// - Returns: `nil` where the lines can't be told apart.
  init?(_ lines: [String], _ nodes: [Node]) {
    lineCount = lines.count
    var starts: [(line: Int, dash: Int)] = []
    for node in nodes {
      guard let mark = node.mark, lines.indices.contains(mark.line - 1) else { return nil }
      var line = mark.line - 1
      while line >= 0, lines[line].drop(while: { $0 == " " }).first != "-" { line -= 1 }
      guard line >= 0, starts.last.map({ $0.line < line }) ?? true else { return nil }
      starts.append((line, lines[line].prefix { $0 == " " }.count))
    }
    guard Set(starts.map(\.dash)).count <= 1 else { return nil }
    for (number, node) in nodes.enumerated() {
      let start = starts[number]
      var limit = lines.count
      if number + 1 < starts.count {
        limit = starts[number + 1].line
      } else {
        // Whatever starts at the left of the dashes ends the list.
        limit =
          lines.indices.dropFirst(start.line + 1).first {
            let indent = lines[$0].prefix { $0 == " " }.count
            return indent < start.dash && !lines[$0].allSatisfy(\.isWhitespace)
          } ?? limit
      }
      guard let mapping = node.mapping, let column = node.mark.map({ $0.column - 1 }) else {
        return nil
      }
      let end = Self.end(start.line..<limit, lines, indent: column)
      items.append(
        Item(
          lines: start.line..<end, dash: start.dash, indent: column,
          keys: Self.isFlow(node, lines)
            ? nil : Self.keys(mapping, start.line..<end, lines, column)))
    }
    if items.count > 1 {
      isSpaced = lines[items[0].lines.upperBound..<items[1].lines.lowerBound].contains {
        $0.allSatisfy(\.isWhitespace)
      }
    }
  }

  /// Returns where the lines of a feature begin, with the comment right above it.
  func attached(_ line: Int, _ lines: [String]) -> Int {
    var first = line
    while first > 0, lines[first - 1].drop(while: { $0 == " " }).first == "#",
      lines[first - 1].prefix(while: { $0 == " " }).count >= dash,
      first - 1 >= items[0].lines.lowerBound
    {
      first -= 1
    }
    return first
  }

  private static func keys(
    _ mapping: Node.Mapping, _ range: Range<Int>, _ lines: [String], _ column: Int
  ) -> [String: KeyPlace]? {
    var result: [String: KeyPlace] = [:]
    let marks = mapping.map { $0.key.mark }
    for (number, (key, value)) in mapping.enumerated() {
      guard let name = key.string, let mark = marks[number], mark.column - 1 == column else {
        return nil
      }
      let line = mark.line - 1
      let next = number + 1 < marks.count ? (marks[number + 1]?.line ?? 0) - 1 : range.upperBound
      guard range.contains(line), next > line else { return nil }
      let end = Self.end(line..<next, lines, indent: column)
      var place = KeyPlace(
        lines: line..<end, column: column, isFlow: isFlow(value, lines), items: [])
      if let sequence = value.sequence, !place.isFlow {
        let starts = sequence.compactMap { $0.mark.map { $0.line - 1 } }
        if starts.count == sequence.count, Set(starts).count == starts.count,
          starts.allSatisfy({ $0 > line && $0 < end && isDash(lines[$0]) })
        {
          place.items = starts.indices.map {
            starts[$0]..<($0 + 1 < starts.count ? starts[$0 + 1] : end)
          }
        }
      }
      result[name] = place
    }
    return result
  }

  /// Tells by the text whether a value is in brackets.
  static func isFlow(_ node: Node, _ lines: [String]) -> Bool {
    guard let mark = node.mark, lines.indices.contains(mark.line - 1) else { return false }
    let rest = lines[mark.line - 1].unicodeScalars.dropFirst(mark.column - 1)
    return rest.first == "[" || rest.first == "{"
  }

  private static func isDash(_ line: String) -> Bool {
    line.drop { $0 == " " }.first == "-"
  }

  /// Leaves out the blank lines and comments at the end, which belong to what follows.
  ///
  /// A line that looks like a comment but stands deeper than the keys may be a text's own.
  private static func end(_ range: Range<Int>, _ lines: [String], indent: Int) -> Int {
    var end = range.upperBound
    while end > range.lowerBound + 1 {
      let line = lines[end - 1]
      let space = line.prefix { $0 == " " }.count
      let isBlank = line.allSatisfy(\.isWhitespace)
      guard isBlank || (line.dropFirst(space).first == "#" && space <= indent) else { break }
      end -= 1
    }
    return end
  }
}
