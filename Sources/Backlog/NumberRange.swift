/// The bounds of numbers that people give, so that whatever is calculated with them stays within what a number holds.
package enum NumberRange {
  /// Minutes of an attempt, of silence, or of a gate: from 60 milliseconds to a year.
  package static let minutes = 0.001...525_600.0
  /// US dollars.
  package static let dollars = 0.0001...1_000_000.0
  /// Seconds of a pause: up to a day.
  package static let pause = 0.0...86_400.0
  /// The range of a feature's priority.
  package static let priority = -1_000_000...1_000_000

  /// How a bound is told: without a fraction where it has none.
  package static func text(_ bound: Double) -> String {
    bound == bound.rounded() && abs(bound) < 1e15 ? String(Int(bound)) : "\(bound)"
  }

  /// Returns a priority within its bounds, for a level of an importer's: the lower the level, the sooner.
  static func priority(level: Int) -> Int { (2 - min(100_000, max(-99_000, level))) * 10 }
}
