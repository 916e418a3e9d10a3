import ArgumentParser
import Foundation
import Orchestrator

/// Serves over HTTP, by a program of its own.
struct UiCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ui", abstract: "Serve agents as an MCP server over HTTP, at /mcp.",
    discussion: """
      Example: lanekeeper ui --port 8420

      On loopback, unless --listen says otherwise. It prints the address and the token that clients send
      as `Authorization: Bearer …`; docs/mcp.md explains the tools.
      """)
  @OptionGroup var project: ProjectOptions
  @Option(help: "The port; 0 takes any that is free.") var port = 8420
  @Option(help: ArgumentHelp("The address to listen on.", valueName: "address"))
  var listen = "127.0.0.1"

  func validate() throws {
    guard (0...65535).contains(port) else {
      throw ValidationError("--port is a number from 0 to 65535")
    }
  }

  func run() throws {
    _ = try project.project()
    let program = try HelperPrograms.path("lanekeeper-ui")
    let words = [program, project.path, listen, "\(port)", Lanekeeper.configuration.version]
    var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    execv(program, &argv)
    throw Failure("\(program) can't be started: \(String(cString: strerror(errno)))")
  }
}
