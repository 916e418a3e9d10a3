import Backlog
import Processes

// Agents: how a coding program is started on a feature, watched, and what becomes of its work.

/// A coding program as `lanekeeper.yml` names it.
package struct AgentDefinition: Sendable, Equatable {
  package let name: String
  /// The shell command that is run in the lane.
  package let command: String

  /// Finds an agent by name.
  ///
  /// - Throws: ``AgentError`` where nothing says how it is started.
  package static func find(
    _ name: String, in configuration: Configuration
  ) throws(AgentError) -> AgentDefinition {
    guard let run = configuration.definitions[name]?.run, !run.isEmpty else {
      throw .noCommand(name, known: configuration.definitions.keys.sorted())
    }
    return AgentDefinition(name: name, command: run)
  }

  /// The program that the command starts, where its first word says so plainly.
  package var program: String? { ShellCommand.program(of: command) }
}

/// Why an agent can't be started.
package enum AgentError: Error, CustomStringConvertible, Equatable {
  case noCommand(String, known: [String])
  case programNotFound(agent: String, program: String)

  package var description: String {
    switch self {
    case .noCommand(let name, let known):
      "nothing says how the agent '\(name)' is started; write in lanekeeper.yml: "
        + "agents: {\(name): {run: ./agent.sh}}"
        + (known.isEmpty
          ? "" : ", or choose one that is there with `agent:`: \(known.joined(separator: ", "))")
        + ". (Built-in definitions of Claude Code, Codex and aider are not there yet.)"
    case .programNotFound(let agent, let program):
      "the agent '\(agent)' starts '\(program)', which is not found; install it, or correct "
        + "`agents: {\(agent): {run: …}}` in lanekeeper.yml"
    }
  }
}
