import Engine
import Foundation
import Store
import TestSupport
import Testing

@Suite(.bounded) struct ReconcileTests {
  @Test func aBranchMergedByHandIsSettled() async throws {
    let fixture = try LandingFixture(gate: "exit 1")
    try fixture.queue("1", ["one.txt": "1\n"])
    try fixture.test.git("merge", "-q", "--no-ff", "-m", "by hand", "lane/1")
    let merged = try fixture.test.git("rev-parse", "main")
    #expect(try await fixture.land().landed == ["1"])
    #expect(try fixture.state("1") == .landed)
    #expect(try fixture.store.feature("1")?.landedCommit == merged)
    #expect(try fixture.store.claims().isEmpty)
  }

  @Test func aBranchSquashedByHandGetsItsTrailer() async throws {
    let fixture = try LandingFixture()
    try fixture.queue("1", ["one.txt": "1\n"])
    try fixture.test.git("merge", "-q", "--squash", "lane/1")
    try fixture.test.commit("squashed by hand")
    #expect(try await fixture.land().landed == ["1"])
    #expect(try fixture.trailers() == ["1"])
    #expect(try fixture.test.git("diff", "main~1", "main") == "")
  }

  @Test func whateverStateItIsInAMergedBranchIsSettled() async throws {
    let fixture = try LandingFixture(gate: LandingFixture.noting)
    try await fixture.land()
    // Waits for a review; and was sent back by the gate.
    try fixture.queue("1", ["one.txt": "1\n"], review: true)
    try fixture.queue("2", ["bad.txt": "2\n"])
    try fixture.queue("3", ["three.txt": "3\n"], needs: [], review: true)
    #expect(try await fixture.land().sentBack == ["2"])
    #expect(try fixture.state("1") == .inReview)
    #expect(try fixture.state("2") == .ready)
    try fixture.test.git("merge", "-q", "--no-ff", "-m", "by hand", "lane/1")
    try fixture.test.git("merge", "-q", "--no-ff", "-m", "by hand", "lane/2")
    #expect(try await fixture.land().landed.sorted() == ["1", "2"])
    #expect(try fixture.state("1") == .landed)
    #expect(try fixture.state("2") == .landed)
    #expect(try fixture.state("3") == .inReview)
    #expect(try fixture.store.claims().map(\.owner.id) == ["3"])
  }

  @Test func aForcedTargetIsToldAndNothingLandsAgainByItself() async throws {
    let fixture = try LandingFixture()
    try fixture.queue("1", ["one.txt": "1\n"])
    #expect(try await fixture.land().landed == ["1"])
    try fixture.queue("2", ["two.txt": "2\n"])
    #expect(try await fixture.land().landed == ["2"])
    let old = try fixture.test.git("rev-parse", "main")
    try fixture.test.git("reset", "-q", "--hard", "main~1")
    let result = try await fixture.land()
    #expect(result.landed == [])
    #expect(result.notes.first?.contains("forced") == true)
    #expect(result.notes.first?.contains("#2") == true)
    #expect(try fixture.state("1") == .landed)
    #expect(try fixture.state("2") == .undone)
    #expect(try await fixture.land().outcomes.isEmpty)
    // P4: what is gone from the target is kept.
    #expect(try fixture.test.git("for-each-ref", "--contains", old, "refs/lanekeeper/rescue") != "")
    try fixture.store.reopen("2")
    #expect(try fixture.state("2") == .ready)
  }

  @Test func aRewrittenTargetKeepsWhatItStillHolds() async throws {
    let fixture = try LandingFixture(style: "squash")
    for number in 1...3 {
      try fixture.queue("\(number)", ["f\(number).txt": "x\n"])
      try await fixture.land()
    }
    // The first commit of the three is dropped; the others get new ids.
    try fixture.test.git("rebase", "-q", "--onto", "main~3", "main~2", "main")
    let result = try await fixture.land()
    #expect(result.notes.first?.contains("#1") == true)
    #expect(result.notes.first?.contains("#2") == false)
    #expect(try fixture.state("1") == .undone)
    #expect(try fixture.state("2") == .landed)
    #expect(
      try fixture.store.feature("3")?.landedCommit == fixture.test.git("rev-parse", "main"))
  }

  @Test func aPersonsCommitIsNothingSpecial() async throws {
    let fixture = try LandingFixture()
    try fixture.queue("1", ["one.txt": "1\n"])
    try await fixture.land()
    try fixture.test.write("mine.txt", "m\n")
    try fixture.test.commit("a person's commit")
    #expect(try await fixture.land().outcomes.isEmpty)
    #expect(try fixture.state("1") == .landed)
  }

  /// A person deletes branches of lanes; what was built is not lost by that.
  @Test func p4_aBranchThatWasDeletedComesBackAndLands() async throws {
    let fixture = try LandingFixture()
    try fixture.queue("1", ["b.txt": "1\n"])
    try fixture.queue("2", ["c.txt": "2\n"])
    try fixture.test.git("branch", "-q", "-D", "lane/1")
    let result = try await fixture.land()
    #expect(result.landed.sorted() == ["1", "2"], "\(result)")
    #expect(try fixture.test.git("show", "main:b.txt") == "1")
    let events = try fixture.store.events(after: 0).filter { $0.type == "branch_restored" }
    #expect(events.map(\.feature) == ["1"])
  }

  @Test func aBranchWhoseCommitsAreGoneIsBuiltAgainInSoManyWords() async throws {
    let fixture = try LandingFixture()
    try fixture.queue("1", ["b.txt": "1\n"])
    let tip = try fixture.test.git("rev-parse", "lane/1")
    try fixture.test.git("branch", "-q", "-D", "lane/1")
    try fixture.test.git("reflog", "expire", "--expire=now", "--all")
    try FileManager.default.removeItem(
      atPath: fixture.test.path + "/.git/objects/\(tip.prefix(2))/\(tip.dropFirst(2))")
    let result = try await fixture.land()
    #expect(result.landed == [] && result.details.first?.contains("was deleted") == true)
    let feature = try #require(try fixture.store.feature("1"))
    #expect(feature.state == .ready && feature.rework?.contains("Build it again") == true)
  }

  @Test func aBranchThatCannotComeBackIsHeldWithWhatIsInTheWay() async throws {
    let fixture = try LandingFixture()
    try fixture.queue("1", ["b.txt": "1\n"])
    try fixture.test.git("branch", "-q", "-D", "lane/1")
    try fixture.test.git("branch", "lane/1/mine", "main")
    let result = try await fixture.land()
    #expect(result.landed == [])
    #expect(result.held.contains { $0.contains("`git branch -m lane/1/mine lane-1-mine-old`") })
    try fixture.test.git("branch", "-m", "lane/1/mine", "mine")
    #expect(try await fixture.land().landed == ["1"])
  }
}
