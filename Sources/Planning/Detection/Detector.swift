import Backlog
import Foundation
import Model

/// Finds dependencies that nobody declared, by what was learned from other backlogs.
package struct Detector: Sendable {
  /// A dependency that may be, with how sure it is and why.
  package struct Finding: Sendable, Equatable {
    package var feature: String
    package var dependsOn: String
    /// The probability that such a finding is right, from 0 to 1.
    package var confidence: Double
    /// One sentence that a person can check.
    package var reason: String
    /// The agent or model that said so; `nil` for the learned detector.
    package var by: String?
  }

  /// The accepted findings, and those that are only hints.
  package struct Result: Sendable {
    package var edges: [Finding] = []
    package var hints: [Finding] = []

    package init() {}
  }

  private let weights: DetectorWeights
  private let lexicon: KindLexicon

  package init(weights: DetectorWeights, lexicon: KindLexicon) {
    self.weights = weights
    self.lexicon = lexicon
  }

  /// Returns the values by which a pair is judged, for comparison with the training.
  package func values(_ backlog: Backlog) -> [(
    feature: String, dependsOn: String, values: [Double]
  )] {
    let table = PairSignals(backlog.features, lexicon: lexicon, common: weights.common)
    return table.pairs.map {
      (table.ids[Int($0.child)], table.ids[Int($0.parent)], table.values($0))
    }
  }

  /// Detects dependencies beside those that the backlog has, which hold in any case.
  ///
  /// An edge that would run against a path of the backlog is dropped, and where found edges form a
  /// cycle, the least sure one is.
  package func detect(_ backlog: Backlog) -> Result {
    guard backlog.features.count > 1 else { return Result() }
    return DetectionSession(backlog, weights: weights, lexicon: lexicon).result
  }

  /// Detects, and remembers what is needed to look at further features without the whole again.
  package func session(_ backlog: Backlog) -> DetectionSession {
    DetectionSession(backlog, weights: weights, lexicon: lexicon)
  }
}

extension Backlog {
  /// Returns the backlog with findings as detected dependencies.
  package func adding(_ findings: [Detector.Finding]) -> Backlog {
    let byFeature = Dictionary(grouping: findings, by: \.feature)
    var result = self
    for index in result.features.indices {
      for finding in byFeature[features[index].id] ?? [] {
        result.features[index].dependencies.append(
          Dependency(
            id: finding.dependsOn, source: .detected, confidence: finding.confidence,
            reason: finding.reason, by: finding.by))
      }
    }
    return result
  }
}
