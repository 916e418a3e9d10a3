import ArgumentParser
import CoordinationServer
import Foundation
import Git
import Orchestrator
import Store

/// Serves agents over standard input and output.
struct McpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mcp", abstract: "Serve agents as an MCP server on standard input and output.",
    discussion: """
      Example: claude mcp add lanekeeper -- lanekeeper mcp --project-dir .

      In a lane it acts for the lane's feature; elsewhere each call names its agent. docs/mcp.md
      explains the tools.
      """)
  @OptionGroup var project: ProjectOptions

  func run() async throws {
    // A client that goes away ends the server by the closed pipe, not by a signal.
    signal(SIGPIPE, SIG_IGN)
    let opened = try project.project()
    let store = try opened.store()
    let dispatcher = try ServerSetup.dispatcher(opened, store, directory: project.path)
    let server = StandardServer(dispatcher: dispatcher, output: 1)
    await server.run(input: 0)
  }
}

/// Puts the coordination server together for a project.
enum ServerSetup {
  /// - Parameter directory: where the server stands; a lane gives its identity.
  static func dispatcher(
    _ project: Project, _ store: Store, directory: String
  ) throws -> Dispatcher {
    let repository = try Repository(
      opening: try Repository.discover(from: directory) ?? directory,
      environment: project.environment)
    let caller = try Caller.find(gitDirectory: repository.gitDirectory, store: store)
    return Dispatcher(
      coordinator: Coordinator(
        store: store, workplace: try Workplace(project, store), caller: caller),
      version: Lanekeeper.configuration.version, tellsOfChanges: true)
  }
}
