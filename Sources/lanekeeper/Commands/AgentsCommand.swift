import Agents
import ArgumentParser
import Orchestrator
import Processes

/// Shows the agents.
struct AgentsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agents",
    abstract: "Show the agents of lanekeeper.yml and whether they are found.",
    discussion: "Example: lanekeeper agents")
  @OptionGroup var project: ProjectOptions
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    let project = try project.project()
    let configuration = project.configuration
    let names = Set(configuration.definitions.keys).union(configuration.agents).sorted()
    var rows: [[String]] = []
    var values: [JSONValue] = []
    for name in names {
      let definition = try? AgentDefinition.find(name, in: configuration)
      let found = definition.map { definition in
        definition.program.map {
          ShellCommand.exists(
            $0, directory: project.directory, path: project.environment["PATH"])
        } ?? true
      }
      let isChosen = configuration.agents.contains(name)
      rows.append([
        name, isChosen ? "chosen" : "",
        found == nil ? "no command" : found! ? "found" : "not found",
        definition?.command ?? "set agents: {\(name): {run: …}}",
      ])
      values.append([
        "name": .string(name), "run": .text(definition?.command), "found": .bool(found ?? false),
        "chosen": .bool(isChosen),
      ])
    }
    if json { return Terminal.line((["agents": .array(values)] as JSONValue).text) }
    for line in Terminal.table(["AGENT", "", "PROGRAM", "COMMAND"], rows) { Terminal.line(line) }
  }
}
