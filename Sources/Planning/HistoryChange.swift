/// A commit of the past: what was written about it, and which files it changed.
package struct HistoryChange: Sendable, Equatable {
  package struct File: Sendable, Equatable {
    package var path: String
    /// False where the change took the file away.
    package var isPresent: Bool
    /// True where the change made the file.
    package var isNew: Bool
    /// The names that the file defines after the change; `nil` where it was not read.
    package var symbols: [String]?

    package init(
      path: String, isPresent: Bool = true, isNew: Bool = false, symbols: [String]? = nil
    ) {
      self.path = path
      self.isPresent = isPresent
      self.isNew = isNew
      self.symbols = symbols
    }
  }

  package var text: String
  package var files: [File]

  package init(text: String, files: [File]) {
    self.text = text
    self.files = files
  }
}

/// Finds the names that a source file defines, in most languages.
package enum DefinedSymbols {
  private static let keywords: Set<String> = [
    "def", "class", "func", "function", "fn", "struct", "enum", "interface", "trait", "type",
    "protocol",
    "module", "const", "define", "typedef", "actor", "extension", "impl", "sub", "table",
    "namespace",
  ]

  /// Words that may follow `const` and `typedef` in C and are no names.
  private static let types: Set<String> = [
    "char", "void", "bool", "struct", "enum", "union", "unsigned", "signed", "long", "short",
    "float",
    "double", "static", "const", "function", "class",
  ]

  /// Returns names of at least four characters, each once, at most 400.
  package static func of(_ content: [UInt8]) -> [String] {
    if content.prefix(8000).contains(0) { return [] }
    var result: Set<String> = []
    for line in content.split(separator: 0x0a) where line.count < 400 {
      guard let first = line.first else { continue }
      var words: [Substring] = []
      let text = String(decoding: line, as: UTF8.self)
      words = text.split(maxSplits: 12) { !($0.isLetter || $0.isNumber || $0 == "_") }
      for (word, next) in zip(words, words.dropFirst())
      where keywords.contains(String(word)) && next.utf8.count >= 4 && !types.contains(String(next))
      {
        result.insert(String(next))
      }
      // A function of C stands at the left of its line: `int name(`.
      let isWord = (0x61...0x7a).contains(first) || (0x41...0x5a).contains(first)
      if isWord, words.count > 1, let open = text.firstIndex(of: "("), !text.contains("=") {
        let name = text[..<open].split { !($0.isLetter || $0.isNumber || $0 == "_") }.last
        if let name, name.utf8.count >= 4, text[..<open].contains(" ") {
          result.insert(String(name))
        }
      }
      if result.count >= 400 { break }
    }
    return result.sorted()
  }
}
