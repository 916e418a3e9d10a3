/// The words of a text as they can be found again in another one.
package enum FeatureWords {
  /// Returns the words in lower case, parts of compound names besides the whole: `parseHTTP_header`
  /// gives `parsehttp_header`, `parse`, `http`, `header`.
  package static func words(_ text: String) -> [String] {
    var result: [String] = []
    for token in tokens(text) { result += expand(token) }
    return result
  }

  /// Returns the runs of letters, digits, `_`, `.`, `-` and `/` as they stand.
  package static func tokens(_ text: String) -> [String] {
    var result: [String] = []
    var current: [UInt8] = []
    func end() {
      while let last = current.last, ".-/".utf8.contains(last) { current.removeLast() }
      if !current.isEmpty { result.append(String(decoding: current, as: UTF8.self)) }
      current = []
    }
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x5f, 0x80...0xff: current.append(byte)
      case 0x2e, 0x2f, 0x2d: if !current.isEmpty { current.append(byte) }
      default: end()
      }
    }
    end()
    return result
  }

  /// Returns a token and the words that it is made of.
  package static func expand(_ token: String) -> [String] {
    var parts: [String] = []
    var current: [UInt8] = []
    func end() {
      if current.count > 1 {
        parts.append(stem(String(decoding: current, as: UTF8.self).lowercased()))
      }
      current = []
    }
    let bytes = Array(token.utf8)
    for (index, byte) in bytes.enumerated() {
      let isUpper = (0x41...0x5a).contains(byte)
      let isWord =
        isUpper || (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || byte >= 0x80
      guard isWord else {
        end()
        continue
      }
      let before = index > 0 ? bytes[index - 1] : 0
      let after = index + 1 < bytes.count ? bytes[index + 1] : 0
      if isUpper,
        (0x61...0x7a).contains(before)
          || ((0x41...0x5a).contains(before) && (0x61...0x7a).contains(after))
      {
        end()
      }
      current.append(byte)
    }
    end()
    let whole = token.lowercased()
    if parts.count > 1 { parts.append(whole) }
    return parts.filter { !stopWords.contains($0) }
  }

  /// Drops the commonest endings, so that `tests`, `tested` and `testing` are one word.
  static func stem(_ word: String) -> String {
    for ending in ["ings", "ing", "ies", "ed", "es", "s"]
    where word.hasSuffix(ending) && word.utf8.count - ending.utf8.count >= 3 {
      if ending == "s", word.hasSuffix("ss") { return word }
      let base = String(word.dropLast(ending.count))
      return ending == "ies" ? base + "y" : base
    }
    return word
  }

  private static let stopWords: Set<String> = [
    "the", "and", "for", "with", "that", "this", "from", "are", "was", "not", "into", "when",
    "which",
    "have", "has", "but", "can", "all", "use", "of", "to", "in", "is", "it", "on", "by", "as", "an",
    "be", "or", "at", "if", "so", "we", "no", "do", "its", "will", "should", "also", "there",
  ]
}
