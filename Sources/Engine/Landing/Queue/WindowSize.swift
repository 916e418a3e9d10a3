import Foundation

/// The number of features to merge as one chain before its end is gated: `landing.window: auto`.
///
/// The failure rate is estimated from what became of the last features, and the window is the one that
/// costs the fewest gate runs for each feature that is settled. With rate p and q = 1 - p, a chain of b
/// costs 1 run, and with probability 1 - q^b it is red and costs d(b) runs to find the first culprit
/// by halves and c to confirm it. On average (1 - q^b) / p features are settled by that.
package enum WindowSize {
  /// No chain is longer: what is merged waits for one gate, and a person waits for what lands.
  package static let largest = 64

  /// Chooses the window.
  ///
  /// - Parameters:
  ///   - outcomes: what became of the last features, the newest last: `true` for landed, `false` for
  ///     found to make the gate fail. Older ones count less.
  ///   - confirmations: runs that confirm a red before anyone is blamed.
  package static func auto(outcomes: [Bool], confirmations: Int) -> Int {
    best(failureRate: failureRate(outcomes), confirmations: confirmations)
  }

  /// Estimates how often a feature makes the gate fail.
  ///
  /// It begins at one in eight, on the strength of four features, and each outcome counts 2 % less than
  /// the one after it.
  package static func failureRate(_ outcomes: [Bool]) -> Double {
    var (failed, all) = (0.5, 4.0)
    var weight = 1.0
    for outcome in outcomes.reversed() {
      if !outcome { failed += weight }
      all += weight
      weight *= 0.98
    }
    return failed / all
  }

  /// Returns the cheapest window at a failure rate; the smaller one where two cost the same.
  package static func best(failureRate p: Double, confirmations: Int) -> Int {
    var best = (window: 1, cost: Double.infinity)
    let searches = searches(failureRate: p)
    for window in 1...largest {
      let cost = cost(window, p, searches[window], confirmations)
      if cost < best.cost - 1e-9 { best = (window, cost) }
    }
    return best.window
  }

  /// Gate runs for each feature that is settled.
  private static func cost(_ b: Int, _ p: Double, _ search: Double, _ confirmations: Int) -> Double
  {
    guard p > 0 else { return 1 / Double(b) }
    let red = 1 - pow(1 - p, Double(b))
    return (1 + red * (search + Double(confirmations))) * p / red
  }

  /// Expected runs to find the first culprit by halves, by the length of a chain that is red.
  private static func searches(failureRate p: Double) -> [Double] {
    var result = [0.0, 0.0]
    let q = 1 - p
    for length in 2...largest {
      let half = length / 2
      // The first culprit of a red chain lies in its first half with this probability.
      let early =
        p > 0
        ? (1 - pow(q, Double(half))) / (1 - pow(q, Double(length))) : Double(half) / Double(length)
      result.append(1 + early * result[half] + (1 - early) * result[length - half])
    }
    return result
  }
}
