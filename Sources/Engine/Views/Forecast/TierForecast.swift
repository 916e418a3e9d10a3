import Backlog
import Model
import Planning
import Store

/// Which tier the first attempt on each feature would get as things are, and why.
package struct TierForecast: Sendable, Encodable, Equatable {
  package let feature: String
  package let tier: Tier
  package let reason: String

  /// - Parameter footprints: of the same backlog.
  package static func of(
    _ backlog: Backlog, _ choice: ModelChoice, _ footprints: [Footprint], store: Store?
  ) throws -> [TierForecast] {
    let bandit = choice.byDifficulty ? try PastResults.bandit(store, choice) : nil
    let selector = TierSelector(choice, bandit: bandit)
    let graph = DependencyGraph(backlog)
    let sizes = footprintSizes(footprints)
    return backlog.features.map { feature in
      let facts = FeatureFacts(
        category: feature.category, title: feature.title, description: feature.description,
        steps: feature.steps.count,
        dependents: choice.byDifficulty ? graph.closureCount(of: feature.id) : 0,
        footprint: max(feature.touches.count, sizes[feature.id] ?? 0),
        override: feature.model.flatMap(Tier.init(rawValue:)))
      let found = selector.choose(facts)
      return TierForecast(feature: feature.id, tier: found.tier, reason: found.reason)
    }
  }

  /// How many paths each feature is likely to touch.
  static func footprintSizes(_ footprints: [Footprint]) -> [String: Int] {
    Dictionary(
      footprints.map { ($0.feature, $0.paths.count { $0.likelihood >= 0.3 }) },
      uniquingKeysWith: { first, _ in first })
  }
}
