import Foundation
import Model
import Store
import TestSupport
import Testing

/// A store with features, attempts and claims of a test's own.
struct StoreBench {
  let directory: TemporaryDirectory
  let store: Store
  let clock: Ticks

  final class Ticks: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Int64 = 1_000_000
    var now: Int64 { lock.withLock { value } }
    func advance(_ milliseconds: Int64) { lock.withLock { value += milliseconds } }
  }

  /// - Parameter inMemory: keeps the file where no disk has to be waited for, if there is such a place.
  init(_ ids: [String], needs: [String: [String]] = [:], inMemory: Bool = false) throws {
    directory = try TemporaryDirectory(
      below: inMemory && access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NSTemporaryDirectory())
    let clock = Ticks()
    self.clock = clock
    store = try Store(path: directory.path("state.sqlite"), clock: { clock.now })
    try takeOver(ids, needs: needs)
    try store.addParticipant(
      ParticipantRecord(
        id: "p", kind: .run, pid: 1, state: "running", parallel: 2, preset: nil, models: [],
        startedAt: 0))
  }

  func takeOver(_ ids: [String], needs: [String: [String]] = [:]) throws {
    try store.takeOver(
      ids.map { id in
        Feature(
          id: id, title: "Feature \(id)", category: "backend",
          dependencies: (needs[id] ?? []).map {
            Dependency(id: $0)
          })
      })
  }

  func requests(_ paths: [String]) throws -> [ClaimRequest] {
    try paths.map { ClaimRequest(path: try ClaimPath(normalising: $0), mode: .exclusive) }
  }

  @discardableResult
  func start(
    _ id: String, claims: [String] = [], expiry: ExpiryCheck? = nil, stacks: Bool = false
  ) throws -> AttemptStart {
    clock.advance(10)
    let lane = try store.reserveLane() ?? store.addLane { "lane-\($0)" }
    let result = try store.startAttempt(
      AttemptRequest(
        feature: id, participant: "p", lane: lane.number, branch: "refs/heads/lane/\(id)",
        tier: .haiku, modelName: "haiku", choice: "test", mark: "m-\(id)",
        claims: try requests(claims), policies: PathPolicies([]), expiry: expiry),
      above: stacks ? { _ in String(repeating: "b", count: 40) } : nil
    ) { String(repeating: "a", count: 40) }
    if case .started = result {} else { try store.finishLane(lane.number) }
    return result
  }

  func claim(_ id: String, _ paths: String..., expiry: ExpiryCheck? = nil) throws -> ClaimOutcome {
    try store.claim(
      try requests(paths), owner: .feature(id), agent: nil, policies: PathPolicies([]),
      expiry: expiry)
  }

  func wait(_ id: String, _ paths: String...) throws -> WaitAnswer {
    try store.beginWait(id, for: try requests(paths), agent: nil, policies: PathPolicies([]))
  }

  func poll(_ id: String, _ paths: String...) throws -> WaitAnswer {
    try store.pollWait(id, for: try requests(paths), agent: nil, policies: PathPolicies([]))
  }

  /// Ends an attempt whose lane changed these files.
  func end(_ id: String, _ end: AttemptEnd, changed: [String] = []) throws {
    clock.advance(10)
    let number = try #require(try store.feature(id)?.attempts)
    try store.endAttempt(
      id, number, end, tip: String(repeating: "c", count: 40),
      changed: changed.map { Array($0.utf8) })
  }

  func land(_ id: String) throws {
    let (a, c) = (String(repeating: "a", count: 40), String(repeating: "c", count: 40))
    let landings = try store.beginChain([
      NewLanding(
        feature: id, kind: .feature, laneTip: c, base: a, previous: a,
        commit: String(repeating: "d", count: 40), tree: String(repeating: "e", count: 40))
    ])
    try store.settle(landings, wasGated: false)
  }

  func state(_ id: String) throws -> FeatureState? { try store.feature(id)?.state }
  func held(_ id: String) throws -> [String] {
    try store.claims(of: .feature(id)).map(\.path.description)
  }
  func discovered(_ id: String) throws -> [String] {
    (try store.dependencies()[id] ?? []).filter { $0.source == .discovered }.map(\.id)
  }
}

@Suite(.bounded) struct WaitingTests {
  private func isHeld(_ answer: WaitAnswer) -> Bool {
    if case .held = answer { return true }
    return false
  }

  private func isRefused(
    _ outcome: ClaimOutcome, _ reason: ClaimConflict.Reason
  ) -> Bool {
    if case .refused(let conflicts) = outcome { return conflicts.map(\.reason) == [reason] }
    return false
  }

