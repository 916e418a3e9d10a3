import ArgumentParser
import Backlog
import Engine
import Foundation

/// Who looks for dependencies, as the command line says.
enum DetectionChoice: String, CaseIterable, ExpressibleByArgument {
  case auto, learned, agent, none
}

/// Who looks for dependencies that nobody declared.
struct DetectionOptions: ParsableArguments {
  @Option(
    name: .customLong("detect"),
    help: """
      learned, agent or none: detect undeclared dependencies by a trained model, or by asking an \
      agent. auto: as lanekeeper.yml says; on a terminal import and init offer to ask the agent.
      """)
  var choice = DetectionChoice.auto
  @Option(
    help: ArgumentHelp(
      "With --detect agent: an agent's name, anthropic:MODEL or openai:MODEL.", valueName: "who"))
  var ask: String?

  /// What the command line asks for; `nil` where it leaves that to the settings.
  var detect: DetectionKind? { DetectionKind(rawValue: choice.rawValue) }

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

  /// For `init` and `import`: the learned detector, unless an agent is set or a person agrees to ask one.
  ///
  /// - Parameter offers: false where nobody is to be asked anything.
  func detectionWhereNothingIsDeclared(
    _ project: Project, _ backlog: Backlog, offers: Bool = true
  ) throws -> DependencyDetection {
    let isAgreed =
      offers && detect == nil && ask == nil && project.detectionKind != .agent
      && isatty(0) == 1 && Terminal.isTerminal && backlog.features.count > 1
      && backlog.features.allSatisfy(\.dependencies.isEmpty)
      && agrees(DependencyAsker.offer(project, backlog))
    return try detection(
      isAgreed || project.detectionKind == .agent ? .agent : .learned, project)
  }

  /// Asks the person; Enter is yes.
  private func agrees(_ offer: DependencyAsker.Offer?) -> Bool {
    guard let offer else { return false }
    Terminal.line(
      "No dependency is declared. \(offer.name) can be asked which feature needs which. It gets the texts "
        + "of the features (\(offer.characters) characters) and nothing else, and may take two minutes."
    )
    Terminal.write("Ask it? [Y/n] ")
    guard let answer = readLine() else {
      Terminal.line()
      return false
    }
    return ["", "y", "yes"].contains(answer.lowercased().filter { !$0.isWhitespace })
  }
}
