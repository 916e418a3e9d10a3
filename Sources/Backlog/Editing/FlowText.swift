/// Where the parts of a YAML collection in brackets stand in a text.
struct FlowText {
  struct Entry {
    /// The key of a mapping, quotes included.
    var key: Range<Int>?
    /// Without the space around it; empty where there is none.
    var value: Range<Int>
    /// Key and value.
    var whole: Range<Int>
  }

  let isMapping: Bool
  let entries: [Entry]
  /// The bracket that opens it.
  let open: Int
  /// The bracket that closes it.
  let close: Int
  let hasComments: Bool

  /// - Parameter start: where its first bracket stands.
  /// - Returns: `nil` where there is no bracket, or where it is not closed.
  init?(_ text: [Unicode.Scalar], at start: Int) {
    guard text.indices.contains(start), text[start] == "{" || text[start] == "[" else { return nil }
    var scan = Scan(text: text, isMapping: text[start] == "{", at: start + 1)
    guard let end = scan.run() else { return nil }
    isMapping = scan.isMapping
    entries = scan.entries
    open = start
    close = end
    hasComments = scan.hasComments
  }

  static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r"
  }

  private struct Scan {
    let text: [Unicode.Scalar]
    let isMapping: Bool
    var at: Int
    var entries: [Entry] = []
    var hasComments = false
    private var first: Int?
    private var colon: Int?
    private var keyEnd = 0
    private var valueStart: Int?
    /// Behind what was read last.
    private var end = 0
    private var isQuotedKey = false
    private var open: [Unicode.Scalar] = []

    init(text: [Unicode.Scalar], isMapping: Bool, at: Int) {
      self.text = text
      self.isMapping = isMapping
      self.at = at
    }

    /// - Returns: where the closing bracket stands.
    mutating func run() -> Int? {
      let closer: Unicode.Scalar = isMapping ? "}" : "]"
      while at < text.count {
        let scalar = text[at]
        if FlowText.isSpace(scalar) {
          at += 1
        } else if scalar == "#", FlowText.isSpace(text[at - 1]) {
          hasComments = true
          while at < text.count, text[at] != "\n" { at += 1 }
        } else if open.isEmpty, scalar == "," || scalar == closer {
          if !finish(), scalar == "," { return nil }
          if scalar == closer { return at }
          at += 1
        } else {
          guard take(scalar) else { return nil }
        }
      }
      return nil
    }

    private mutating func finish() -> Bool {
      guard let first else { return false }
      let value = colon.map { (valueStart ?? $0 + 1)..<max(end, valueStart ?? $0 + 1) }
      entries.append(
        Entry(
          key: colon.map { _ in first..<keyEnd }, value: value ?? first..<end,
          whole: first..<end))
      self.first = nil
      colon = nil
      valueStart = nil
      isQuotedKey = false
      return true
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
      if isMapping, open.isEmpty, colon == nil, first != nil, scalar == ":", isKeyEnd {
        colon = at
        keyEnd = end
        at += 1
        end = at
        return true
      }
      if first == nil { first = at }
      if colon != nil, valueStart == nil { valueStart = at }
      if scalar == "\"" || scalar == "'", startsToken {
        guard let close = quoteEnd(scalar) else { return false }
        if colon == nil, open.isEmpty { isQuotedKey = true }
        at = close + 1
      } else {
        switch scalar {
        case "[": open.append("]")
        case "{": open.append("}")
        case "]", "}": if open.popLast() != scalar { return false }
        default: break
        }
        at += 1
      }
      end = at
      return true
    }

    private var isKeyEnd: Bool {
      guard at + 1 < text.count else { return false }
      return isQuotedKey || FlowText.isSpace(text[at + 1])
        || ",}".unicodeScalars.contains(text[at + 1])
    }

    /// Tells whether a quote stands where a text may begin, not within a plain one.
    private var startsToken: Bool {
      let before = text[at - 1]
      return FlowText.isSpace(before) || "[{,:".unicodeScalars.contains(before)
    }

    private func quoteEnd(_ quote: Unicode.Scalar) -> Int? {
      var place = at + 1
      while place < text.count {
        if text[place] == "\\", quote == "\"" {
          place += 1
        } else if text[place] == quote {
          // Two of them within single quotes stand for one.
          guard quote == "'", place + 1 < text.count, text[place + 1] == quote else { return place }
          place += 1
        }
        place += 1
      }
      return nil
    }
  }
}
