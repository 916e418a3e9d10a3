import Model
import Store

/// What a process does with what a killed one has left: steps in their order, made from facts alone.
///
/// Each step can be carried out again. What cuts the recovery off leaves the rest to the next plan.
package struct RecoveryPlan: Sendable, Equatable {
  package enum Step: Sendable, Equatable {
    /// Notes that a process has been killed.
    case noteKilled(ParticipantRecord)
    /// Ties the lanes to the repository again where it was moved.
    case followMove
    /// Removes git's lock files that nobody holds any more.
    case removeLocks
    /// Ends what holds the lock of an attempt whose supervisor is gone.
    case endHolder(feature: String, attempt: Int)
    /// Keeps the work of an attempt that was cut off, and ends the attempt.
    case settle(feature: String, attempt: Int)
    /// Ends the set-up command of a lane that was being made.
    case endSetUp(lane: Int)
    /// Frees lanes that nobody has; those that were being made only where `preparing` is true.
    case freeLanes([Int], preparing: Bool)
    /// Takes free lanes off commits that can't be read.
    case leaveDamagedCommits
    /// Ends gates that were left, brings landings to an end, and looks for moves of the target.
    case finishLandings(open: Int)
    /// Takes up features that nobody has in hand.
    case takeUpLost
    /// Puts a feature that was approved into the landing queue.
    case queue(feature: String)
    /// Moves features whose dependencies have changed.
    case settleReadiness
  }

  /// What was found before anything is done.
  package struct Facts: Sendable, Equatable {
    /// An attempt that the state file has as running.
    struct Attempt: Sendable, Equatable {
      var feature: String
      var number: Int
      var lane: Int
      /// Whether a session has it, or the process that recovers.
      var isLeftAlone = false
      /// Whether its supervisor lives.
      var isSupervised = false
      /// Whether a process holds its lock.
      var isHeld = false

      /// Whether its supervisor was killed.
      var isLeft: Bool { !isLeftAlone && !isSupervised }
    }

    var killed: [ParticipantRecord] = []
    /// Whether nobody else is at work, and the process has no lanes in preparation itself.
    var isAlone = true
    var attempts: [Attempt] = []
    /// The lanes with their states.
    var lanes: [(number: Int, state: LaneRecord.State)] = []
    var openLandings = 0
    var approved: [String] = []

    package static func == (a: Facts, b: Facts) -> Bool {
      a.killed == b.killed && a.isAlone == b.isAlone && a.attempts == b.attempts
        && a.lanes.elementsEqual(b.lanes, by: ==) && a.openLandings == b.openLandings
        && a.approved == b.approved
    }
  }

  package let steps: [Step]

  package init(_ facts: Facts) {
    let left = facts.attempts.filter(\.isLeft)
    let inUse = Set(facts.attempts.filter { !$0.isLeft }.map(\.lane))
    let preparing = facts.isAlone ? facts.lanes.filter { $0.state == .preparing } : []
    let free = facts.lanes.filter { lane in
      guard !inUse.contains(lane.number) else { return false }
      switch lane.state {
      case .assigned: return true
      case .preparing, .broken: return facts.isAlone
      case .free: return false
      }
    }
    var steps = facts.killed.map(Step.noteKilled)
    if facts.isAlone { steps += [.followMove, .removeLocks] }
    steps += left.filter(\.isHeld).map { .endHolder(feature: $0.feature, attempt: $0.number) }
    steps += left.map { .settle(feature: $0.feature, attempt: $0.number) }
    steps += preparing.map { .endSetUp(lane: $0.number) }
    steps += [
      .freeLanes(free.map(\.number), preparing: facts.isAlone), .leaveDamagedCommits,
      .finishLandings(open: facts.openLandings), .takeUpLost,
    ]
    steps += facts.approved.map { .queue(feature: $0) }
    self.steps = steps + [.settleReadiness]
  }

  /// The steps that something was left for; the others are done at each start.
  package var left: [Step] { steps.filter { !$0.isRoutine } }

  /// Whether a process was killed, so that a living one has to recover.
  package var isUrgent: Bool {
    steps.contains {
      switch $0 {
      case .noteKilled, .endHolder, .settle: true
      default: false
      }
    }
  }
}

extension RecoveryPlan.Step: CustomStringConvertible {
  /// Whether the step is done at each start, whatever was left.
  package var isRoutine: Bool {
    switch self {
    case .followMove, .removeLocks, .leaveDamagedCommits, .takeUpLost, .settleReadiness: true
    case .freeLanes(let lanes, _): lanes.isEmpty
    case .finishLandings(let open): open == 0
    case .noteKilled, .endHolder, .settle, .endSetUp, .queue: false
    }
  }

  /// The step in one line.
  package var description: String {
    switch self {
    case .noteKilled(let record):
      "note that the \(record.kind.rawValue) of process \(record.pid) was cut off"
    case .followMove: "tie the lanes to the repository where it was moved"
    case .removeLocks: "remove git's lock files that nobody holds"
    case .endHolder(let feature, let attempt):
      "end what is left of attempt \(attempt) on feature #\(feature)"
    case .settle(let feature, let attempt):
      "keep the work of attempt \(attempt) on feature #\(feature)"
    case .endSetUp(let lane): "end the set-up command of lane \(lane)"
    case .freeLanes(let lanes, _):
      lanes.isEmpty
        ? "free lanes that nobody has"
        : "free \(lanes.count == 1 ? "lane" : "lanes") "
          + lanes.map(String.init).joined(separator: ", ")
    case .leaveDamagedCommits: "take lanes off commits that can't be read"
    case .finishLandings(let open):
      open == 0
        ? "end gates that were left"
        : "bring \(open == 1 ? "a landing" : "\(open) landings") to an end"
    case .takeUpLost: "take up features that nobody has in hand"
    case .queue(let feature): "queue feature #\(feature), which was approved"
    case .settleReadiness: "find the features that are ready"
    }
  }
}
