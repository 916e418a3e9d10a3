import Foundation
import Processes

extension Project {
  /// The agents that this repository and this installation know.
  package var agents: AgentCatalogue {
    AgentCatalogue(
      directories: [directory + "/.lanekeeper/agents"] + InstalledTemplates.directories("agents"),
      settings: configuration.definitions)
  }

  package var prompts: PromptTemplates {
    PromptTemplates(
      directories: [directory + "/.lanekeeper/prompts"] + InstalledTemplates.directories("prompts"))
  }
}

/// The templates that come with the program.
package enum InstalledTemplates {
  /// Directories or files of that name: in `share/lanekeeper` beside an installed program's `bin` or
  /// `libexec/lanekeeper`, or in the source tree that it was built in.
  package static func directories(_ name: String) -> [String] {
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent()
    var found = ["..", "../.."].map {
      own.appendingPathComponent("\($0)/share/lanekeeper/templates/\(name)").path
    }
    var directory = own
    for _ in 0..<6 {
      found.append(directory.appendingPathComponent("templates/\(name)").path)
      directory = directory.deletingLastPathComponent()
    }
    return found.filter { FileManager.default.fileExists(atPath: $0) }
  }
}

/// Asks agent programs which version they are.
package enum AgentProbe {
  /// The first line that the program prints; `nil` where it is not found or does not say.
  package static func version(_ definition: AgentDefinition, _ project: Project) -> String? {
    guard case .program(let program, _) = definition.launch, !definition.version.isEmpty,
      ShellCommand.exists(program, directory: project.directory, path: project.environment["PATH"])
    else { return nil }
    let result = try? Command.runBlocking(
      [program] + definition.version, directory: project.directory,
      environment: project.environment, timeoutSeconds: 20, outputLimit: 4096)
    guard let result, result.status == 0 else { return nil }
    return result.text.split(separator: "\n").first.map(String.init)
  }
}
