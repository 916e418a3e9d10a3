/// Finds whole words in a text; a plural counts as its word.
package enum Keywords {
  /// Returns the first of the keywords that stands in the text.
  package static func first(_ keywords: [String], in text: String) -> String? {
    let words = words(text)
    return keywords.first { matches(Self.words($0), words) }
  }

  /// Returns all of the keywords that stand in the text.
  package static func all(_ keywords: [String], in text: String) -> [String] {
    let words = words(text)
    return keywords.filter { matches(Self.words($0), words) }
  }

  private static func words(_ text: String) -> [String] {
    text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
  }

  private static func matches(_ keyword: [String], _ words: [String]) -> Bool {
    guard !keyword.isEmpty, words.count >= keyword.count else { return false }
    return (0...(words.count - keyword.count)).contains { start in
      zip(words[start...], keyword).allSatisfy { isForm($0, of: $1) }
    }
  }

  private static func isForm(_ word: String, of keyword: String) -> Bool {
    if word == keyword || word == keyword + "s" || word == keyword + "es" { return true }
    return keyword.hasSuffix("y") && word == keyword.dropLast() + "ies"
  }
}
