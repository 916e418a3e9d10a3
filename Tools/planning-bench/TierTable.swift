import Foundation
import Model
import Planning
import PlanningSamples

/// What the choice of tiers costs beside always the best and always the cheapest, at equal landed features.
enum TierTable {
  private static let draws = 50

  /// - Parameter arguments: a table of recorded outcomes.
  static func print(_ arguments: [String]) throws {
    var worlds: [(name: String, outcomes: [RecordedOutcome])] = []
    for path in arguments {
      guard let outcomes = BanditSimulation.read(try String(contentsOfFile: path, encoding: .utf8))
      else { throw CocoaError(.fileReadCorruptFile) }
      worlds.append(("recorded: \((path as NSString).lastPathComponent)", outcomes))
    }
    for world in BanditWorld.all {
      worlds.append(("drawn: \(world.name)", world.outcomes(400, seed: 11)))
    }
    Swift.print(
      "| outcomes | features | landed | always opus | always sonnet | always haiku | learning | who knows | first haiku, sonnet, opus | attempts |"
    )
    Swift.print("|---|---|---|---|---|---|---|---|---|---|")
    for (name, outcomes) in worlds {
      let opus = BanditSimulation.run(outcomes, .always(.opus))
      func share(_ policy: BanditSimulation.Policy) -> String {
        String(format: "%.2f", BanditSimulation.run(outcomes, policy).cost / opus.cost)
      }
      let runs = (1...draws).map { BanditSimulation.run(outcomes, .learning, seed: UInt64($0)) }
      let costs = runs.map { $0.cost / opus.cost }.sorted()
      func mean(_ value: (BanditSimulation.Result) -> Int) -> Double {
        Double(runs.map(value).reduce(0, +)) / Double(draws)
      }
      let firsts = [Tier.haiku, .sonnet, .opus].map { tier in
        String(format: "%.0f", mean { $0.first[tier] ?? 0 })
      }
      Swift.print(
        "| \(name) | \(outcomes.count) | \(opus.landed) | 1 | \(share(.always(.sonnet))) | "
          + "\(share(.always(.haiku))) | "
          + String(
            format: "%.2f (%.2f to %.2f)", costs.reduce(0, +) / Double(draws), costs[draws / 20],
            costs[draws - 1 - draws / 20])
          + " | \(share(.oracle)) | \(firsts.joined(separator: ", ")) | "
          + String(format: "%.0f |", mean(\.attempts)))
    }
  }
}
