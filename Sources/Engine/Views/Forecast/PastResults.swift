import Model
import Planning
import Store

/// How attempts went in this repository, by tier and category.
package enum PastResults {
  /// Returns a bandit that has learned from the attempts whose result is known.
  ///
  /// An attempt has passed where its work landed without another one after it. It has failed where it ended so, or
  /// where another one had to follow, after a red gate or a review. One that was interrupted, or whose work
  /// has not landed yet, tells nothing.
  package static func bandit(_ store: Store?, _ choice: ModelChoice) throws -> TierBandit {
    var bandit = TierBandit(floors: choice.settings.categoryFloors)
    guard let store else { return bandit }
    let features = Dictionary(
      try store.features().map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var spent: [Tier: (sum: Double, count: Double)] = [:]
    for (id, attempts) in Dictionary(grouping: try store.attempts(), by: \.feature) {
      guard let feature = features[id] else { continue }
      let last = attempts.filter { $0.state != .interrupted }.map(\.number).max()
      for attempt in attempts {
        guard let tier = attempt.tier,
          let passed = result(attempt, isLast: attempt.number == last, feature)
        else { continue }
        bandit.add(category: feature.category, tier: tier, passed: passed ? 1 : 0)
        if attempt.costUSD > 0 {
          let before = spent[tier] ?? (0, 0)
          spent[tier] = (before.sum + attempt.costUSD, before.count + 1)
        }
      }
    }
    // A few attempts tell little of what the next will cost.
    bandit.learn(costs: spent.filter { $0.value.count >= 3 }.mapValues { $0.sum / $0.count })
    return bandit
  }

  private static func result(
    _ attempt: AttemptRecord, isLast: Bool, _ feature: FeatureRecord
  ) -> Bool? {
    switch attempt.state {
    case .running, .interrupted: return nil
    case .failed: return false
    case .completed:
      guard isLast else { return false }
      switch feature.state {
      case .landed, .undone: return true
      case .ready, .failed, .blocked, .changesRequested, .gateFailed:
        return feature.rework == nil ? nil : false
      default: return nil
      }
    }
  }
}
