/// What the choice of a tier looks at.
package struct FeatureFacts: Sendable, Equatable {
  package var category: String
  package var title: String
  package var description: String
  /// The number of steps.
  package var steps: Int
  /// How many features depend on it, directly or not.
  package var dependents: Int
  /// How many paths it is expected to touch.
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

/// How attempts of one tier went in this repository.
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
  /// Results of this repository by tier, for the feature's category.
  private let passRates: @Sendable (_ category: String) -> [Tier: PassRate]

  package init(
    _ choice: ModelChoice,
    passRates: @escaping @Sendable (_ category: String) -> [Tier: PassRate] = { _ in [:] }
  ) {
    self.choice = choice
    self.passRates = passRates
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

  /// Estimates difficulty from the text and the graph, then corrects it by what this repository has
  /// seen: a tier that passes under half of at least four attempts in the category is skipped.
  private func chooseByDifficulty(_ facts: FeatureFacts) -> TierChoice {
    let text = facts.title + " " + facts.description
    let complex = Keywords.all(choice.settings.complexKeywords, in: text)
    let simple = Keywords.all(choice.settings.simpleKeywords, in: text)
    var score = 2 * complex.count - 2 * simple.count
    score += min(3, facts.steps / 3) + min(3, facts.dependents / 2) + min(3, facts.footprint / 4)
    if ["testing", "documentation"].contains(facts.category.lowercased()) { score -= 2 }
    var parts: [String] = []
    if !complex.isEmpty { parts.append("complex: " + complex.joined(separator: ", ")) }
    if !simple.isEmpty { parts.append("simple: " + simple.joined(separator: ", ")) }
    if facts.steps > 0 { parts.append("\(facts.steps) steps") }
    if facts.dependents > 0 { parts.append("\(facts.dependents) dependents") }
    if facts.footprint > 0 { parts.append("\(facts.footprint) paths") }
    let wanted: Tier = score >= 3 ? .opus : score >= 0 ? .sonnet : .haiku
    var tier =
      choice.available.first { $0 == wanted } ?? choice.available.filter { $0 < wanted }.max()
      ?? choice.best
    var reason = "difficulty \(score)"
    if !parts.isEmpty { reason += " (\(parts.joined(separator: "; ")))" }
    let rates = passRates(facts.category)
    while let rate = rates[tier], rate.attempts >= 4, rate.passed * 2 < rate.attempts,
      nextTierUp(after: tier) != tier
    {
      reason += "; \(tier.rawValue) passed \(rate.passed) of \(rate.attempts) here"
      tier = nextTierUp(after: tier)
    }
    return TierChoice(tier: tier, reason: reason)
  }
}
