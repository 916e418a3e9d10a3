import Model

/// Reads a Markdown checklist: each `- [ ]` at the outer level is a feature, the ones below are its
/// steps, headings name categories.
struct Checklist {
  let input: ImportInput

  private struct Item {
    var title: String
    var indent: Int
    var status: WorkStatus
    var offset: Int
    var id: String?
    var category: String?
    var lines: [String] = []
    var steps: [String] = []
    /// What it waits for, as written: ids or titles.
    var needs: [String] = []
    var touches: [String] = []
  }

  func read() throws(InputProblems) -> ImportResult {
    let items = items()
    guard !items.isEmpty else {
      input.report(at: 0, "this holds no checklist", "each feature is a line `- [ ] what to build`")
      throw InputProblems(input.problems)
    }
    let ids = ids(items)
    let byTitle = Dictionary(
      zip(items.map { $0.title.lowercased() }, ids), uniquingKeysWith: { first, _ in first })
    let known = Set(ids)
    let entries = zip(items, ids).map { item, id in
      let needs = item.needs.flatMap { need -> [String] in
        if known.contains(need) { return [need] }
        if let id = byTitle[need.lowercased()] { return [id] }
        return need.split(separator: " ").map(String.init)
      }
      var feature = Feature(
        id: id, title: item.title,
        category: item.category ?? CategoryGuess.category(title: item.title),
        description: item.lines.joined(separator: "\n").trimmed, steps: item.steps,
        dependencies: needs.map { Dependency(id: $0) }, touches: item.touches)
      feature.touches.removeAll { RepositoryPath.problem($0) != nil }
      var given: Set<ImportedFeature.Field> = [.description, .steps]
      if !needs.isEmpty { given.insert(.dependencies) }
      if !item.touches.isEmpty { given.insert(.touches) }
      if item.category != nil { given.insert(.category) }
      return ImportedFeature(feature, status: item.status, given: given, offset: item.offset)
    }
    return try ImportSettling(input: input, noun: "item").settle(
      entries, format: "a Markdown checklist")
  }

  private func items() -> [Item] {
    var items: [Item] = []
    var category: String?
    var fence: String?
    var offset = 0
    for raw in input.bytes.split(separator: 0x0a, omittingEmptySubsequences: false) {
      defer { offset += raw.count + 1 }
      var line = String(decoding: raw, as: UTF8.self)
      if line.hasSuffix("\r") { line.removeLast() }
      let text = line.trimmed
      if let open = fence {
        if text.hasPrefix(open) { fence = nil }
        if !items.isEmpty { items[items.count - 1].lines.append(text) }
        continue
      }
      if text.hasPrefix("```") || text.hasPrefix("~~~") {
        fence = String(text.prefix(3))
        if !items.isEmpty { items[items.count - 1].lines.append(text) }
        continue
      }
      if line.hasPrefix("#") {
        category = CategoryGuess.category(heading: text.drop { $0 == "#" }.description.trimmed)
        continue
      }
      let indent = line.prefix { $0 == " " || $0 == "\t" }.reduce(0) { $0 + ($1 == "\t" ? 4 : 1) }
      guard let box = IssueText.checkbox(line), let status = Self.status(box.mark),
        !box.text.isEmpty
      else {
        guard !items.isEmpty, !text.isEmpty, indent > items[items.count - 1].indent else {
          continue
        }
        add(text, to: &items[items.count - 1])
        continue
      }
      if let last = items.last, box.indent > last.indent {
        if status == .open || status == .inProgress {
          items[items.count - 1].steps.append(box.text)
        }
        continue
      }
      items.append(item(box.text, indent: box.indent, status, category, offset))
    }
    return items
  }

  private static func status(_ mark: Character) -> WorkStatus? {
    switch mark {
    case " ": .open
    case "x", "X": .done
    case "-": .cancelled
    case "/", "~", ">": .inProgress
    default: nil
    }
  }

  private func item(
    _ text: String, indent: Int, _ status: WorkStatus, _ category: String?, _ offset: Int
  ) -> Item {
    var rest = text
    var needs: [String] = []
    // "Title (after #3, login)"
    if rest.hasSuffix(")"), let open = rest.lastIndex(of: "("),
      let list = Self.needs(String(rest[rest.index(after: open)...].dropLast()))
    {
      needs = list
      rest = String(rest[..<open]).trimmed
    }
    let (id, title) = Self.explicitID(rest)
    return Item(
      title: Self.plain(title), indent: indent, status: status, offset: offset, id: id,
      category: category, needs: needs)
  }

  private func add(_ text: String, to item: inout Item) {
    let bare = text.drop { "-*+ ".contains($0) }.description
    let lower = bare.lowercased()
    if let list = Self.needs(bare) {
      item.needs += list
    } else if ["touches:", "files:"].contains(where: lower.hasPrefix),
      let colon = bare.firstIndex(of: ":")
    {
      item.touches += bare[bare.index(after: colon)...].split(separator: ",").map {
        $0.description.trimmed.trimming("`")
      }.filter { !$0.isEmpty }
    } else {
      item.lines.append(text)
    }
  }

