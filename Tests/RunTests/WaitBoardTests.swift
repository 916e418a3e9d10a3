import Foundation
import Model
import Processes
import Store
import TestSupport
import Testing

@testable import Engine

/// What a run waits for is told by other commands, too.
@Suite(.bounded) struct WaitBoardTests {
  private let test: TestRepository
  private let project: Project
  private let store: Store
  private let lane: LaneRecord

  init() throws {
    let run = try RecordedRun(participant: "p")
    (test, project, store) = (run.test, run.project, run.store)
    try FileManager.default.createDirectory(
      atPath: test.root.path("lanes/1"), withIntermediateDirectories: true)
    let path = test.root.path("lanes/1")
    lane = try store.addLane { _ in path }
    let hex = String(repeating: "a", count: 40)
    _ = try store.startAttempt(
      AttemptRequest(
        feature: "1", participant: "p", lane: lane.number, branch: "refs/heads/lane/1",
        tier: .haiku, modelName: "haiku", choice: "", mark: "m", claims: [],
        policies: PathPolicies([]))
    ) { hex }
  }

  private func shown() throws -> [RunWait] { try StatusView(project).waits }

  @Test func aProgramThatTakesLongIsShownWithItsFeatureUntilItEnds() async throws {
    let own = try #require(try FileLock.tryAcquire(project.state.participantLock("p")))
    defer { own.release() }
    let stop = StopSignal()
    let board = WaitBoard(store, participant: "p")
    board.follow(stop, longerThan: 0.1) { _ in }
    let directory = lane.path
    let script = "while ! [ -e '\(test.root.path("go"))' ]; do sleep 0.02; done"
    let program = Task {
      try await Programs.$stop.withValue(stop) {
        try await Command.run(
          ["/bin/sh", "-c", script], directory: directory, environment: ["PATH": "/usr/bin:/bin"],
          timeoutSeconds: 600)
      }
    }
    #expect(try await eventually { try !shown().isEmpty })
    let wait = try #require(try shown().first)
    #expect(wait.feature == "1" && wait.words.contains("/bin/sh"), "\(wait)")
    #expect(wait.since <= store.now)
    guard let list = try StatusView(project).json["waits"]?.array else {
      Issue.record("no waits in the JSON")
      return
    }
    #expect(list.count == 1 && list[0]["feature"]?.plain == "1")
    try test.root.write("go", "")
    _ = try await program.value
    #expect(try await eventually { try shown().isEmpty })
  }

  @Test(arguments: [true, false])
  func whatAKilledRunWaitedForIsNotBelieved(isEnded: Bool) throws {
    let wait = RunWait(id: 1, words: "a program", feature: nil, since: store.now)
    try store.setRunWaits([wait], of: "p")
    #expect(try shown() == [])
    let own = try #require(try FileLock.tryAcquire(project.state.participantLock("p")))
    defer { own.release() }
    #expect(try shown() == [wait])
    if isEnded {
      try store.endParticipant("p", state: "finished")
    } else {
      try store.setRunWaits([], of: "p")
    }
    #expect(try shown() == [])
  }

  /// It is told from the middle of a transaction, too.
  @Test func aWaitInsideATransactionIsShown() async throws {
    let own = try #require(try FileLock.tryAcquire(project.state.participantLock("p")))
    defer { own.release() }
    let stop = StopSignal()
    let board = WaitBoard(store, participant: "p")
    let told = WholeRunTests.Told()
    let test = test
    board.follow(stop, longerThan: 0.05) {
      told.add($0)
      try? test.root.write("go", "")
    }
    let store = store
    try await Programs.$stop.withValue(stop) {
      try await BlockingQueue.run {
        try store.freeLeftLanes(preparing: true) { _ in }
        _ = try store.addLane { _ in
          _ = try? Command.runBlocking(
            ["/bin/sh", "-c", "while ! [ -e '\(test.root.path("go"))' ]; do sleep 0.02; done"],
            directory: "/", environment: ["PATH": "/usr/bin:/bin"], timeoutSeconds: 600)
          return "/nowhere"
        }
      }
    }
    board.close()
    #expect(told.all.count == 1)
    #expect(try shown() == [])
  }
}
