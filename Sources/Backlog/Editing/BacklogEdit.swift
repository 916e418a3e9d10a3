import Model
import Yams

/// Changes `features.yml` in place: comments, order and formatting stay where nothing else changes.
package enum BacklogEdit {
  /// Returns the text of a backlog file, changed so that it holds other features.
  ///
  /// Features keep their places; new ones come last. Only values that differ are written anew: every other
  /// byte stays. A feature in braces is never changed, and nothing is removed from a list of features in brackets, such
  /// as a file of JSON.
  ///
  /// - Parameters:
  ///   - old: a text that ``BacklogReader`` takes.
  ///   - file: the name for messages.
  /// - Throws: ``InputProblems`` where `old` is broken, or written in a way that can't be changed in place or without
  ///   losing a comment.
  package static func text(
    _ old: String, holding backlog: Backlog, file: String
  ) throws(InputProblems) -> String {
    let present = try BacklogReader.read(text: old, file: file)
    let wanted = ordered(backlog, like: present)
    if present == wanted { return old }
    if let text = edited(old, from: present, to: wanted), reads(text, as: wanted) { return text }
    if let problem = braces(old, from: present, to: wanted, file: file) {
      throw InputProblems([problem])
    }
    throw InputProblems([
      InputProblem(
        file: file, line: 1, column: 1,
        message: "this can't be changed without losing comments or the form of the file",
        suggestion: "change it in an editor, or write each key of a feature on a line of its own")
    ])
  }

  private static func reads(_ text: String, as wanted: Backlog) -> Bool {
    (try? BacklogReader.read(text: text, file: "")) == wanted
  }

  /// Names the first feature in braces that would have to change.
  private static func braces(
    _ text: String, from present: Backlog, to wanted: Backlog, file: String
  ) -> InputProblem? {
    let plain = text.replacing("\r\n", with: "\n")
    let lines = plain.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard let list = (try? Yams.compose(yaml: plain))?.mapping?["features"],
      let items = list.sequence, items.count == present.features.count
    else { return nil }
    let isList = BacklogLayout.isFlow(list, lines)
    let target = Dictionary(
      wanted.features.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    for (node, feature) in zip(items, present.features)
    where target[feature.id] != feature && BacklogLayout.isFlow(node, lines) {
      guard isList || target[feature.id] != nil else { continue }
      return InputProblem(
        file: file, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1,
        message: "feature #\(feature.id) is written in braces, which are not changed in place",
        suggestion: "write each key of it on a line of its own, or change it in an editor")
    }
    return nil
  }

  /// Puts the features of a backlog into the order of another; what that has not comes last.
  package static func ordered(_ backlog: Backlog, like present: Backlog) -> Backlog {
    let places = Dictionary(
      present.features.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    let sorted = backlog.features.enumerated().sorted {
      (places[$0.element.id] ?? .max, $0.offset) < (places[$1.element.id] ?? .max, $1.offset)
    }
    return Backlog(features: sorted.map(\.element))
  }

  private static func edited(_ old: String, from present: Backlog, to wanted: Backlog) -> String? {
    let isCRLF = old.contains("\r\n")
    let plain = isCRLF ? old.replacing("\r\n", with: "\n") : old
    guard
      !plain.unicodeScalars.contains(where: {
        "\r\u{85}\u{2028}\u{2029}".unicodeScalars.contains($0)
      }), !isCRLF || plain.replacing("\n", with: "\r\n") == old,
      let text = changed(plain, from: present, to: wanted)
    else { return nil }
    return isCRLF ? text.replacing("\n", with: "\r\n") : text
  }

  /// - Parameter plain: with plain line ends.
  private static func changed(
    _ plain: String, from present: Backlog, to wanted: Backlog
  ) -> String? {
    var lines = plain.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    // A last line without an end stays so.
    let tail = plain.hasSuffix("\n") || plain.isEmpty ? "\n" : ""
    if lines.last == "" { lines.removeLast() }
    let root = try? Yams.compose(yaml: plain)
    let node = root?.mapping?["features"]
    let items = node?.sequence.map(Array.init) ?? []
    if let root, let node, node.sequence != nil, BacklogLayout.isFlow(node, lines),
      !items.isEmpty || BacklogLayout.isFlow(root, lines)
    {
      return offset(of: node, lines).flatMap {
        appended(Array(plain.unicodeScalars), listAt: $0, from: present, to: wanted)
      }
    }
    guard !items.isEmpty else {
      return finish(fill(lines, with: wanted, key: key(root)), tail)
    }
    guard items.count == present.features.count, let layout = BacklogLayout(lines, items) else {
      return nil
    }
    let target = Dictionary(
      wanted.features.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    for (place, feature) in zip(layout.items, present.features).reversed() {
      guard let new = target[feature.id] else {
        lines.removeSubrange(
          layout.attached(place.lines.lowerBound, lines)..<place.lines.upperBound)
        continue
      }
      guard new == feature || edit(&lines, place, from: feature, to: new) else { return nil }
    }
    let known = Set(present.features.map(\.id))
    let added = wanted.features.filter { !known.contains($0.id) }
    if !added.isEmpty {
      // What stands below the list, such as a comment at the end of the file, stays below.
      let shift = lines.count - layout.lineCount
      var end = layout.items[layout.items.count - 1].lines.upperBound + shift
      for feature in added {
        let item = (layout.isSpaced ? [""] : []) + BacklogWriter.item(feature, indent: layout.dash)
        lines.insert(contentsOf: item, at: end)
        end += item.count
      }
    }
    return finish(lines, tail)
  }

  /// Adds features to a list in brackets, as JSON, which YAML takes too.
  ///
  /// - Parameter start: where the list's bracket stands.
  /// - Returns: `nil` where more is to change than that, or where the list's end can't be told.
  private static func appended(
    _ text: [Unicode.Scalar], listAt start: Int, from present: Backlog, to wanted: Backlog
  ) -> String? {
    let count = present.features.count
    guard wanted.features.prefix(count).elementsEqual(present.features) else { return nil }
    let isSpace = { (scalar: Unicode.Scalar) in scalar == " " || scalar == "\n" || scalar == "\t" }
    let space = String(String.UnicodeScalarView(text[(start + 1)...].prefix(while: isSpace)))
    let items = wanted.features.dropFirst(count).map(json)
    let new =
      count == 0
      ? items.joined(separator: ", ")
      : items.map { "," + (space.contains("\n") ? space : " ") + $0 }.joined()
    // A bracket of a text or a comment is not the list's: then the result reads otherwise.
    let ends = text.indices.reversed().filter { $0 > start && text[$0] == "]" }.prefix(20)
    for end in ends {
      let bare = text[..<end].lastIndex { !isSpace($0) }.map { $0 + 1 } ?? end
      for place in [bare, end] {
        var result = text
        result.insert(contentsOf: Array(new.unicodeScalars), at: place)
        let words = String(String.UnicodeScalarView(result))
        if reads(words, as: wanted) { return words }
      }
    }
    return nil
  }

  private static func json(_ feature: Feature) -> String {
    let parts = BacklogWriter.Key.allCases.filter { !BacklogWriter.isDefault($0, feature) }.map {
      "\"\($0.rawValue)\": \(json($0, feature))"
    }
    return "{" + parts.joined(separator: ", ") + "}"
  }

  private static func json(_ key: BacklogWriter.Key, _ feature: Feature) -> String {
    switch key {
    case .id: BacklogWriter.id(feature.id, isQuoted: true)
    case .title: YAMLText.quoted(feature.title)
    case .category: YAMLText.quoted(feature.category)
    case .description: YAMLText.quoted(feature.description)
    case .priority: "\(feature.priority)"
    case .model: feature.model.map(YAMLText.quoted) ?? "null"
    case .agent: feature.agent.map(YAMLText.quoted) ?? "null"
    case .steps, .touches, .dependencies, .slots:
      "["
        + BacklogWriter.items(key, feature).map {
          $0.first?.isLetter == true || $0.first == "_" ? YAMLText.quoted($0) : $0
        }.joined(separator: ", ") + "]"
    }
  }

  private static func finish(_ lines: [String], _ tail: String) -> String {
    lines.joined(separator: "\n") + tail
  }

  /// Where a node stands, in Unicode scalars.
  private static func offset(of node: Node, _ lines: [String]) -> Int? {
    guard let mark = node.mark, lines.indices.contains(mark.line - 1) else { return nil }
    return lines[..<(mark.line - 1)].reduce(0) { $0 + $1.unicodeScalars.count + 1 } + mark.column
      - 1
  }

  private static func key(_ root: Node?) -> Int? {
    root?.mapping?.first { $0.key.string == "features" }?.key.mark.map { $0.line - 1 }
  }

  /// Fills a file without features.
  private static func fill(_ lines: [String], with backlog: Backlog, key: Int?) -> [String] {
    var body = BacklogWriter.yaml(backlog).split(separator: "\n").map(String.init)
    guard let key, lines.indices.contains(key) else { return lines + body }
    body[0] += LineComment.tail(lines[key], after: 0)
    return lines[..<key] + body + lines[(key + 1)...]
  }

  /// - Returns: whether it could be changed without losing anything.
  private static func edit(
    _ lines: inout [String], _ place: BacklogLayout.Item, from old: Feature, to new: Feature
  ) -> Bool {
    guard let keys = place.keys else { return false }
    let space = String(repeating: " ", count: place.indent)
    for key in BacklogWriter.Key.allCases.reversed()
    where !BacklogWriter.isEqual(key, old, new) && keys[key.rawValue] == nil {
      let text = BacklogWriter.lines(key, new).map { space + $0 }
      lines.insert(contentsOf: text, at: place.lines.upperBound)
    }
    for (name, range) in keys.sorted(by: { $0.value.lines.lowerBound > $1.value.lines.lowerBound })
    {
      guard let key = BacklogWriter.Key(rawValue: name), !BacklogWriter.isEqual(key, old, new)
      else {
        continue
      }
      guard let text = replacement(for: key, lines, range, from: old, to: new) else { return false }
      lines.replaceSubrange(range.lines, with: text)
    }
    return true
  }

  /// Returns the new lines of a key; `nil` where a comment would be lost.
  private static func replacement(
    for key: BacklogWriter.Key, _ lines: [String], _ place: BacklogLayout.KeyPlace,
    from old: Feature, to new: Feature
  ) -> [String]? {
    let own = Array(lines[place.lines])
    let before = BacklogWriter.items(key, old)
    let items = BacklogWriter.items(key, new)
    if !place.items.isEmpty, before.count == place.items.count {
      return list(lines, place, before: before, after: items)
    }
    // What stands between the lines of a list would be lost; a text of several lines has no comments.
    if key.isList, own.dropFirst().contains(where: LineComment.stands) { return nil }
    // A list in brackets stays one; what a plan has detected takes a line for each.
    var text = BacklogWriter.lines(key, new)
    if place.isFlow, !items.contains(where: { $0.hasPrefix("{") }) {
      text = ["\(key.rawValue): [\(items.joined(separator: ", "))]"]
    }
    // The first key stands behind the dash.
    let head = String(own[0].prefix(place.column))
    let space = String(repeating: " ", count: place.column)
    return [head + text[0] + LineComment.tail(own[0], after: place.column)]
      + text.dropFirst().map { space + $0 }
  }

  /// Keeps the lines of items that stay, and every comment that stands on lines of its own; new items come last
  /// where the order does not say otherwise.
  private static func list(
    _ lines: [String], _ place: BacklogLayout.KeyPlace, before: [String], after: [String]
  ) -> [String] {
    let first = place.items[0].lowerBound
    let dash = lines[first].prefix { $0 == " " }
    var head = lines[place.lines.lowerBound]
    if after.isEmpty {
      let name = head.dropFirst(place.column).prefix { $0 != ":" }
      head = head.prefix(place.column) + name + ": []" + LineComment.tail(head, after: place.column)
    }
    // Each item with the comments above it.
    var notes = Array(lines[(place.lines.lowerBound + 1)..<first])
    var chunks: [(item: String, lines: [String])] = []
    var open = after
    for (item, range) in zip(before, place.items) {
      let own = Array(lines[range])
      let end = own.lastIndex { !LineComment.isAlone($0) } ?? 0
      if let index = open.firstIndex(of: item) {
        open.remove(at: index)
        chunks.append((item, notes + own[...end]))
        notes = []
      }
      notes += own[(end + 1)...]
    }
    var result = [head]
    for item in after {
      if let index = chunks.firstIndex(where: { $0.item == item }) {
        result += chunks.remove(at: index).lines
      } else {
        result.append("\(dash)- \(item)")
      }
    }
    return result + notes
      + lines[place.items[place.items.count - 1].upperBound..<place.lines.upperBound]
  }
}

/// Finds the comment at the end of a line.
enum LineComment {
  /// Returns the comment with the space before it; empty where there is none.
  static func tail(_ line: String, after column: Int) -> String {
    guard let comment = at(line, after: column) else { return "" }
    let rest = line.dropLast(comment.count)
    return String(rest.reversed().prefix { $0 == " " || $0 == "\t" }.reversed()) + comment
  }

  /// Returns whether a line is empty or nothing but a comment.
  static func isAlone(_ line: String) -> Bool {
    let first = line.first { !$0.isWhitespace }
    return first == nil || first == "#"
  }

  static func stands(in line: String) -> Bool {
    line.first { !$0.isWhitespace } == "#" || at(line, after: 0) != nil
  }

  /// - Parameter column: where the key starts that the line holds.
  static func at(_ line: String, after column: Int) -> String? {
    var quote: Character?
    var previous: Character = " "
    var isEscaped = false
    for (index, character) in zip(line.indices, line).dropFirst(column) {
      if let open = quote {
        if isEscaped {
          isEscaped = false
        } else if character == "\\", open == "\"" {
          isEscaped = true
        } else if character == open {
          quote = nil
        }
      } else if character == "\"" || character == "'", " [{,:".contains(previous) {
        quote = character
      } else if character == "#", previous == " " || previous == "\t" {
        return String(line[index...])
      }
      previous = character
    }
    return nil
  }
}
