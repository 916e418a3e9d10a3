import Processes
import TestSupport
import Testing

@testable import Engine
@testable import Store

@Suite(.bounded) struct FirstRoundTests {
  private func attempt(
    _ feature: String, _ state: AttemptRecord.State = .failed, detail: String = "exited with 1",
    wrote: Bool = false
  ) -> AttemptRecord {
    AttemptRecord(
      feature: feature, number: 1, participant: "p", slot: 1, agent: "a", lane: 1, tier: .haiku,
      modelName: "haiku", choice: "", mark: "m", base: "b", tip: wrote ? "t" : "b", state: state,
      detail: detail, costUSD: 0, startedAt: 0, endedAt: 1)
  }

  private func verdict(_ total: Int, _ attempts: [(AttemptRecord, Ending?)]) -> Bool {
    var round = FirstRound(total: total)
    for (attempt, ending) in attempts {
      _ = round.note(.init(attempt, agent: "command", ending: ending, errorKey: attempt.detail))
    }
    return round.verdict != nil
  }

  @Test func threeFeaturesThatFailAlikeAreEnough() {
    let failed = ["1", "2", "3"].map { (attempt($0), Ending.exited(1) as Ending?) }
    #expect(verdict(5, failed))
    #expect(!verdict(5, Array(failed.prefix(2))))
    // The same feature again says nothing of the others.
    #expect(!verdict(5, (0..<6).map { _ in (attempt("1"), .exited(1)) }))
  }

  @Test(arguments: [Ending.exited(127), .exited(126), .couldNotStart(errno: 2)])
  func aProgramThatIsNotThereIsEnoughForAShortBacklog(ending: Ending) {
    #expect(verdict(1, [(attempt("1"), ending)]))
    #expect(verdict(2, [(attempt("1"), ending), (attempt("2"), ending)]))
    #expect(!verdict(2, [(attempt("1"), ending)]))
    #expect(!verdict(1, [(attempt("1"), .exited(1))]))
  }

  @Test func whoeverHasDoneSomethingIsNotSuspected() {
    let alike = ["1", "2", "3"].map { (attempt($0), Ending.exited(1) as Ending?) }
    for other in [
      (attempt("0", .completed, wrote: true), Ending.exited(0)),
      (attempt("0", wrote: true), .exited(1)),
      (attempt("0", detail: "something else"), .exited(1)),
      (attempt("0"), .exited(2)),
    ] {
      #expect(!verdict(9, [alike[0], (other.0, other.1), alike[1], alike[2]]))
    }
    // An attempt that was interrupted says nothing.
    let cut = (attempt("0", .interrupted), Ending.stopped as Ending?)
    #expect(verdict(9, [alike[0], cut, alike[1], (attempt("0"), nil), alike[2]]))
  }

  @Test func othersAreTriedFirst() {
    var round = FirstRound(total: 4)
    _ = round.note(.init(attempt("1"), agent: "command", ending: .exited(1), errorKey: "e"))
    #expect(round.isSuspect("1") && !round.isSuspect("2"))
    _ = round.note(
      .init(
        attempt("2", .completed, wrote: true), agent: "command", ending: .exited(0), errorKey: nil))
    #expect(!round.isSuspect("1"))
  }
}
