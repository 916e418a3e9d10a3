import ArgumentParser

/// The program; without a command's name it is `run`.
struct Lanekeeper: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lanekeeper",
    abstract: "Builds a backlog of features with several coding agents at once on one repository.",
    discussion: """
      Each agent works in a lane of its own (a git worktree); files are claimed; finished features land
      in dependency order behind your gate.

      Start: lanekeeper init, then lanekeeper run --parallel 3
      """,
    version: Version.text,
    subcommands: [ReplayAgentCommand.self],
    groupedSubcommands: [
      CommandGroup(
        name: "Set up",
        subcommands: [
          InitCommand.self, DoctorCommand.self, ImportCommand.self, ExportCommand.self,
          HooksCommand.self,
        ]),
      CommandGroup(
        name: "Plan",
        subcommands: [
          PlanCommand.self, GraphCommand.self, PresetsCommand.self, ModelsCommand.self,
          AgentsCommand.self, ReplayCommand.self,
        ]),
      CommandGroup(
        name: "Run",
        subcommands: [
          RunCommand.self, WorkCommand.self, LandCommand.self, PauseCommand.self,
          ResumeCommand.self, StopCommand.self,
        ]),
      CommandGroup(
        name: "Look",
        subcommands: [
          StatusCommand.self, EventsCommand.self, LogsCommand.self, ExplainCommand.self,
          LanesCommand.self, ClaimsCommand.self, CheckCommand.self,
        ]),
      CommandGroup(
        name: "Steer",
        subcommands: [
          ClaimCommand.self, ReleaseCommand.self, SyncCommand.self, ReviewCommand.self,
          RetryCommand.self, AbandonCommand.self, ReopenCommand.self, UndoCommand.self,
        ]),
      CommandGroup(name: "Serve", subcommands: [McpCommand.self, UiCommand.self]),
    ],
    defaultSubcommand: RunCommand.self)
}
