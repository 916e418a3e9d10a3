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

  private static func row(_ name: String, _ agents: String, _ score: ScheduleScore) {
    Swift.print(
      "| \(name) | \(agents) "
        + String(
          format: "| %.1f %% | %.1f %% | %d of %d |", score.mean * 100, score.worst * 100,
          score.aboveGraham, score.count))
  }
}
