import Engine
import LandingSimulation
import TestSupport
import Testing

@Suite(.bounded) struct BatchTests {
  /// Plays a batch to its end; returns the runs, in order, and how it was settled.
  private func play(
    _ count: Int, confirmations: Int = 1, known: [Int: Bool] = [0: true], red: (Int) -> Bool
  ) -> (runs: [String], end: Batch.Step) {
    var batch = Batch(count: count, confirmations: confirmations)
    for (prefix, passed) in known { batch.record(prefix, passed: passed) }
    var runs: [String] = []
    while true {
      switch batch.next {
      case .gate(let prefix):
        runs.append("\(prefix)")
        batch.record(prefix, passed: !red(prefix))
      case .confirm(let prefix):
        runs.append("\(prefix) cold")
        batch.record(prefix, passed: !red(prefix))
      case let end: return (runs, end)
      }
    }
  }

  @Test func aGreenChainCostsOneRun() {
    let (runs, end) = play(8) { _ in false }
    #expect(runs == ["8"])
    #expect(end == .settle(land: 8, blamed: nil))
  }

  @Test func theCulpritIsFoundByHalvesAndConfirmed() {
    let (runs, end) = play(8) { $0 >= 6 }
    #expect(runs == ["8", "4", "6", "5", "6 cold"])
    #expect(end == .settle(land: 5, blamed: 6))
  }

  @Test func withoutRetriesNobodyIsAskedTwice() {
    let (runs, end) = play(4, confirmations: 0) { $0 >= 1 }
    #expect(runs == ["4", "2", "1"])
    #expect(end == .settle(land: 0, blamed: 1))
  }

  @Test func aRedTargetIsFoundOutBeforeAnybodyIsLookedFor() {
    let (runs, end) = play(8, known: [:]) { _ in true }
    #expect(runs == ["8", "0", "0 cold", "1"])
    #expect(end == .redBase)
    #expect(play(1, known: [:]) { _ in true }.runs == ["1", "0", "0 cold"])
  }

  @Test func whatRepairsARedTargetLandsFromTheHead() {
    let (runs, end) = play(4, known: [:]) { $0 != 1 && $0 != 2 }
    #expect(runs == ["4", "0", "0 cold", "1", "2", "3", "3 cold"])
    #expect(end == .settle(land: 2, blamed: 3))
  }

  @Test func anUnknownTargetIsAskedOnlyAfterARed() {
    #expect(play(4, known: [:]) { _ in false }.runs == ["4"])
    let (runs, end) = play(4, known: [:]) { $0 >= 2 }
    #expect(runs == ["4", "0", "2", "1", "2 cold"])
    #expect(end == .settle(land: 1, blamed: 2))
  }

  @Test func whatIsKnownIsNotAskedAgain() {
    // The same chain again after a crash in the middle of the search.
    let (runs, end) = play(8, known: [0: true, 8: false, 4: true, 6: false]) { $0 >= 6 }
    #expect(runs == ["5", "6 cold"])
    #expect(end == .settle(land: 5, blamed: 6))
    #expect(play(3, known: [3: true]) { _ in true }.runs == [])
  }

  @Test func aFlakyRedBlamesNobody() {
    var batch = Batch(count: 2, confirmations: 1)
    batch.record(0, passed: true)
    batch.record(2, passed: false)
    #expect(batch.next == .gate(1))
    batch.record(1, passed: true)
    #expect(batch.next == .confirm(2))
    batch.record(2, passed: true)
    #expect(batch.next == .settle(land: 2, blamed: nil))
  }

  @Test func aLaterGreenOutweighsAnEarlierRed() {
    // What the third merge repairs need not pass before it.
    var batch = Batch(count: 3, confirmations: 1)
    batch.record(0, passed: true)
    batch.record(2, passed: false)
    batch.record(3, passed: true)
    #expect(batch.next == .settle(land: 3, blamed: nil))
  }

  @Test func aheadIsWhatARedWouldMakeNext() {
    var batch = Batch(count: 8, confirmations: 1)
    #expect(batch.ahead(4) == [8, 0])
    batch.record(0, passed: true)
    #expect(batch.ahead(4) == [8, 4, 2, 1])
    #expect(batch.ahead(1) == [8])
    batch.record(4, passed: true)
    // The end is still unknown; what lies before the fourth is of no use any more.
    #expect(batch.ahead(8) == [8, 6, 5])
    batch.record(8, passed: true)
    #expect(batch.ahead(8) == [])
  }

  @Test func everyFeatureIsSettledOnceAndOnlyTheBadAreBlamed() {
    var random = SplitMix64(seed: 11)
    for trial in 0..<300 {
      let rate = Double(trial % 6) / 10
      let window: GateSimulator.Window = trial % 3 == 0 ? .auto : .fixed(1 + trial % 17)
      let isBad = GateSimulator.draw(1 + trial % 60, rate: rate, &random)
      let count = GateSimulator(window: window, confirmations: trial % 3, isBad: isBad).run()
      #expect(count.blamed == isBad.indices.filter { isBad[$0] })
      #expect(count.landed == isBad.count { !$0 })
      #expect(count.confirmations == count.blamed.count * (trial % 3))
    }
  }
}
