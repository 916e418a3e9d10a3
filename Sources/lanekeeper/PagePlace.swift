import ArgumentParser
import Engine
import Foundation

/// The address at which the web page is served.
struct PagePlace: ParsableArguments {
  @Option(help: ArgumentHelp("The address to listen on.", valueName: "address"))
  var listen = "127.0.0.1"
  @Flag(help: "Allow --listen beyond loopback, where others can read links and tokens.")
  var unencrypted = false

  /// True if neither option was given.
  var isUsual: Bool { listen == "127.0.0.1" && !unencrypted }

  /// The arguments of the program that serves, after the directory.
  func words(port: Int) -> [String] {
    [listen, "\(port)", Lanekeeper.configuration.version] + (isOpen ? ["--open"] : [])
  }

  private var isOpen: Bool {
    if listen == "localhost" || listen == "::1" { return false }
    var four = in_addr()
    return !listen.hasPrefix("127.") || inet_pton(AF_INET, listen, &four) != 1
  }

  /// Refuses an address beyond loopback unless `--unencrypted` was given; warns then.
  ///
  /// - Throws: ``Failure`` that names the encrypted ways.
  func check() throws {
    guard isOpen else { return }
    let warning =
      "\(listen) can be reached from other machines, and nothing is encrypted: whoever is on the way "
      + "reads links and tokens, and can then give every command"
    if unencrypted { return Terminal.error("warning: \(warning)") }
    throw Failure(
      "\(warning). Listen on loopback instead, and reach the page by `ssh -L 8420:127.0.0.1:8420 HOST` or "
        + "through a reverse proxy with TLS (docs/dashboard.md shows one); or accept that with --unencrypted",
      status: 64)
  }
}
