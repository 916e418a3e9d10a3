import Foundation
import Model

/// Chooses the cheapest tier that is likely to pass a feature, and learns from this repository's results.
///
/// For each tier the chance to pass is a beta distribution. Its prior is a guess by the feature's difficulty
/// and weighs as much as ``priorWeight`` attempts, so that results soon say more; those of the same category count
/// fully, those of others a quarter. As soon as there are results a draw from its distribution (Thompson, 1933)
/// stands for what a tier can do, so that one that is thought weak, or failed at first, gets its tries.
///
/// A failed attempt is followed by one with the next better tier. Among the tiers whose chance is at least
/// ``likely`` the one is taken with the least expected cost of that whole way; where none is, the best.
package struct TierBandit: Sendable, Equatable {
  /// The cost of an attempt relative to haiku without records: the ratio of list prices.
  package static let standardCosts: [Tier: Double] = [.haiku: 1, .sonnet: 3, .opus: 5]
  /// Below this chance a tier is not tried while a better one is there.
  package static let likely = 0.5
  /// The weight of the prior, in attempts.
  package static let priorWeight = 4.0
  /// The weight of a result of another category.
  package static let foreignShare = 0.25
  /// The value of a failed attempt's time, as a share of the cheapest attempt's cost.
  static let delay = 1.0
  /// Draws lie apart by these steps of the seed.
  private static let step: UInt64 = 0x9e37_79b9_7f4a_7c15

  /// The least tier of a category.
  private let floors: [String: Tier]
  private var results: [String: [Tier: PassRate]] = [:]
  private var costs = TierBandit.standardCosts

  package init(floors: [String: Tier] = ModelSettings.standardFloors) {
    self.floors = floors.reduce(into: [:]) { $0[$1.key.lowercased()] = $1.value }
  }

  /// Learns how attempts went.
  package mutating func add(category: String, tier: Tier, attempts: Int = 1, passed: Int) {
    let category = category.lowercased()
    var own = results[category]?[tier] ?? PassRate(attempts: 0, passed: 0)
    own.attempts += attempts
    own.passed += passed
    results[category, default: [:]][tier] = own
  }

  /// Learns what an attempt of each tier cost on average; tiers that are not named keep their ratio to those.
  package mutating func learn(costs known: [Tier: Double]) {
    let usable = known.filter { $0.value > 0 && $0.value.isFinite }
    guard let anchor = usable.min(by: { $0.key > $1.key }) else { return }
    let unit = anchor.value / (Self.standardCosts[anchor.key] ?? 1)
    costs = Self.standardCosts.mapValues { $0 * unit }.merging(usable) { $1 }
  }

  /// The number of attempts learned from.
  package var count: Int { results.values.flatMap(\.values).reduce(0) { $0 + $1.attempts } }

  /// Returns the guessed chance that a tier passes a feature of a difficulty.
  package static func prior(_ tier: Tier, difficulty: Int) -> Double {
    let (strength, steepness): (Double, Double) =
      switch tier {
      case .opus: (2.4, 0.15)
      case .sonnet: (1.4, 0.25)
      case .haiku: (-0.1, 0.35)
      }
    return 1 / (1 + exp(steepness * Double(max(-8, min(12, difficulty))) - strength))
  }

  /// Returns the parameters of a tier's distribution: what passed and what failed, the prior included.
  package func counts(
    _ tier: Tier, category: String, difficulty: Int
  ) -> (passed: Double, failed: Double) {
    let prior = Self.prior(tier, difficulty: difficulty)
    var passed = Self.priorWeight * prior
    var failed = Self.priorWeight * (1 - prior)
    for (name, tiers) in results {
      guard let result = tiers[tier] else { continue }
      let share = name == category.lowercased() ? 1 : Self.foreignShare
      passed += share * Double(result.passed)
      failed += share * Double(result.attempts - result.passed)
    }
    return (passed, failed)
  }

  /// Chooses among the available tiers.
  ///
  /// - Parameters:
  ///   - available: not empty.
  ///   - seed: makes the draws; the same seed gives the same choice.
  package func choose(
    category: String, difficulty: Difficulty, available: [Tier], seed: UInt64
  ) -> TierChoice {
    let category = category.lowercased()
    let floor = floors[category]
    let allowed = available.filter { tier in floor.map { tier <= $0 } ?? true }
    // Best first.
    let tiers = (allowed.isEmpty ? [available.min() ?? .opus] : allowed).sorted()
    var means: [Tier: Double] = [:]
    var chances: [Tier: Double] = [:]
    for (place, tier) in tiers.enumerated() {
      let counts = counts(tier, category: category, difficulty: difficulty.score)
      let mean = counts.passed / (counts.passed + counts.failed)
      means[tier] = mean
      var random = SeededRandom(seed: seed &+ UInt64(place) &* Self.step)
      chances[tier] = count > 0 ? random.beta(counts.passed, counts.failed) : mean
    }
    let ways = expectedCosts(tiers, chances)
    let likely = tiers.filter { chances[$0]! >= Self.likely }
    let tier = likely.min { (ways[$0]!, $0) < (ways[$1]!, $1) } ?? tiers[0]
    return TierChoice(
      tier: tier,
      reason: reason(
        tier, category, difficulty, means, isTrial: means[tier]! < Self.likely && tier != tiers[0],
        floor: floor.flatMap { least in available.contains { $0 > least } ? least : nil }))
  }

  /// The expected cost of finishing a feature, starting with each tier and moving up after each failure.
  private func expectedCosts(_ tiers: [Tier], _ chances: [Tier: Double]) -> [Tier: Double] {
    let delay = Self.delay * (costs.values.min() ?? 1)
    var ways: [Tier: Double] = [:]
    var above: Double?
    for tier in tiers {
      let cost = costs[tier] ?? 1
      let chance = max(0.05, chances[tier]!)
      // The best tier can only try again.
      let way = above.map { cost + (1 - chance) * (delay + $0) } ?? cost / chance
      ways[tier] = way
      above = way
    }
    return ways
  }

  private func reason(
    _ tier: Tier, _ category: String, _ difficulty: Difficulty, _ means: [Tier: Double],
    isTrial: Bool,
    floor: Tier?
  ) -> String {
    let chances = means.sorted { $0.key > $1.key }.map {
      "\($0.key.rawValue) \(Int(($0.value * 100).rounded())) %"
    }
    var parts = [difficulty.words, "chance to pass: " + chances.joined(separator: ", ")]
    let own = (results[category] ?? [:]).filter { $0.value.attempts > 0 }.sorted { $0.key > $1.key }
    if !own.isEmpty {
      parts.append(
        "here "
          + own.map { "\($0.key.rawValue) passed \($0.value.passed) of \($0.value.attempts)" }
          .joined(separator: ", "))
    }
    if isTrial { parts.append("\(tier.rawValue) is tried to learn") }
    if let floor { parts.append("\(category) takes at least \(floor.rawValue)") }
    return parts.joined(separator: "; ")
  }
}
