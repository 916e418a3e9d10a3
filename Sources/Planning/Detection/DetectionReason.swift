import Backlog
import Model

/// Says in one sentence why one feature seems to need another.
enum DetectionReason {
  /// Returns the words of a text that state a need.
  static func text(_ need: ExplicitReferences.Need, _ features: [Feature]) -> String {
    let other = features[need.source == need.child ? need.parent : need.child].id
    let whose = need.source == need.child ? "Its text" : "The text of #\(features[need.source].id)"
    let quote = need.quote.unicodeScalars.filter { !$0.properties.isDefaultIgnorableCodePoint }
      .map { $0.value < 32 || (127...159).contains($0.value) ? " " : String($0) }.joined()
    guard need.isSaid, quote.count <= 120 else { return "\(whose) names #\(other)." }
    return "\(whose) says: “\(quote)”."
  }

  /// Returns what two features of a plan have to do with each other.
  static func text(_ table: PairSignals, _ pair: PairSignals.Pair, _ parent: Feature) -> String {
    let child = Int(pair.child)
    if table.isPart(child, of: Int(pair.parent)) {
      return "Its id makes it a part of #\(parent.id)."
    }
    if pair.kind > 0.25 {
      return "\(kind(table, child)) work usually comes after "
        + "\(kind(table, Int(pair.parent)).lowercased()) work, which #\(parent.id) is."
    }
    let words = titleWords(table, child, parent)
    if !words.isEmpty { return "It uses \(list(words)), which #\(parent.id) is to bring." }
    return "The backlog builds up like a plan, and #\(parent.id) usually comes before such work."
  }

  /// Returns the words of the parent's title that the child speaks of, the most telling first.
  private static func titleWords(_ table: PairSignals, _ child: Int, _ parent: Feature) -> [String]
  {
    var weights: [String: Double] = [:]
    for word in parent.title.split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
      for stem in FeatureText.stems(Array(word.unicodeScalars), []) {
        guard table.texts[child].title[stem] != nil || table.texts[child].body[stem] != nil,
          let number = table.words.numbers[stem]
        else { continue }
        weights[String(word), default: 0] += table.words.weights[Int(number)]
      }
    }
    return weights.filter { $0.value > 0.3 }.sorted { (-$0.value, $0.key) < (-$1.value, $1.key) }
      .prefix(3).map(\.key)
  }

  private static func list(_ words: [String]) -> String {
    let quoted = words.map { "“\($0)”" }
    guard let last = quoted.last, quoted.count > 1 else { return quoted.joined() }
    return quoted.dropLast().joined(separator: ", ") + " and " + last
  }

  private static func kind(_ table: PairSignals, _ feature: Int) -> String {
    let kinds = table.kinds[feature].kinds
    let best = kinds.indices.max { (kinds[$0], -$0) < (kinds[$1], -$1) } ?? 0
    return table.kindNames[best].prefix(1).uppercased() + table.kindNames[best].dropFirst()
  }
}
