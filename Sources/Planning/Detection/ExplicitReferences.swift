import Backlog
import Foundation
import Model

/// Finds where a feature's text itself says that it needs another one, or is needed by it.
struct ExplicitReferences {
  /// A need that a text states.
  struct Need: Equatable {
    let child: Int
    let parent: Int
    /// Whether words such as `after` say it; else the text only names the other.
    let isSaid: Bool
    /// The feature in whose text it stands, and the words there.
    let source: Int
    let quote: String
  }

  /// What the words before a reference make of it.
  private enum Stance {
    case plain
    case need
    case needed
    case mention
  }

  /// The phrases that say what a reference is; the longest that fits counts.
  private static let cues: [[String]: Stance] = {
    let phrases: [(Stance, String)] = [
      (
        .need,
        """
        depends on|depend on|dependent on|depending on|depends upon|dependency|dependencies|blocked by|blocked on|\
        after|once|requires|require|requiring|needs|need|builds on|build on|builds upon|built on|on top of|waits for|wait for|\
        waiting for|waits on|waiting on|prerequisite|prerequisites|until|unless|as soon as|comes after
        """
      ),
      (
        .needed,
        """
        blocks|blocking|block|unblocks|needed by|needed for|required by|required for|prerequisite of|prerequisite for|\
        prerequisites for|before|prior to|precedes|dependency of
        """
      ),
      (
        .mention,
        """
        see|see also|like|alike|similar|similarly|unlike|duplicate|duplicates|duplicated|dup|dupe|related|relates|relation|cf|\
        compare|compared|same|mentioned|mentions|reported|reports|discussed|discussion|noticed|introduced|caused|\
        regression|fixed|fixes|fix|closes|closed|resolves|resolved|addresses|supersedes|superseded|replaces|instead|part of|split|\
        splits|inspired|context|tracked|tracks|consolidated|covered|covers|independent|conflicts|overlaps|refs|ref|references|\
        reference|thread|pr|prs|pull request|mr|merge request|comment|comments|commit|line|page no|reverts|merged|also in|\
        background|separate|follows up|besides|beside|than|cannot reproduce
        """
      ),
    ]
    var cues: [[String]: Stance] = [:]
    for (stance, list) in phrases {
      for phrase in list.split(separator: "|") {
        cues[phrase.split(separator: " ").map(String.init)] = stance
      }
    }
    return cues
  }()
  private static let headings: Set<String> = [
    "depends on", "dependencies", "blocked by", "requires", "needs", "prerequisites",
    "prerequisite",
    "after",
  ]
  private static let around = CharacterSet(charactersIn: " *_:#")
  private static let negations: Set<String> = ["not", "no", "never", "without", "t", "longer"]
  private static let nouns: Set<String> = [
    "task", "tasks", "issue", "issues", "feature", "features", "story", "stories", "ticket",
    "tickets", "item", "items", "card", "cards", "no", "nr", "gh",
  ]
  private static let openers: Set<String> = [":", ",", "the", "a", "an", "and", "both", "&"]
  /// Words at which the name of a feature ends.
  private static let ends: Set<String> = [
    "and", "or", "but", "so", "is", "are", "has", "have", "was", "were", "lands", "land", "landed",
    "exists", "exist", "works", "can", "could", "will", "which", "that", "for", "to", "because",
    "when", "before", "after", "if", "then", "we", "it", "they", "this", "merges", "ships",
  ]

  private let numbers: [String: Int]
  /// By feature, the stems of its title, and the title in plain letters.
  private let titles: [Set<String>]
  private let plainTitles: [String]
  /// By stem, the features whose title has it.
  private let holders: [String: [Int]]
  private let stop: Set<String>

