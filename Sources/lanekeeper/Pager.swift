import Foundation
import Git
import Processes

/// Hands a long text to the person's pager.
enum Pager {
  /// Writes a text: through a pager where standard output is a terminal, else as it is.
  ///
  /// - Parameter coloured: the same with colours, for a pager that does not set its own.
  static func show(_ text: String, coloured: String, _ repository: Repository) {
    guard Terminal.isTerminal, let pager = command(repository) else {
      return Terminal.write(Terminal.hasColour ? coloured : text)
    }
    let setsColours = ["delta", "bat"].contains(program(pager))
    for (name, value) in [("LESS", "FRX"), ("LV", "-c")] { setenv(name, value, 0) }
    let input = MemoryFile.make(
      holding: Array((setsColours || !Terminal.hasColour ? text : coloured).utf8))
    defer { close(input) }
    let status = try? Foreground.run(["/bin/sh", "-c", pager], input: input)
    // Not found, or not to be run.
    if status == nil || status == 127 || status == 126 { Terminal.write(coloured) }
  }

  /// Returns the pager set in git or the environment; else `delta` or `bat` where installed; else git's
  /// own choice.
  private static func command(_ repository: Repository) -> String? {
    let environment = ProcessInfo.processInfo.environment
    let isSet =
      environment["GIT_PAGER"] != nil || environment["PAGER"] != nil
      || (try? repository.git(["config", "core.pager"]))?.status == 0
    if !isSet {
      if isInstalled("delta", environment) { return "delta --paging=always" }
      if isInstalled("bat", environment) { return "bat --language=diff --style=plain" }
    }
    guard let found = try? repository.git(["var", "GIT_PAGER"]).text, !found.isEmpty,
      found != "cat", isSet || isInstalled(program(found), environment)
    else { return nil }
    return found
  }

  private static func program(_ command: String) -> String {
    let word = command.split(separator: " ").first.map(String.init) ?? ""
    return (word as NSString).lastPathComponent
  }

  private static func isInstalled(_ name: String, _ environment: [String: String]) -> Bool {
    (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":").contains {
      access("\($0)/\(name)", X_OK) == 0
    }
  }
}
