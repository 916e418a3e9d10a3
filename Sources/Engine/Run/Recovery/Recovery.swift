import Foundation
import Git
import Processes
import Store

/// Goes on from whatever a killed process left (P1, P4, P5, P7).
package struct Recovery: Sendable {
  package let project: Project
  package let store: Store
  package let settings: AttemptSettings
  package let lander: Lander
  /// The participant that recovers, which is alive itself.
  package let participant: String?
  /// Whether the participant has lanes in preparation itself.
  package let holdsLanes: Bool

  package init(
    project: Project, store: Store, settings: AttemptSettings, lander: Lander, participant: String?,
    holdsLanes: Bool = false
  ) {
    self.project = project
    self.store = store
    self.settings = settings
    self.lander = lander
    self.participant = participant
    self.holdsLanes = holdsLanes
  }

  private var state: StateDirectory { project.state }
  private var liveness: ProcessLiveness { ProcessLiveness(project, store) }

  /// Recovers everything whose process is dead; what lives is left alone. Blocks.
  ///
  /// - Returns: one line for each thing that was taken up.
  @discardableResult
  package func run() throws -> [String] {
    let lock = try FileLock.acquireBlocking(state.recoveryLock)
    defer { lock.release() }
    return try plan().steps.flatMap(perform)
  }

  /// Makes the plan from what is found now; changes nothing.
  package func plan() throws -> RecoveryPlan {
    RecoveryPlan(
      try RecoveryPlan.Facts(project, store, participant: participant, holdsLanes: holdsLanes))
  }

  /// Returns whether anything is left of a process that is dead.
  package func isNeeded() throws -> Bool {
    var facts = RecoveryPlan.Facts()
    try facts.readDead(project, store, participant: participant)
    return RecoveryPlan(facts).isUrgent
  }

  /// Carries one step out; what has changed since the plan was made is looked at again.
  ///
  /// - Returns: what to tell.
  private func perform(_ step: RecoveryPlan.Step) throws -> [String] {
    switch step {
    case .noteKilled(let record):
      try store.endParticipant(record.id, state: "killed")
      unlink(state.participantLock(record.id))
      return [
        "the \(record.kind.rawValue) of process \(record.pid) was cut off; going on from there"
      ]
    case .followMove: return try project.pool(store).followMove()
    case .removeLocks: try removeLocks()
    case .endHolder(let feature, let number):
      if let attempt = try store.attempt(feature, number), isHeldByTheDead(attempt) {
        OrphanProcesses.endHolder(ofLock: state.attemptLock(feature, number))
      }
    case .settle(let feature, let number):
      guard let attempt = try store.attempt(feature, number), try isDead(attempt) else { return [] }
      try recover(attempt)
      return ["feature #\(feature): attempt \(number) was cut off; its work is kept"]
    case .endSetUp(let number):
      if let lane = try store.lane(number) {
        OrphanProcesses.endHolder(ofLock: state.setUpLock(lane.name))
      }
    case .freeLanes(_, let preparing):
      let repository = try project.repository()
      try store.freeLeftLanes(preparing: preparing) { makeIdle($0, repository) }
    case .leaveDamagedCommits:
      try project.pool(store).leaveDamagedCommits(target: project.target)
    case .finishLandings: return try finishLandings()
    case .takeUpLost:
      return try store.takeUpLost().map {
        "feature #\($0): nobody had it in hand; it is taken up again"
      }
    case .queue(let feature):
      guard try store.feature(feature)?.state == .approved else { return [] }
      try store.transition(feature, from: [.approved], to: .queued)
    case .settleReadiness: try store.settleReadiness()
    }
    return []
  }

  private func removeLocks() throws {
    let locks = ["refs/lanekeeper", "refs/heads/lane"].flatMap {
      StaleLocks.ofReferences(commonDirectory: state.commonDirectory, below: $0)
    }
    let ofBranches = try store.branches().values.map { $0 + ".lock" }
    StaleLocks.removeShared(
      commonDirectory: state.commonDirectory, Array(Set(locks).union(ofBranches)))
  }

  /// Nothing where another process is landing.
  private func finishLandings() throws -> [String] {
    guard let landing = try FileLock.tryAcquire(state.landingLock) else { return [] }
    defer { landing.release() }
    var lines: [String] = []
    lander.endLeftGates()
    if try !store.openLandings().isEmpty {
      try lander.recover()
      lines.append(
        try store.openLandings().isEmpty
          ? "a landing was cut off; it has been brought to an end"
          : "a landing was cut off; it is brought to an end once the checkout is free")
    }
    try lander.freeLostSlots()
    for case .note(let text) in try lander.noticeMoves() { lines.append(text) }
    return lines
  }

  /// Ends what is still at work in a lane that nobody has, such as a git that fills it, and takes it
  /// off its branch.
  private func makeIdle(_ lane: LaneRecord, _ repository: Repository) {
    OrphanProcesses.end(mark: nil, directories: [lane.path])
    StaleLocks.removeOwn(gitDirectory: state.commonDirectory + "/worktrees/" + lane.name)
    if let registered = repository.worktree(named: lane.name) {
      try? repository.detachWorktree(registered)
    }
  }

  /// Returns whether something holds the lock of an attempt whose supervisor is gone: a guard that is just ending, or
  /// one that was stopped.
  private func isHeldByTheDead(_ attempt: AttemptRecord) -> Bool {
    attempt.session == nil && attempt.participant != participant
      && !liveness.isAlive(attempt.participant) && liveness.isAlive(attempt)
  }

  private func isDead(_ attempt: AttemptRecord) throws -> Bool {
    try attempt.participant != participant && liveness.isCutOff(attempt)
  }

  private func recover(_ attempt: AttemptRecord) throws {
    let lane = try store.lane(attempt.lane)
    if let lane { OrphanProcesses.endHolder(ofLock: state.setUpLock(lane.name)) }
    OrphanProcesses.endRecorded(ofLock: state.attemptLock(attempt.feature, attempt.number))
    OrphanProcesses.end(mark: attempt.mark, directories: lane.map { [$0.path] } ?? [])
    MemoryCgroup.removeLeft(lockPath: state.attemptLock(attempt.feature, attempt.number))
    guard let feature = try store.feature(attempt.feature) else { return }
    ConfigurationWatch(store: store, state: state, environment: project.environment)
      .end(feature, attempt)
    do {
      if let lane, let branch = feature.branch {
        try settle(feature, attempt, lane, branch)
        return
      }
    } catch {
      try? store.record(
        .recoveryError, feature: feature.id, agent: attempt.agent, ["detail": .string("\(error)")]
      )
    }
    let repository = try project.repository()
    if let lane { makeIdle(lane, repository) }
    // A damaged branch is refused when the feature is to go on.
    let tip = try feature.branch.flatMap { try repository.reference($0) }
    let paths = feature.branch.flatMap {
      try? repository.branchWork($0, target: project.target).paths
    }
    try store.endAttempt(
      feature.id, attempt.number, .interrupted(.cutOff, detail: "cut off"), tip: tip?.hex,
      changed: paths ?? [])
  }

  private func settle(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, _ lane: LaneRecord, _ branch: String
  ) throws {
    let common = try project.repository()
    try LaneLink.repair(lane.name, path: lane.path, common)
    try LaneLink.restore(
      lane.name, path: lane.path, common,
      keptAs: Rescue.reference(feature.id, attempt.number) + "-repository",
      identity: project.identity())
    let repository = try Repository(opening: lane.path, environment: project.environment)
    StaleLocks.removeOwn(gitDirectory: repository.gitDirectory)
    try? FileManager.default.removeItem(
      atPath: repository.commonDirectory + "/" + branch + ".lock")
    let hasStarted = FileManager.default.fileExists(
      atPath: state.log(feature.id, attempt.number))
    guard hasStarted else {
      try LaneSync.finishCutOff(repository, lane: lane, store: store)
      // The lane was still being made ready: what it holds is nobody's work, but is kept anyway.
      try Rescue.snapshot(
        repository, reference: Rescue.reference(feature.id, attempt.number) + "-start",
        message: "the lane of feature #\(feature.id) while it was made ready",
        identity: project.identity())
      let work = try repository.branchWork(branch, target: project.target)
      if let head = try repository.head().commit {
        try repository.setHead(branch: nil, commit: head)
      }
      try store.endAttempt(
        feature.id, attempt.number, .interrupted(.cutOff, detail: "cut off before it began"),
        tip: work.tip?.hex, changed: work.paths)
      return
    }
    let settler = AttemptSettler(project.attemptContext, settings: settings, store: store)
    // Its agent may have ended before the supervisor did.
    let isDone = try store.agentReport(feature.id, attempt.number)?.isDone == true
    try settler.settle(
      feature, attempt, lane: lane, branch: branch, ending: isDone ? .exited(0) : .guardLost)
  }
}
