import Model

/// Which tiers may be used, and how a category maps to them.
package struct ModelChoice: Sendable, Equatable {
  /// The preset in force; `nil` for a list of models.
  package var preset: String?
  /// Best first; not empty.
  package var available: [Tier]
  package var mapping: [String: Tier]
  /// Whether difficulty decides, not the mapping.
  package var byDifficulty: Bool
  package var settings: ModelSettings

  /// The best available tier.
  package var best: Tier { available.min() ?? .opus }
  /// The cheapest available tier.
  package var cheapest: Tier { available.max() ?? .haiku }

  /// One level's wish: a preset, or a list of models.
  package enum Wish: Sendable, Equatable {
    case preset(String)
    case models([Tier])
  }

  /// Settles which wish counts: command line over repository over the user's file over defaults.
  ///
  /// - Parameter settings: the user's file; `nil` where there is none.
  /// - Throws: ``ModelError/unknownPreset(_:)``.
  package static func resolve(
    commandLine: Wish?, repository: Wish?, settings: ModelSettings?
  ) throws(ModelError) -> ModelChoice {
    let saved = settings ?? ModelSettings()
    switch commandLine ?? repository {
    case .preset(let id):
      let preset = try Preset.named(id)
      return ModelChoice(
        preset: preset.id, available: preset.models, mapping: preset.mapping,
        byDifficulty: preset.mapping.isEmpty, settings: saved)
    case .models(let models):
      return ModelChoice(
        preset: nil, available: models.sorted(), mapping: saved.categoryMapping,
        byDifficulty: false, settings: saved)
    case nil:
      return ModelChoice(
        preset: saved.preset, available: saved.availableModels.sorted(),
        mapping: saved.categoryMapping, byDifficulty: saved.preset == "experimental",
        settings: saved)
    }
  }
}
