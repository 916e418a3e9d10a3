import Model

/// Reads the text of one item of a Markdown list.
enum ItemText {
  /// A line that begins an item.
  struct Bullet {
    /// The number in front of it: `12` of `12. text`; `nil` for `-`, `*`, `+`.
    var number: String?
    /// The character in the check box; `nil` where there is none.
    var mark: Character?
    var text: String
  }

  /// The columns that a line is indented by; a tab counts four.
  static func indent(_ line: String) -> Int {
    line.prefix { $0 == " " || $0 == "\t" }.reduce(0) { $0 + ($1 == "\t" ? 4 : 1) }
  }

  /// Reads `- text`, `* [ ] text`, `3. [x]* text`; `nil` for another line.
  static func bullet(_ line: String) -> Bullet? {
    var rest = line.drop { $0 == " " || $0 == "\t" }
    var bullet = Bullet(text: "")
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    if let first = rest.first, "-*+•".contains(first) {
      rest = rest.dropFirst()
    } else if !digits.isEmpty, digits.count <= 6, let next = rest.dropFirst(digits.count).first,
      ".)".contains(next)
    {
      bullet.number = String(digits)
      rest = rest.dropFirst(digits.count + 1)
    } else {
      return nil
    }
    let isBox = rest.drop { $0 == " " }.first == "["
    guard rest.first == " " || rest.first == "\t" || rest.isEmpty || isBox else { return nil }
    rest = rest.drop { $0 == " " || $0 == "\t" }
    if rest.first == "[", let mark = rest.dropFirst().first, rest.dropFirst(2).first == "]",
      rest.dropFirst(3).first.map({ $0 == " " || $0 == "*" || $0 == "\t" }) ?? true
    {
      bullet.mark = mark
      rest = rest.dropFirst(3)
      // Kiro marks optional tasks so.
      if rest.hasPrefix("* ") { rest = rest.dropFirst() }
    }
    bullet.text = rest.description.trimmed
    return bullet
  }

  /// Drops emphasis and the tags that task lists carry: `[P]`, `[US2]`.
  static func plain(_ text: String) -> String {
    var rest = text
    while rest.hasPrefix("["), let close = rest.firstIndex(of: "]"),
      rest.distance(from: rest.startIndex, to: close) <= 6,
      rest[rest.index(after: close)...].first == " "
    {
      rest = rest[rest.index(after: close)...].description.trimmed
    }
    return rest.replacing("**", with: "").trimmed
  }

