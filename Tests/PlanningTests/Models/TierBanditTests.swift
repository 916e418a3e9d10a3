import Foundation
import Model
import PlanningSamples
import TestSupport
import Testing

@testable import Planning

@Suite(.bounded) struct TierBanditTests {
  private func choose(
    _ bandit: TierBandit, _ category: String, _ difficulty: Int = 0,
    available: [Tier] = Tier.allCases, seed: UInt64 = 1
  ) -> TierChoice {
    bandit.choose(
      category: category, difficulty: Difficulty(score: difficulty), available: available,
      seed: seed)
  }

  /// How often each tier is chosen in a hundred draws.
  private func shares(_ bandit: TierBandit, _ category: String, _ difficulty: Int = 0) -> [Tier:
    Int]
  {
    (0..<100).reduce(into: [:]) {
      $0[choose(bandit, category, difficulty, seed: UInt64($1) &* 7919).tier, default: 0] += 1
    }
  }

  @Test func withoutResultsDifficultyDecides() {
    let bandit = TierBandit(floors: [:])
    #expect(
      (-8...12).map { choose(bandit, "backend", $0).tier }
        == (-8...12).map {
          $0 < 0 ? .haiku : $0 <= 4 ? .sonnet : .opus
        })
    // The better tier is never thought worse, and the harder feature never easier.
    for difficulty in -10...14 {
      let chances = Tier.allCases.map { TierBandit.prior($0, difficulty: difficulty) }
      #expect(chances == chances.sorted(by: >) && chances.allSatisfy { (0.01...0.99).contains($0) })
      for tier in Tier.allCases {
        #expect(
          TierBandit.prior(tier, difficulty: difficulty + 1)
            <= TierBandit.prior(tier, difficulty: difficulty))
      }
    }
  }

  @Test func learnsWhatEachCategoryNeeds() {
    var bandit = TierBandit(floors: [:])
    bandit.add(category: "Docs", tier: .haiku, attempts: 30, passed: 30)
    bandit.add(category: "backend", tier: .haiku, attempts: 30, passed: 1)
    bandit.add(category: "backend", tier: .sonnet, attempts: 30, passed: 2)
    #expect(shares(bandit, "docs", 2) == [.haiku: 100])
    #expect(shares(bandit, "backend") == [.opus: 100])
    let reason = choose(bandit, "backend").reason
    #expect(reason.contains("here haiku passed 1 of 30, sonnet passed 2 of 30"), "\(reason)")
    // A category without results hears a quarter of what others say.
    let counts = bandit.counts(.sonnet, category: "frontend", difficulty: 0)
    #expect(abs(counts.passed + counts.failed - (TierBandit.priorWeight + 7.5)) < 1e-9)
  }

  @Test func aTierThatFailedAtFirstIsTriedAgain() {
    var bandit = TierBandit(floors: [:])
    bandit.add(category: "testing", tier: .haiku, attempts: 4, passed: 1)
    let shares = shares(bandit, "testing", -1)
    #expect((5...60).contains(shares[.haiku] ?? 0) && (shares[.sonnet] ?? 0) > 30, "\(shares)")
    let trial = (0..<100).map { choose(bandit, "testing", -1, seed: UInt64($0) &* 7919) }
      .first { $0.tier == .haiku }
    #expect(trial?.reason.contains("haiku is tried to learn") == true)
    // After many failures hardly ever.
    bandit.add(category: "testing", tier: .haiku, attempts: 40, passed: 0)
    #expect(self.shares(bandit, "testing", -1)[.haiku] == nil)
  }

  @Test func neverBelowTheFloorAndAlwaysExplained() {
    var bandit = TierBandit(floors: ["Database": .sonnet])
    bandit.add(category: "database", tier: .haiku, attempts: 50, passed: 50)
    for difficulty in -8...12 {
      for seed in 0..<20 as Range<UInt64> {
        let choice = choose(bandit, "database", difficulty, seed: seed)
        #expect(choice.tier != .haiku && choice.reason.contains("database takes at least sonnet"))
        #expect(
          choice.reason.contains("difficulty \(difficulty)")
            && choice.reason.contains("chance to pass: "))
      }
    }
    // Where only lesser tiers are there, the best of them.
    #expect(choose(bandit, "database", available: [.haiku]).tier == .haiku)
    #expect(choose(bandit, "other", available: [.sonnet, .haiku]).tier != .opus)
  }

  @Test func theSameSeedGivesTheSameChoice() {
    var bandit = TierBandit()
    bandit.add(category: "a", tier: .haiku, attempts: 6, passed: 3)
    for seed in 0..<50 as Range<UInt64> {
      #expect(choose(bandit, "a", seed: seed) == choose(bandit, "a", seed: seed))
    }
  }

  @Test func costsOfThisRepositoryCount() {
    var bandit = TierBandit(floors: [:])
    bandit.add(category: "a", tier: .haiku, attempts: 20, passed: 11)
    let before = shares(bandit, "a")[.haiku] ?? 0
    // Where haiku costs as much as sonnet, it is no bargain.
    bandit.learn(costs: [.haiku: 0.3, .sonnet: 0.3])
    #expect(before > 50 && (shares(bandit, "a")[.haiku] ?? 0) < 35)
    bandit.learn(costs: [.haiku: .nan, .sonnet: 0])
    #expect((shares(bandit, "a")[.haiku] ?? 0) < 35)
  }

  @Test func drawsHaveTheDistributionsMean() {
    for (a, b) in [(0.3, 0.7), (2.0, 3.0), (40.0, 5.0)] {
      var random = SeededRandom(seed: 5)
      let draws = (0..<4000).map { _ in random.beta(a, b) }
      #expect(abs(draws.reduce(0, +) / 4000 - a / (a + b)) < 0.02)
      #expect(draws.allSatisfy { (0...1).contains($0) })
    }
  }

  // MARK: over outcomes

  private var recorded: [RecordedOutcome] {
    get throws {
      let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../Tools/data/tier-outcomes.tsv")
      return try #require(BanditSimulation.read(try String(contentsOf: root, encoding: .utf8)))
    }
  }

  private func cost(_ outcomes: [RecordedOutcome], _ policy: BanditSimulation.Policy) -> Double {
    let runs = (1...20).map { BanditSimulation.run(outcomes, policy, seed: $0) }
    let all = BanditSimulation.run(outcomes, .always(.opus)).landed
    #expect(runs.allSatisfy { $0.landed == all }, "every policy lands the same features")
    return runs.map(\.cost).reduce(0, +) / 20
  }

  @Test func overRecordedOutcomesItCostsAFractionOfAlwaysOpus() throws {
    let outcomes = try recorded
    #expect(outcomes.count == 190)
    let learning = cost(outcomes, .learning)
    #expect(learning < 0.5 * cost(outcomes, .always(.opus)))
    // Haiku passes nearly all of them, so nothing beats it but who knows the outcomes.
    #expect(learning < 1.6 * cost(outcomes, .always(.haiku)))
    #expect(cost(outcomes, .oracle) < learning)
  }

  @Test func whereLesserTiersFailItCostsLessThanBoth() {
    for world in BanditWorld.all {
      let outcomes = world.outcomes(600, seed: 3)
      let learning = cost(outcomes, .learning)
      #expect(
        learning < 1.1 * min(cost(outcomes, .always(.opus)), cost(outcomes, .always(.haiku))),
        "\(world.name)")
    }
    let mixed = BanditWorld.all[0].outcomes(600, seed: 3)
    #expect(cost(mixed, .learning) < 0.85 * cost(mixed, .always(.opus)))
    #expect(cost(mixed, .learning) < cost(mixed, .always(.haiku)))
  }

  @Test func brokenTablesAreRefused() {
    #expect(BanditSimulation.read("") == nil)
    #expect(BanditSimulation.read("category\tdifficulty\nx\t1\n") == nil)
    #expect(BanditSimulation.read("category\tdifficulty\nx\tmany\n") == nil)
  }
}
