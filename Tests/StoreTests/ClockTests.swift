import Foundation
import Model
import Synchronization
import TestSupport
import Testing

@testable import Store

/// Clocks that the test sets.
private final class TestClocks: Sendable {
  private struct State {
    var wall: Int64 = 1_800_000_000_000
    var uptime: Int64 = 5_000_000
    var boot = "boot-1"
    var coming: (looks: Int, seconds: Int64)?
  }
  private let state = Mutex(State())

  var clocks: StoreClock {
    StoreClock(
      wall: { self.wall() },
      boot: { self.state.withLock { ($0.boot, $0.uptime) } })
  }

  /// Lets time go on.
  func pass(seconds: Int64) {
    state.withLock {
      $0.wall += seconds * 1000
      $0.uptime += seconds * 1000
    }
  }

  /// Sets the clock that a person sees after so many more looks at it.
  func set(by seconds: Int64, after looks: Int) { state.withLock { $0.coming = (looks, seconds) } }

  private func wall() -> Int64 {
    state.withLock {
      if let (looks, seconds) = $0.coming {
        $0.coming = looks > 0 ? (looks - 1, seconds) : nil
        if looks == 0 { $0.wall += seconds * 1000 }
      }
      return $0.wall
    }
  }

  /// Sets the clock that a person sees.
  func set(by seconds: Int64) { state.withLock { $0.wall += seconds * 1000 } }

  func restart() {
    state.withLock {
      $0.boot += "+"
      $0.uptime = 1000
    }
  }
}

/// The machine's clock is set while a run goes on.
@Suite(.bounded) struct ClockTests {
  private let directory: TemporaryDirectory
  private let clocks = TestClocks()
  private let store: Store

  init() throws {
    directory = try TemporaryDirectory()
    store = try Store(path: directory.path("state.sqlite"), clocks: clocks.clocks)
    try store.takeOver(
      ["1", "2"].map {
        Feature(id: $0, title: $0, category: "c")
      })
  }

  private func start(_ id: String) throws -> AttemptRecord {
    let lane = try store.addLane { "lane-\($0)" }
    let start = try store.startAttempt(
      AttemptRequest(
        feature: id, participant: "p", lane: lane.number, branch: "refs/heads/lane/\(id)",
        tier: .haiku, modelName: "haiku", choice: "", mark: "m", claims: [],
        policies: PathPolicies([]))
    ) { String(repeating: "a", count: 40) }
    guard case .started(let attempt) = start else { throw StoreError.unknownFeature(id) }
    return attempt
  }

  private func seconds(_ id: String) throws -> Double {
    let attempt = try #require(try store.attempts(of: id).last)
    return Double((attempt.endedAt ?? store.now) - attempt.startedAt) / 1000
  }

  @Test(arguments: [-7200, -3, 3, 36_000])
  func anAttemptLastsAsLongAsItLasts(jump: Int64) throws {
    let attempt = try start("1")
    clocks.pass(seconds: 10)
    clocks.set(by: jump)
    clocks.pass(seconds: 5)
    // Another process is the first to notice.
    let other = try Store(path: directory.path("state.sqlite"), clocks: clocks.clocks)
    try other.setValue("x", "y")
    try store.endAttempt(
      "1", attempt.number, .failed(detail: "d", rework: "r", maximum: 3), tip: nil, changed: [])
    #expect(try seconds("1") == 15)
    let told = try store.events(after: 0).filter { $0.type == "clock_set" }
    #expect(told.count == 1)
  }

  /// What notices the jump is rolled back, and with it what was moved along.
  @Test func aTransactionThatFailsHidesNoJump() throws {
    let attempt = try start("1")
    clocks.pass(seconds: 10)
    clocks.set(by: 3600)
    #expect(throws: CancellationError.self) { try store.write { _ in throw CancellationError() } }
    clocks.pass(seconds: 5)
    try store.endAttempt(
      "1", attempt.number, .failed(detail: "d", rework: "r", maximum: 3), tip: nil, changed: [])
    #expect(try seconds("1") == 15)
    #expect(try store.events(after: 0).filter { $0.type == "clock_set" }.count == 1)
  }

  /// The clock may be set at any moment of a transaction, too.
  @Test(arguments: 0...6, [-7200, 36_000])
  func p1_theTimesOfATransactionAreOfOneClock(looks: Int, jump: Int64) throws {
    let attempt = try start("1")
    clocks.pass(seconds: 10)
    clocks.set(by: jump, after: looks)
    try store.endAttempt(
      "1", attempt.number, .failed(detail: "d", rework: "r", maximum: 3), tip: nil, changed: [])
    clocks.pass(seconds: 1)
    let next = try start("1")
    #expect(try store.attempts(of: "1").first?.endedAt ?? .max <= next.startedAt)
    try store.setValue("x", "y")
    let ended = try #require(try store.attempts(of: "1").first)
    #expect(try #require(ended.endedAt) - ended.startedAt == 10_000)
    #expect(try ended.endedAt! <= #require(try store.attempts(of: "1").last).startedAt)
  }

  @Test(arguments: [-7200, 36_000])
  func aLeaseEndsAfterItsTimeNeitherEarlierNorLater(jump: Int64) throws {
    let claims = [ClaimRequest(path: ClaimPath(file: Array("a.txt".utf8)), mode: .exclusive)]
    _ = try store.claim(
      claims, owner: ClaimOwner(kind: .session, id: "s"), agent: nil, policies: PathPolicies([]),
      expiresAt: store.now + 900_000)
    clocks.pass(seconds: 60)
    clocks.set(by: jump)
    try store.setValue("x", "y")
    clocks.pass(seconds: 800)
    try store.expireLeases()
    #expect(try store.claims().count == 1)
    clocks.pass(seconds: 100)
    try store.expireLeases()
    #expect(try store.claims().isEmpty)
  }

  @Test(arguments: [-7200, 36_000])
  func theBudgetCountsWhatThisRunHasCost(jump: Int64) throws {
    func end(_ attempt: AttemptRecord, cost: Double) throws {
      try store.endAttempt(
        attempt.feature, attempt.number, .failed(detail: "d", rework: "r", maximum: 9), tip: nil,
        changed: [])
      try store.write {
        try $0.execute(
          sql: "UPDATE attempts SET cost_usd = ? WHERE feature = ? AND number = ?",
          arguments: [cost, attempt.feature, attempt.number])
      }
    }
    try end(try start("1"), cost: 100)
    clocks.pass(seconds: 5)
    try store.beginBudget()
    let attempt = try start("1")
    clocks.pass(seconds: 10)
    try end(attempt, cost: 2)
    let before = try store.attempts(of: "1").map(\.startedAt)
    for step in [jump, -jump] {
      clocks.set(by: step)
      try end(try start("2"), cost: 1)
      #expect(
        try store.reserveCost(
          "1", participant: "p", expected: 0.5, maximum: 1, featureMaximum: nil)
          == .runExceeded(step == jump ? 3 : 4))
    }
    // What had ended before the run stays where it was, and the rest is where it was again.
    #expect(try store.attempts(of: "1").map(\.startedAt) == before)
  }

  @Test func aRestartOfTheMachineMovesNothing() throws {
    let attempt = try start("1")
    clocks.pass(seconds: 10)
    clocks.restart()
    clocks.pass(seconds: 10)
    try store.setValue("x", "y")
    #expect(try store.attempt("1", attempt.number)?.startedAt == attempt.startedAt)
    #expect(try store.events(after: 0).allSatisfy { $0.type != "clock_set" })
  }
}
