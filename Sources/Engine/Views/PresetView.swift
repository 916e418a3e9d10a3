import Model
import Planning

extension Preset {
  /// The presets as `presets --json` gives them.
  package static var allJSON: JSON { ["presets": .array(all.map(\.json))] }

  private var json: JSON {
    [
      "id": .string(id), "name": .string(name), "description": .string(description),
      "best_for": .string(bestFor), "models": .texts(models.map(\.rawValue)),
      "mapping": .object(
        mapping.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value.rawValue)) }),
    ]
  }
}
