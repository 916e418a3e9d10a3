import Foundation
import Model
import Store
import TestSupport
import Testing

@Suite(.bounded) struct StoreTests {
  private func makeStore() throws -> (TemporaryDirectory, Store) {
    let directory = try TemporaryDirectory()
    return (directory, try Store(path: directory.path("state.sqlite")))
  }

  private func entry(_ id: String, needs: [String] = [], touches: [String] = []) -> Feature {
    Feature(
      id: id, title: "Feature \(id)", category: "backend",
      dependencies: needs.map {
        Dependency(id: $0)
      }, touches: touches)
  }

  private func start(
    _ store: Store, _ id: String, claims: [String] = [], participant: String = "p"
  ) throws -> AttemptStart {
    let lane = try store.reserveLane() ?? store.addLane { "lane-\($0)" }
    return try store.startAttempt(
      AttemptRequest(
        feature: id, participant: participant, lane: lane.number, branch: "refs/heads/lane/\(id)",
        tier: .haiku, modelName: "haiku", choice: "test", mark: "m-\(id)",
        claims: try claims.map {
          ClaimRequest(path: try ClaimPath(normalising: $0), mode: .exclusive)
        }, policies: PathPolicies([]))
    ) { String(repeating: "a", count: 40) }
  }

  @Test func everyTransitionLeadsToAKnownStateAndNothingLeavesTheTable() throws {
    let (_, store) = try makeStore()
    try store.takeOver([entry("1")])
    for from in FeatureState.allCases {
      #expect(!from.allowedSuccessors.contains(from))
      #expect(!from.allowedSuccessors.isEmpty)
    }
    #expect(throws: StoreError.forbiddenTransition(feature: "1", from: .ready, to: .landed)) {
      try store.transition("1", from: [.ready], to: .landed)
    }
    #expect(
      throws: StoreError.stateChanged(feature: "1", expected: [.running], found: .ready)
    ) { try store.transition("1", from: [.running], to: .completed) }
    #expect(try store.feature("1")?.state == .ready)
  }

  @Test func p1_oneAttemptAtATime() throws {
    let (_, store) = try makeStore()
    try store.takeOver([entry("1"), entry("2")])
    guard case .started(let attempt) = try start(store, "1") else {
      Issue.record("not started")
      return
    }
    #expect(attempt.number == 1 && attempt.agentID == "agent-1")
    #expect(try start(store, "1") == .notReady(.running))
    guard case .started(let other) = try start(store, "2") else {
      Issue.record("not started")
      return
    }
    #expect(other.agentID == "agent-2")
  }

  @Test func p1_p2_manyProcessesAtOnce() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("state.sqlite")
    let store = try Store(path: path)
    try store.takeOver((1...30).map { entry(String($0), touches: ["shared"]) })
    let wins = try await withThrowingTaskGroup(of: [String].self) { group in
      for worker in 0..<4 {
        group.addTask {
          // Each worker has a connection of its own, like a process.
          let store = try Store(path: path)
          var mine: [String] = []
          for number in 1...30 {
            let lane = try store.addLane { "lane-\($0)" }
            let started = try store.startAttempt(
              AttemptRequest(
                feature: String(number), participant: "p\(worker)", lane: lane.number,
                branch: "refs/heads/lane/\(number)", tier: .haiku, modelName: "haiku",
                choice: "test", mark: "m",
                claims: [
                  ClaimRequest(path: try ClaimPath(normalising: "shared"), mode: .exclusive)
                ], policies: PathPolicies([]))
            ) { String(repeating: "b", count: 40) }
            if case .started = started { mine.append(String(number)) }
          }
          return mine
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    // All want the same path, and the first never gave it back.
    #expect(wins.count == 1)
    #expect(try store.claims().count == 1)
    #expect(try store.features(in: [.waiting]).count == 29)
  }

  @Test func p2_waitersGoOnWhenTheHolderLands() throws {
    let (_, store) = try makeStore()
    try store.takeOver([entry("1"), entry("2"), entry("3", needs: ["1"])])
    _ = try start(store, "1", claims: ["src/"])
    guard case .refused(let conflicts) = try start(store, "2", claims: ["src/a", "free"]) else {
      Issue.record("granted")
      return
    }
    #expect(conflicts.count == 1)
    #expect(try store.feature("2")?.state == .waiting)
    #expect(try store.feature("2")?.waitingFor == "feature:1")
    #expect(try store.claims(of: .feature("2")).isEmpty)
    try store.endAttempt(
      "1", 1, .completed(review: false), tip: String(repeating: "c", count: 40),
      changed: [Array("src/x".utf8)])
    #expect(try store.feature("1")?.state == .queued)
    #expect(try store.feature("2")?.state == .waiting)
    let (a, c) = (String(repeating: "a", count: 40), String(repeating: "c", count: 40))
    let landings = try store.beginChain([
      NewLanding(
        feature: "1", kind: .feature, laneTip: c, base: a, previous: a,
        commit: String(repeating: "d", count: 40), tree: String(repeating: "e", count: 40))
    ])
    try store.settle(landings, wasGated: false)
    #expect(try store.feature("1")?.state == .landed)
    #expect(try store.feature("2")?.state == .ready)
    #expect(try store.feature("3")?.state == .ready)
    #expect(try store.claims().isEmpty)
  }

  @Test func failuresCountAndInterruptionsDoNot() throws {
    let (_, store) = try makeStore()
    try store.takeOver([entry("1"), entry("2", needs: ["1"])])
    func attempt(_ end: AttemptEnd) throws {
      guard case .started(let record) = try start(store, "1") else {
        Issue.record("not started")
        return
      }
      try store.endAttempt("1", record.number, end, tip: nil, changed: [])
    }
    try attempt(.interrupted(.stopped, detail: "stopped"))
    #expect(try store.feature("1")?.failures == 0 && store.feature("1")?.climbs == false)
    try attempt(.failed(detail: "x", rework: "why", maximum: 2))
    #expect(try store.feature("1")?.state == .ready && store.feature("1")?.climbs == true)
    #expect(try store.feature("1")?.rework == "why")
    try attempt(.failed(detail: "x", rework: nil, maximum: 2))
    #expect(try store.feature("1")?.state == .failed)
    #expect(try store.feature("1")?.attempts == 3)
    #expect(try store.feature("2")?.state == .blocked)
    try store.retry("1")
    #expect(try store.feature("1")?.state == .ready && store.feature("1")?.failures == 0)
    #expect(try store.feature("2")?.state == .pending)
  }

  @Test func unusedClaimsAreGivenBackAndChangedOnesStay() throws {
    let (_, store) = try makeStore()
    try store.takeOver([entry("1")])
    _ = try start(store, "1", claims: ["used", "unused"])
    try store.endAttempt(
      "1", 1, .completed(review: true), tip: nil, changed: [Array("used".utf8)])
    #expect(try store.feature("1")?.state == .inReview)
    #expect(try store.claims().map(\.path.description) == ["used"])
    #expect(throws: ReleaseError.changedInLane("used")) {
      try store.release([try ClaimPath(normalising: "used")], owner: .feature("1"))
    }
    #expect(throws: ReleaseError.notHeld("unused")) {
      try store.release([try ClaimPath(normalising: "unused")], owner: .feature("1"))
    }
  }

  @Test func everyChangeIsAnEvent() throws {
    let (_, store) = try makeStore()
    try store.takeOver([entry("1")])
    _ = try start(store, "1")
    let types = try store.events(after: 0).map(\.type)
    #expect(types.contains("attempt_started"))
    let seq = try store.lastEvent()
    try store.record(.progress, feature: "1", ["text": "hello"])
    let new = try store.events(after: seq)
    #expect(new.count == 1 && new[0].seq == seq + 1 && new[0].feature == "1")
    #expect(new[0].data.contains("hello"))
  }

  @Test func theBacklogIsTakenOverAgainWithoutLosingStates() throws {
    let (_, store) = try makeStore()
    try store.takeOver([entry("1"), entry("2", needs: ["1"])])
    _ = try start(store, "1")
    try store.takeOver([entry("2"), entry("3")])
    #expect(try store.feature("1")?.inBacklog == false)
    #expect(try store.feature("1")?.state == .running)
    #expect(try store.feature("2")?.state == .ready)
    #expect(try store.features().map(\.id) == ["2", "3", "1"])
  }

  @Test func manyProcessesMayMakeTheStateFileAtOnce() async throws {
    for _ in 0..<5 {
      let directory = try TemporaryDirectory()
      let path = directory.path("state.sqlite")
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<6 {
          group.addTask { try Store(path: path).features().count }
        }
        for try await count in group { #expect(count == 0) }
      }
    }
  }

  @Test func aNewerStateFileIsLeftAlone() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("state.sqlite")
    try Store(path: path).close()
    let sqlite = try TestProgram.run(
      [
        "python3", "-c",
        "import sqlite3,sys; d=sqlite3.connect(sys.argv[1]); d.execute('PRAGMA user_version=999')",
        path,
      ], directory: directory.path, environment: ["PATH": "/usr/bin:/bin"])
    #expect(sqlite.status == 0)
    #expect(throws: StoreError.newerSchema(found: 999, known: ClaimSchema.version)) {
      try Store(path: path)
    }
    try directory.write("broken/state.sqlite", "this is no database, whatever its name says")
    #expect(throws: StoreError.self) { try Store(path: directory.path("broken/state.sqlite")) }
  }
}

