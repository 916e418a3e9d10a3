import ArgumentParser
import Engine
import Foundation
import Processes

/// The make that this program was started by, if any.
struct MakeCall {
  let flags: MakeFlags
  /// Whether this program is (part of) a recipe.
  let isRecipe: Bool
  let jobServer: JobServer?

  static let current = MakeCall(ProcessInfo.processInfo.environment)

  init(_ environment: [String: String]) {
    flags = MakeFlags(environment["MAKEFLAGS"] ?? "")
    isRecipe = environment["MAKELEVEL"].flatMap { Int($0) } ?? 0 > 0
    jobServer = isRecipe ? flags.jobServer.flatMap(JobServer.init(address:)) : nil
  }

  /// Returns a project whose gates share make's job server, where there is one.
  func shared(_ project: Project, takesTokens: Bool) throws -> Project {
    guard let jobServer else { return project }
    return try project.sharing(
      jobServer, count: flags.jobs ?? "-j", takesTokens: takesTokens)
  }

  /// Returns the line to print in place of any action where make runs dry (`-n`, `-t`, `-q`): it
  /// runs recipes that begin with `+` then, too.
  func dryWords(_ command: any ParsableCommand) -> String? {
    guard isRecipe, flags.isDry, changesAnything(command) else { return nil }
    let words = CommandLine.arguments.dropFirst().map(Self.quoted)
    return (["lanekeeper"] + words).joined(separator: " ")
  }

  private func changesAnything(_ command: any ParsableCommand) -> Bool {
    switch command {
    case is StatusCommand, is GraphCommand, is EventsCommand, is LogsCommand, is ExplainCommand,
      is LanesListCommand, is ClaimsCommand, is CheckCommand, is PlanCommand, is PresetsCommand,
      is AgentsCommand, is ExportCommand:
      false
    case let review as ReviewCommand: review.givesVerdict
    default: true
    }
  }

  private static func quoted(_ word: String) -> String {
    let isPlain = word.allSatisfy {
      $0.isASCII && ($0.isLetter || $0.isNumber || "._-/=".contains($0))
    }
    return isPlain && !word.isEmpty
      ? word : "'" + Terminal.visibleLine(word).replacingOccurrences(of: "'", with: "'\\''") + "'"
  }
}
