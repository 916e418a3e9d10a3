import Model

/// The facts of a feature that decide its tier.
package struct FeatureFacts: Sendable, Equatable {
  package var category: String
  package var title: String
  package var description: String
  /// The number of steps.
  package var steps: Int
  /// The number of features that depend on it, directly or not.
  package var dependents: Int
  /// The expected number of paths that it touches.
  package var footprint: Int
  /// The tier that the backlog demands.
  package var override: Tier?

  package init(
    category: String, title: String, description: String, steps: Int = 0, dependents: Int = 0,
    footprint: Int = 0, override: Tier? = nil
  ) {
    self.category = category
    self.title = title
    self.description = description
    self.steps = steps
    self.dependents = dependents
    self.footprint = footprint
    self.override = override
  }
}

/// The results of one tier's attempts.
package struct PassRate: Sendable, Equatable {
  package var attempts: Int
  package var passed: Int

  package init(attempts: Int, passed: Int) {
    self.attempts = attempts
    self.passed = passed
  }
}

/// A tier and why it was taken.
package struct TierChoice: Sendable, Equatable {
  package var tier: Tier
  package var reason: String

  package init(tier: Tier, reason: String) {
    self.tier = tier
    self.reason = reason
  }
}

/// Chooses the tier for a feature.
package struct TierSelector: Sendable {
  package let choice: ModelChoice
  /// The results of this repository; they decide when difficulty does.
  private let bandit: TierBandit

  /// - Parameter bandit: `nil` for one that has seen nothing.
  package init(_ choice: ModelChoice, bandit: TierBandit? = nil) {
    self.choice = choice
    self.bandit = bandit ?? TierBandit(floors: choice.settings.categoryFloors)
  }

  /// Chooses: the feature's own model, then its category's, then keywords, then the fallback.
  package func choose(_ facts: FeatureFacts) -> TierChoice {
    if let tier = facts.override {
      return TierChoice(tier: tier, reason: "the backlog asks for \(tier.rawValue)")
    }
    if choice.byDifficulty { return chooseByDifficulty(facts) }
    let category = facts.category.lowercased()
    if let tier = choice.mapping[category], choice.available.contains(tier) {
      return TierChoice(tier: tier, reason: "category \(category)")
    }
    if choice.settings.autoDetectSimple {
      let text = facts.title + " " + facts.description
      if let word = Keywords.first(choice.settings.complexKeywords, in: text) {
        return TierChoice(tier: choice.best, reason: "complex: '\(word)'")
      }
      if let word = Keywords.first(choice.settings.simpleKeywords, in: text) {
        return TierChoice(tier: choice.cheapest, reason: "simple: '\(word)'")
      }
    }
    let fallback = choice.settings.fallbackModel
    return choice.available.contains(fallback)
      ? TierChoice(tier: fallback, reason: "the fallback model")
      : TierChoice(tier: choice.best, reason: "the best available model")
  }

  /// Returns the tier for the attempt after a failed one: one better, if there is one.
  package func nextTierUp(after tier: Tier) -> Tier {
    choice.available.filter { $0 < tier }.max() ?? tier
  }

  /// Lets the bandit weigh the difficulty against this repository's results.
  private func chooseByDifficulty(_ facts: FeatureFacts) -> TierChoice {
    // The same feature and the same past give the same choice; a new result gives a new draw.
    var seed: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in (facts.title + "\0" + facts.description).utf8 {
      seed = (seed ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    return bandit.choose(
      category: facts.category, difficulty: Difficulty(facts, choice.settings),
      available: choice.available, seed: seed &+ UInt64(bandit.count))
  }
}
