import Backlog
import Model
import Processes

// Attempts: how a coding program is started on a feature, watched, and what becomes of its work.

/// The definition of a coding agent's program: how it is started and how its output is read.
///
/// It comes from a file, `templates/agents/<name>.yml` or `.lanekeeper/agents/<name>.yml`.
package struct AgentDefinition: Sendable, Equatable {
  package enum Launch: Sendable, Equatable {
    /// A shell command, run by `/bin/sh -c` in the lane.
    case shell(String)
    /// A program and its arguments, with placeholders such as `{model}`.
    case program(String, [String])
  }
  /// How the prompt reaches the program.
  package enum PromptInput: String, Sendable, CaseIterable {
    /// On standard input.
    case stdin
    /// In the arguments, where `{prompt}` stands; standard input is empty.
    case argument
    /// As a file, where `{prompt_file}` stands; standard input is empty.
    case file
  }
  /// Which variables of Lanekeeper's own environment the program gets.
  package struct Environment: Sendable, Equatable {
    /// All of them.
    package var passesAll = false
    /// Names, with `*` at the end for any ending, besides those that every program needs.
    package var pass: [String] = []
    /// Variables that are set, with placeholders.
    package var set: [String: String] = [:]
  }

  package var name: String
  /// The program's name for people.
  package var title: String
  package var launch: Launch
  /// How it is started to answer a question without tools, where it can be; else `nil`.
  package var ask: Launch?
  package var promptInput = PromptInput.stdin
  /// Arguments with which the program tells its version; empty where it has none.
  package var version: [String] = []
  /// The model's name for each tier.
  package var models: [String: String] = [:]
  /// All arguments for going on with an earlier session, where the program can.
  package var resume: [String]?
  /// Further arguments that limit the cost of an attempt, with `{budget}`.
  package var budget: [String] = []
  /// Further arguments that hand over the MCP server, with `{mcp_config}` or `{lanekeeper}`.
  package var mcp: [String] = []
  /// Further arguments that hand over the hook before edits, with `{hook_settings}`.
  package var hook: [String] = []
  package var environment = Environment()
  /// The check whether the program is logged in; `nil` where the definition has none.
  package var check: LoginCheck?
  package var output = OutputSettings()
  /// Exit statuses that tell of a limit.
  package var exits: [Int32: UsageLimit] = [:]
  /// Patterns of files that the program leaves in the lane and that are no work.
  package var litter: [String] = []
  /// Seconds between two starts of the program.
  package var staggerSeconds = 0.0
  /// Seconds of the first pause after an overload.
  package var backoffSeconds = 30.0
  /// Added to the scheduling priority.
  package var nice = 5
  /// The files of HOME that the program needs in a sandbox.
  package var sandbox = SandboxPaths()
  /// US dollars that an attempt is expected to cost before there is experience, for each tier.
  package var expectedCost: [String: Double] = [:]
  /// US dollars for a million tokens, for programs that tell tokens but no cost.
  package var prices: [String: TokenPrice] = [:]

  /// The program that is started, where that can be told.
  package var program: String? {
    switch launch {
    case .shell(let command): ShellCommand.program(of: command)
    case .program(let name, _): name
    }
  }

  /// The command line for people.
  package var commandLine: String {
    switch launch {
    case .shell(let command): command
    case .program(let name, let arguments): ([name] + arguments).joined(separator: " ")
    }
  }

  /// The model's name for a tier; the tier itself where the definition has none.
  package func modelName(_ tier: Tier) -> String {
    models[tier.rawValue] ?? tier.rawValue
  }
}

/// US dollars for a million tokens.
package struct TokenPrice: Sendable, Equatable {
  package var input: Double
  package var output: Double
  package var cached: Double
}

/// Why an agent can't be started.
package enum AgentError: Error, CustomStringConvertible, Equatable {
  case noCommand(String, known: [String])
  case programNotFound(agent: String, program: String)

  package var description: String {
    switch self {
    case .noCommand(let name, let known):
      "nothing says how the agent '\(name)' is started; write in lanekeeper.yml: "
        + "agents: {\(name): {run: ./agent.sh}}, or a definition in .lanekeeper/agents/\(name).yml"
        + (known.isEmpty
          ? "" : ", or choose one that is there with `agent:`: \(known.joined(separator: ", "))")
    case .programNotFound(let agent, let program):
      "the agent '\(agent)' starts '\(program)', which is not found; install it, or say where it is "
        + "in lanekeeper.yml: agents: {\(agent): {program: /path/to/\(program.lastComponent)}}"
    }
  }
}

extension String {
  fileprivate var lastComponent: Substring { split(separator: "/").last ?? "program" }
}
