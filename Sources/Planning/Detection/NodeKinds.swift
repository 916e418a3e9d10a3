/// Which kinds of work a feature is.
struct NodeKinds {
  /// From 0 to 1 for each kind of the lexicon.
  let kinds: [Double]
  /// The same, summing up to at most 1.
  let spread: [Double]
  /// From set-up (0) to deployment (1).
  let level: Double
  /// Whether the title tells each kind.
  let named: [Double]

  init(_ text: FeatureText, _ lexicon: KindLexicon) {
    var inTitle = Array(repeating: 0, count: lexicon.kinds.count)
    var inBody = inTitle
    for (stem, _) in text.title {
      for kind in lexicon.kindsOfStem[stem] ?? [] { inTitle[kind] += 1 }
    }
    for (stem, count) in text.body {
      for kind in lexicon.kindsOfStem[stem] ?? [] { inBody[kind] += count }
    }
    let total = 4 + Double(text.bodyCount)
    let kinds = zip(inTitle, inBody).map {
      max(min(1, 0.7 * Double($0)), min(0.4, 4 * Double($1) / total))
    }
    self.kinds = kinds
    let sum = max(kinds.reduce(0, +), 0.7)
    spread = kinds.map { $0 / sum }
    let squares = kinds.reduce(0) { $0 + $1 * $1 }
    level =
      (zip(kinds, lexicon.kinds).reduce(0) { $0 + $1.0 * $1.0 * $1.1.level } + 0.025)
      / (squares + 0.05)
    named = inTitle.map { $0 > 0 ? 1 : 0 }
  }
}
