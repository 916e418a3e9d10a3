import ArgumentParser
import ModelSelection
import Orchestrator

/// One feature from claim to landing.
struct WorkCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "work", abstract: "Build one feature, from claim to landing.",
    discussion: """
      Example: lanekeeper work 7 --model opus

      Any number of these can run at once, beside a run or without one; it is the recipe of a make
      rule (`lanekeeper graph --format make`).
      """)

  @Argument(help: "The feature's id.") var id: String
  @OptionGroup var project: ProjectOptions
  @OptionGroup var models: ModelOptions
  @Option(help: "The tier: opus, sonnet or haiku.") var model: String?
  @Option(help: "The agent, by its name in lanekeeper.yml.") var agent: String?

  mutating func run() async throws {
    var tier: Tier?
    if let model {
      do { tier = try Tier.list(model).first } catch {
        throw Failure("\(error)", status: 64)
      }
    }
    try await RunDriver.run(
      try project.project(),
      RunOptions(
        kind: .work, parallel: 1, wish: try models.wish(), tier: tier, agent: agent, only: [id]))
  }
}
