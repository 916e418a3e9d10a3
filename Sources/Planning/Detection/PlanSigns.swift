import Foundation

/// What tells a plan, in which things build up from set-up to deployment, from a list of issues, wishes or chores.
///
/// `Tools/train-dependencies` defines the values a second time; a test compares both.
struct PlanSigns {
  /// The values in the order of ``names(_:)``.
  let values: [Double]

  /// The names of the values, by which the weights are kept.
  static func names(_ lexicon: KindLexicon) -> [String] {
    lexicon.kinds.map { "kind_" + $0.name } + [
      "builds", "changes", "troubles_title", "troubles", "person", "level_spread", "level_most",
      "kindless", "kinds",
    ]
  }

  private static let persons: Set<String> = ["my", "we", "me", "am", "ve"]

  init(_ texts: [FeatureText], _ kinds: [NodeKinds], _ lexicon: KindLexicon) {
    let count = Double(max(1, texts.count))
    func mean(_ value: (Int) -> Double) -> Double {
      texts.indices.reduce(0) { $0 + value($1) } / count
    }
    func share(_ holds: (Int) -> Bool) -> Double { mean { holds($0) ? 1 : 0 } }
    let levels = kinds.map { kind in
      let sum = zip(kind.named, lexicon.kinds).reduce(0) { $0 + $1.0 * $1.1.level }
      return (sum + 0.025) / (kind.named.reduce(0, +) + 0.05)
    }
    let middle = mean { levels[$0] }
    let spread = mean { (levels[$0] - middle) * (levels[$0] - middle) }.squareRoot()
    let numbers = lexicon.kinds.indices.map { kind in mean { kinds[$0].named[kind] }.squareRoot() }
    values =
      numbers + [
        share { texts[$0].allOfTitle.prefix(3).contains(where: lexicon.builds.contains) },
        share { texts[$0].allOfTitle.prefix(3).contains(where: lexicon.changes.contains) },
        share { texts[$0].allOfTitle.contains(where: lexicon.troubles.contains) },
        mean { min(1, Double(texts[$0].allOfBody.intersection(lexicon.troubles).count) / 4) },
        mean { min(1, Double(texts[$0].allOfBody.intersection(Self.persons).count) / 2) },
        spread, levels.max() ?? 0, share { kinds[$0].named.allSatisfy { $0 == 0 } },
        mean { kinds[$0].named.reduce(0, +) },
      ]
  }
}
