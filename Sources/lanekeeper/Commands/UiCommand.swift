import ArgumentParser
import Foundation
import Orchestrator

/// Serves over HTTP, by a program of its own.
struct UiCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ui", abstract: "Serve the web page to you, and MCP to agents, over HTTP.",
    discussion: """
      Example: lanekeeper ui --port 8420

      On loopback, unless --listen says otherwise. It prints a link that opens the page once in a browser
      (after that the browser is known, and a new link is printed), and the address and the token that
      agents send as `Authorization: Bearer …` to /mcp. See docs/dashboard.md and docs/mcp.md.
      """)
  @OptionGroup var project: ProjectOptions
  @Option(help: "The port; 0 takes any that is free.") var port = 8420
  @Option(help: ArgumentHelp("The address to listen on.", valueName: "address"))
  var listen = "127.0.0.1"
  @Flag(help: "With --listen beyond loopback: go on without encryption, and without being asked.")
  var unencrypted = false
  @Option(
    help: ArgumentHelp(
      "Encrypt, and show this certificate: a PEM file, with those that it was signed by.",
      valueName: "file"), completion: .file())
  var tlsCertificate: String?
  @Option(
    help: ArgumentHelp(
      "The key of --tls-certificate: a PEM file without passphrase.", valueName: "file"),
    completion: .file())
  var tlsKey: String?

  func validate() throws {
    guard (0...65535).contains(port) else {
      throw ValidationError("--port is a number from 0 to 65535")
    }
    guard (tlsCertificate == nil) == (tlsKey == nil) else {
      throw ValidationError(
        "--tls-certificate and --tls-key go together: a certificate and its key")
    }
    guard tlsCertificate == nil || !unencrypted else {
      throw ValidationError("--unencrypted and --tls-certificate exclude each other")
    }
  }

  func run() throws {
    try PersonOnly.check("ui")
    _ = try project.project()
    let isOpen = !UiProgram.isLoopback(listen)
    if isOpen, tlsCertificate == nil { try confirm() }
    let words =
      [try UiProgram.path(), project.path, listen, "\(port)", Lanekeeper.configuration.version]
      + (isOpen ? ["--open"] : [])
      + (tlsCertificate.flatMap { file in tlsKey.map { ["--tls", file, $0] } } ?? [])
    var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    execv(words[0], &argv)
    throw Failure("\(words[0]) can't be started: \(String(cString: strerror(errno)))")
  }

  /// Beyond loopback whoever is on the way can read along and come in.
  private func confirm() throws {
    let warning =
      "\(listen) can be reached from other machines, and nothing is encrypted: whoever is on the way "
      + "reads links and tokens, and can then give every command"
    if unencrypted { return Terminal.error("warning: \(warning)") }
    guard isatty(0) == 1 else {
      throw Failure(
        "\(warning). Give --tls-certificate and --tls-key, listen on loopback behind `ssh -L`, or "
          + "say --unencrypted",
        status: 64)
    }
    Terminal.error("\(warning). Type yes to go on:")
    guard readLine()?.trimmingCharacters(in: .whitespaces).lowercased() == "yes" else {
      throw Failure("nothing was started")
    }
  }
}

/// The program that serves.
enum UiProgram {
  static func path() throws -> String { try HelperPrograms.path("lanekeeper-ui") }

  static func isLoopback(_ address: String) -> Bool {
    if address == "localhost" || address == "::1" { return true }
    var four = in_addr()
    return address.hasPrefix("127.") && inet_pton(AF_INET, address, &four) == 1
  }
}

/// The page beside a run: it is served for as long as the run goes on.
final class UiBesideRun {
  private let process = Process()
  private let input = Pipe()

  init(_ project: Project) throws {
    process.executableURL = URL(fileURLWithPath: try UiProgram.path())
    process.arguments = [
      project.directory, "127.0.0.1", "8420", Lanekeeper.configuration.version, "--with-input",
    ]
    process.standardInput = input
    // Agents must not hold it: the server ends when this process does.
    _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
    try process.run()
  }

  /// Ends it; it also ends by itself when this process is gone.
  func end() {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}
