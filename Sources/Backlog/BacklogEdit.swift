import Yams

/// Changes `features.yml` in place: comments, order and formatting stay where nothing else changes.
package enum BacklogEdit {
  /// Returns the text of a backlog file, changed so that it holds other features.
  ///
  /// Features keep their places; new ones come last. Only keys whose value differs are written anew.
  ///
  /// - Parameters:
  ///   - old: a text that ``BacklogReader`` takes.
  ///   - file: the name for messages.
  /// - Throws: ``InputProblems`` where `old` is broken.
  package static func text(
    _ old: String, holding backlog: Backlog, file: String
  ) throws(InputProblems) -> String {
    let present = try BacklogReader.read(text: old, file: file)
    let wanted = ordered(backlog, like: present)
    if present == wanted { return old }
    if let text = edited(old, from: present, to: wanted),
      let read = try? BacklogReader.read(text: text, file: file), read == wanted
    {
      return text
    }
    // Written in a way that can't be edited line by line, such as JSON: the head's comments stay.
    let head = old.split(separator: "\n", omittingEmptySubsequences: false)
      .prefix { $0.hasPrefix("#") || $0.allSatisfy(\.isWhitespace) }
    return head.map { $0 + "\n" }.joined() + BacklogWriter.yaml(wanted)
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
      })
    else { return nil }
    var lines = plain.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if lines.last == "" { lines.removeLast() }
    let root = try? Yams.compose(yaml: plain)
    let node = root?.mapping?["features"]
    let items = node?.sequence.map(Array.init) ?? []
    guard !items.isEmpty else {
      return finish(fill(lines, with: wanted, key: key(root)), isCRLF)
    }
    guard let node, !BacklogLayout.isFlow(node, lines), items.count == present.features.count,
      let layout = BacklogLayout(lines, items)
    else { return nil }
    let target = Dictionary(
      wanted.features.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    for (place, feature) in zip(layout.items, present.features).reversed() {
      guard let new = target[feature.id] else {
        lines.removeSubrange(
          layout.attached(place.lines.lowerBound, lines)..<place.lines.upperBound)
        continue
      }
      if new != feature { edit(&lines, place, from: feature, to: new) }
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
    return finish(lines, isCRLF)
  }

  private static func finish(_ lines: [String], _ isCRLF: Bool) -> String {
    lines.map { $0 + (isCRLF ? "\r\n" : "\n") }.joined()
  }

  private static func key(_ root: Node?) -> Int? {
    root?.mapping?.first { $0.key.string == "features" }?.key.mark.map { $0.line - 1 }
  }

  /// Fills a file without features.
  private static func fill(_ lines: [String], with backlog: Backlog, key: Int?) -> [String] {
    let body = BacklogWriter.yaml(backlog).split(separator: "\n").map(String.init)
    guard let key, lines.indices.contains(key) else { return lines + body }
    return lines[..<key] + body + lines[(key + 1)...]
  }

  private static func edit(
    _ lines: inout [String], _ place: BacklogLayout.Item, from old: Feature, to new: Feature
  ) {
    guard let keys = place.keys else {
      lines.replaceSubrange(place.lines, with: BacklogWriter.item(new, indent: place.dash))
      return
    }
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
      let text = replacement(for: key, lines, range, from: old, to: new)
      let first = range.lines.lowerBound
      // The first key stands behind the dash.
      let head = String(lines[first].prefix(range.column))
      lines.replaceSubrange(
        range.lines, with: [head + text[0]] + text.dropFirst().map { space + $0 })
    }
  }

  /// Returns the new lines of a key, without indent.
  private static func replacement(
    for key: BacklogWriter.Key, _ lines: [String], _ place: BacklogLayout.KeyPlace,
    from old: Feature, to new: Feature
  ) -> [String] {
    var text = BacklogWriter.lines(key, new)
    let items = BacklogWriter.items(key, new)
    if !place.items.isEmpty, !items.isEmpty {
      let before = BacklogWriter.items(key, old)
      if before.count == place.items.count {
        return list(lines, place, before: before, after: items)
      }
    }
    let comment = LineComment.at(lines[place.lines.lowerBound], after: place.column)
    if place.isFlow, place.lines.count == 1, !items.contains(where: { $0.hasPrefix("{") }) {
      text = ["\(key.rawValue): [\(items.joined(separator: ", "))]"]
    }
    if let comment, place.lines.count == 1 || text.count > 1 { text[0] += "  " + comment }
    return text
  }

  /// Keeps the lines of items that stay, with their comments; new items come last.
  private static func list(
    _ lines: [String], _ place: BacklogLayout.KeyPlace, before: [String], after: [String]
  ) -> [String] {
    func bare(_ line: String) -> String {
      line.count >= place.column && line.prefix(place.column).allSatisfy({ $0 == " " })
        ? String(line.dropFirst(place.column)) : line.trimmed
    }
    var result = [String(lines[place.lines.lowerBound].dropFirst(place.column))]
    var open = after
    var last = place.items[0].lowerBound
    let dash = lines[last].prefix { $0 == " " }.dropFirst(place.column)
    let first = place.items[0].lowerBound
    result += lines[(place.lines.lowerBound + 1)..<first].map(bare)
    for (item, range) in zip(before, place.items) {
      if let index = open.firstIndex(of: item) {
        open.remove(at: index)
        result += lines[range].map(bare)
      }
      last = range.upperBound
    }
    result += open.map { "\(dash)- \($0)" }
    result += lines[last..<place.lines.upperBound].map(bare)
    return result
  }
}

/// Finds the comment at the end of a line.
enum LineComment {
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
