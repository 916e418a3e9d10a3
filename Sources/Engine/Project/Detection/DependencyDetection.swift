import Backlog
import Foundation
import Planning

/// Who looks for dependencies that nobody declared.
package enum DetectionKind: String, CaseIterable, Sendable { case learned, agent, none }

/// Looks for dependencies that a backlog does not declare.
package struct DependencyDetection: Sendable {
  /// The result of a detection and its source.
  package struct Outcome: Sendable {
    package var result = Detector.Result()
    /// Notes for the person, such as that the agent could not be asked.
    package var notes: [String] = []
    /// Who was asked; `nil` for the learned detector.
    package var by: String?

    package init() {}
  }

  private let kind: DetectionKind
  private let weights: String?
  private let asker: @Sendable () throws -> DependencyAsker

  /// - Parameters:
  ///   - weights: a file of weights; `nil` for those that come with the program.
  ///   - asker: finds who is asked, where `kind` is ``DetectionKind/agent``.
  package init(
    _ kind: DetectionKind, weights: String? = nil,
    asker: @escaping @Sendable () throws -> DependencyAsker = {
      throw DependencyAsker.Unable("nobody can be asked here")
    }
  ) {
    self.kind = kind
    self.weights = weights
    self.asker = asker
  }

  /// Looks for dependencies beside those that the backlog has. Blocks.
  package func find(_ backlog: Backlog) throws -> Outcome {
    var outcome = Outcome()
    guard kind != .none, backlog.features.count > 1 else { return outcome }
    let learned = try Self.detector(weights: weights).detect(backlog)
    outcome.result = learned
    guard kind == .agent else { return outcome }
    var name: String?
    do {
      let asker = try asker()
      name = asker.name
      let questions = DependencyQuestion.windows(
        backlog, likely: learned.edges + learned.hints)
      outcome.result = Detector.Result(try asker.answers(to: questions), in: backlog)
      outcome.by = name
      if let cost = asker.costUSD {
        outcome.notes.append("asking \(asker.name) cost $\(String(format: "%.2f", cost))")
      }
    } catch {
      outcome.notes.append(
        "\(name ?? "an agent") could not be asked for dependencies (\(error)); the learned "
          + "detector was used instead")
    }
    return outcome
  }

  /// Fills in dependencies where a backlog has none at all; tells how many.
  package func fill(_ backlog: Backlog) throws -> (backlog: Backlog, edges: Int, notes: [String]) {
    guard backlog.features.allSatisfy(\.dependencies.isEmpty) else { return (backlog, 0, []) }
    let outcome = try find(backlog)
    let edges = outcome.result.edges
    guard !edges.isEmpty else { return (backlog, 0, outcome.notes) }
    return (
      backlog.adding(edges), edges.count,
      outcome.notes + [
        "no dependency was declared; \(edges.count) were detected\(outcome.by.map { " by \($0)" } ?? "") "
          + "and stand in features.yml with confidence and reason: look through them with "
          + "`lanekeeper plan` (use `--detect none` to skip this)"
      ]
    )
  }

  /// Makes the detector of the weights that come with the program, or of a file.
  private static func detector(weights: String?) throws -> Detector {
    let text = try weights.map { try InputFile.read($0) } ?? installed("dependencies.json")
    let lexicon = try installed("kinds.json")
    do {
      return try Detector(
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

  private static func installed(_ name: String) throws -> String {
    for directory in InstalledTemplates.directories("planning") {
      if let data = FileManager.default.contents(atPath: directory + "/" + name) {
        return String(decoding: data, as: UTF8.self)
      }
    }
    throw Failure("the template planning/\(name) is not installed; install lanekeeper again")
  }
}

extension Project {
  /// The value of `schedule.detect`.
  package var detectionKind: DetectionKind {
    DetectionKind(rawValue: configuration.schedule.detect) ?? .none
  }

  /// Reads `features.yml`, and adds what `schedule.detect` finds beside what it holds. Blocks.
  ///
  /// - Parameter asks: false takes what an agent has answered before, and else what the learned detector
  ///   finds.
  /// - Returns: the backlog, and lines for people.
  package func plannedBacklog(asks: Bool = false) throws -> (backlog: Backlog, notes: [String]) {
    let backlog = try backlog()
    guard detectionKind != .none else { return (backlog, []) }
    let outcome = try DependencyDetection(detectionKind) {
      try DependencyAsker(self, onlyCached: !asks)
    }.find(backlog)
    var notes = outcome.notes
    let edges = outcome.result.edges
    if !edges.isEmpty {
      let by = outcome.by.map { " by \($0)" } ?? ""
      let words =
        edges.count == 1 ? "dependency detected\(by) holds" : "dependencies detected\(by) hold"
      notes.append(
        "\(edges.count) \(words) in this run, by `schedule.detect`; `lanekeeper plan` shows "
          + "\(edges.count == 1 ? "it" : "them"), `plan --write` records")
    }
    return (backlog.adding(edges), notes)
  }
}
