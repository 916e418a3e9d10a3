import Backlog
import Foundation

/// Finds dependencies that nobody declared, by what was learned from other backlogs.
package struct Detector: Sendable {
  /// A dependency that may be, with how sure it is and why.
  package struct Finding: Sendable, Equatable {
    package var feature: String
    package var dependsOn: String
    /// How often such a finding is right, from 0 to 1.
    package var confidence: Double
    /// One sentence that a person can check.
    package var reason: String
    /// The agent or model that said so; `nil` for the learned detector.
    package var by: String?
  }

  /// What holds, and what is only worth a look.
  package struct Result: Sendable {
    package var edges: [Finding] = []
    package var hints: [Finding] = []

    package init() {}
  }

  /// Below this probability a pair is not looked at any further.
  private static let least = 0.02
  /// From this confidence on a finding that does not hold is a hint.
  private static let hint = 0.2

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
    let table = PairValues(backlog.features, lexicon: lexicon, common: weights.common)
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
    let table = PairValues(backlog.features, lexicon: lexicon, common: weights.common)
    let model = weights.model(trust: table.trust)
    let slopes = PairValues.names.map { model.weights[$0] ?? 0 }
    var total = 0.0
    var best = Array(repeating: (probability: -1.0, parent: Int32(-1)), count: table.ids.count)
    var found: [(probability: Double, pair: PairValues.Pair)] = []
    for pair in table.pairs {
      let sum = zip(slopes, table.values(pair)).reduce(model.intercept) { $0 + $1.0 * $1.1 }
      let probability = 1 / (1 + exp(-min(30, max(-30, sum))))
      total += probability
      let child = Int(pair.child)
      if probability > best[child].probability { best[child] = (probability, pair.parent) }
      if probability > Self.least { found.append((probability, pair)) }
    }
    found.sort {
      ($1.probability, $0.pair.child, $0.pair.parent)
        < ($0.probability, $1.pair.child, $1.pair.parent)
    }
    var graph = GrowingOrder(
      table.order.indices.sorted { table.order[$0] < table.order[$1] })
    let known = Dictionary(
      table.ids.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    var present: [[Int]: Dependency.Source] = [:]
    for (number, feature) in backlog.features.enumerated() {
      for other in feature.dependencies.compactMap({ known[$0.id] }) {
        _ = graph.add(number, needs: other)
        present[[number, other]] =
          backlog.features[number].dependencies.first {
            $0.id == table.ids[other]
          }?.source
      }
    }
    var result = Result()
    var chosen = 0.0
    var gain = 0.0
    for (probability, pair) in found {
      let child = Int(pair.child)
      let parent = Int(pair.parent)
      if let source = present[[child, parent]] {
        // What was found before counts as found, so that finding again adds nothing.
        chosen += 1
        gain += source == .detected ? probability : 1
        total += source == .detected ? 0 : 1 - probability
        continue
      }
      let isBest = best[child].parent == pair.parent && probability >= model.floor
      let holds = isBest || probability >= model.greed * gain / max(1e-9, chosen + total)
      guard holds || probability >= Self.hint else { continue }
      let finding = Finding(
        feature: table.ids[child], dependsOn: table.ids[parent],
        confidence: (probability * 100).rounded() / 100,
        reason: DetectionReason.text(table, pair, backlog.features[child], backlog.features[parent])
      )
      if !holds {
        result.hints.append(finding)
      } else if graph.add(child, needs: parent) {
        result.edges.append(finding)
        chosen += 1
        gain += probability
      }
    }
    return result
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
