import ArgumentParser
import Engine
import Foundation
import Model
import Planning

/// Shows or changes the user's model settings.
struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "Show or change which models are used.",
    discussion: "Example: lanekeeper models --preset economy --save",
    subcommands: [Show.self, Select.self], defaultSubcommand: Show.self)

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show the settings file, or change it with --save.",
      discussion: "Example: lanekeeper models --models opus,haiku --save")
    @OptionGroup var models: ModelOptions
    @Flag(help: "Write the change to ~/.autocoder/model_settings.json.") var save = false
    @Flag(help: "As JSON.") var json = false

    func run() throws {
      let path = Project.modelSettingsFile(ProcessInfo.processInfo.environment)
      var settings = try ModelSettingsFile.read(path) ?? ModelSettings()
      switch try models.wish() {
      case .preset(let id): settings.apply(try Preset.named(id))
      case .models(let tiers): settings.apply(tiers)
      case nil:
        guard !save else {
          throw Failure("--save needs --preset or --models, which say what to save", status: 64)
        }
      }
      if save { try ModelSettingsFile.write(settings, to: path) }
      if json { return Terminal.write(settings.text) }
      Terminal.line("\(save ? "Saved" : "Settings") (\(path)):")
      Terminal.line("   Preset: \(settings.preset ?? "custom")")
      Terminal.line(
        "   Available Models: \(settings.availableModels.map(\.rawValue).joined(separator: ", "))")
      Terminal.line("   Fallback: \(settings.fallbackModel.rawValue)")
      for (category, tier) in settings.categoryMapping.sorted(by: { $0.key < $1.key }) {
        Terminal.line("   \(category): \(tier.rawValue)")
      }
    }
  }

  struct Select: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "select", abstract: "Explain which tier a feature would get.",
      discussion: "Example: lanekeeper models select --category backend --title 'Fix typo'")
    @OptionGroup var project: ProjectOptions
    @OptionGroup var models: ModelOptions
    @Option(help: "The category, e.g. backend.") var category = ""
    @Option(help: "The title.") var title = ""
    @Option(help: "The description.") var description = ""
    @Flag(help: "As JSON.") var json = false

    func run() throws {
      let environment = ProcessInfo.processInfo.environment
      let wish = try models.wish()
      let choice: ModelChoice
      var bandit: TierBandit?
      if let project = try? Project.open(project.path, environment: environment) {
        choice = try project.models(wish)
        bandit = try PastResults.bandit(try project.existingStore(), choice)
      } else {
        choice = try ModelSettingsFile.choice(
          commandLine: wish, repository: nil, file: Project.modelSettingsFile(environment))
      }
      let result = TierSelector(choice, bandit: bandit).choose(
        FeatureFacts(
          category: category, title: title, description: description, steps: 0, dependents: 0,
          footprint: 0, override: nil))
      if json {
        Terminal.line(
          (["tier": .string(result.tier.rawValue), "reason": .string(result.reason)] as JSON)
            .text)
      } else {
        Terminal.line("\(result.tier.rawValue.uppercased()) (\(result.reason))")
      }
    }
  }
}
