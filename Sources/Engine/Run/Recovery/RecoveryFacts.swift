import Model
import Processes
import Store

extension RecoveryPlan.Facts {
  /// Reads what processes that were killed have left; changes nothing.
  ///
  /// - Parameters:
  ///   - participant: who recovers, and lives itself.
  ///   - holdsLanes: tells that it has lanes in preparation itself.
  package init(
    _ project: Project, _ store: Store, participant: String? = nil, holdsLanes: Bool = false
  ) throws {
    try readDead(project, store, participant: participant)
    isAlone =
      try !holdsLanes && !ProcessLiveness(project, store).isAnybodyAtWork(besides: participant)
    lanes = try store.lanes().map { ($0.number, $0.state) }
    openLandings = try store.openLandings().count
    approved = try store.features(in: [.approved]).map(\.id)
  }

  /// Reads which processes were killed and what holds their attempts; a run looks at that again and again.
  mutating func readDead(
    _ project: Project, _ store: Store, participant: String?
  ) throws {
    let liveness = ProcessLiveness(project, store)
    killed = try liveness.killed(besides: participant)
    attempts = try store.runningAttempts().map { record in
      var attempt = Attempt(feature: record.feature, number: record.number, lane: record.lane)
      attempt.isLeftAlone = record.session != nil || record.participant == participant
      // Whoever looks at a lock has it for a moment, so only those of the dead are looked at.
      attempt.isSupervised = !attempt.isLeftAlone && liveness.isAlive(record.participant)
      attempt.isHeld =
        attempt.isLeft
        && FileLock.isHeld(project.state.attemptLock(record.feature, record.number))
      return attempt
    }
  }
}

extension RecoveryPlan {
  /// Returns what the next run will first do with what a killed process has left, as a check that is well; none where
  /// nothing is left, or somebody is at work.
  package static func checks(path: String, environment: [String: String]) throws
    -> [Diagnosis.Check]
  {
    let project = try Project.open(path, environment: environment)
    guard let store = try project.existingStore() else { return [] }
    let facts = try Facts(project, store)
    let left = facts.isAlone ? RecoveryPlan(facts).left : []
    guard !left.isEmpty else { return [] }
    let steps = left.map(\.description).joined(separator: "; ")
    return [Diagnosis.Check(name: "recovery", isWell: true, detail: "the next run will \(steps)")]
  }
}
