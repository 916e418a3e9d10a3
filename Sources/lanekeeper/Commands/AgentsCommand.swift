import Agents
import ArgumentParser
import Orchestrator
import Processes

/// Shows the agents.
struct AgentsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agents",
    abstract: "Show the agent definitions, which programs are found, and their versions.",
    discussion: """
      Example: lanekeeper agents

      A definition is a file: .lanekeeper/agents/NAME.yml comes before the installed ones.
      """)
  @OptionGroup var project: ProjectOptions
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    let project = try project.project()
    let catalogue = project.agents
    var rows: [[String]] = []
    var values: [JSONValue] = []
    var problems: [String] = []
    for name in Set(catalogue.names).union(project.configuration.agents).sorted() {
      let isChosen = project.configuration.agents.contains(name)
      var definition: AgentDefinition?
      var trouble: String?
      do {
        definition = try catalogue.definition(name)
      } catch AgentError.noCommand {
        trouble = "set agents: {\(name): {run: …}}"
      } catch {
        problems.append("\(error)")
        trouble = "its definition is wrong"
      }
      let found = definition.map { definition in
        definition.program.map {
          ShellCommand.exists(
            $0, directory: project.directory, path: project.environment["PATH"])
        } ?? true
      }
      let version = definition.flatMap { AgentProbe.version($0, project) }
      rows.append([
        name, definition?.title ?? name, isChosen ? "chosen" : "",
        found == nil ? "-" : found! ? "found" : "not found", version ?? "",
        trouble ?? definition?.commandLine ?? "",
      ])
      values.append([
        "name": .string(name), "title": .text(definition?.title), "found": .bool(found ?? false),
        "version": .text(version), "chosen": .bool(isChosen),
        "run": .text(definition?.commandLine), "file": .text(catalogue.file(of: name)),
        "problem": .text(trouble),
      ])
    }
    if json {
      Terminal.line((["agents": .array(values)] as JSONValue).text)
    } else {
      let header = ["AGENT", "PROGRAM", "", "", "VERSION", "COMMAND"]
      for line in Terminal.table(header, rows) { Terminal.line(Terminal.cut(line, 160)) }
    }
    guard problems.isEmpty else {
      throw Failure(problems.joined(separator: "\n"), status: 65)
    }
  }
}