  @Test func aWaitEndsWithWhoWaited() throws {
    let bench = try StoreBench(["1", "2"])
    try bench.start("1", claims: ["a"])
    try bench.start("2", claims: ["b"])
    #expect(isHeld(try bench.wait("2", "a")))
    // Who waits asks every second, for as long as it takes.
    for _ in 0..<60 {
      bench.clock.advance(1000)
      #expect(isHeld(try bench.poll("2", "a")))
      try bench.store.endDeadWaits()
    }
    #expect(try bench.store.lentPlaces("p") == 1)
    // It was killed.
    bench.clock.advance(19_000)
    try bench.store.endDeadWaits()
    #expect(try bench.store.lentPlaces("p") == 1)
    bench.clock.advance(2000)
    try bench.store.endDeadWaits()
    #expect(try bench.store.lentPlaces("p") == 0)
    #expect(try bench.store.events(after: 0).last?.type == "wait_ended")
    // One that only slept, as a machine does, goes on waiting.
    #expect(isHeld(try bench.poll("2", "a")))
    #expect(try bench.store.lentPlaces("p") == 1)
    #expect(try bench.held("2") == ["b"])
  }

  @Test func aCycleIsBrokenWhenItWouldFormAndTheLeastWorkYields() throws {
    let bench = try StoreBench(["1", "2"])
    try bench.start("1", claims: ["a"])
    try bench.start("2", claims: ["b"])
    #expect(isRefused(try bench.claim("1", "b"), .held))
    // 1 ends and waits for 2; it has changed two files, 2 one.
    try bench.end("1", .refusedClaim(detail: "b"), changed: ["a", "x"])
    #expect(try bench.state("1") == .waiting)
    // 2 now asks for what 1 holds, which waits for it.
    #expect(isRefused(try bench.claim("2", "a"), .deadlock))
    try bench.claim("1", "x").expectGranted()
    try bench.end("2", .refusedClaim(detail: "a"), changed: ["b"])
    #expect(try bench.store.waitingCycle(through: "1").isEmpty)
    let states = [try bench.state("1"), try bench.state("2")]
    #expect(states == [.ready, .pending] || states == [.pending, .ready])
    let victim = states[0] == .pending ? "1" : "2"
    let other = victim == "1" ? "2" : "1"
    #expect(try bench.held(victim).isEmpty && !bench.held(other).isEmpty)
    #expect(try bench.discovered(victim) == [other])
    // The other goes on with what it waited for, lands, and then the victim may run again.
    try bench.start(other, claims: ["a", "b"])
    try bench.end(other, .completed(review: false), changed: ["a", "b"])
    #expect(try bench.state(victim) == .pending)
    try bench.land(other)
    #expect(try bench.state(victim) == .ready)
  }

