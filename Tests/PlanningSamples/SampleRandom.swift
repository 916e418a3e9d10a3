// PlanningSamples: backlogs for the tests and measurements of planning. Random ones repeat: the same seed
// gives the same backlog on every machine.

import TestSupport

/// Random numbers of a seed.
package struct SampleRandom: RandomNumberGenerator, Sendable {
  private var source: SplitMix64

  package init(seed: Int) {
    source = SplitMix64(seed: UInt64(truncatingIfNeeded: seed) &* 0x9e37_79b9_7f4a_7c15)
  }

  package mutating func next() -> UInt64 { source.next() }

  package mutating func below(_ bound: Int) -> Int { source.below(max(1, bound)) }
  package mutating func uniform(_ range: ClosedRange<Double> = 0...1) -> Double {
    Double.random(in: range, using: &source)
  }
  package mutating func chance(_ likelihood: Double) -> Bool { uniform() < likelihood }
}
