import Backlog
import Foundation
import Model

/// A detection that can go on: a further feature costs a small part of the whole.
package struct DetectionSession: Sendable {
  /// The findings so far.
  package private(set) var result = Detector.Result()
  /// The features that were looked at.
  package private(set) var backlog: Backlog

  /// Below this probability a pair is not looked at any further.
  private static let least = 0.02
  /// From this confidence on a finding that does not hold is a hint.
  private static let hint = 0.2

  private let weights: DetectorWeights
  private let lexicon: KindLexicon
  private let model: DetectorWeights.Model
  private let slopes: [Double]
  private var table: PairSignals
  private var graph: IncrementalTopologicalOrder
  /// The expected number of edges, of those that were taken, and of those among them that are right.
  private var total = 0.0
  private var chosen = 0.0
  private var gain = 0.0

  private struct Found {
    var probability: Double
    var pair: PairSignals.Pair
  }

  init(_ backlog: Backlog, weights: DetectorWeights, lexicon: KindLexicon) {
    self.backlog = backlog
    self.weights = weights
    self.lexicon = lexicon
    table = PairSignals(backlog.features, lexicon: lexicon, common: weights.common)
    let model = weights.model(trust: table.trust)
    self.model = model
    slopes = PairSignals.names.map { model.weights[$0] ?? 0 }
    let order = table.order
    graph = IncrementalTopologicalOrder(order.indices.sorted { order[$0] < order[$1] })
    let present = declared(table.ids.indices)
    take(table.pairs.indices, present)
  }

  /// Looks at one more feature, and at what it needs.
  ///
  /// How telling words are stays as it was; features that are there are not looked at again.
  ///
  /// - Returns: false where it can't be told without the whole: an id that is there already, or that
  ///   does not come last by its number.
  package mutating func add(_ feature: Feature) -> Bool {
    guard let pairs = table.append(feature, lexicon: lexicon, common: weights.common) else {
      return false
    }
    graph.append()
    backlog.features.append(feature)
    let last = backlog.features.count - 1
    take(pairs, declared(last..<(last + 1)))
    return true
  }

  /// Puts what is declared into the graph; the edges by child and parent.
  private mutating func declared(_ numbers: Range<Int>) -> [[Int]: Dependency.Source] {
    var present: [[Int]: Dependency.Source] = [:]
    for number in numbers {
      for dependency in backlog.features[number].dependencies {
        guard let other = table.number(of: dependency.id) else { continue }
        _ = graph.add(number, needs: other)
        if present[[number, other]] == nil { present[[number, other]] = dependency.source }
      }
    }
    return present
  }

  private mutating func take(_ indices: Range<Int>, _ present: [[Int]: Dependency.Source]) {
    var best: [Int32: (probability: Double, parent: Int32)] = [:]
    var found: [Found] = []
    for index in indices {
      let pair = table.pairs[index]
      let sum = zip(slopes, table.values(pair)).reduce(model.intercept) { $0 + $1.0 * $1.1 }
      let probability = 1 / (1 + exp(-min(30, max(-30, sum))))
      total += probability
      if probability > best[pair.child]?.probability ?? -1 {
        best[pair.child] = (probability, pair.parent)
      }
      if probability > Self.least { found.append(Found(probability: probability, pair: pair)) }
    }
    found.sort {
      ($1.probability, $0.pair.child, $0.pair.parent)
        < ($0.probability, $1.pair.child, $1.pair.parent)
    }
    for item in found {
      let child = Int(item.pair.child)
      let parent = Int(item.pair.parent)
      if let source = present[[child, parent]] {
        // What was found before counts as found, so that finding again adds nothing.
        chosen += 1
        gain += source == .detected ? item.probability : 1
        total += source == .detected ? 0 : 1 - item.probability
        continue
      }
      let isBest =
        best[item.pair.child]?.parent == item.pair.parent && item.probability >= model.floor
      let holds =
        isBest || item.probability >= model.greed * gain / max(1e-9, chosen + total)
      guard holds || item.probability >= Self.hint else { continue }
      let finding = Detector.Finding(
        feature: table.ids[child], dependsOn: table.ids[parent],
        confidence: (item.probability * 100).rounded() / 100,
        reason: DetectionReason.text(
          table, item.pair, backlog.features[child], backlog.features[parent]))
      if !holds {
        result.hints.append(finding)
      } else if graph.add(child, needs: parent) {
        result.edges.append(finding)
        chosen += 1
        gain += item.probability
      }
    }
  }
}
