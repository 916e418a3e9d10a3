import Model

/// The words of a feature's text, as the detector sees them.
struct FeatureText {
  /// The counts of each stem in the title, and in description and steps.
  var title: [String: Int] = [:]
  var body: [String: Int] = [:]
  var bodyCount = 0
  /// The stems of all words, stop words too.
  let allOfTitle: [String]
  let allOfBody: Set<String>

  init(_ feature: Feature, stop: Set<String>) {
    let body = ([feature.description] + feature.steps).joined(separator: " ")
    allOfTitle = Self.stems(Array(feature.title.unicodeScalars), [])
    allOfBody = Set(Self.stems(Array(body.unicodeScalars), []))
    for stem in Self.stems(Array(feature.title.unicodeScalars), stop) {
      self.title[stem, default: 0] += 1
    }
    for stem in Self.stems(Array(body.unicodeScalars), stop) {
      self.body[stem, default: 0] += 1
      bodyCount += 1
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

  /// Letters and digits; beyond ASCII by blocks, so that every program sees the same words.
  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 48...57, 65...90, 97...122, 0xc0...0x24f, 0x370...0x1fff, 0x3040...0xd7ff: true
    default: false
    }
  }
}
