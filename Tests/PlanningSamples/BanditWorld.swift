import Planning

/// A made-up repository: the chance that each tier passes a feature of each category. For simulations alone.
package struct BanditWorld: Sendable {
  package var name: String
  /// For haiku, sonnet and opus.
  var chances: [(category: String, haiku: Double, sonnet: Double, opus: Double)]

  package static let all = [
    BanditWorld(
      name: "haiku does documents and tests, opus the rest",
      chances: [
        ("documentation", 0.95, 0.97, 0.98), ("testing", 0.85, 0.92, 0.95),
        ("frontend", 0.35, 0.75, 0.9), ("backend", 0.1, 0.4, 0.9),
      ]),
    BanditWorld(
      name: "haiku does nearly all",
      chances: [("frontend", 0.9, 0.94, 0.96), ("backend", 0.85, 0.92, 0.95)]),
    BanditWorld(
      name: "only opus does",
      chances: [("frontend", 0.05, 0.15, 0.9), ("backend", 0.02, 0.1, 0.85)]),
    BanditWorld(
      name: "sonnet does, haiku does not",
      chances: [("frontend", 0.15, 0.85, 0.92), ("backend", 0.1, 0.8, 0.9)]),
  ]

  /// Draws features in turn of each category; what a lesser tier passes a better one passes, too.
  package func outcomes(_ count: Int, seed: UInt64) -> [RecordedOutcome] {
    var random = SeededRandom(seed: seed)
    return (0..<count).map { number in
      let world = chances[number % chances.count]
      let luck = random.uniform()
      return RecordedOutcome(
        category: world.category, difficulty: 0,
        passes: [
          .haiku: luck < world.haiku, .sonnet: luck < world.sonnet, .opus: luck < world.opus,
        ],
        costs: TierBandit.standardCosts)
    }
  }
}
