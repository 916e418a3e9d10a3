import Model

/// Reads a Markdown checklist: each `- [ ]` at the outer level is a feature, what is nested below are its steps and
/// its description, headings give the category or the section.
///
/// A text without a check box is read in the same way by its bullets. Kiro's `tasks.md` is such a list.
struct Checklist {
  let input: ImportInput

  private struct Item {
    /// The whole text of the line.
    var text: String
    var title = ""
    var indent: Int
    var status: WorkStatus
    var offset: Int
    /// The id that the item names itself.
    var id: String?
    /// The number in front of the item in a numbered list.
    var number: String?
    var category: String?
    var section: String?
    var lines: [String] = []
    var steps: [String] = []
    /// Its dependencies as written: ids or titles.
    var needs: [String] = []
    /// A dependency that may as well be a part of the text: `(after the login page)`.
    var perhaps: String?
    var touches: [String] = []
  }

  func read() throws(InputProblems) -> ImportResult {
    var notes: [String] = []
    var items = items(boxes: true)
    if items.isEmpty {
      items = self.items(boxes: false)
      if !items.isEmpty {
        notes.append("there are no check boxes; each bullet at the outer level is a feature")
      }
    }
    guard !items.isEmpty else {
      input.report(at: 0, "this holds no checklist", "each feature is a line `- [ ] what to build`")
      throw InputProblems(input.problems)
    }
    let ids = ids(items)
    let names = ItemNames(zip(ids, items.map { ($0.title, $0.text) }).map { ($0, $1.0, $1.1) })
    let entries = items.indices.map { index in
      entry(items[index], ids[index], names)
    }
    return try ImportSettling(input: input, noun: "item").settle(
      entries, format: "a Markdown checklist", notes: notes)
  }

  private func entry(_ item: Item, _ id: String, _ names: ItemNames) -> ImportedFeature {
    var needs = item.needs.flatMap { need in
      names.id(need).map { [$0] }
        ?? need.split(separator: " ").map { String($0.drop { $0 == "#" }) }
    }
    var title = item.title
    if let perhaps = item.perhaps {
      if let other = names.id(perhaps), other != id {
        needs.append(other)
      } else {
        title += " (after \(perhaps))"
      }
    }
    var lines = item.lines
    if item.category == nil, let section = item.section { lines.append("Section: \(section)") }
    var feature = Feature(
      id: id, title: title,
      category: item.category ?? CategoryGuess.category(title: item.title),
      description: lines.joined(separator: "\n").trimmed, steps: item.steps,
      dependencies: needs.map { Dependency(id: $0) }, touches: item.touches)
    feature.touches.removeAll { RepositoryPath.problem($0) != nil }
    var given: Set<ImportedFeature.Field> = []
    if !feature.description.isEmpty { given.insert(.description) }
    if !item.steps.isEmpty { given.insert(.steps) }
    if !needs.isEmpty { given.insert(.dependencies) }
    if !item.touches.isEmpty { given.insert(.touches) }
    if item.category != nil { given.insert(.category) }
    return ImportedFeature(
      feature, status: item.status, given: given, offset: item.offset,
      formerID: item.id == nil ? Slug.of(ItemText.plain(item.text)) : nil)
  }