  /// Returns what `after: #3, login` names; `nil` for any other text.
  private static func needs(_ text: String) -> [String]? {
    let lower = text.lowercased()
    for phrase in ["depends on", "depends_on", "blocked by", "needs", "requires", "after"] {
      guard lower.hasPrefix(phrase) else { continue }
      let rest = text.dropFirst(phrase.count)
      guard let next = rest.first, next == ":" || next == " " else { continue }
      // A sentence that begins so names nothing: "after login the page shows".
      let list = rest.drop { $0 == ":" || $0 == " " }
      guard next == ":" || list.hasPrefix("#") || !list.contains(" ") || list.contains(",") else {
        return nil
      }
      return list.replacing(" and ", with: ",").split(separator: ",").map {
        let need = $0.description.trimmed.trimming("`")
        return need.hasPrefix("#") ? String(need.dropFirst()) : need
      }.filter { !$0.isEmpty }
    }
    return nil
  }

  /// Splits `#12 Title`, `T001 [P] Title`, `AUTH-3: Title`, `1.2 Title`, `**4.** Title`.
  private static func explicitID(_ text: String) -> (id: String?, title: String) {
    let plain = text.trimming("*")
    guard let end = text.firstIndex(where: { $0 == " " || $0 == ":" }) else { return (nil, text) }
    let word = text[..<end].description.trimming("*").trimming("`")
    let id = word.hasPrefix("#") ? String(word.dropFirst()) : word
    if word.hasPrefix("#"), !id.isEmpty, !id.hasSuffix("."), FeatureID.problem(id) == nil {
      let title = text[end...].drop { ": ".contains($0) }.description.trimmed
      if !title.isEmpty { return (id, title) }
    }
    let letters = id.prefix { $0.isASCII && $0.isUppercase }
    let rest = id.dropFirst(letters.count).drop { $0 == "-" }
    let isNumber =
      rest.first?.isNumber == true
      && rest.allSatisfy { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard isNumber, word.hasPrefix("#") || letters.count <= 8 else { return (nil, plain) }
    // "3 buttons" is a title; "3. Buttons", "3: Buttons" and "1.2 Buttons" are numbered.
    if letters.isEmpty, !word.hasPrefix("#"), !id.contains("."), text[end] != ":" {
      return (nil, plain)
    }
    let title = text[end...].drop { ": ".contains($0) }.description.trimmed
    guard !title.isEmpty else { return (nil, plain) }
    return (id.hasSuffix(".") ? String(id.dropLast()) : id, title)
  }

  /// Drops emphasis and the tags that task lists carry: `[P]`, `[US2]`.
  private static func plain(_ text: String) -> String {
    var rest = text
    while rest.hasPrefix("["), let close = rest.firstIndex(of: "]"),
      rest.distance(from: rest.startIndex, to: close) <= 6,
      rest[rest.index(after: close)...].first == " "
    {
      rest = rest[rest.index(after: close)...].description.trimmed
    }
    return rest.replacing("**", with: "").trimmed
  }

  /// Gives each item an id that stays while its title does.
  private func ids(_ items: [Item]) -> [String] {
    var names = FreeNames(taken: items.compactMap(\.id))
    return items.map { item in item.id ?? names.take(Slug.of(item.title)) }
  }
}

/// Gives names that are taken a number.
struct FreeNames {
  private var taken: Set<String>
  /// The next number to try, by name: many items may have the same title.
  private var next: [String: Int] = [:]

  init(taken: [String] = []) { self.taken = Set(taken) }

  /// Notes that a name is taken.
  mutating func insert(_ name: String) { taken.insert(name) }

  /// Takes a name, or the first that is free of those with a number behind it, from 2.
  mutating func take(_ name: String) -> String {
    if taken.insert(name).inserted { return name }
    var number = next[name] ?? 2
    while !taken.insert("\(name)-\(number)").inserted { number += 1 }
    next[name] = number + 1
    return "\(name)-\(number)"
  }
}

/// Makes ids of titles.
enum Slug {
  /// Returns lower-case ASCII words joined by `-`, at most 60 characters.
  static func of(_ title: String) -> String {
    var words: [String] = []
    var word = ""
    for scalar in title.lowercased().unicodeScalars {
      switch scalar.value {
      case 0x61...0x7a, 0x30...0x39: word.unicodeScalars.append(scalar)
      case 0x27, 0x2019: continue
      default:
        if !word.isEmpty { words.append(word) }
        word = ""
      }
    }
    if !word.isEmpty { words.append(word) }
    var result = ""
    for word in words where result.count + word.count < 60 {
      result += (result.isEmpty ? "" : "-") + word
    }
    if !result.isEmpty { return result }
    // A title without a Latin letter: FNV-1a of its bytes is as stable.
    var hash: UInt32 = 2_166_136_261
    for byte in title.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    return "item-" + String(hash, radix: 36)
  }
}

extension String {
  /// The text without a character at its ends.
  func trimming(_ character: Character) -> String {
    var view = self[...]
    while view.first == character { view.removeFirst() }
    while view.last == character { view.removeLast() }
    return String(view)
  }
}