  /// - Parameter stop: words that tell nothing.
  init(_ features: [Feature], stop: Set<String>) {
    self.stop = stop
    numbers = Dictionary(
      features.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    titles = features.map { Set(FeatureText.stems(Array($0.title.unicodeScalars), stop)) }
    plainTitles = features.map { Self.plain($0.title) }
    var holders: [String: [Int]] = [:]
    for (number, title) in titles.enumerated() {
      for stem in title { holders[stem, default: []].append(number) }
    }
    self.holders = holders
  }

  /// Returns what the texts say, each need once; what is said in words comes before what is only named.
  func needs(_ features: [Feature]) -> [Need] {
    var found: [Need] = []
    var links: [(need: Need, tracker: String)] = []
    for (number, feature) in features.enumerated() {
      read(feature.title, of: number, isTitle: true, isListed: false, &found, &links)
      let text = ([feature.description] + feature.steps).joined(separator: "\n")
      let body = MarkdownProse.withoutSpans(
        MarkdownProse.withoutBlocks(text, gap: " ; "), gap: " ; ")
      var isList = false
      for line in body.split(separator: "\n") {
        let (mark, text) = Self.unmarked(line)
        let bare = text.lowercased().trimmingCharacters(in: Self.around)
        if Self.headings.contains(bare) {
          isList = true
        } else if mark == .bullet || isList && text.hasPrefix("#") {
          read(text, of: number, isTitle: false, isListed: isList, &found, &links)
        } else {
          isList = false
          read(text, of: number, isTitle: false, isListed: false, &found, &links)
        }
      }
    }
    // Another tracker has the same numbers: of several, only the one most named is this backlog's.
    let counts = Dictionary(grouping: links, by: \.tracker).mapValues(\.count)
    let own = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    found += links.filter { $0.tracker == own }.map(\.need)
    var known: [[Int]: Int] = [:]
    var result: [Need] = []
    for need in found {
      if let at = known[[need.child, need.parent]] {
        if need.isSaid, !result[at].isSaid { result[at] = need }
      } else {
        known[[need.child, need.parent]] = result.count
        result.append(need)
      }
    }
    return result.filter { $0.isSaid } + result.filter { !$0.isSaid }
  }

  // MARK: Sentences

  /// A word, a number, a quoted text, or a sign.
  private struct Token {
    let text: Substring
    var lower: String { text.lowercased() }
    var isQuoted = false
    /// Whether a `#` stands directly before it, not itself behind a letter or a slash.
    var isMarked = false
  }

  /// - Parameter isListed: whether it stands below a heading such as `Depends on`.
  private func read(
    _ text: String, of source: Int, isTitle: Bool, isListed: Bool, _ found: inout [Need],
    _ links: inout [(need: Need, tracker: String)]
  ) {
    for sentence in Self.sentences(text) {
      let tokens = Self.tokens(sentence)
      let quote = sentence.trimmingCharacters(in: .whitespaces)
      var stance = isListed ? Stance.need : .plain
      var index = 0
      func add(_ other: Int, isSaid: Bool) {
        guard other != source, stance != .mention else { return }
        let (child, parent) = stance == .needed ? (other, source) : (source, other)
        found.append(
          Need(child: child, parent: parent, isSaid: isSaid, source: source, quote: quote))
      }
      if isListed {
        for other in named(tokens, from: 0, by: source, isThing: true) { add(other, isSaid: true) }
      }
      while index < tokens.count {
        let token = tokens[index]
        if !token.isQuoted, let (next, length) = Self.cue(tokens, at: index) {
          let before = tokens[max(0, index - 3)..<index].map(\.lower)
          let isDenied = before.contains(where: Self.negations.contains)
          switch (next, isDenied) {
          case (.need, true) where token.lower != "until" && token.lower != "unless":
            stance = .mention
          case (.needed, true): stance = .need
          default: stance = next
          }
          index += length
          if stance == .need {
            for other in named(tokens, from: index, by: source) { add(other, isSaid: true) }
          }
          continue
        }
        if let link = Self.link(token.text) {
          if stance == .need || stance == .needed, let other = numbers[link.number],
            other != source
          {
            let (child, parent) = stance == .needed ? (other, source) : (source, other)
            links.append(
              (
                Need(child: child, parent: parent, isSaid: true, source: source, quote: quote),
                link.tracker
              ))
          }
        } else if isTitle && index == 0 && token.isMarked {
          // The number that a title starts with is its own label.
        } else if let other = reference(tokens, at: index, stance) {
          add(other, isSaid: stance != .plain)
        }
        index += 1
      }
    }
  }

  /// Returns the feature that a token names by its id.
  private func reference(_ tokens: [Token], at index: Int, _ stance: Stance) -> Int? {
    let token = tokens[index]
    var name = String(token.text)
    let isMarked = token.isMarked || name.hasPrefix("GH-")
    if name.hasPrefix("GH-") { name.removeFirst(3) }
    guard !token.isQuoted, let number = numbers[name] else { return nil }
    if isMarked { return number }
    let isSaid = stance == .need || stance == .needed
    let isNumber = name.allSatisfy { $0.isASCII && $0.isNumber || $0 == "." }
    if isNumber {
      // `task 3`, `tasks 3, 4 and 5`
      var before = index - 1
      while before > 0, ["and", "or", ",", "&"].contains(tokens[before].lower) {
        before -= 1
        if tokens[before].text.allSatisfy({ $0.isASCII && $0.isNumber }) { before -= 1 }
      }
      return before >= 0 && Self.nouns.contains(tokens[before].lower)
        && (before == index - 1 || tokens[before].lower.hasSuffix("s")) ? number : nil
    }
    // An id that is a word counts only where a need is said.
    return isSaid ? number : nil
  }

  /// Returns the features whose titles follow a word such as `after`: quoted, or as a few words.
  private func named(
    _ tokens: [Token], from start: Int, by source: Int, isThing isMeant: Bool = false
  ) -> [Int] {
    var result: [Int] = []
    var index = start
    var isFirst = true
    while index < tokens.count {
      // Some of a title's words name it only where an article or a colon shows that a thing is meant.
      var isThing = isMeant
      while index < tokens.count, Self.openers.contains(tokens[index].lower) {
        isThing = isThing || tokens[index].lower == "the" || tokens[index].lower == ":"
        index += 1
      }
      guard index < tokens.count else { break }
      if tokens[index].isQuoted {
        guard let other = titled(String(tokens[index].text), by: source) else { break }
        result.append(other)
        index += 1
      } else {
        var phrase: [Substring] = []
        while index < tokens.count, phrase.count < 8, !tokens[index].isQuoted,
          !tokens[index].isMarked, tokens[index].text.contains(where: \.isLetter),
          !Self.ends.contains(tokens[index].lower), Self.cue(tokens, at: index) == nil
        {
          phrase.append(tokens[index].text)
          index += 1
        }
        guard
          let other = titled(phrase.joined(separator: " "), by: source, isLoose: isFirst && isThing)
        else { break }
        result.append(other)
      }
      isFirst = false
    }
    return result
  }

  /// Returns the one other feature that a text names by its title, or by most of its telling words.
  private func titled(_ text: String, by source: Int, isLoose: Bool = true) -> Int? {
    let plain = Self.plain(text)
    let stems = Set(FeatureText.stems(Array(text.unicodeScalars), stop))
    guard let rarest = stems.min(by: { (holders[$0]?.count ?? 0) < (holders[$1]?.count ?? 0) })
    else { return nil }
    let near = (holders[rarest] ?? []).filter { $0 != source && stems.isSubset(of: titles[$0]) }
    func only(_ numbers: [Int]) -> Int? { numbers.count == 1 ? numbers[0] : nil }
    if let same = only(near.filter { plainTitles[$0] == plain }) { return same }
    // One word alone is a title's whole, or a word like any other.
    if let same = only(near.filter { titles[$0] == stems && stems.count > 1 }) { return same }
    guard isLoose, stems.count > 1 else { return nil }
    return only(near.filter { stems.count * 2 >= titles[$0].count })
  }

  /// Returns the longest cue at a place, and its length.
  private static func cue(_ tokens: [Token], at index: Int) -> (Stance, Int)? {
    for length in [2, 1] where index + length <= tokens.count {
      let words = tokens[index..<(index + length)]
      guard !words.contains(where: { $0.isQuoted || $0.isMarked }) else { continue }
      if let stance = cues[words.map(\.lower)] { return (stance, length) }
    }
    return index + 3 <= tokens.count
      ? cues[tokens[index..<(index + 3)].map(\.lower)].map { ($0, 3) } : nil
  }

  // MARK: Text

  private enum Mark {
    case bullet
    case none
  }

  /// Takes a line's marks off: a bullet, a check box, a heading's `#`.
  private static func unmarked(_ line: Substring) -> (Mark, String) {
    var rest = line.drop { $0 == " " || $0 == "\t" }
    var mark = Mark.none
    if let first = rest.first, "-*+•".contains(first), rest.dropFirst().first == " " {
      mark = .bullet
      rest = rest.dropFirst(2)
      if rest.hasPrefix("[ ] ") || rest.lowercased().hasPrefix("[x] ") { rest = rest.dropFirst(4) }
    } else if rest.first == "#", let end = rest.firstIndex(where: { $0 != "#" }), rest[end] == " " {
      rest = rest[end...].dropFirst()
    }
    return (mark, String(rest))
  }

  /// Divides a line after full stops and their like; a stop inside a number or a name is none.
  private static func sentences(_ line: String) -> [Substring] {
    var result: [Substring] = []
    var start = line.startIndex
    var index = start
    while index < line.endIndex {
      let next = line.index(after: index)
      if ".!?;|".contains(line[index]), next == line.endIndex || line[next] == " " {
        result.append(line[start..<next])
        start = next
      }
      index = next
    }
    result.append(line[start...])
    return result
  }

  private static let quotes: [Character: Character] = ["\"": "\"", "“": "”", "„": "“", "«": "»"]

  private static func tokens(_ text: Substring) -> [Token] {
    var result: [Token] = []
    var index = text.startIndex
    var previous: Character = " "
    func isPart(_ character: Character) -> Bool {
      character.isLetter || character.isNumber || "_-./".contains(character)
    }
    while index < text.endIndex {
      let character = text[index]
      let after = text[text.index(after: index)...]
      if let close = quotes[character], let end = after.firstIndex(of: close) {
        result.append(Token(text: after[..<end], isQuoted: true))
        index = text.index(after: end)
      } else if text[index...].hasPrefix("http://") || text[index...].hasPrefix("https://") {
        let link = text[index...].prefix { !$0.isWhitespace && !")>]\"'".contains($0) }
        result.append(Token(text: link))
        index = link.endIndex
      } else if character.isLetter || character.isNumber {
        var word = text[index...].prefix(while: isPart)
        while let last = word.last, "_-./".contains(last) { word.removeLast() }
        let isMarked =
          previous == "#"
          && !(text[..<index].dropLast().last.map {
            $0.isLetter || $0.isNumber || "/>#&".contains($0)
          } ?? false)
        result.append(Token(text: word, isMarked: isMarked))
        index = word.endIndex
      } else {
        if ",:&".contains(character) { result.append(Token(text: text[index...].prefix(1))) }
        index = text.index(after: index)
      }
      previous = index > text.startIndex ? text[text.index(before: index)] : " "
    }
    return result
  }

  /// Reads a link to an issue: `https://HOST/OWNER/NAME/issues/3`.
  private static func link(_ text: Substring) -> (tracker: String, number: String)? {
    guard text.hasPrefix("http"), let range = text.range(of: "/issues/") else { return nil }
    let number = text[range.upperBound...].prefix { $0.isASCII && $0.isNumber }
    return number.isEmpty ? nil : (text[..<range.lowerBound].lowercased(), String(number))
  }

  /// A title without signs and case.
  private static func plain(_ text: String) -> String {
    text.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: " ")
  }
}
