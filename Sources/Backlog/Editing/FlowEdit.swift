/// Changes features that are written in brackets, character by character; JSON is a case of it.
enum FlowEdit {
  private typealias Change = (range: Range<Int>, text: String)

  /// Changes a list of features in brackets, such as a whole file of JSON.
  ///
  /// - Parameter start: where the list's bracket stands.
  /// - Returns: `nil` where that can't be done without losing something.
  static func backlog(
    _ old: [Unicode.Scalar], at start: Int, from present: Backlog, to wanted: Backlog
  ) -> [Unicode.Scalar]? {
    var text = old
    guard let list = FlowText(text, at: start), !list.isMapping,
      list.entries.count == present.features.count
    else { return nil }
    let target = Dictionary(
      wanted.features.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let isJSON = isJSON(list, text)
    for (entry, feature) in zip(list.entries, present.features).reversed() {
      guard let new = target[feature.id], new != feature else { continue }
      guard let changed = self.feature(text, at: entry.value.lowerBound, from: feature, to: new)
      else { return nil }
      text = changed
    }
    guard let edited = FlowText(text, at: start) else { return nil }
    let known = Set(present.features.map(\.id))
    let changes = items(
      text, edited, before: present.features.map(\.id), after: wanted.features.map(\.id)
    ) { id in
      known.contains(id) ? nil : target[id].map { item($0, isJSON: isJSON) }
    }
    return changes.map { apply($0, to: text) }
  }

  /// Changes one feature in braces.
  ///
  /// - Parameter start: where its brace stands.
  /// - Returns: `nil` where that can't be done without losing something.
  static func feature(
    _ text: [Unicode.Scalar], at start: Int, from old: Feature, to new: Feature
  ) -> [Unicode.Scalar]? {
    guard let mapping = FlowText(text, at: start), mapping.isMapping,
      let last = mapping.entries.last
    else { return nil }
    let isQuoted = mapping.entries.allSatisfy {
      $0.key.map { text[$0.lowerBound] == "\"" } ?? false
    }
    let names = mapping.entries.map { entry in
      String(String.UnicodeScalarView(entry.key.map { text[$0] } ?? []))
        .trimming { $0 == "\"" || $0 == "'" }
    }
    var changes: [Change] = []
    var more = ""
    for key in BacklogWriter.Key.allCases where !BacklogWriter.isEqual(key, old, new) {
      guard let place = names.firstIndex(of: key.rawValue) else {
        let name = isQuoted ? "\"\(key.rawValue)\"" : key.rawValue
        more += ", \(name): \(value(key, new, isQuoted: isQuoted))"
        continue
      }
      let range = mapping.entries[place].value
      if let list = FlowText(text, at: range.lowerBound), !list.isMapping {
        guard
          let inner = items(
            text, list, before: texts(key, old, isQuoted: isQuoted),
            after: texts(key, new, isQuoted: isQuoted), make: { $0 })
        else { return nil }
        changes += inner
      } else {
        let isBare = range.isEmpty && !FlowText.isSpace(text[range.lowerBound - 1])
        changes.append(
          (range, (isBare || range.isEmpty ? " " : "") + value(key, new, isQuoted: isQuoted)))
      }
    }
    if !more.isEmpty { changes.append((last.whole.upperBound..<last.whole.upperBound, more)) }
    return apply(changes, to: text)
  }

  /// Returns the text of a list in brackets that holds other items; those that stay keep their form.
  static func list(
    _ text: String, at start: Int, before: [String], after: [String]
  ) -> String? {
    let scalars = Array(text.unicodeScalars)
    guard let list = FlowText(scalars, at: start), !list.isMapping,
      let changes = items(scalars, list, before: before, after: after, make: { $0 })
    else { return nil }
    return String(String.UnicodeScalarView(apply(changes, to: scalars)))
  }

  /// - Parameter make: the text of a new item.
  private static func items(
    _ text: [Unicode.Scalar], _ list: FlowText, before: [String], after: [String],
    make: (String) -> String?
  ) -> [Change]? {
    guard before.count == list.entries.count else { return nil }
    if before == after { return [] }
    var free = Array(before.indices)
    // Where each wanted item stands now; nil for a new one.
    let places: [Int?] = after.map { item in
      free.firstIndex { before[$0] == item }.map { free.remove(at: $0) }
    }
    var texts: [String] = []
    for (item, place) in zip(after, places) {
      guard
        let words = place.map({
          String(String.UnicodeScalarView(text[list.entries[$0].whole]))
        }) ?? make(item)
      else { return nil }
      texts.append(words)
    }
    guard let first = list.entries.first, let last = list.entries.last else {
      return list.hasComments
        ? nil : [((list.open + 1)..<list.close, texts.joined(separator: ", "))]
    }
    guard list.hasComments else {
      if texts.isEmpty { return [((list.open + 1)..<list.close, "")] }
      let between =
        list.entries.count > 1
        ? String(
          String.UnicodeScalarView(text[first.whole.upperBound..<list.entries[1].whole.lowerBound]))
        : ", "
      return [(first.whole.lowerBound..<last.whole.upperBound, texts.joined(separator: between))]
    }
    // Comments stand between the items: these stay where they are.
    let kept = places.compactMap { $0 }
    guard kept == kept.sorted(), places.prefix(kept.count).allSatisfy({ $0 != nil }),
      let end = kept.last
    else { return nil }
    var changes: [Change] = free.map { place in
      let whole = list.entries[place].whole
      var upper = whole.upperBound
      while FlowText.isSpace(text[upper]) { upper += 1 }
      return (whole.lowerBound..<(text[upper] == "," ? upper + 1 : whole.upperBound), "")
    }
    let more = texts.dropFirst(kept.count).map { ", " + $0 }.joined()
    let place = list.entries[end].whole.upperBound
    if !more.isEmpty { changes.append((place..<place, more)) }
    return changes
  }

  private static func item(_ feature: Feature, isJSON: Bool) -> String {
    let parts = BacklogWriter.Key.allCases.filter { !BacklogWriter.isDefault($0, feature) }.map {
      (isJSON ? "\"\($0.rawValue)\"" : $0.rawValue) + ": "
        + value($0, feature, isQuoted: isJSON)
    }
    return "{" + parts.joined(separator: ", ") + "}"
  }

  /// Tells whether keys stand in double quotes.
  private static func isJSON(_ list: FlowText, _ text: [Unicode.Scalar]) -> Bool {
    guard let first = list.entries.first, let mapping = FlowText(text, at: first.value.lowerBound),
      let key = mapping.entries.first?.key
    else { return text.first { !FlowText.isSpace($0) } == "{" }
    return text[key.lowerBound] == "\""
  }

  /// - Parameter isQuoted: as in JSON, where texts stand in double quotes.
  private static func value(
    _ key: BacklogWriter.Key, _ feature: Feature, isQuoted: Bool
  ) -> String {
    func scalar(_ text: String) -> String {
      isQuoted ? YAMLText.quoted(text) : YAMLText.scalar(text)
    }
    switch key {
    case .id: return BacklogWriter.id(feature.id, isQuoted: isQuoted)
    case .title: return scalar(feature.title)
    case .category: return scalar(feature.category)
    case .description: return YAMLText.quoted(feature.description)
    case .priority: return "\(feature.priority)"
    case .model: return feature.model.map(scalar) ?? "null"
    case .agent: return feature.agent.map(scalar) ?? "null"
    case .steps, .touches, .dependencies, .slots:
      return "[" + texts(key, feature, isQuoted: isQuoted).joined(separator: ", ") + "]"
    }
  }

  /// The items of a list; as in JSON, where wanted.
  private static func texts(
    _ key: BacklogWriter.Key, _ feature: Feature, isQuoted: Bool
  ) -> [String] {
    BacklogWriter.items(key, feature).map { item in
      guard isQuoted, let first = item.first, first.isLetter || first == "_" else { return item }
      return YAMLText.quoted(item)
    }
  }

  private static func apply(_ changes: [Change], to text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result = text
    for (range, words) in changes.sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) {
      result.replaceSubrange(range, with: Array(words.unicodeScalars))
    }
    return result
  }
}

extension String {
  fileprivate func trimming(_ isDropped: (Character) -> Bool) -> String {
    var rest = self[...]
    while let first = rest.first, isDropped(first) { rest.removeFirst() }
    while let last = rest.last, isDropped(last) { rest.removeLast() }
    return String(rest)
  }
}
