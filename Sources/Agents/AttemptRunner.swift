import Foundation
import Git
import Lanes
import Processes
import Store

/// What every attempt of a run shares.
package struct AttemptSettings: Sendable {
  package var target: String
  package var gate: String
  package var reviewRequired: @Sendable (FeatureRecord) -> Bool
  package var attempts: Int
  package var attemptSeconds: Double
  package var silenceSeconds: Double
  package var litter: [String]
  package var guardProgram: String
  package var repository: String
  package var environment: [String: String]
  package var hookVariables: [String: String]
  package var graceSeconds: Double

  package init(
    target: String, gate: String, reviewRequired: @escaping @Sendable (FeatureRecord) -> Bool,
    attempts: Int, attemptSeconds: Double, silenceSeconds: Double, litter: [String],
    guardProgram: String, repository: String, environment: [String: String],
    hookVariables: [String: String], graceSeconds: Double
  ) {
    self.target = target
    self.gate = gate
    self.reviewRequired = reviewRequired
    self.attempts = attempts
    self.attemptSeconds = attemptSeconds
    self.silenceSeconds = silenceSeconds
    self.litter = litter
    self.guardProgram = guardProgram
    self.repository = repository
    self.environment = environment
    self.hookVariables = hookVariables
    self.graceSeconds = graceSeconds
  }
}

/// Runs one agent on one feature, from the lane's start to the attempt's end.
package struct AttemptRunner: Sendable {
  package let settings: AttemptSettings
  private let pool: LanePool
  private let store: Store
  private let state: StateDirectory
  private let identity: @Sendable () -> Signature

  package init(
    settings: AttemptSettings, pool: LanePool, store: Store, state: StateDirectory,
    identity: @escaping @Sendable () -> Signature
  ) {
    self.settings = settings
    self.pool = pool
    self.store = store
    self.state = state
    self.identity = identity
  }

  /// Runs an attempt that the store has started.
  ///
  /// - Parameters:
  ///   - prepared: the commit that the lane is known to be a clean checkout of.
  ///   - stop: becomes true when the run is to end.
  ///   - agentEnded: called once nothing of the agent runs any more; its work is put away after it.
  package func run(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, lane: LaneRecord, branch: String,
    definition: AgentDefinition, prepared: ObjectID?, stop: StopSignal,
    agentEnded: @escaping @Sendable () -> Void
  ) async {
    var ending: Ending?
    do {
      ending = try await runAgent(
        feature, attempt, lane: lane, branch: branch, definition: definition, prepared: prepared,
        stop: stop)
      try store.freeSlot(feature.id, attempt.number)
      agentEnded()
      let result = ending!
      let settler = AttemptSettler(
        settings: settings, store: store, state: state, identity: identity())
      try await Offload.run {
        try settler.settle(feature, attempt, lane: lane, branch: branch, ending: result)
      }
    } catch {
      if ending == nil { agentEnded() }
      try? store.record(
        "attempt_error", feature: feature.id, agent: attempt.agent,
        ["attempt": .integer(Int64(attempt.number)), "detail": .string("\(error)")])
      // What is wrong with a lane is no fault of the feature's; the lane is left out.
      let isLaneBroken = if ending == nil, case LaneError.broken = error { true } else { false }
      try? store.endAttempt(
        feature.id, attempt.number,
        isLaneBroken
          ? .interrupted(detail: "\(error)")
          : .failed(
            detail: "\(error)", rework: "Lanekeeper could not go on: \(error)",
            maximum: settings.attempts), tip: nil, changed: [])
      if isLaneBroken { try? store.leaveOutLane(lane.number) }
    }
  }

  private func runAgent(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, lane: LaneRecord, branch: String,
    definition: AgentDefinition, prepared: ObjectID?, stop: StopSignal
  ) async throws -> Ending {
    let start = LaneStart(
      pool: pool, store: store, target: settings.target, hookVariables: settings.hookVariables,
      identity: identity())
    let notes = try await Offload.run {
      try start.run(feature, attempt, lane: lane, branch: branch, prepared: prepared)
    }
    try state.createLogs(feature.id)
    let prompt = state.prompt(feature.id, attempt.number)
    let text = Prompt.text(
      feature, attempt: attempt.number, target: BranchName.short(settings.target),
      gate: settings.gate, notes: notes)
    try Data(text.utf8).write(to: URL(fileURLWithPath: prompt), options: .atomic)
    guard !stop.isSet else { return .stopped }
    let process = try GuardedProcess.start(
      GuardedCommand(
        guardProgram: settings.guardProgram,
        lockPath: state.attemptLock(feature.id, attempt.number),
        logPath: state.log(feature.id, attempt.number), inputPath: prompt, directory: lane.path,
        argv: ["/bin/sh", "-c", definition.command],
        environment: AgentEnvironment.variables(
          feature, attempt, lane: lane, promptFile: prompt, repository: settings.repository,
          base: settings.environment, hooks: settings.hookVariables),
        mark: attempt.mark, wallSeconds: settings.attemptSeconds,
        silenceSeconds: settings.silenceSeconds, graceSeconds: settings.graceSeconds))
    let watcher = Task { await watchOutput(feature.id, attempt) }
    let stopper = Task {
      await stop.wait()
      process.stop()
      await stop.waitForced()
      process.kill()
    }
    let ending = await process.ending()
    watcher.cancel()
    stopper.cancel()
    return ending
  }

  /// Tells, at most once a second, how far the log has grown.
  private func watchOutput(_ feature: String, _ attempt: AttemptRecord) async {
    let path = state.log(feature, attempt.number)
    var known: Int64 = 0
    while !Task.isCancelled {
      try? await Task.sleep(for: .seconds(1))
      guard !Task.isCancelled else { return }
      let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int64) ?? 0
      guard size > known else { continue }
      known = size
      try? store.record(
        "output", feature: feature, agent: attempt.agent,
        ["attempt": .integer(Int64(attempt.number)), "offset": .integer(size)])
    }
  }
}
