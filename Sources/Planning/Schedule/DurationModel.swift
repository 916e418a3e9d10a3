import Backlog
import Foundation
import Model

/// An attempt that came to its end, as far as it tells how long others will take.
package struct AttemptDuration: Sendable, Equatable {
  package var category: String
  /// `nil` where a session chose its own model.
  package var tier: Tier?
  /// The number of the feature's steps.
  package var steps: Int
  package var seconds: Double

  package init(category: String, tier: Tier?, steps: Int, seconds: Double) {
    self.category = category
    self.tier = tier
    self.steps = steps
    self.seconds = seconds
  }
}

/// Estimates how long features take from this repository's past attempts.
///
/// Works on logarithms, since a feature takes twice as long more readily than two minutes longer.
/// The mean of all attempts is corrected by category, tier and number of steps, each as far as there are
/// attempts that speak for it: with k attempts a correction counts k / (k + 4).
package struct DurationModel: Sendable, Equatable {
  /// The duration of a feature without data: ten minutes.
  package static let standard = 600.0

  /// The number of attempts behind the estimates.
  package let count: Int
  private let mean: Double
  private let categories: [String: Double]
  private let tiers: [Tier?: Double]
  /// Per step above ``typicalSteps``.
  private let slope: Double
  private let typicalSteps: Double

  package init(_ attempts: [AttemptDuration] = []) {
    let past = attempts.filter { $0.seconds > 0 && $0.seconds.isFinite }
    count = past.count
    guard !past.isEmpty else {
      mean = log(Self.standard)
      categories = [:]
      tiers = [:]
      slope = 0
      typicalSteps = 0
      return
    }
    let total = Double(past.count)
    let logs = past.map { log($0.seconds) }
    let mean = logs.reduce(0, +) / total
    self.mean = mean
    var rest = logs.map { $0 - mean }
    // One factor after the other takes its share of what the earlier ones left unexplained.
    func settle<Key: Hashable>(_ key: (AttemptDuration) -> Key) -> [Key: Double] {
      var sums: [Key: (sum: Double, count: Double)] = [:]
      for (attempt, value) in zip(past, rest) {
        let old = sums[key(attempt)] ?? (0, 0)
        sums[key(attempt)] = (old.sum + value, old.count + 1)
      }
      let shares = sums.mapValues { $0.sum / ($0.count + 4) }
      for (index, attempt) in past.enumerated() { rest[index] -= shares[key(attempt)] ?? 0 }
      return shares
    }
    categories = settle { $0.category.lowercased() }
    tiers = settle(\.tier)
    let steps = past.map { Double(min($0.steps, 20)) }
    let typical = steps.reduce(0, +) / total
    typicalSteps = typical
    let variance = steps.reduce(0) { $0 + ($1 - typical) * ($1 - typical) }
    let covariance = zip(steps, rest).reduce(0) { $0 + ($1.0 - typical) * $1.1 }
    // A ridge: without much spread in the steps they tell nothing.
    slope = covariance / (variance + 40)
  }

  /// Returns the expected seconds of a feature.
  ///
  /// - Parameter tier: `nil` where it is not chosen yet.
  package func seconds(category: String, tier: Tier? = nil, steps: Int) -> Double {
    var value = mean + (categories[category.lowercased()] ?? 0)
    if let tier { value += tiers[tier] ?? 0 }
    value += slope * (Double(min(steps, 20)) - typicalSteps)
    return exp(value)
  }

  /// Returns the expected seconds of each feature of a backlog.
  package func seconds(_ backlog: Backlog) -> [String: Double] {
    Dictionary(
      backlog.features.map {
        (
          $0.id,
          seconds(
            category: $0.category, tier: $0.model.flatMap(Tier.init(rawValue:)),
            steps: $0.steps.count)
        )
      }, uniquingKeysWith: { first, _ in first })
  }
}
