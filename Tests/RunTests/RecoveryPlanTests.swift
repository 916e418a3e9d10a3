import TestSupport
import Testing

@testable import Engine
@testable import Store

@Suite(.bounded) struct RecoveryPlanTests {
  private typealias Facts = RecoveryPlan.Facts
  private typealias Step = RecoveryPlan.Step

  private let run = ParticipantRecord(
    id: "p", kind: .run, pid: 7, state: "running", parallel: 2, preset: nil, models: [],
    startedAt: 0)

  /// A run that was killed with two attempts, a lane in preparation, a landing and an approval.
  private var much: Facts {
    var facts = Facts()
    facts.killed = [run]
    facts.attempts = [
      .init(feature: "1", number: 2, lane: 1, isHeld: true),
      .init(feature: "2", number: 1, lane: 2),
      .init(feature: "3", number: 1, lane: 3, isLeftAlone: true, isHeld: true),
      .init(feature: "4", number: 1, lane: 4, isSupervised: true, isHeld: true),
    ]
    facts.lanes = [
      (1, .assigned), (2, .assigned), (3, .assigned), (4, .assigned), (5, .preparing), (6, .free),
      (7, .broken),
    ]
    facts.openLandings = 2
    facts.approved = ["9"]
    return facts
  }

  @Test func whereNothingIsLeftOnlyTheRoutineIsDone() {
    var facts = Facts()
    facts.attempts = [.init(feature: "4", number: 1, lane: 4, isSupervised: true, isHeld: true)]
    facts.lanes = [(4, .assigned), (6, .free)]
    let plan = RecoveryPlan(facts)
    #expect(plan.left.isEmpty && !plan.isUrgent && plan.steps.contains(.settleReadiness))
  }

  @Test func p5_p7_whatIsLeftIsEndedBeforeItsWorkIsKeptAndItsLaneIsFreed() {
    #expect(
      RecoveryPlan(much).steps == [
        .noteKilled(run), .followMove, .removeLocks, .endHolder(feature: "1", attempt: 2),
        .settle(feature: "1", attempt: 2), .settle(feature: "2", attempt: 1), .endSetUp(lane: 5),
        .freeLanes([1, 2, 5, 7], preparing: true), .leaveDamagedCommits, .finishLandings(open: 2),
        .takeUpLost, .queue(feature: "9"), .settleReadiness,
      ])
  }

  @Test func p1_whatLivesIsLeftAlone() {
    var facts = much
    facts.killed = []
    facts.isAlone = false
    facts.attempts.removeFirst(2)
    facts.lanes.removeFirst(2)
    let plan = RecoveryPlan(facts)
    #expect(!plan.isUrgent)
    #expect(
      plan.steps == [
        .freeLanes([], preparing: false), .leaveDamagedCommits, .finishLandings(open: 2),
        .takeUpLost, .queue(feature: "9"), .settleReadiness,
      ])
  }

  /// What a step has done is no fact any more.
  private func perform(_ step: Step, _ facts: inout Facts) {
    switch step {
    case .noteKilled(let record): facts.killed.removeAll { $0 == record }
    case .endHolder(let feature, _):
      for index in facts.attempts.indices where facts.attempts[index].feature == feature {
        facts.attempts[index].isHeld = false
      }
    case .settle(let feature, _):
      for attempt in facts.attempts where attempt.feature == feature {
        for index in facts.lanes.indices where facts.lanes[index].number == attempt.lane {
          facts.lanes[index].state = .free
        }
      }
      facts.attempts.removeAll { $0.feature == feature }
    case .freeLanes(let lanes, _):
      for index in facts.lanes.indices where lanes.contains(facts.lanes[index].number) {
        facts.lanes[index].state = .free
      }
    case .finishLandings: facts.openLandings = 0
    case .queue(let feature): facts.approved.removeAll { $0 == feature }
    case .followMove, .removeLocks, .endSetUp, .leaveDamagedCommits, .takeUpLost, .settleReadiness:
      break
    }
  }

  @Test func p7_aRecoveryThatIsCutOffLeavesTheRestToTheNext() {
    let plan = RecoveryPlan(much)
    for count in 0...plan.steps.count {
      var facts = much
      for step in plan.steps.prefix(count) { perform(step, &facts) }
      // The next one does all that was not done; a set-up command may be ended again.
      let next = RecoveryPlan(facts)
      for step in plan.steps.dropFirst(count) {
        if case .freeLanes = step { continue }
        #expect(next.steps.contains(step), "\(count): \(step)")
      }
      for step in next.steps { perform(step, &facts) }
      #expect(RecoveryPlan(facts).left.isEmpty, "\(count)")
    }
  }

  @Test func eachStepIsALine() {
    let lines = RecoveryPlan(much).left.map(\.description)
    #expect(
      lines == [
        "note that the run of process 7 was cut off",
        "end what is left of attempt 2 on feature #1", "keep the work of attempt 2 on feature #1",
        "keep the work of attempt 1 on feature #2", "end the set-up command of lane 5",
        "free lanes 1, 2, 5, 7", "bring 2 landings to an end",
        "queue feature #9, which was approved",
      ])
  }
}
