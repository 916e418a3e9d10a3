import Foundation
import Model
import TestSupport
import Testing

@testable import Store

@Suite(.bounded) struct ClaimLifeTests {
  private func path(_ text: String) throws -> ClaimPath { try ClaimPath(normalising: text) }

  @Test func claimingAgainChangesNothing() throws {
    let bench = try StoreBench(["1"])
    try bench.start("1")
    guard case .granted(let first) = try bench.claim("1", "src/", "a"),
      case .granted(let second) = try bench.claim("1", "src/x", "a", "src/")
    else {
      Issue.record("refused")
      return
    }
    #expect(first.map(\.generation) == second.map(\.generation))
    #expect(try bench.held("1") == ["a", "src/"])
  }

  @Test func p2_aBatchIsGrantedWholeOrNotAtAll() throws {
    let bench = try StoreBench(["1", "2"])
    try bench.start("1", claims: ["m"])
    try bench.start("2")
    guard case .refused(let conflicts) = try bench.claim("2", "a", "m", "z") else {
      Issue.record("granted")
      return
    }
    #expect(conflicts.map(\.path.description) == ["m"])
    #expect(try bench.held("2").isEmpty)
  }

  @Test func releaseNeedsOwnerGenerationAndAnUnchangedPath() throws {
    let bench = try StoreBench(["1", "2"])
    try bench.start("1")
    guard case .granted(let rows) = try bench.claim("1", "a", "b") else {
      Issue.record("refused")
      return
    }
    let generation = try #require(rows.first?.generation)
    #expect(throws: ReleaseError.notHeld("a")) {
      try bench.store.release([try path("a")], owner: .feature("2"))
    }
    #expect(throws: ReleaseError.otherGeneration("a", held: generation, given: generation - 1)) {
      try bench.store.release(
        [try path("a")], owner: .feature("1"), generations: [try path("a"): generation - 1])
    }
    // One changed path keeps the whole batch.
    #expect(throws: ReleaseError.changedInLane("b")) {
      try bench.store.release(
        [try path("a"), try path("b")], owner: .feature("1"), changed: [Array("b".utf8)])
    }
    #expect(try bench.held("1") == ["a", "b"])
    try bench.store.release(
      [try path("a")], owner: .feature("1"), generations: [try path("a"): generation],
      changed: [Array("b".utf8)])
    #expect(try bench.held("1") == ["b"])
    // A directory stays claimed as long as anything below it is changed.
    try bench.claim("1", "src/").expectGranted()
    #expect(throws: ReleaseError.changedInLane("src/")) {
      try bench.store.release(
        [try path("src/")], owner: .feature("1"), changed: [Array("src/deep/x".utf8)])
    }
  }

  @Test func aSessionsClaimsEndWithItsLease() throws {
    let bench = try StoreBench(["1"])
    let session = ClaimOwner(kind: .session, id: "s")
    let requests = try bench.requests(["a"])
    func claim(until time: Int64) throws {
      try bench.store.claim(
        requests, owner: session, agent: nil, policies: PathPolicies([]), expiresAt: time
      ).expectGranted()
    }
    try claim(until: bench.clock.now + 1000)
    try bench.start("1", claims: ["a"])
    #expect(try bench.state("1") == .waiting)
    try bench.store.write { try bench.store.renewSession($0, "s") }
    bench.clock.advance(2000)
    try bench.store.expireLeases()
    #expect(try bench.state("1") == .waiting)
    bench.clock.advance(SessionRecord.lease)
    try bench.store.expireLeases()
    #expect(try bench.state("1") == .ready && bench.store.claims(of: session).isEmpty)
  }

  @Test func aDeadHoldersUnusedClaimsExpireAndItsWorkStaysClaimed() throws {
    let bench = try StoreBench(["1", "2"])
    try bench.start("1", claims: ["used", "unused", "written"])
    try bench.start("2")
    try bench.store.beat(participant: "p", bootID: "boot", uptime: 1_000_000)
    let minute: Int64 = 60_000
    func check(_ boot: String, after: Int64, dead: Bool = true) -> ExpiryCheck {
      ExpiryCheck(bootID: boot, uptime: 1_000_000 + after) { feature, attempt, lane in
        #expect(feature.id == "1" && attempt.number == 1 && lane?.feature == "1")
        return dead ? [Array("used".utf8), Array("written".utf8)] : nil
      }
    }
    func isRefused(_ outcome: ClaimOutcome) -> Bool {
      if case .refused = outcome { return true }
      return false
    }
    #expect(isRefused(try bench.claim("2", "unused", expiry: check("boot", after: 14 * minute))))
    #expect(
      isRefused(
        try bench.claim("2", "unused", expiry: check("boot", after: 16 * minute, dead: false))))
    #expect(isRefused(try bench.claim("2", "unused")))
    try bench.claim("2", "unused", expiry: check("boot", after: 16 * minute)).expectGranted()
    // Commits and uncommitted changes never expire.
    #expect(isRefused(try bench.claim("2", "used", expiry: check("boot", after: 99_999 * minute))))
    #expect(isRefused(try bench.claim("2", "written", expiry: check("other", after: 0))))
    #expect(try bench.held("1") == ["used", "written"])
  }

  @Test func anotherRunOfTheMachineEndsThemAtOnce() throws {
    let bench = try StoreBench(["1", "2"])
    try bench.start("1", claims: ["a"])
    try bench.store.beat(participant: "p", bootID: "boot", uptime: 1_000_000)
    try bench.start(
      "2", claims: ["a"], expiry: ExpiryCheck(bootID: "other", uptime: 5) { _, _, _ in [] })
    #expect(try bench.state("2") == .running && bench.held("2") == ["a"])
  }

  @Test func failedAbandonedAndBlockedFeaturesGiveTheirsBack() throws {
    let bench = try StoreBench(["1", "2", "3"], needs: ["3": ["1"]])
    try bench.start("1", claims: ["a"])
    try bench.start("2", claims: ["b"])
    try bench.store.claim(
      try bench.requests(["c"]), owner: .feature("3"), agent: nil, policies: PathPolicies([])
    ).expectGranted()
    try bench.end("1", .failed(detail: "x", rework: nil, maximum: 1), changed: ["a"])
    #expect(try bench.state("1") == .failed && bench.held("1").isEmpty)
    #expect(try bench.state("3") == .blocked && bench.held("3").isEmpty)
    try bench.end("2", .completed(review: true), changed: ["b"])
    #expect(try bench.held("2") == ["b"])
    try bench.store.abandon("2")
    #expect(try bench.held("2").isEmpty)
    // A retry claims its whole diff again at once, or waits for whoever has it now.
    try bench.store.retry("1")
    try bench.start("1", claims: ["a", "declared"])
    #expect(try bench.held("1") == ["a", "declared"])
  }

  @Test func p1_aLaneWithARunningAttemptIsNeverFreed() throws {
    let bench = try StoreBench(["1", "2"])
    try bench.start("1")
    let preparing = try bench.store.addLane { "lane-\($0)" }
    var freed: [Int] = []
    try bench.store.freeLeftLanes(preparing: false) { freed.append($0.number) }
    #expect(freed.isEmpty)
    #expect(try bench.store.lane(1)?.feature == "1")
    try bench.store.freeLeftLanes(preparing: true) { freed.append($0.number) }
    #expect(freed == [preparing.number])
    #expect(try bench.store.reserveLane()?.number == preparing.number)
  }

  @Test func claimsMoveWithTheFileSystemsNaming() throws {
    let bench = try StoreBench(["1", "2"])
    try bench.start("1", claims: ["Src/A.c"])
    try bench.store.setClaimSettings(
      target: "refs/heads/main", policy: "auto", humans: "warn", policies: [],
      naming: PathNaming(ignoresCase: true))
    #expect(try bench.held("1") == ["Src/A.c"])
    let folding = PathPolicies([], naming: PathNaming(ignoresCase: true))
    let outcome = try bench.store.claim(
      try bench.requests(["SRC/a.C"]), owner: .feature("2"), agent: nil, policies: folding)
    guard case .refused = outcome else {
      Issue.record("granted")
      return
    }
    // The landing's and the attempt's end know the file by any spelling.
    try bench.end("1", .completed(review: true), changed: ["sRC/a.c"])
    #expect(try bench.held("1") == ["Src/A.c"])
  }
}