@Suite(.bounded) struct RunControlTests {
  @Test func retryIsForWhatDoesNotGoOnByItself() throws {
    let directory = try TemporaryDirectory()
    let store = try Store(path: directory.path("state.sqlite"))
    try store.takeOver([
      Feature(id: "1", title: "One", category: "b")
    ])
    try store.transition("1", from: [.ready], to: .queued)
    #expect(throws: StoreError.self) { try store.retry("1") }
    #expect(try store.feature("1")?.state == .queued)
    try store.transition("1", from: [.queued], to: .failed)
    try store.retry("1")
    #expect(try store.feature("1")?.state == .ready)
    try store.retry("1")
    #expect(try store.feature("1")?.state == .ready)
  }

  /// What a person has looked at counts no more, neither as failures nor as a row of the same ends.
  @Test(arguments: [true, false])
  func retryAndReopenBeginTheCountAnew(byRetry: Bool) throws {
    let bench = try Bench(["1"])
    for _ in 0..<3 { try bench.fail("1", error: "same") }
    #expect(try bench.store.lastReports(of: "1", count: 2).count == 2)
    try byRetry ? bench.store.retry("1") : bench.store.reopen("1")
    #expect(try bench.store.lastReports(of: "1", count: 2) == [])
    #expect(try bench.store.feature("1")?.state == .ready)
    try bench.fail("1", error: "same")
    #expect(try bench.store.lastReports(of: "1", count: 2).count == 1)
    // Also where it is not at its end.
    try bench.store.retry("1")
    #expect(try bench.store.lastReports(of: "1", count: 2) == [])
  }

