import Model
import Processes

/// An agent that a project can choose, with whether its program is there.
package struct AgentsView: Sendable {
  package let name: String
  package let definition: AgentDefinition?
  package let isChosen: Bool
  /// `nil` where there is no definition.
  package let isFound: Bool?
  package let version: String?
  package let file: String?
  package let trouble: String?

  /// As `agents --json` gives it.
  package var json: JSON {
    [
      "name": .string(name), "title": .text(definition?.title), "found": .bool(isFound ?? false),
      "version": .text(version), "chosen": .bool(isChosen),
      "run": .text(definition?.commandLine), "file": .text(file), "problem": .text(trouble),
    ]
  }

  /// Looks at every definition.
  ///
  /// - Parameter asksVersions: starts each program to ask it.
  /// - Returns: the agents, and what is wrong with definitions.
  package static func all(
    _ project: Project, asksVersions: Bool
  ) -> (agents: [AgentsView], problems: [String]) {
    let catalogue = project.agents
    var problems: [String] = []
    let names = Set(catalogue.names).union(project.configuration.agents).sorted()
    let agents = names.map { name -> AgentsView in
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
          ShellCommand.exists($0, directory: project.directory, path: project.environment["PATH"])
        } ?? true
      }
      return AgentsView(
        name: name, definition: definition,
        isChosen: project.configuration.agents.contains(name), isFound: found,
        version: asksVersions ? definition.flatMap { AgentProbe.version($0, project) } : nil,
        file: catalogue.file(of: name), trouble: trouble)
    }
    return (agents, problems)
  }
}
