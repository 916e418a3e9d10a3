import Foundation
import TestSupport

/// The table of gate runs per landed feature.
package struct GateTable: Sendable {
  /// One line.
  package struct Row: Sendable {
    package var rate: Double
    package var window: GateSimulator.Window
    /// Gate runs per landed feature, confirmations not counted.
    package var decided: Double
    /// The same with them.
    package var all: Double
    /// The closed formula for the same; `nil` for auto.
    package var formula: Double?
  }

  package let rows: [Row]

  package static let rates = [0, 0.05, 0.1, 0.25]
  package static let windows: [GateSimulator.Window] = [.fixed(1), .fixed(4), .fixed(8), .auto]

  /// - Parameters:
  ///   - features: in each queue.
  ///   - trials: queues for each line; every window gets the same ones.
  package init(
    features: Int = 200, trials: Int = 400, rates: [Double] = rates,
    windows: [GateSimulator.Window] = windows, confirmations: Int = 1
  ) {
    var rows: [Row] = []
    for rate in rates {
      for window in windows {
        var random = SplitMix64(seed: 5)
        var (runs, confirmed, landed) = (0, 0, 0)
        for _ in 0..<trials {
          let count = GateSimulator(
            window: window, confirmations: confirmations,
            isBad: GateSimulator.draw(features, rate: rate, &random)
          ).run()
          runs += count.runs
          confirmed += count.confirmations
          landed += count.landed
        }
        var formula: Double?
        if case .fixed(let size) = window {
          let all =
            size == 1
            ? GateFormula.serial(features)
            : GateFormula.batch(features, window: size, rate: rate)
          formula = all / (Double(features) * (1 - rate))
        }
        rows.append(
          Row(
            rate: rate, window: window, decided: Double(runs - confirmed) / Double(landed),
            all: Double(runs) / Double(landed), formula: formula))
      }
    }
    self.rows = rows
  }

  package func row(_ rate: Double, _ window: GateSimulator.Window) -> Row {
    rows.first { $0.rate == rate && $0.window == window }!
  }

  /// The table for people.
  package var lines: [String] {
    func number(_ value: Double?) -> String { value.map { String(format: "%.3f", $0) } ?? "-" }
    func pad(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    return [
      "gate runs per landed feature, 200 features",
      "  fails  window  formula  measured  with confirmations  beside serial  beside the best fixed",
    ]
      + rows.map { row in
        let fixed = rows.filter { $0.rate == row.rate && $0.window != .auto }
        let serial = fixed.first { $0.window == .fixed(1) }?.all
        let best = fixed.map(\.all).min()
        return [
          pad(String(format: "%.0f %%", row.rate * 100), 7), pad("\(row.window)", 8),
          pad(number(row.formula), 9), pad(number(row.decided), 10), pad(number(row.all), 20),
          pad(number(serial.map { row.all / $0 }), 15), pad(number(best.map { row.all / $0 }), 23),
        ].joined()
      }
  }
}
