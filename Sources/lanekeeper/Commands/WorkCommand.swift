import ArgumentParser
import Engine
import Model
import Planning

/// One feature from claim to landing.
struct WorkCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "work", abstract: "Build one feature, from claim to landing.",
    discussion: """
      Example: lanekeeper work 7 --model opus

      Any number of these can run at once, beside a run or without one; it is the recipe of a make
      rule (`lanekeeper graph --format make`).

      Under make's job server (make -j) it waits for a required review, gives its token to others
      meanwhile, and continues after the verdict. Otherwise it ends with 75.
      """)

  @Argument(help: "The feature's id.") var id: String
  @OptionGroup var project: ProjectOptions
  @OptionGroup var models: ModelOptions
  @Option(help: "The tier: opus, sonnet or haiku.") var model: String?
  @Option(help: "The agent, by its name in lanekeeper.yml.") var agent: String?
  @Flag(
    inversion: .prefixedNo,
    help: "Wait for a person's verdict; by default under make's job server only.")
  var wait: Bool?

  mutating func run() async throws {
    var tier: Tier?
    if let model {
      do { tier = try Tier.list(model).first } catch {
        throw Failure("\(error)", status: 64)
      }
    }
    var project = try project.project()
    let call = MakeCall.current
    let store = try project.existingStore()
    if try store?.feature(id)?.state == .landed {
      return Terminal.line("feature #\(id) has landed already")
    }
    var options = RunOptions(
      kind: .work, parallel: 1, wish: try models.wish(), tier: tier, agent: agent, only: [id])
    if let jobs = call.jobServer {
      options.token = JobToken(jobs)
      project = try call.shared(project, takesTokens: false)
    }
    options.waitsForReview = wait ?? (call.jobServer != nil)
    try await RunDriver.run(project, options, store: store, isRecipe: call.isRecipe)
  }
}
