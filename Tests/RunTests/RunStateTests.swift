import Foundation
import TestSupport
import Testing

@testable import Engine

/// Random lives of whole runs against ``RunState`` alone.
///
/// `LANEKEEPER_SEQUENCES` sets how many are drawn.
@Suite(.bounded) struct RunStateTests {
  private static let sequences =
    Int(ProcessInfo.processInfo.environment["LANEKEEPER_SEQUENCES"] ?? "") ?? 2000
  private static let batches = 8

  /// In every state something runs, something with a name is waited for, or the run ends; no feature is attempted
  /// twice at once; at the end each feature is at the end of its life or there is a reason; and what is left to itself
  /// ends.
  @Test(arguments: 0..<batches)
  func p1_p5_everyRunEndsOrNamesWhatItWaitsFor(batch: Int) throws {
    let count = Self.sequences / Self.batches
    for number in 0..<count {
      let seed = UInt64(batch * count + number)
      var world = RunWorld(seed: seed)
      do {
        try live(&world)
      } catch {
        Issue.record("seed \(seed): \(error); \(world.trace.suffix(12).joined(separator: ", "))")
        return
      }
    }
  }

  /// An error that stays ends the run; one that comes and goes does not, and what the end itself cancels is none.
  @Test func whatFailsForLongEndsTheRun() {
    struct Wrong: Error {}
    func trouble(isCancellation: Bool = false, isLasting: Bool = false) -> RunTrouble {
      RunTrouble(error: Wrong(), isLasting: isLasting, isCancellation: isCancellation)
    }
    var state = RunState(RunState.Rules(kind: .run, parallel: 1), features: 1)
    func fail(_ trouble: RunTrouble, from start: Int64, for milliseconds: Int64) {
      for time in stride(from: start, through: start + milliseconds, by: 1000) {
        _ = state.handle(.fails(.landing, trouble), at: time)
      }
    }
    fail(trouble(), from: 0, for: 200_000)
    _ = state.handle(.works(.landing), at: 200_500)
    fail(trouble(), from: 201_000, for: 200_000)
    #expect(state.fatal == nil)
    fail(trouble(isCancellation: true, isLasting: true), from: 401_000, for: 900_000)
    #expect(state.fatal == nil)
    fail(trouble(), from: 2_000_000, for: 301_000)
    #expect(state.fatal is Wrong)
    // A feature that can't be started is left out instead.
    state = RunState(RunState.Rules(kind: .run, parallel: 1), features: 1)
    for time in stride(from: Int64(0), through: 301_000, by: 60_000) {
      _ = state.handle(.fails(.start(feature: "1"), trouble()), at: time)
    }
    _ = state.handle(.fails(.start(feature: "1"), trouble()), at: 301_000)
    #expect(state.fatal == nil)
    #expect(state.leftOut == ["1"])
  }

  private func live(_ world: inout RunWorld) throws {
    try world.look()
    for _ in 0..<(20 + world.random.below(60)) where !world.state.isOver {
      try world.step()
      try world.look()
    }
    // From here on nobody interferes.
    for _ in 0..<4000 where !world.state.isOver {
      try world.step(isFair: true)
      try world.look()
    }
    guard !world.state.isOver else { return }
    guard world.state.rules.waitsForReview else {
      throw RunWorld.Broken(description: "it does not end: \(world.whyItStands)")
    }
  }
}
