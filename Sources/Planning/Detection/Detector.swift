import Backlog
import Foundation
import Model

/// Finds dependencies that nobody declared: what texts say, and in plans what was learned from other plans.
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

  /// The greatest backlog in which more is looked for than what texts say.
  private static let most = 250
  /// From this probability on a backlog counts as a plan.
  private static let plan = 0.45
  /// Below this probability a pair is not looked at any further.
  private static let least = 0.02
  /// From this confidence on a finding that does not hold is a hint.
  private static let hint = 0.2
  /// The share right of needs that a text says, and of those where it only names another.
  private static let said = 0.85
  private static let named = 0.75
  /// The greatest confidence of what was learned; measured, more is never right more often.
  private static let surest = 0.75

  private let weights: DetectorWeights
  private let lexicon: KindLexicon
  private let pairSlopes: [Double]
  private let planSlopes: [Double]

  package init(weights: DetectorWeights, lexicon: KindLexicon) throws {
    self.weights = weights
    self.lexicon = lexicon
    pairSlopes = try weights.pair.slopes(PairSignals.names)
    planSlopes = try weights.plan.slopes(PlanSigns.names(lexicon))
  }

  /// Returns how probable it is that a backlog is a plan that builds up, from 0 to 1.
  func planProbability(_ table: PairSignals) -> Double {
    let signs = PlanSigns(table.texts, table.kinds, lexicon)
    return weights.plan.probability(planSlopes, signs.values)
  }

  /// Detects dependencies beside those that the backlog has, which hold in any case.
  ///
  /// What the texts say holds in any backlog, what was learned only in one that is a plan; elsewhere it is a hint at most.
  /// An edge that would run against a path of the backlog is dropped, and where found edges form a
  /// cycle, the least sure one is.
  package func detect(_ backlog: Backlog) -> Result {
    let features = backlog.features
    var result = Result()
    guard features.count > 1 else { return result }
    let numbers = Dictionary(
      features.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    var graph = IncrementalTopologicalOrder(Array(features.indices))
    var present: Set<[Int]> = []
    // What was found before is found again, so that it changes nothing.
    var fixed: Set<[Int]> = []
    func hold(_ child: Int, _ parent: Int) -> Bool {
      present.insert([child, parent]).inserted && graph.add(child, needs: parent)
    }
    for (child, feature) in features.enumerated() {
      for dependency in feature.dependencies {
        guard let parent = numbers[dependency.id] else { continue }
        _ = hold(child, parent)
        if dependency.source != .detected { fixed.insert([child, parent]) }
      }
    }
    for need in ExplicitReferences(features, stop: lexicon.stop).needs(features) {
      let isNew = hold(need.child, need.parent)
      if isNew || present.contains([need.child, need.parent]) {
        fixed.insert([need.child, need.parent])
      }
      guard isNew else { continue }
      result.edges.append(
        Finding(
          feature: features[need.child].id, dependsOn: features[need.parent].id,
          confidence: need.isSaid ? Self.said : Self.named,
          reason: DetectionReason.text(need, features)))
    }
    guard features.count <= Self.most else { return result }
    let table = PairSignals(features, lexicon: lexicon, common: weights.common)
    let plan = planProbability(table)
    var candidates: [EdgeChoice.Candidate] = []
    var pairs: [[Int]: PairSignals.Pair] = [:]
    for pair in table.pairs {
      let edge = [Int(pair.child), Int(pair.parent)]
      let probability = weights.pair.probability(pairSlopes, table.values(pair))
      guard probability > Self.least, !fixed.contains(edge) else { continue }
      pairs[edge] = pair
      candidates.append(
        EdgeChoice.Candidate(child: edge[0], parent: edge[1], probability: probability))
    }
    func finding(_ candidate: EdgeChoice.Candidate) -> Finding? {
      pairs[[candidate.child, candidate.parent]].map {
        Finding(
          feature: features[candidate.child].id, dependsOn: features[candidate.parent].id,
          confidence: min(Self.surest, (candidate.probability * plan * 100).rounded() / 100),
          reason: DetectionReason.text(table, $0, features[candidate.parent]))
      }
    }
    if plan >= Self.plan {
      var choice = EdgeChoice(candidates, count: features.count, held: fixed)
      for candidate in choice.chosen() where hold(candidate.child, candidate.parent) {
        if let finding = finding(candidate) { result.edges.append(finding) }
      }
    }
    candidates.sort {
      ($1.probability, $0.child, $0.parent) < ($0.probability, $1.child, $1.parent)
    }
    for candidate in candidates where candidate.probability * plan >= Self.hint {
      guard !present.contains([candidate.child, candidate.parent]) else { continue }
      if let finding = finding(candidate) { result.hints.append(finding) }
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