  /// Splits `#12 Title`, `T001 [P] Title`, `AUTH-3: Title`, `1.2 Title`, `4. Title`.
  static func explicitID(_ text: String) -> (id: String?, title: String) {
    guard let end = text.firstIndex(where: { $0 == " " || $0 == ":" }) else { return (nil, text) }
    let word = text[..<end].description.trimming("*").trimming("`")
    let id = word.hasPrefix("#") ? String(word.dropFirst()) : word
    let title = plain(text[end...].drop { ": ".contains($0) }.description.trimmed)
    guard !title.isEmpty else { return (nil, text) }
    if word.hasPrefix("#"), !id.isEmpty, !id.hasSuffix("."), FeatureID.problem(id) == nil {
      return (id, title)
    }
    let letters = id.prefix { $0.isASCII && $0.isUppercase }
    let rest = id.dropFirst(letters.count).drop { $0 == "-" }
    let isNumber =
      rest.first?.isNumber == true
      && rest.allSatisfy { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard isNumber, word.hasPrefix("#") || letters.count <= 8 else { return (nil, text) }
    // "3 buttons" is a title; "3. Buttons", "3: Buttons" and "1.2 Buttons" are numbered.
    if letters.isEmpty, !word.hasPrefix("#"), !id.contains("."), text[end] != ":" {
      return (nil, text)
    }
    return (id.hasSuffix(".") ? String(id.dropLast()) : id, title)
  }

  /// Words in front of a colon that say of what kind a change is, and name nothing.
  private static let kinds: Set<String> = [
    "add", "api", "bug", "build", "chore", "ci", "cli", "docs", "feat", "feature", "fix", "perf",
    "refactor", "style", "test", "tests", "todo", "ui",
  ]

  /// Splits a text after its first sentence, at its first colon or at a dash between blanks, outside code, quotes
  /// and parentheses.
  ///
  /// - Returns: the title, and what comes after it; `nil` where nothing does.
  static func split(_ text: String) -> (title: String, rest: String?) {
    let characters = Array(text)
    var depth = 0
    var quote: Character?
    for (place, character) in characters.enumerated() {
      if let open = quote {
        if character == open { quote = nil }
        continue
      }
      let next = place + 1 < characters.count ? characters[place + 1] : nil
      let before = place > 0 ? characters[place - 1] : nil
      switch character {
      case "`", "\"": quote = character
      case "(", "[": depth += 1
      case ")", "]": depth -= 1
      default: break
      }
      guard depth <= 0, place > 0 else { continue }
      let head = String(characters[..<place]).trimmed
      let tail = String(characters[(place + 1)...]).trimmed
      switch character {
      case "." where next == " " && endsSentence(head, tail), "!" where next == " ",
        "?" where next == " ":
        return (character == "." ? head : head + String(character), tail.isEmpty ? nil : tail)
      case ":" where next == " " && !tail.isEmpty && names(head),
        "–" where before == " " && next == " " && names(head),
        "—" where !tail.isEmpty && names(head),
        "-" where before == " " && next == " " && names(head):
        return (head, tail.isEmpty ? nil : tail)
      default: continue
      }
    }
    let isEnd = text.hasSuffix(".") && !text.hasSuffix("..") && text.count > 1
    return (isEnd ? String(text.dropLast()) : text, nil)
  }

  /// Whether a text in front of a colon or a dash says by itself what is to be built.
  private static func names(_ head: String) -> Bool {
    let words = head.split(separator: " ")
    guard let first = words.first else { return false }
    if words.count > 1 { return true }
    let kind = first.lowercased().prefix { $0.isLetter }
    // "feat(api)", "lib/cache.c", "Fix"
    return first.count == kind.count && !kinds.contains(String(kind)) && first.count > 3
  }

  private static func endsSentence(_ head: String, _ tail: String) -> Bool {
    let last = head.split(separator: " ").last.map { $0.lowercased() } ?? ""
    if ["e.g", "i.e", "etc", "vs", "cf", "no", "approx"].contains(last) || last.count == 1 {
      return false
    }
    return tail.first.map { $0.isUppercase || !$0.isLetter } ?? true
  }

  private static let phrases = IssueText.phrases + ["depends_on"]

  /// Returns what `after: #3, login` names; `nil` for any other text.
  static func needs(_ text: String) -> [String]? {
    let lower = text.lowercased()
    for phrase in phrases {
      guard lower.hasPrefix(phrase) else { continue }
      let rest = text.dropFirst(phrase.count)
      guard let next = rest.first, next == ":" || next == " " else { continue }
      // A sentence that begins so names nothing: "after login the page shows".
      let list = rest.drop { $0 == ":" || $0 == " " }
      let isQuoted = list.first == "\"" && list.dropFirst().last == "\""
      guard
        next == ":" || list.hasPrefix("#") || !list.contains(" ") || list.contains(",") || isQuoted
      else { return nil }
      return list.replacing(" and ", with: ",").split(separator: ",").map {
        let need = $0.description.trimmed.trimming("`").trimming("\"")
        return need.hasPrefix("#") ? String(need.dropFirst()) : need
      }.filter { !$0.isEmpty }
    }
    return nil
  }

  /// Returns what `after the login page` may name.
  static func perhaps(_ text: String) -> String? {
    let lower = text.lowercased()
    for phrase in phrases where lower.hasPrefix(phrase + " ") {
      let name = text.dropFirst(phrase.count + 1).description.trimmed
      if !name.isEmpty, name.count <= 120 { return name }
    }
    return nil
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