  @Test func startingOverForgetsTheWorkAllOrNothing() throws {
    let bench = try Bench(["1"])
    try bench.complete("1", review: true)
    #expect(throws: StoreError.self) { try bench.store.retry("1") }
    struct Held: Error {}
    #expect(throws: Held.self) { try bench.store.retry("1") { _ in throw Held() } }
    let before = try #require(try bench.store.feature("1"))
    #expect(before.state == .inReview && before.branch != nil && before.tip != nil)
    var seen: String?
    try bench.store.retry("1") { seen = $0.branch }
    let after = try #require(try bench.store.feature("1"))
    #expect(seen == before.branch && after.state == .ready)
    #expect(after.branch == nil && after.tip == nil && after.attempts == 1)
    #expect(try bench.store.claims().isEmpty && bench.store.completedTips().isEmpty)
  }
}

/// A store whose attempts are played.
private struct Bench {
  let directory: TemporaryDirectory
  let store: Store

  init(_ ids: [String]) throws {
    directory = try TemporaryDirectory()
    store = try Store(path: directory.path("state.sqlite"))
    try store.takeOver(
      ids.map {
        Feature(id: $0, title: $0, category: "b")
      })
  }

  private func attempt(_ id: String, _ end: AttemptEnd, error: String? = nil) throws {
    let lane = try store.reserveLane() ?? store.addLane { "lane-\($0)" }
    let start = try store.startAttempt(
      AttemptRequest(
        feature: id, participant: "p", lane: lane.number, branch: "refs/heads/lane/\(id)",
        tier: .haiku, modelName: "haiku", choice: "", mark: "m",
        claims: [ClaimRequest(path: ClaimPath(file: Array("a.txt".utf8)), mode: .exclusive)],
        policies: PathPolicies([]))
    ) { String(repeating: "a", count: 40) }
    guard case .started(let attempt) = start else {
      Issue.record("not started: \(start)")
      return
    }
    var report = AgentReportRecord(feature: id, number: attempt.number, agent: "command")
    report.errorKey = error
    try store.saveReport(report)
    try store.endAttempt(
      id, attempt.number, end, tip: String(repeating: "b", count: 40),
      changed: [Array("a.txt".utf8)])
  }

  func fail(_ id: String, error: String) throws {
    try attempt(id, .failed(detail: error, rework: nil, maximum: 3), error: error)
  }

  func complete(_ id: String, review: Bool) throws { try attempt(id, .completed(review: review)) }
}
