import ArgumentParser
import Engine
import Planning

/// Shows the presets.
struct PresetsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "presets", abstract: "Show the five presets.",
    discussion: "Example: lanekeeper presets")
  @Flag(help: "As JSON.") var json = false

  func run() {
    guard json else { return Self.show() }
    Terminal.line(Preset.allJSON.text)
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
