import Foundation
import TestSupport
import Testing

@Suite(.bounded) struct ScheduleTests {
  /// `LANEKEEPER_SCHEDULES=200 swift test --filter ScheduleTests` runs the whole; the figures are
  /// printed at its end.
  @Test func p9_randomSchedulesEndWithoutConflictLossOrDeadlock() async throws {
    let environment = ProcessInfo.processInfo.environment
    let count = Int(environment["LANEKEEPER_SCHEDULES"] ?? "") ?? 1
    let first = Int(environment["LANEKEEPER_SCHEDULES_FROM"] ?? "") ?? 1
    var claims = ScheduleRun.Result()
    var off = ScheduleRun.Result()
    for seed in first..<(first + count) {
      for usesClaims in [true, false] {
        let run = try ScheduleRun(seed: UInt64(seed), usesClaims: usesClaims)
        let result: ScheduleRun.Result
        do {
          result = try await run.run()
        } catch {
          Issue.record("seed \(seed): \(error); \(run.result.problems)")
          continue
        }
        if usesClaims {
          #expect(result.landed == 20, "seed \(seed): \(result)")
          #expect(result.conflictsAtLanding == 0, "seed \(seed): \(result)")
          #expect(result.lostEdits == 0, "seed \(seed): \(result)")
          #expect(!result.isStuck && result.problems.isEmpty, "seed \(seed): \(result)")
          claims.add(result)
        } else {
          off.add(result)
        }
      }
    }
    if count > 1 {
      print("schedules \(first) to \(first + count - 1)")
      print("with claims: \(claims)\nwithout:     \(off)")
    }
  }
}

extension ScheduleRun.Result {
  mutating func add(_ other: ScheduleRun.Result) {
    landed += other.landed
    conflictsAtLanding += other.conflictsAtLanding
    lostEdits += other.lostEdits
    isStuck = isStuck || other.isStuck
    deadlocksBroken += other.deadlocksBroken
    refusals += other.refusals
    syncs += other.syncs
    attempts += other.attempts
    problems += other.problems
  }
}
