import ArgumentParser
import ModelSelection

/// Shows the presets.
struct PresetsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "presets", abstract: "Show the five presets.",
    discussion: "Example: lanekeeper presets")
  @Flag(help: "As JSON.") var json = false

  func run() {
    guard json else { return Self.show() }
    let presets = Preset.all.map { preset -> JSONValue in
      [
        "id": .string(preset.id), "name": .string(preset.name),
        "description": .string(preset.description), "best_for": .string(preset.bestFor),
        "models": .texts(preset.models.map(\.rawValue)),
        "mapping": .object(
          preset.mapping.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value.rawValue)) }),
      ]
    }
    Terminal.line((["presets": .array(presets)] as JSONValue).text)
  }

  static func show() {
    for (number, preset) in Preset.all.enumerated() {
      if number > 0 { Terminal.line() }
      Terminal.line("📦 \(preset.id.uppercased())")
      Terminal.line("   Name: \(preset.name)")
      Terminal.line("   Models: \(preset.models.map(\.rawValue).joined(separator: ", "))")
      Terminal.line("   Best For: \(preset.bestFor)")
    }
  }
}
