import Foundation
import Model
import Store

/// Decides which agent takes a feature, and whether it may begin now: agents rest at limits, and
/// budgets run out.
struct AgentSelector: Sendable {
  enum Answer: Sendable {
    case start(AgentDefinition, allowance: Double?)
    /// It waits; in words for people.
    case wait(String)
  }

  let store: Store
  /// All definitions that the run may use.
  let agents: [String: AgentDefinition]
  /// The agents of a feature, the first that may work takes it.
  let names: @Sendable (FeatureRecord) -> [String]
  let participant: String
  let maxCost: Double?
  let maxFeatureCost: Double?

  /// Looks for an agent; a feature that has to wait is moved on.
  func choose(_ feature: FeatureRecord, tier: Tier) throws -> Answer {
    let pauses = Dictionary(
      try store.pauses().map { ($0.agent, $0) }, uniquingKeysWith: { first, _ in first })
    let definitions = names(feature).compactMap { agents[$0] }
    guard let definition = definitions.first(where: { pauses[$0.name] == nil }) else {
      let resting = definitions.compactMap { pauses[$0.name] }
      guard let first = resting.min(by: { ($0.until ?? .max) < ($1.until ?? .max) }) else {
        throw Failure("no agent is set for feature #\(feature.id)")
      }
      try store.waitForLimit(feature.id, until: first.until, detail: first.detail)
      let words = Wait.limit(until: first.until).words()
      let advice = first.advice.map { "; " + $0 } ?? ""
      return .wait("\(words) (\(first.agent): \(first.detail))\(advice)")
    }
    let expected =
      try store.usualCost(agent: definition.name, tier: tier)
      ?? definition.expectedCost[tier.rawValue] ?? 0
    switch try store.reserveCost(
      feature.id, participant: participant, expected: expected, maximum: maxCost,
      featureMaximum: maxFeatureCost)
    {
    case .granted(let allowance): return .start(definition, allowance: allowance)
    case .featureExceeded(let spent):
      let words = budget("limits.max_feature_cost_usd", maxFeatureCost, spent, expected)
      try store.transition(feature.id, from: [.ready], to: .failed, detail: words)
      try store.settleReadiness()
      return .wait(words)
    case .runExceeded(let spent):
      let words = budget("limits.max_cost_usd", maxCost, spent, expected)
      try store.transition(
        feature.id, from: [.ready], to: .waiting, wait: .budget, detail: words)
      return .wait(words)
    }
  }

  private func budget(_ key: String, _ bound: Double?, _ spent: Double, _ next: Double) -> String {
    String(
      format: "%@ is %.2f: %.2f is spent, and an attempt usually costs %.2f", key, bound ?? 0,
      spent,
      next)
  }
}
