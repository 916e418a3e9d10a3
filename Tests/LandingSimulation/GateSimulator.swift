import Engine
import TestSupport

// LandingSimulation: counts the gate runs that a landing queue needs, with the very values that the
// lander decides by, and the formulas to hold beside them.

/// Plays a queue of features through windows and bisection, with a gate that is a coin.
package struct GateSimulator: Sendable {
  /// How the window is chosen.
  package enum Window: Sendable, Equatable, CustomStringConvertible {
    case fixed(Int)
    case auto

    package var description: String {
      switch self {
      case .fixed(let size): "\(size)"
      case .auto: "auto"
      }
    }
  }

  /// What a queue came to.
  package struct Count: Sendable, Equatable {
    package var runs = 0
    /// Of these, cold ones that confirm a red.
    package var confirmations = 0
    package var landed = 0
    package var blamed: [Int] = []
  }

  package var window: Window
  /// `gate.retries`
  package var confirmations: Int
  /// Which features make the gate fail.
  package var isBad: [Bool]

  package init(window: Window, confirmations: Int, isBad: [Bool]) {
    self.window = window
    self.confirmations = confirmations
    self.isBad = isBad
  }

  /// Draws so many features, each bad with a probability.
  package static func draw(
    _ count: Int, rate: Double, _ random: inout SplitMix64
  ) -> [Bool] {
    (0..<count).map { _ in Double(random.next() >> 11) * 0x1p-53 < rate }
  }

  /// Lands the whole queue on a target that is known to be green; whoever is at fault leaves.
  package func run() -> Count {
    var count = Count()
    var queue = Array(isBad.indices)
    var outcomes: [Bool] = []
    while !queue.isEmpty {
      let size: Int
      switch window {
      case .fixed(let fixed): size = fixed
      case .auto: size = WindowSize.auto(outcomes: outcomes, confirmations: confirmations)
      }
      let chain = queue.prefix(size)
      var batch = Batch(count: chain.count, confirmations: confirmations)
      batch.record(0, passed: true)
      settling: while true {
        switch batch.next {
        case .gate(let prefix), .confirm(let prefix):
          if case .confirm = batch.next { count.confirmations += 1 }
          count.runs += 1
          batch.record(prefix, passed: !chain.prefix(prefix).contains { isBad[$0] })
        case .settle(let land, let blamed):
          count.landed += land
          outcomes += Array(repeating: true, count: land)
          if let blamed {
            count.blamed.append(queue[blamed - 1])
            outcomes.append(false)
          }
          queue.removeFirst(blamed ?? land)
          break settling
        case .redBase: preconditionFailure("the target is green")
        }
      }
    }
    return count
  }
}
