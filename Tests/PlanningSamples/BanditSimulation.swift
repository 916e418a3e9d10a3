import Model
import Planning

/// A feature, and what each tier is known to make of it.
package struct RecordedOutcome: Sendable, Equatable {
  package var category: String
  package var difficulty: Int
  package var passes: [Tier: Bool]
  package var costs: [Tier: Double]

  package init(category: String, difficulty: Int, passes: [Tier: Bool], costs: [Tier: Double]) {
    self.category = category
    self.difficulty = difficulty
    self.passes = passes
    self.costs = costs
  }
}

/// Plays the choice of tiers through over recorded outcomes.
package enum BanditSimulation {
  package enum Policy: Sendable, Equatable {
    case learning
    case always(Tier)
    /// Knows the outcomes: the cheapest tier that passes.
    case oracle
  }

  package struct Result: Sendable, Equatable {
    package var landed = 0
    package var attempts = 0
    package var cost = 0.0
    /// Features by the tier of their first attempt.
    package var first: [Tier: Int] = [:]
  }

  /// Each feature is tried by the policy's tier, then by each better one, then by the lesser ones.
  ///
  /// So every policy lands the same features, those that some tier passes, and costs can be compared.
  ///
  /// - Parameter seed: another one makes other draws.
  package static func run(
    _ outcomes: [RecordedOutcome], _ policy: Policy, floors: [String: Tier] = [:], seed: UInt64 = 1
  ) -> Result {
    var bandit = TierBandit(floors: floors)
    var spent: [Tier: (sum: Double, count: Double)] = [:]
    var result = Result()
    let tiers = Tier.allCases.sorted()
    for (number, outcome) in outcomes.enumerated() {
      let start: Tier
      switch policy {
      case .always(let tier): start = tier
      case .oracle:
        let passing = tiers.filter { outcome.passes[$0] == true }
        start = passing.min { (outcome.costs[$0] ?? 0) < (outcome.costs[$1] ?? 0) } ?? tiers[0]
      case .learning:
        bandit.learn(costs: spent.filter { $0.value.count >= 3 }.mapValues { $0.sum / $0.count })
        start =
          bandit.choose(
            category: outcome.category, difficulty: Difficulty(score: outcome.difficulty),
            available: tiers, seed: (seed &+ UInt64(number)) &* 0x2545_f491_4f6c_dd1d
          ).tier
      }
      result.first[start, default: 0] += 1
      let way = [start] + tiers.filter { $0 < start }.reversed() + tiers.filter { $0 > start }
      for tier in way {
        let passed = outcome.passes[tier] ?? false
        let cost = outcome.costs[tier] ?? TierBandit.standardCosts[tier] ?? 1
        result.cost += cost
        result.attempts += 1
        let before = spent[tier] ?? (0, 0)
        spent[tier] = (before.sum + cost, before.count + 1)
        bandit.add(category: outcome.category, tier: tier, passed: passed ? 1 : 0)
        if passed {
          result.landed += 1
          break
        }
      }
    }
    return result
  }

  /// Reads a table of outcomes: tab-separated, `#` before comments, a header with the columns `category`,
  /// `difficulty`, `haiku_passed`, `haiku_cost` and so on for each tier.
  ///
  /// - Returns: `nil` for a table without these columns, or with a line that does not fit.
  package static func read(_ text: String) -> [RecordedOutcome]? {
    let lines = text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("#") }.map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
    guard let header = lines.first else { return nil }
    let columns = Dictionary(
      header.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    var result: [RecordedOutcome] = []
    for line in lines.dropFirst() {
      func field(_ name: String) -> String? {
        columns[name].flatMap { $0 < line.count ? line[$0] : nil }
      }
      guard let category = field("category"),
        let difficulty = field("difficulty").flatMap({ Int($0) })
      else { return nil }
      var outcome = RecordedOutcome(
        category: category, difficulty: difficulty, passes: [:], costs: [:])
      for tier in Tier.allCases {
        guard let passed = field("\(tier.rawValue)_passed"),
          let cost = field("\(tier.rawValue)_cost").flatMap({ Double($0) })
        else { return nil }
        outcome.passes[tier] = passed == "1"
        outcome.costs[tier] = cost
      }
      result.append(outcome)
    }
    return result
  }
}
