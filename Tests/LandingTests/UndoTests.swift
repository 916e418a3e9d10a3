import Engine
import Foundation
import Store
import TestSupport
import Testing

@Suite(.bounded) struct UndoTests {
  /// Asks for the reversal of a feature that has landed.
  private func request(_ fixture: LandingFixture, _ ids: String...) throws {
    try fixture.store.requestUndo(
      try ids.map { id in
        let landing = try #require(try fixture.store.lastLanding(of: id))
        return (id, try #require(landing.commit), landing.targetBefore)
      })
  }

  @Test(arguments: ["merge", "squash", "rebase"])
  func p3_aRevertLandsThroughTheSameQueue(style: String) async throws {
    let fixture = try LandingFixture(gate: LandingFixture.noting, style: style)
    let start = try fixture.test.git("rev-parse", "main")
    try fixture.queue("1", ["one.txt": "1\n", "a.txt": nil])
    try fixture.queue("2", ["two.txt": "2\n"])
    try await fixture.land()
    try request(fixture, "1")
    let result = try await fixture.land()
    guard case .undone("1", let commit) = result.outcomes.first else {
      Issue.record("\(result)")
      return
    }
    #expect(try fixture.state("1") == .undone)
    #expect(!fixture.test.root.exists("repo/one.txt"))
    #expect(fixture.test.root.exists("repo/a.txt"))
    #expect(try fixture.test.read("two.txt") == "2\n")
    #expect(
      try fixture.test.git(
        "log", "-1", "--format=%(trailers:key=Reverts-Feature,valueonly)", commit) == "1")
    #expect(try fixture.trailers() == ["1", "2"])
    #expect(try fixture.test.git("status", "--porcelain") == "")
    #expect(try fixture.store.claims().isEmpty)
    try fixture.checkP3(since: start)
    // Undone until it is reopened.
    #expect(try await fixture.land().outcomes.isEmpty)
    try fixture.store.reopen("1")
    #expect(try fixture.state("1") == .ready)
    try fixture.test.git("branch", "-f", "lane/1", "main")
    try fixture.queue("1", ["one.txt": "again\n"])
    #expect(try await fixture.land().landed == ["1"])
    #expect(try fixture.test.read("one.txt") == "again\n")
  }

  @Test func aRevertThatTheGateRefusesLeavesTheFeatureLanded() async throws {
    let fixture = try LandingFixture(
      gate: "test -e one.txt || ! test -e two.txt", window: .size(4))
    try fixture.queue("1", ["one.txt": "1\n"])
    try await fixture.land()
    try fixture.queue("2", ["two.txt": "2\n"])
    try await fixture.land()
    try request(fixture, "1")
    let result = try await fixture.land()
    #expect(result.details.first?.hasPrefix("gate: ") == true)
    #expect(try fixture.state("1") == .landed)
    #expect(try fixture.store.undoRequests().isEmpty)
    #expect(fixture.test.root.exists("repo/one.txt"))
  }

  @Test func contentsAreRevertedBesideLaterChanges() async throws {
    let fixture = try LandingFixture()
    try fixture.queue("1", ["a.txt": "one\n2\n3\n4\n5\n6\n7\n"])
    try await fixture.land()
    try fixture.queue("2", ["a.txt": "one\n2\n3\n4\n5\n6\nseven\n"])
    try await fixture.land()
    try fixture.queue("3", ["a.txt": "one\n2\n3\n4\n5\n6\nSEVEN\n"])
    try await fixture.land()
    try request(fixture, "1")
    try await fixture.land()
    #expect(try fixture.test.read("a.txt") == "1\n2\n3\n4\n5\n6\nSEVEN\n")
    try request(fixture, "2")
    let result = try await fixture.land()
    #expect(result.details.first?.contains("a.txt") == true)
    #expect(try fixture.state("2") == .landed)
  }

  @Test func dependentsGoFirstWithinOneChain() async throws {
    let fixture = try LandingFixture(gate: LandingFixture.noting, window: .size(4))
    try fixture.queue("1", ["one.txt": "1\n"])
    try await fixture.land()
    try fixture.queue("2", ["one.txt": "1\n2\n"], needs: ["1"])
    try await fixture.land()
    let runs = try fixture.runs()
    try request(fixture, "2", "1")
    let result = try await fixture.land()
    #expect(result.outcomes.count == 2)
    #expect(try fixture.state("1") == .undone)
    #expect(try fixture.state("2") == .undone)
    #expect(!fixture.test.root.exists("repo/one.txt"))
    // The tree is that of the base, which was never gated before.
    #expect(try fixture.runs() == runs + 1)
  }

  @Test func p2_aRevertWaitsForWhoeverHoldsThePaths() async throws {
    let fixture = try LandingFixture()
    try fixture.queue("1", ["one.txt": "1\n"])
    try await fixture.land()
    try fixture.queue("2", ["one.txt": "2\n"], review: true)
    try request(fixture, "1")
    let result = try await fixture.land()
    #expect(result.progress == .held)
    #expect(result.held.first?.contains("feature #2") == true)
    #expect(try fixture.state("1") == .landed)
    try fixture.store.abandon("2")
    try await fixture.land()
    #expect(try fixture.state("1") == .undone)
  }
}
