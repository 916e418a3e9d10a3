import Backlog
import Foundation
import Planning

/// How near schedules come to the least that is possible.
package struct ScheduleScore: Sendable {
  /// Schedules that were made.
  package var count = 0
  /// The sum of makespan over max(T1/N, T∞), less one.
  private var excess = 0.0
  package private(set) var worst = 0.0
  /// Schedules above Graham's bound, T1/N + (1 - 1/N) T∞.
  package private(set) var aboveGraham = 0

  package init() {}

  /// The mean distance from the lower bound, as a share of it.
  package var mean: Double { count > 0 ? excess / Double(count) : 0 }

  /// The least that any schedule takes, max(T1/N, T∞), in seconds.
  package static func bound(_ sample: SampleBacklog, agents: Int) -> Double {
    work(sample).bound(agents)
  }

  private struct Work {
    var total: Double
    /// The longest chain.
    var longest: Double

    func bound(_ agents: Int) -> Double { max(total / Double(agents), longest) }
  }

  private static func work(_ sample: SampleBacklog) -> Work {
    let paths = DependencyGraph(sample.backlog).remainingPath { sample.seconds[$0] ?? 0 }
    return Work(
      total: sample.seconds.values.reduce(0, +), longest: paths.values.max() ?? 0)
  }

  package mutating func add(_ sample: SampleBacklog, agents: Int) {
    let work = Self.work(sample)
    let share = 1 / Double(agents)
    let bound = work.bound(agents)
    guard bound > 0 else { return }
    let span = RunSimulation(
      backlog: sample.backlog, agents: agents, seconds: sample.seconds
    ).run().makespan
    count += 1
    excess += span / bound - 1
    worst = max(worst, span / bound - 1)
    if span > work.total * share + (1 - share) * work.longest + 1e-6 { aboveGraham += 1 }
  }
}

/// What footprints do to collisions and to the makespan.
package struct CollisionScore: Sendable {
  package private(set) var without = 0
  package private(set) var with = 0
  private var spans = 0.0
  private var count = 0
  /// The longest makespan with footprints over that without.
  package private(set) var longest = 0.0

  package init() {}

  /// Collisions with footprints as a share of those without.
  package var collisions: Double { without > 0 ? Double(with) / Double(without) : 0 }
  /// The mean makespan with footprints over that without.
  package var makespan: Double { count > 0 ? spans / Double(count) : 1 }

  /// - Parameter error: how far times turn out otherwise than expected, as the standard deviation of their
  ///   logarithms.
  package mutating func add(
    _ sample: SampleBacklog, touched: [String: Set<String>],
    foretold: [String: [PathLikelihood]], agents: Int, error: Double = 0
  ) {
    var random = SampleRandom(seed: 31 * count + agents)
    let seconds = sample.backlog.features.reduce(into: [String: Double]()) { result, feature in
      let normal = (0..<12).reduce(-6.0) { sum, _ in sum + random.uniform() }
      result[feature.id] = (sample.seconds[feature.id] ?? 0) * exp(error * normal)
    }
    let simulation = RunSimulation(
      backlog: sample.backlog, agents: agents, seconds: seconds, touched: touched)
    let expected: (String) -> Double = { sample.seconds[$0] ?? 0 }
    let plain = simulation.run(expected: expected)
    let apart = simulation.run(
      expected: expected,
      collisions: Collisions(ids: sample.backlog.features.map(\.id), footprints: foretold))
    without += plain.collisions
    with += apart.collisions
    guard plain.makespan > 0 else { return }
    spans += apart.makespan / plain.makespan
    longest = max(longest, apart.makespan / plain.makespan)
    count += 1
  }
}
