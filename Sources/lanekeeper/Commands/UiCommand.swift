import ArgumentParser
import Engine
import Foundation
import Processes

/// Serves over HTTP, by a program of its own.
struct UiCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ui", abstract: "Serve the web page to you, and MCP to agents, over HTTP.",
    discussion: """
      Example: lanekeeper ui --port 8420

      On loopback, unless --listen says otherwise. It prints a link that opens the page once in a browser
      (after that the browser is known, and a new link is printed), and the address and the token that
      agents send as `Authorization: Bearer …` to /mcp. Nothing is encrypted: from another machine use
      `ssh -L 8420:127.0.0.1:8420 HOST`, or a reverse proxy that does TLS, as docs/dashboard.md shows.
      See docs/mcp.md, too.
      """)
  @OptionGroup var project: ProjectOptions
  @Option(help: "The port; 0 takes any that is free.") var port = 8420
  @OptionGroup var place: PagePlace

  func validate() throws {
    guard (0...65535).contains(port) else {
      throw ValidationError("--port is a number from 0 to 65535")
    }
  }

  func run() throws {
    try PersonOnly.check("ui", self.project)
    _ = try project.project()
    try place.check()
    let words = [try UiProgram.path(), project.path] + place.words(port: port)
    var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    execv(words[0], &argv)
    throw Failure("\(words[0]) can't be started: \(String(cString: strerror(errno)))")
  }
}

/// The program that serves.
enum UiProgram {
  static func path() throws -> String { try HelperPrograms.path("lanekeeper-ui") }
}

/// The page beside a run: it is served for as long as the run goes on.
final class UiBesideRun {
  private let server: Foreground
  private let input = Pipe()

  init(_ project: Project, _ place: PagePlace) throws {
    let words = [try UiProgram.path(), project.directory] + place.words(port: 8420)
    // Agents must not hold it: the server ends when this process does.
    _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
    server = try Foreground(
      words + ["--with-input"], input: input.fileHandleForReading.fileDescriptor,
      sharesTerminal: false)
    try input.fileHandleForReading.close()
  }

  /// Ends it; it also ends by itself when this process is gone.
  func end() {
    try? input.fileHandleForWriting.close()
    server.wait()
  }
}
