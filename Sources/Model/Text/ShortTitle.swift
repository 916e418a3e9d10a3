/// Titles cut to what fits in a sentence: a commit's subject, a refusal, a line of a list.
package enum ShortTitle {
  /// The most characters of a short title.
  package static let length = 60
  private static let mostBytes = 4 * length
  /// The fewest characters of a first clause that stands alone for the whole.
  private static let leastClause = 12

  /// Returns a title in one line of at most ``length`` characters: whole where it is that short, else its
  /// first clause, else as many of its words as fit, with `…`.
  package static func of(_ title: String) -> String {
    var text = ""
    var count = 0
    var isCut = false
    var isGap = false
    for character in title {
      if character.isWhitespace {
        isGap = !text.isEmpty
        continue
      }
      let added = isGap ? 2 : 1
      guard count + added <= length, text.utf8.count + character.utf8.count < mostBytes else {
        isCut = true
        break
      }
      if isGap { text += " " }
      isGap = false
      text.append(character)
      count += added
    }
    guard isCut else { return text }
    if text.isEmpty {
      // One letter with more marks on it than any script has.
      var scalars = String.UnicodeScalarView()
      scalars.append(
        contentsOf: title.unicodeScalars.lazy.filter { !$0.properties.isWhitespace }.prefix(length))
      return String(scalars) + "…"
    }
    return clause(text) ?? words(text)
  }

  /// The first clause of a text, without the mark that ends it; `nil` where none is long enough.
  private static func clause(_ text: String) -> String? {
    let characters = Array(text)
    var count = 0
    for (place, character) in characters.enumerated() {
      let ends =
        switch character {
        case ".", ":", ";", ",", "?", "!":
          place + 1 < characters.count && characters[place + 1] == " "
        case "(", "[", "–", "—", "-": place > 0 && characters[place - 1] == " "
        case "。", "；", "，", "：", "、": true
        default: false
        }
      if ends, count >= leastClause {
        var clause = String(characters[..<place])
        while clause.last == " " { clause.removeLast() }
        return clause
      }
      count += 1
    }
    return nil
  }

  /// As many words as fit beside `…`; a word that alone is too long is cut.
  private static func words(_ text: String) -> String {
    let room = String(text.prefix(length - 1))
    guard let gap = room.lastIndex(of: " "), room[..<gap].count >= leastClause else {
      return room + "…"
    }
    var words = String(room[..<gap])
    while let last = words.last, ",;:-–—(".contains(last) || last == " " { words.removeLast() }
    return words + "…"
  }
}
