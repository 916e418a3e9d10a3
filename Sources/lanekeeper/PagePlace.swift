import ArgumentParser
import Foundation
import Run

/// Where the web page is served, and how what goes over the line is protected.
struct PagePlace: ParsableArguments {
  @Option(help: ArgumentHelp("The address to listen on.", valueName: "address"))
  var listen = "127.0.0.1"
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
  @Flag(help: "With --listen beyond loopback: go on without encryption, and without being asked.")
  var unencrypted = false

  func validate() throws {
    guard (tlsCertificate == nil) == (tlsKey == nil) else {
      throw ValidationError(
        "--tls-certificate and --tls-key go together: a certificate and its key")
    }
    guard tlsCertificate == nil || !unencrypted else {
      throw ValidationError("--unencrypted and --tls-certificate exclude each other")
    }
  }

  /// Tells whether nothing of this was said.
  var isUsual: Bool { listen == "127.0.0.1" && tlsCertificate == nil && !unencrypted }

  /// The arguments of the program that serves, after the directory.
  func words(port: Int) -> [String] {
    var words = [listen, "\(port)", Lanekeeper.configuration.version]
    if let tlsCertificate, let tlsKey { words += ["--tls", tlsCertificate, tlsKey] }
    return words + (isOpen ? ["--open"] : [])
  }

  private var isOpen: Bool {
    if listen == "localhost" || listen == "::1" { return false }
    var four = in_addr()
    return !listen.hasPrefix("127.") || inet_pton(AF_INET, listen, &four) != 1
  }

  /// Asks, where others could read along: beyond loopback whoever is on the way can then come in.
  func confirm() throws {
    guard isOpen, tlsCertificate == nil else { return }
    let warning =
      "\(listen) can be reached from other machines, and nothing is encrypted: whoever is on the way "
      + "reads links and tokens, and can then give every command"
    if unencrypted { return Terminal.error("warning: \(warning)") }
    guard isatty(0) == 1 else {
      throw Failure(
        "\(warning). Give --tls-certificate and --tls-key, listen on loopback behind `ssh -L`, or say "
          + "--unencrypted", status: 64)
    }
    Terminal.error("\(warning). Type yes to go on:")
    guard readLine()?.trimmingCharacters(in: .whitespaces).lowercased() == "yes" else {
      throw Failure("nothing was started")
    }
  }
}
