import ArgumentParser
import Engine
import Model

/// Shows the agents.
struct AgentsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agents",
    abstract: "Show the agent definitions, which programs are found, and their versions.",
    discussion: """
      Example: lanekeeper agents

      A definition is a file: .lanekeeper/agents/NAME.yml overrides the installed ones.
      """)
  @OptionGroup var project: ProjectOptions
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    let (agents, problems) = AgentsView.all(try project.project(), asksVersions: true)
    if json {
      Terminal.line((["agents": .array(agents.map(\.json))] as JSON).text)
    } else {
      let rows = agents.map { agent in
        [
          agent.name, agent.definition?.title ?? agent.name, agent.isChosen ? "chosen" : "",
          agent.isFound.map { $0 ? "found" : "not found" } ?? "-", agent.version ?? "",
          agent.trouble ?? agent.definition?.commandLine ?? "",
        ]
      }
      let header = ["AGENT", "PROGRAM", "", "", "VERSION", "COMMAND"]
      for line in Terminal.table(header, rows) { Terminal.line(Terminal.cut(line, 160)) }
    }
    guard problems.isEmpty else {
      throw Failure(problems.joined(separator: "\n"), status: 65)
    }
  }
}
