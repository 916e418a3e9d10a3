import Foundation
import Planning
import PlanningSamples

/// Schedules against the lower bound, and collisions with and without footprints.
enum ScheduleTable {
  /// - Parameter arguments: the directory of the real backlogs.
  static func print(_ arguments: [String]) throws {
    let random = (0..<1000).map { SampleBacklog.random(seed: $0) }
    let real = try arguments.first.map { try SampleBacklog.read(directory: $0) } ?? []
    Swift.print("| backlogs | agents | mean above bound | worst | above Graham's bound |")
    Swift.print("|---|---|---|---|---|")
    for (name, samples) in [("1,000 random", random), ("\(real.count) real", real)] {
      var all = ScheduleScore()
      for agents in 1...5 {
        var score = ScheduleScore()
        for sample in samples {
          score.add(sample, agents: agents)
          all.add(sample, agents: agents)
        }
        row(name, String(agents), score)
      }
      row(name, "1 to 5", all)
    }
    printRests([("1,000 random", random), ("\(real.count) real", real)])
    Swift.print(
      "\n| backlogs | agents | times | collisions without | with | share | makespan | longest |")
    Swift.print("|---|---|---|---|---|---|---|---|")
    for (name, samples) in [("1,000 random", random), ("\(real.count) real", real)] {
      for agents in [2, 3, 5] {
        for error in [0, 0.4] {
          var score = CollisionScore()
          // The few real backlogs get twenty footprints each.
          for (number, sample) in samples.enumerated() {
            for round in 0..<(samples.count < 100 ? 20 : 1) {
              let footprints = SampleFootprints(sample.backlog, seed: number + 10_000 * round)
              score.add(
                sample, touched: footprints.touched, foretold: footprints.foretold, agents: agents,
                error: error)
            }
          }
          Swift.print(
            "| \(name) | \(agents) | \(error == 0 ? "as expected" : "otherwise") "
              + "| \(score.without) | \(score.with) "
              + String(
                format: "| %.2f | %.3f | %.2f |", score.collisions, score.makespan, score.longest))
        }
      }
    }
  }

  /// What it brings that agents rest a moment for what is about to land, with landings of some seconds; times turn out
  /// up to twice or half as long as expected.
  private static func printRests(_ groups: [(name: String, samples: [SampleBacklog])]) {
    Swift.print(
      "\n| backlogs | agents | a landing takes | above bound without rests | with "
        + "| worst, with beside without |")
    Swift.print("|---|---|---|---|---|---|")
    for (name, samples) in groups where !samples.isEmpty {
      for agents in [2, 3, 5] {
        for landing in [3.0, 18, 60, 180] {
          var sums = (with: 0.0, without: 0.0)
          var worst = 0.0
          for (number, sample) in samples.enumerated() {
            let ids = sample.backlog.features.map(\.id)
            var random = SampleRandom(seed: number)
            let expected = ids.reduce(into: [String: Double]()) {
              $0[$1] = sample.seconds[$1]! * exp(random.uniform(-0.7...0.7))
            }
            let simulation = RunSimulation(
              backlog: sample.backlog, agents: agents, seconds: sample.seconds, landing: landing)
            let with = simulation.run(expected: { expected[$0]! }).makespan
            let without = simulation.run(
              expected: { expected[$0]! }, expectsArrivals: false
            ).makespan
            let bound = ScheduleScore.bound(sample, agents: agents)
            sums.with += with / bound - 1
            sums.without += without / bound - 1
            worst = max(worst, with / without)
          }
          let count = Double(samples.count)
          Swift.print(
            "| \(name) | \(agents) | \(Int(landing)) s "
              + String(
                format: "| %.1f %% | %.1f %% | %.2f |", 100 * sums.without / count,
                100 * sums.with / count, worst))
        }
      }
    }
  }

  private static func row(_ name: String, _ agents: String, _ score: ScheduleScore) {
    Swift.print(
      "| \(name) | \(agents) "
        + String(
          format: "| %.1f %% | %.1f %% | %d of %d |", score.mean * 100, score.worst * 100,
          score.aboveGraham, score.count))
  }
}
