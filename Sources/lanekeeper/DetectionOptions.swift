import ArgumentParser
import Backlog
import Engine
import Foundation

extension DetectionKind: ExpressibleByArgument {}

/// Who looks for dependencies that nobody declared.
struct DetectionOptions: ParsableArguments {
  @Option(
    help: """
      learned, agent or none: detect undeclared dependencies by a trained model, or by asking an \
      agent.
      """)
  var detect: DetectionKind?
  @Option(
    help: ArgumentHelp(
      "With --detect agent: an agent's name, anthropic:MODEL or openai:MODEL.", valueName: "who"))
  var ask: String?

  /// - Parameter usual: what is done where the command line says nothing.
  func detection(
    _ usual: DetectionKind, weights: String? = nil, _ project: Project?, onlyCached: Bool = false
  ) throws -> DependencyDetection {
    let asked = try ask.map { word in
      guard let asked = DetectionSource(word) else {
        throw Failure(
          "--ask takes an agent's name, anthropic:MODEL or openai:MODEL, not '\(word)'", status: 64)
      }
      return asked
    }
    return DependencyDetection(detect ?? (asked == nil ? usual : .agent), weights: weights) {
      guard let project else {
        return try DependencyAsker(asked, environment: ProcessInfo.processInfo.environment)
      }
      return try DependencyAsker(project, asked: asked, onlyCached: onlyCached)
    }
  }

  /// For `init` and `import`: the learned detector, unless an agent is set.
  func detectionWhereNothingIsDeclared(_ project: Project) throws -> DependencyDetection {
    try detection(project.detectionKind == .agent ? .agent : .learned, project)
  }
}
