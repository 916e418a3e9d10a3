/// The words, names and numbers of a feature's text, as the detector sees them.
struct FeatureText {
  /// The counts of each stem in the title, and in description and steps.
  var title: [String: Int] = [:]
  var body: [String: Int] = [:]
  var bodyCount = 0
  /// File names, endpoints, tables and symbols, in lower case.
  var names: Set<String> = []
  /// Ids that the text speaks of.
  var references: Set<String> = []
  /// The part of the title before a colon, in lower case.
  var prefix: String?
  /// Numbered labels of title and id: what is numbered, and the number.
  var labels: [(of: String, number: Int)] = []

  init(
    id: String, title: String, description: String, steps: [String], stop: Set<String>,
    isID: (String) -> Bool
  ) {
    let body = ([description] + steps).joined(separator: " ")
    let titleBytes = Array(title.unicodeScalars)
    let bodyBytes = Array(body.unicodeScalars)
    for stem in Self.stems(titleBytes, stop) { self.title[stem, default: 0] += 1 }
    for stem in Self.stems(bodyBytes, stop) {
      self.body[stem, default: 0] += 1
      bodyCount += 1
    }
    let all = titleBytes + ["\n"] + bodyBytes
    names = Self.names(all)
    references = Self.references(all, isID: isID)
    if let colon = titleBytes.firstIndex(of: ":") {
      let head = Self.trimmed(titleBytes[..<colon])
      if head.count > 1, head.count < 25 { prefix = Self.lowercased(head) }
    }
    if let label = Self.label(titleBytes) { labels.append(label) }
    if let dot = id.lastIndex(of: ".") {
      let last = id[id.index(after: dot)...]
      if last.utf8.count < 7, last.utf8.allSatisfy({ (48...57).contains($0) }),
        let number = Int(last)
      {
        labels.append(("." + id[..<dot], number))
      }
    }
  }

  /// Returns the stems of the words that are not stop words, in their order.
  static func stems(_ text: [Unicode.Scalar], _ stop: Set<String>) -> [String] {
    var result: [String] = []
    var start = 0
    func close(_ end: Int) {
      guard end - start > 1, text[start..<end].contains(where: { !isDigit($0) }) else { return }
      let word = lowercased(text[start..<end])
      if word.unicodeScalars.count > 1, !stop.contains(word) { result.append(stem(word)) }
    }
    for index in text.indices {
      if !isLetter(text[index]) {
        close(index)
        start = index + 1
      } else if index > start, isUpper(text[index]), isLower(text[index - 1]) {
        close(index)
        start = index
      }
    }
    close(text.count)
    return result
  }

  /// Takes a plural's ending off and cuts to six letters.
  static func stem(_ word: String) -> String {
    var scalars = Array(word.unicodeScalars)
    if scalars.count > 4, scalars.suffix(3) == ["i", "e", "s"] {
      scalars = scalars.dropLast(3) + ["y"]
    } else if scalars.count > 3, scalars.last == "s",
      !["s", "u", "i"].contains(scalars[scalars.count - 2])
    {
      scalars.removeLast()
    }
    return text(scalars.prefix(6))
  }

  /// Returns what looks like a file, an endpoint or a symbol, and the last part of each path.
  private static func names(_ text: [Unicode.Scalar]) -> Set<String> {
    var result: Set<String> = []
    for word in runs(
      text, inner: { isASCIIWord($0) || $0 == "_" || "./-".unicodeScalars.contains($0) },
      ends: { isASCIIWord($0) || $0 == "_" })
    where word.count >= 4 {
      var telling = false
      for (index, scalar) in word.enumerated() {
        let previous = index > 0 ? word[word.startIndex + index - 1] : " "
        if scalar == "_" || scalar == "/" { telling = true }
        if isUpper(scalar), isLower(previous) { telling = true }
        if scalar == ".", isLower(previous), index + 1 < word.count,
          isLower(word[word.startIndex + index + 1])
        {
          telling = true
        }
      }
      guard telling else { continue }
      let name = lowercased(word)
      result.insert(name)
      if let slash = name.lastIndex(of: "/") {
        let last = String(name[name.index(after: slash)...])
        if last.utf8.count > 3 { result.insert(last) }
      }
    }
    return result
  }

  private static let referenceWords: Set<String> = [
    "task", "tasks", "issue", "issues", "feature", "features", "story", "step", "phase",
  ]

