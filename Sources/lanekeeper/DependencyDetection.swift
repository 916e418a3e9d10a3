import ArgumentParser
import Backlog
import Foundation
import Orchestrator
import Planning

/// Who looks for dependencies that nobody declared.
enum DetectionKind: String, ExpressibleByArgument, CaseIterable { case learned, none }

/// Detects dependencies for the commands that can.
enum DependencyDetection {
  /// Makes the detector of the weights that come with the program, or of a file.
  static func detector(weights: String?) throws -> Detector {
    let text =
      try weights.map { try InputFile.read($0) }
      ?? Templates.text(
        "planning/dependencies.json")
    let lexicon = try Templates.text("planning/kinds.json")
    do {
      return Detector(
        weights: try DetectorWeights(json: Data(text.utf8)),
        lexicon: try KindLexicon(json: Data(lexicon.utf8)))
    } catch let problem as DetectorProblem {
      throw Failure("\(weights ?? "planning/dependencies.json"): \(problem)", status: 65)
    } catch {
      throw Failure(
        "\(weights ?? "planning/dependencies.json") holds no weights of a detector; "
          + "Tools/train-dependencies writes them", status: 65)
    }
  }

  /// Fills in dependencies where a backlog has none at all; tells how many.
  static func fill(_ backlog: Backlog) throws -> (backlog: Backlog, edges: Int) {
    guard backlog.features.count > 1, backlog.features.allSatisfy(\.dependencies.isEmpty) else {
      return (backlog, 0)
    }
    let found = try detector(weights: nil).detect(backlog).edges
    return (backlog.adding(found), found.count)
  }

  /// What `init` and `import` say after ``fill(_:)``.
  static func note(_ edges: Int) -> String {
    "no dependency was declared; \(edges) were detected and stand in features.yml with confidence "
      + "and reason: look through them with `lanekeeper plan` (`--detect none` leaves this)"
  }
}
