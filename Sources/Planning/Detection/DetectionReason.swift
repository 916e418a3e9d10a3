import Backlog
import Model

/// Says in one sentence why one feature seems to need another.
enum DetectionReason {
  static func text(
    _ table: PairSignals, _ pair: PairSignals.Pair, _ child: Feature, _ parent: Feature
  ) -> String {
    let a = Int(pair.child)
    let b = Int(pair.parent)
    if table.texts[a].references.contains(parent.id) { return "Its text names #\(parent.id)." }
    if table.isPart(a, of: b) { return "Its id makes it a part of #\(parent.id)." }
    if table.isNext(a, after: b) { return "Its number follows that of #\(parent.id)." }
    if table.texts[b].references.contains(child.id) {
      return "The text of #\(parent.id) names #\(child.id)."
    }
    let names = table.texts[a].names.intersection(table.texts[b].names).filter { $0.count < 60 }
      .sorted { ($1.count, $0) < ($0.count, $1) }
    if pair.identifiers > 0.2, let name = names.first {
      return "It and #\(parent.id) both name \(name)."
    }
    let shared = titleWords(table, a, parent)
    if !shared.isEmpty {
      return "It speaks of \(list(shared)), which the title of #\(parent.id) has."
    }
    if pair.kind > 0.25 {
      return "\(kind(table, a)) work usually comes after \(kind(table, b).lowercased()) work, "
        + "which #\(parent.id) is."
    }
    if table.order[a] - table.order[b] == 1 { return "It follows #\(parent.id) in the list." }
    return "Both speak of the same things, and #\(parent.id) comes earlier in the list."
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
