import Model

/// A named choice of tiers.
package struct Preset: Sendable, Equatable {
  package let id: String
  package let name: String
  package let description: String
  package let bestFor: String
  package let models: [Tier]
  /// The tier for each category; empty where difficulty decides.
  package let mapping: [String: Tier]

  /// The categories that each mapping names.
  package static let categories = [
    "frontend", "backend", "database", "testing", "documentation", "infrastructure",
  ]

  /// The five, in the order in which they are shown.
  package static let all = [
    Preset(
      id: "quality", name: "Quality (Opus Only)",
      description: "Maximum quality, highest cost. Opus for everything.",
      bestFor: "Critical production systems, complex architectures", models: [.opus],
      tiers: [.opus, .opus, .opus, .opus, .opus, .opus]),
    Preset(
      id: "balanced", name: "Balanced (Recommended for Pro)",
      description: "Opus for features, Haiku for tests and docs.",
      bestFor: "Most Pro users, optimal quality/cost balance", models: [.opus, .haiku],
      tiers: [.opus, .opus, .opus, .haiku, .haiku, .opus]),
    Preset(
      id: "economy", name: "Economy (Three-Tier)",
      description: "Opus for critical, Sonnet for standard, Haiku for simple work.",
      bestFor: "Cost optimization with quality where it matters", models: [.opus, .sonnet, .haiku],
      tiers: [.sonnet, .opus, .opus, .haiku, .haiku, .sonnet]),
    Preset(
      id: "cheap", name: "Cheap (No Opus)",
      description: "Sonnet for features, Haiku for tests and docs.",
      bestFor: "Budget-conscious, non-critical projects", models: [.sonnet, .haiku],
      tiers: [.sonnet, .sonnet, .sonnet, .haiku, .haiku, .sonnet]),
    Preset(
      id: "experimental", name: "Experimental (AI Selection)",
      description: "All models, chosen by estimated difficulty and past results.",
      bestFor: "Testing and experimentation", models: [.opus, .sonnet, .haiku], tiers: []),
  ]

  private init(
    id: String, name: String, description: String, bestFor: String, models: [Tier], tiers: [Tier]
  ) {
    self.id = id
    self.name = name
    self.description = description
    self.bestFor = bestFor
    self.models = models
    mapping = Dictionary(uniqueKeysWithValues: zip(Self.categories, tiers))
  }

  /// Finds a preset by its id.
  ///
  /// - Throws: ``ModelError/unknownPreset(_:)``.
  package static func named(_ id: String) throws(ModelError) -> Preset {
    guard let preset = all.first(where: { $0.id == id.lowercased() }) else {
      throw .unknownPreset(id)
    }
    return preset
  }
}
