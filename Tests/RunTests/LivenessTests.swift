import Foundation
import Model
import Processes
import Store
import Synchronization
import TestSupport
import Testing

@testable import Engine

/// Who was killed, and who ended in the very moment in which somebody looked.
@Suite(.bounded) struct LivenessTests {
  private let test: TestRepository
  private let project: Project
  private let store: Store

  init() throws {
    let run = try RecordedRun(participant: "a")
    (test, project, store) = (run.test, run.project, run.store)
  }

  @Test func whoEndsBetweenTheRecordAndTheLockWasNotKilled() throws {
    let other = try project.store()
    let looks = Mutex(0)
    let liveness = ProcessLiveness(project, store) { _ in
      if looks.withLock({
        $0 += 1
        return $0 == 1
      }) {
        try? other.endParticipant("a", state: "finished")
      }
      return false
    }
    #expect(try liveness.killed().isEmpty)
    #expect(looks.withLock { $0 } == 1)
  }

  @Test func aStatusThatIsTakenInThatMomentTellsTheEnd() throws {
    let other = try project.store()
    let view = try StatusView(project) { _ in
      try? other.endParticipant("a", state: "finished")
      return false
    }
    #expect(view.runState == "finished")
    #expect(view.features.map(\.id) == ["1"])
    #expect(view.seq == (try store.lastEvent()))
  }

  @Test func p1_anAttemptThatEndsInThatMomentIsNotTakenUpAsCutOff() throws {
    let lane = try store.addLane { _ in test.root.path("lane") }
    try store.finishLane(lane.number)
    let base = try test.git("rev-parse", "HEAD")
    _ = try store.startAttempt(
      AttemptRequest(
        feature: "1", participant: "a", lane: lane.number, branch: "refs/heads/lane/1-one",
        tier: .haiku, modelName: "haiku", choice: "", mark: "m", claims: [],
        policies: PathPolicies([]))
    ) { base }
    let attempt = try #require(try store.runningAttempts().first)
    #expect(try ProcessLiveness(project, store) { _ in false }.isCutOff(attempt))
    #expect(try !ProcessLiveness(project, store) { $0.hasSuffix("1-1") }.isCutOff(attempt))
    let other = try project.store()
    let liveness = ProcessLiveness(project, store) { _ in
      _ = try? other.endAttempt(
        "1", 1, .interrupted(.stopped, detail: "ended"), tip: nil, changed: [])
      return false
    }
    #expect(try !liveness.isCutOff(attempt))
  }

  @Test func whoHasNoLockAndNoEndWasKilled() throws {
    #expect(try ProcessLiveness(project, store).killed().map(\.id) == ["a"])
    #expect(try ProcessLiveness(project, store).killed(besides: "a").isEmpty)
    #expect(try StatusView(project).runState == "killed")
    let lock = try #require(try FileLock.tryAcquire(project.state.participantLock("a")))
    #expect(try ProcessLiveness(project, store).killed().isEmpty)
    #expect(try StatusView(project).runState == "running")
    lock.release()
  }
}