  /// Returns the ids that the text names: `#3`, `task 3`, or an id that is no bare number as it is.
  private static func references(
    _ text: [Unicode.Scalar], isID: (String) -> Bool
  ) -> Set<String> {
    var result: Set<String> = []
    for word in runs(
      text, inner: { isASCIIWord($0) || "._-".unicodeScalars.contains($0) }, ends: isASCIIWord)
    where word.count > 1 && !word.allSatisfy(isDigit) {
      let name = Self.text(word)
      if isID(name) { result.insert(name) }
    }
    var index = 0
    while index < text.count {
      guard isDigit(text[index]), index == 0 || !isDigit(text[index - 1]) else {
        index += 1
        continue
      }
      var end = index
      while end < text.count, isDigit(text[end]) { end += 1 }
      let number = Self.text(text[index..<end])
      let closed = end == text.count || !isASCIIWord(text[end]) && text[end] != "_"
      if closed, isID(number), isReference(text, at: index) { result.insert(number) }
      index = end
    }
    return result
  }

  private static func isReference(_ text: [Unicode.Scalar], at start: Int) -> Bool {
    var index = start - 1
    guard index >= 0 else { return false }
    if text[index] == "#" { return true }
    if text[index] == " " { index -= 1 }
    let end = index + 1
    while index >= 0, isASCIIWord(text[index]) || text[index] == "_" { index -= 1 }
    return referenceWords.contains(lowercased(text[(index + 1)..<max(end, index + 1)]))
  }

  /// Returns what the start of a title numbers: `Phase 2: …`, `[W0-T1] …`, `M3 …`.
  private static func label(_ text: [Unicode.Scalar]) -> (of: String, number: Int)? {
    var index = 0
    while index < text.count, index < 4, !isASCIIWord(text[index]) { index += 1 }
    let start = index
    while index < text.count, index - start < 10, isASCIIWord(text[index]), !isDigit(text[index]) {
      index += 1
    }
    let word = lowercased(text[start..<index])
    var gap = 0
    while index < text.count, gap < 2,
      text[index] == " " || text[index] == "#" || text[index] == "-"
    {
      index += 1
      gap += 1
    }
    let first = index
    while index < text.count, isDigit(text[index]) { index += 1 }
    guard index > first, index - first < 7, index == text.count || !isASCIIWord(text[index]) else {
      return nil
    }
    return (word, Int(Self.text(text[first..<index])) ?? 0)
  }

  /// Returns the longest runs of inner scalars, cut back to where both ends are allowed.
  private static func runs(
    _ text: [Unicode.Scalar], inner: (Unicode.Scalar) -> Bool, ends: (Unicode.Scalar) -> Bool
  ) -> [ArraySlice<Unicode.Scalar>] {
    var result: [ArraySlice<Unicode.Scalar>] = []
    var index = 0
    while index < text.count {
      guard ends(text[index]) else {
        index += 1
        continue
      }
      var end = index
      while end < text.count, inner(text[end]) { end += 1 }
      let next = end
      while end > index, !ends(text[end - 1]) { end -= 1 }
      result.append(text[index..<end])
      index = next
    }
    return result
  }

  private static func trimmed(_ text: ArraySlice<Unicode.Scalar>) -> ArraySlice<Unicode.Scalar> {
    var text = text
    while let first = text.first, first.properties.isWhitespace { text.removeFirst() }
    while let last = text.last, last.properties.isWhitespace { text.removeLast() }
    return text
  }

  private static func text(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  private static func lowercased(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    text(scalars).lowercased()
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { (48...57).contains(scalar.value) }
  private static func isUpper(_ scalar: Unicode.Scalar) -> Bool { (65...90).contains(scalar.value) }
  private static func isLower(_ scalar: Unicode.Scalar) -> Bool {
    (97...122).contains(scalar.value)
  }

  private static func isASCIIWord(_ scalar: Unicode.Scalar) -> Bool {
    isDigit(scalar) || isUpper(scalar) || isLower(scalar)
  }

  /// Letters and digits; beyond ASCII by blocks, so that every program sees the same words.
  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 48...57, 65...90, 97...122, 0xc0...0x24f, 0x370...0x1fff, 0x3040...0xd7ff: true
    default: false
    }
  }
}
