import ArgumentParser
import Engine
import Foundation
import MCP
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
    let dispatcher = try Dispatcher(
      opened, store, directory: project.path, version: Lanekeeper.configuration.version)
    let server = StandardServer(dispatcher: dispatcher, output: 1)
    await server.run(input: 0)
  }
}