  /// Reads the items of the outer level.
  ///
  /// - Parameter boxes: takes items with a check box only; else every bullet.
  private func items(boxes: Bool) -> [Item] {
    var items: [Item] = []
    var headings: [(level: Int, text: String)] = []
    var fence: String?
    var isComment = false
    var offset = 0
    // Kiro marks with "-" what is under way; elsewhere it is what was dropped.
    let isKiro = String(decoding: input.bytes, as: UTF8.self).contains("_Requirements:")
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
      if isComment || text.hasPrefix("<!--") {
        isComment = !text.hasSuffix("-->")
        continue
      }
      if text.hasPrefix("```") || text.hasPrefix("~~~") {
        fence = String(text.prefix(3))
        if !items.isEmpty { items[items.count - 1].lines.append(text) }
        continue
      }
      if line.hasPrefix("#"), line.drop(while: { $0 == "#" }).first == " " {
        let level = line.prefix { $0 == "#" }.count
        headings.removeAll { $0.level >= level }
        headings.append((level, text.drop { $0 == "#" }.description.trimmed))
        continue
      }
      let indent = ItemText.indent(line)
      let bullet = ItemText.bullet(line)
      let status = bullet?.mark.flatMap { Self.status($0, isKiro: isKiro) }
      if let last = items.last, !text.isEmpty, indent > last.indent {
        add(text, bullet, status, to: &items[items.count - 1])
        continue
      }
      guard let bullet, !bullet.text.isEmpty, boxes ? status != nil : bullet.mark == nil else {
        continue
      }
      items.append(
        item(bullet, indent: indent, status ?? .open, headings.map(\.text), offset))
    }
    return items
  }

  private static func status(_ mark: Character, isKiro: Bool) -> WorkStatus? {
    switch mark {
    case " ": .open
    case "x", "X": .done
    case "-": isKiro ? .inProgress : .cancelled
    case "/", "~", ">": .inProgress
    default: nil
    }
  }

  private func item(
    _ bullet: ItemText.Bullet, indent: Int, _ status: WorkStatus, _ headings: [String],
    _ offset: Int
  ) -> Item {
    var item = Item(
      text: bullet.text, indent: indent, status: status, offset: offset, number: bullet.number)
    let (id, rest) = ItemText.explicitID(ItemText.plain(takeNeeds(bullet.text, &item)))
    item.id = id
    let (title, more) = ItemText.split(rest)
    item.title = takeNeeds(title, &item)
    if let more { item.lines.append(more) }
    item.category = headings.reversed().lazy.compactMap(CategoryGuess.category(heading:)).first
    // The first heading is that of the whole text.
    item.section = headings.count > 1 ? headings.dropFirst().joined(separator: " / ") : nil
    return item
  }

  /// Takes `(after #3, login)` off the end of a text.
  private func takeNeeds(_ text: String, _ item: inout Item) -> String {
    guard text.hasSuffix(")"), let open = text.lastIndex(of: "(") else { return text }
    let inner = String(text[text.index(after: open)...].dropLast())
    if let list = ItemText.needs(inner) {
      item.needs += list
    } else if item.perhaps == nil, let name = ItemText.perhaps(inner) {
      item.perhaps = name
    } else {
      return text
    }
    return String(text[..<open]).trimmed
  }

  /// Adds a nested line to its item.
  private func add(
    _ text: String, _ bullet: ItemText.Bullet?, _ status: WorkStatus?, to item: inout Item
  ) {
    let bare = bullet?.text ?? text
    let lower = bare.lowercased()
    if let list = ItemText.needs(bare) {
      item.needs += list
    } else if ["touches:", "files:"].contains(where: lower.hasPrefix),
      let colon = bare.firstIndex(of: ":")
    {
      item.touches += bare[bare.index(after: colon)...].split(separator: ",").map {
        $0.description.trimmed.trimming("`")
      }.filter { !$0.isEmpty }
    } else if let bullet, !bullet.text.isEmpty, !bullet.text.hasPrefix("_Requirements:") {
      if status == nil || status == .open || status == .inProgress {
        item.steps.append(ItemText.plain(bullet.text))
      }
    } else {
      item.lines.append(bare)
    }
  }

  /// Gives each item its own id, else the number that stands in front of it, else a number.
  private func ids(_ items: [Item]) -> [String] {
    let numbers = items.filter { $0.id == nil }.compactMap(\.number)
    let own = Set(items.compactMap(\.id))
    let goesByNumbers = Set(numbers).count == numbers.count && own.isDisjoint(with: numbers)
    var taken = own.union(goesByNumbers ? numbers : [])
    var next = 1
    return items.map { item in
      if let id = item.id ?? (goesByNumbers ? item.number : nil) { return id }
      while !taken.insert(String(next)).inserted { next += 1 }
      return String(next)
    }
  }
}

/// Finds an item by what a text calls it.
private struct ItemNames {
  private let ids: Set<String>
  private let titles: [(id: String, words: String, all: String)]
  private let byTitle: [String: String]

  init(_ items: [(id: String, title: String, text: String)]) {
    ids = Set(items.map(\.id))
    titles = items.map { ($0.id, Self.plain($0.title), Self.plain($0.text)) }
    byTitle = Dictionary(
      titles.flatMap { [($0.words, $0.id), ($0.all, $0.id)] },
      uniquingKeysWith: { first, _ in first })
  }

  /// Returns the id of the item with this id, number or title, or of the only one whose title holds the words.
  func id(_ name: String) -> String? {
    let bare = name.hasPrefix("#") ? String(name.dropFirst()) : name
    if ids.contains(bare) { return bare }
    let words = Self.plain(name)
    if let id = byTitle[words] { return id }
    for prefix in ["task ", "item ", "step ", "issue ", "feature "] where words.hasPrefix(prefix) {
      let number = String(words.dropFirst(prefix.count))
      if ids.contains(number) { return number }
    }
    guard words.count >= 4 else { return nil }
    let found = titles.filter { " \($0.words) ".contains(" \(words) ") }
    return found.count == 1 ? found[0].id : nil
  }

  /// Lower-case words without articles and punctuation.
  private static func plain(_ text: String) -> String {
    let words = text.lowercased().split { !($0.isLetter || $0.isNumber) }
    return words.filter { !["the", "a", "an"].contains($0) }.joined(separator: " ")
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