  @Test func threeInACycleYieldOnce() throws {
    let bench = try StoreBench(["1", "2", "3"])
    for id in ["1", "2", "3"] { try bench.start(id, claims: ["f\(id)"]) }
    for (id, wanted) in [("1", "f2"), ("2", "f3"), ("3", "f1")] {
      _ = try bench.claim(id, wanted)
      try bench.end(id, .refusedClaim(detail: wanted), changed: ["f\(id)"])
    }
    let states = try ["1", "2", "3"].map { try bench.state($0) }
    #expect(states.filter { $0 == .pending }.count == 1)
    #expect(states.filter { $0 == .ready }.count == 1)
    #expect(states.filter { $0 == .waiting }.count == 1)
    let yields = try bench.store.events(after: 0).filter { $0.type == "deadlock_resolved" }
    #expect(yields.count == 1)
    for id in ["1", "2", "3"] { #expect(try bench.store.waitingCycle(through: id).isEmpty) }
  }

  @Test func aLiveWaitLendsItsPlaceAndGetsItsPathWhenTheHolderLands() throws {
    let bench = try StoreBench(["1", "2", "3", "4"])
    try bench.start("1", claims: ["a"])
    try bench.start("2")
    guard case .held(let conflicts) = try bench.wait("2", "a") else {
      Issue.record("not held")
      return
    }
    #expect(conflicts.map(\.path.description) == ["a"])
    #expect(try bench.store.lentPlaces("p") == 1)
    // A third may start, under a number above those in use.
    guard case .started(let third) = try bench.start("3") else {
      Issue.record("not started")
      return
    }
    #expect(third.agentID == "agent-3")
    #expect(try bench.poll("2", "a") == .held(conflicts))
    try bench.end("1", .completed(review: false), changed: ["a"])
    try bench.start("4")
    #expect(isHeld(try bench.poll("2", "a")))
    try bench.land("1")
    guard case .granted(let rows) = try bench.poll("2", "a") else {
      Issue.record("not granted")
      return
    }
    #expect(rows.map(\.path.description) == ["a"])
    // Both places are taken by 3 and 4, so it waits for one.
    #expect(try !bench.store.takePlaceAgain("2"))
    try bench.end("3", .completed(review: false), changed: ["z"])
    #expect(try bench.store.takePlaceAgain("2"))
    #expect(try bench.store.lentPlaces("p") == 0)
  }

  @Test func aLiveWaitThatWouldCloseACycleIsToldToYieldOrGetsThePath() throws {
    let bench = try StoreBench(["1", "2"])
    try bench.start("1", claims: ["a"])
    try bench.start("2", claims: ["b"])
    guard case .held = try bench.wait("1", "b") else {
      Issue.record("not held")
      return
    }
    // 2 is younger and has spent less, so it is the one to yield.
    #expect(try bench.wait("2", "a") == .mustYield(to: "1"))
    #expect(try bench.poll("2", "a") == .mustYield(to: "1"))
    guard case .held = try bench.poll("1", "b") else {
      Issue.record("got it before the other ended")
      return
    }
    try bench.end("2", .refusedClaim(detail: "a"), changed: ["b"])
    guard case .granted = try bench.poll("1", "b") else {
      Issue.record("not granted")
      return
    }
    #expect(try bench.state("2") == .pending && bench.discovered("2") == ["1"])
  }

  @Test func oneThatDoesNotRunYieldsAtOnce() throws {
    let bench = try StoreBench(["1", "2"])
    try bench.start("1", claims: ["a"])
    try bench.start("2", claims: ["b"])
    _ = try bench.claim("2", "a")
    try bench.end("2", .refusedClaim(detail: "a"), changed: ["b"])
    #expect(try bench.state("2") == .waiting && bench.held("2") == ["b"])
    // 1 has changed more (two pinned files), so 2 gives b back and 1 has it without waiting.
    try bench.claim("1", "c").expectGranted()
    try bench.end("1", .interrupted(.stopped, detail: "test"), changed: ["a", "c"])
    try bench.start("1", claims: ["a", "c"])
    guard case .granted(let rows) = try bench.wait("1", "b") else {
      Issue.record("not granted")
      return
    }
    #expect(rows.map(\.path.description) == ["b"])
    #expect(try bench.state("2") == .pending && bench.held("2").isEmpty)
  }

  @Test func nobodyYieldsTwiceToAYoungerOne() throws {
    let bench = try StoreBench(["old", "young"])
    func cycle() throws -> String? {
      let seq = try bench.store.lastEvent()
      try bench.start("old", claims: ["a"])
      try bench.start("young", claims: ["b", "c"])
      _ = try bench.claim("old", "b")
      try bench.end("old", .refusedClaim(detail: "b"), changed: ["a"])
      _ = try bench.claim("young", "a")
      try bench.end("young", .refusedClaim(detail: "a"), changed: ["b", "c"])
      return try bench.store.events(after: seq).first { $0.type == "deadlock_resolved" }?.feature
    }
    // The old one has less work and yields to the younger.
    #expect(try cycle() == "old")
    #expect(try bench.discovered("old") == ["young"])
    // The younger one is given up and begun again, and the same cycle forms once more.
    try bench.start("young", claims: ["b"])
    try bench.end("young", .failed(detail: "x", rework: nil, maximum: 1), changed: [])
    try bench.takeOver(["old", "young"])
    try bench.store.retry("young")
    try bench.store.dropDependency("old", "young")
    #expect(try cycle() == "young")
  }

  @Test func aDependencyThatClosesACycleIsFoundWhenItIsAdded() throws {
    let bench = try StoreBench(["1", "2"])
    try bench.start("1", claims: ["a"])
    try bench.end("1", .completed(review: true), changed: ["a"])
    try bench.start("2")
    _ = try bench.claim("2", "a")
    try bench.end("2", .refusedClaim(detail: "a"))
    #expect(try bench.state("1") == .inReview && bench.state("2") == .waiting)
    // A person now says that 1 needs 2, which waits for 1.
    try bench.takeOver(["1", "2"], needs: ["1": ["2"]])
    #expect(try bench.state("1") == .pending && bench.held("1").isEmpty)
    #expect(try bench.state("2") == .ready)
    #expect(try bench.discovered("1").isEmpty)
  }

  @Test func aDiscoveryThatTheBacklogContradictsIsForgotten() throws {
    let bench = try StoreBench(["1", "2"])
    try bench.start("1", claims: ["a"])
    try bench.start("2", claims: ["b"])
    _ = try bench.claim("1", "b")
    try bench.end("1", .refusedClaim(detail: "b"), changed: ["a"])
    _ = try bench.claim("2", "a")
    try bench.end("2", .refusedClaim(detail: "a"), changed: ["b"])
    let victim = try bench.state("1") == .pending ? "1" : "2"
    let other = victim == "1" ? "2" : "1"
    try bench.takeOver(["1", "2"], needs: [other: [victim]])
    #expect(try bench.discovered(victim).isEmpty)
    #expect(try bench.state(victim) == .ready && bench.state(other) == .pending)
  }
}

extension ClaimOutcome {
  func expectGranted(sourceLocation: SourceLocation = #_sourceLocation) {
    if case .refused(let conflicts) = self {
      Issue.record("refused: \(conflicts)", sourceLocation: sourceLocation)
    }
  }
}
