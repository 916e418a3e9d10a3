import Backlog
import Foundation
import Git
import Model
import Processes
import Store

/// The settings that all attempts of a run share.
package struct AttemptSettings: Sendable {
  package var gate: String
  package var reviewRequired: @Sendable (FeatureRecord) -> Bool
  package var attempts: Int
  package var attemptSeconds: Double
  package var silenceSeconds: Double
  package var litter: [String]
  package var hookVariables: [String: String]
  package var graceSeconds: Double
  /// Where the templates of prompts are.
  package var prompts = PromptTemplates(directories: [])
  /// The program that agents start as MCP server; `nil` where there is none.
  package var serverProgram: String?
  /// Seconds between two starts of the same agent program; `nil`: as its definition says.
  package var staggerSeconds: Double?
  /// Most memory of an attempt, in bytes; `nil` for no bound.
  package var memoryBytes: Int64?
  /// By how much a lane and its directory for temporary files may grow in an attempt, in bytes.
  package var diskBytes: Int64?
  /// From 0 to 19; `nil`: as the agent's definition says.
  package var nice: Int?
  /// How agents are kept in their lanes; `nil` where they are not.
  package var sandbox: SandboxSettings?
  /// Takes commits that change nothing together for work that was done.
  package var mayChangeNothing = false
  /// The first line of what is committed for an agent, with placeholders; `nil` for Lanekeeper's own words.
  package var commitMessage: String?
  /// Who commits it; `nil` for the repository's user.
  package var author: Configuration.Author?
  /// Tells, of a branch's tip and the paths that it changes, whether a person's verdict is needed;
  /// instead of `reviewRequired`.
  package var needsVerdict: (@Sendable (FeatureRecord, ObjectID, [[UInt8]]) throws -> Bool)?

  package init(
    gate: String, reviewRequired: @escaping @Sendable (FeatureRecord) -> Bool, attempts: Int,
    attemptSeconds: Double, silenceSeconds: Double, litter: [String],
    hookVariables: [String: String], graceSeconds: Double
  ) {
    self.gate = gate
    self.reviewRequired = reviewRequired
    self.attempts = attempts
    self.attemptSeconds = attemptSeconds
    self.silenceSeconds = silenceSeconds
    self.litter = litter
    self.hookVariables = hookVariables
    self.graceSeconds = graceSeconds
  }
}

/// Runs one agent on one feature, from the lane's start to the attempt's end.
package struct AttemptRunner: Sendable {
  private let context: RepositoryContext
  package let settings: AttemptSettings
  private let pool: LanePool
  private let store: Store

  package init(
    _ context: RepositoryContext, settings: AttemptSettings, pool: LanePool, store: Store
  ) {
    self.context = context
    self.settings = settings
    self.pool = pool
    self.store = store
  }

  private var state: StateDirectory { context.state }

  /// Runs an attempt that the store has started.
  ///
  /// - Parameters:
  ///   - prepared: the commit that the lane is known to be a clean checkout of.
  ///   - stop: becomes true when the run is to end.
  ///   - mayStart: is asked once more right before the program is started.
  ///   - agentEnded: called once nothing of the agent runs any more; its work is put away after it.
  ///   - allowance: US dollars that the attempt may cost; `nil` for no bound.
  /// - Returns: how the agent's program ended; `nil` where it was not started.
  /// - Throws: what keeps its end from being written down; then the state file can't be used.
  @discardableResult
  package func run(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, lane: LaneRecord, branch: String,
    definition: AgentDefinition, prepared: ObjectID?, allowance: Double? = nil, stop: StopSignal,
    mayStart: @escaping @Sendable () async -> Bool = { true },
    agentEnded: @escaping @Sendable () -> Void
  ) async throws -> Ending? {
    var ending: AgentRun?
    do {
      ending = try await runAgent(
        feature, attempt, lane: lane, branch: branch, definition: definition, prepared: prepared,
        allowance: allowance, stop: stop, mayStart: mayStart)
      // Its end frees the slot, too.
      try? store.freeSlot(feature.id, attempt.number)
      agentEnded()
      let result = ending!
      try await BlockingQueue.run { configuration.end(feature, attempt) }
      let settler = AttemptSettler(
        context, settings: settings, store: store)
      // Hooks of the repository may be the agent's, so they have no more time than it has.
      try await Programs.$most.withValue(min(settings.attemptSeconds, settings.silenceSeconds)) {
        try await BlockingQueue.run {
          try settler.settle(
            feature, attempt, lane: lane, branch: branch, ending: result.ending, run: result)
        }
      }
    } catch let refused as LaneStart.Refused {
      agentEnded()
      let names = refused.conflicts.map(\.path.description).joined(separator: ", ")
      try await giveUpStart(
        feature, attempt, lane: lane, branch: branch,
        .refusedClaim(detail: "the target conflicts on \(names), which others hold"))
    } catch let damage as BranchDamage where ending == nil {
      agentEnded()
      try await giveUpStart(
        feature, attempt, lane: lane, branch: branch,
        .failed(detail: "\(damage); \(damage.advice)", rework: "\(damage)", maximum: 0))
    } catch {
      if ending == nil { agentEnded() }
      try? await BlockingQueue.run { configuration.end(feature, attempt) }
      try? store.record(
        .attemptError, feature: feature.id, agent: attempt.agent,
        ["attempt": .integer(Int64(attempt.number)), "detail": .string("\(error)")])
      var end = AttemptEnd.failed(
        detail: "\(error)", rework: "Lanekeeper could not go on: \(error)",
        maximum: settings.attempts)
      let troubled = lanesInTrouble(feature)
      let isDiskFull = DiskSpace.isFull(pool.settings.directory)
      if stop.isSet {
        // Whatever was at work on the lane was ended with the run.
        end = .interrupted(.stopped, detail: "stopped: \(error)")
      } else if ending == nil, troubled.count < 2 || isDiskFull {
        end = .interrupted(.lane, detail: "its lane could not be made ready: \(error)")
      } else if isDiskFull {
        end = .interrupted(.disk, detail: "its work could not be put away: \(error)")
      }
      try await giveUpStart(feature, attempt, lane: lane, branch: branch, end)
      let isBroken = if case LaneError.broken = error { true } else { false }
      if ending == nil, !isDiskFull, !stop.isSet, isBroken || troubled.last == lane.number {
        try? store.leaveOutLane(lane.number)
      }
    }
    return ending?.ending
  }

  private var configuration: ConfigurationWatch {
    ConfigurationWatch(store: store, state: state, environment: context.environment)
  }

  /// Returns the lanes that could not be made ready for the feature in its last two attempts. What is
  /// wrong with a lane is no fault of the feature's: it counts only the third time.
  private func lanesInTrouble(_ feature: FeatureRecord) -> [Int] {
    let before = ((try? store.attempts(of: feature.id)) ?? []).dropLast().suffix(2)
    return before.filter { $0.interruption == .lane }.map(\.lane)
  }

  private func runAgent(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, lane: LaneRecord, branch: String,
    definition: AgentDefinition, prepared: ObjectID?, allowance: Double?, stop: StopSignal,
    mayStart: @Sendable () async -> Bool
  ) async throws -> AgentRun {
    let start = LaneStart(
      pool: pool, store: store, target: context.target, policies: context.policies,
      hookVariables: settings.hookVariables, identity: context.identity())
    let outcome = try await BlockingQueue.run {
      try start.run(feature, attempt, lane: lane, branch: branch, prepared: prepared)
    }
    try state.createLogs(feature.id)
    let before = PastAttempt(store: store, state: state)
    if outcome.isWhole, !stop.isSet, let words = try before.done(feature, attempt) {
      return try goOnWithoutAgent(feature, attempt, definition, words)
    }
    let secrets = Secrets(environment: context.environment)
    let values = try placeholders(feature, attempt, lane, definition, allowance)
    let invocation = Invocation(definition, values.merging(["prompt": ""]) { $1 })
    let litter = GateLitter.words(committed: try GateLitter.committed(by: feature.id, store))
    let notes = outcome.notes + [litter.map { "Your branch \($0)." }].compactMap(\.self)
    let text = try prompt(
      feature, attempt, notes: notes, before: try before.words(feature, attempt),
      resumes: invocation.resumes)
    try Data(text.utf8).write(
      to: URL(fileURLWithPath: state.prompt(feature.id, attempt.number)), options: .atomic)
    try store.beginReport(feature.id, attempt.number, agent: definition.name)
    if !notes.isEmpty {
      try store.record(
        .agentTold, feature: feature.id, agent: attempt.agent,
        [
          "attempt": .integer(Int64(attempt.number)),
          "detail": .string(notes.joined(separator: "\n")),
        ])
    }
    guard !stop.isSet else { return AgentRun(definition: definition, ending: .stopped) }
    let base = AgentEnvironment.allowed(
      context.environment, by: definition.environment, values)
    let log = state.log(feature.id, attempt.number)
    let stagger = settings.staggerSeconds ?? definition.staggerSeconds
    try await StartThrottle.wait(
      state.locks + "/start-\(definition.name)", seconds: stagger, stop: stop)
    guard await mayStart() else { return AgentRun(definition: definition, ending: .stopped) }
    try await BlockingQueue.run { configuration.begin(feature, attempt) }
    let killsBefore = OOMKills.kills()
    let environment = AgentEnvironment.variables(
      feature, attempt, lane: lane, promptFile: state.prompt(feature.id, attempt.number),
      repository: context.directory, base: base, hooks: settings.hookVariables,
      temporary: try temporary(lane),
      slots: try store.slots(of: .attempt(feature: feature.id, number: attempt.number)))
    var argv = Invocation(definition, values.merging(["prompt": text]) { $1 }).argv
    let sandbox = try await BlockingQueue.run {
      try settings.sandbox.map { rules in
        try SandboxSession(
          rules, attempt: attempt, lane: lane, branch: branch, target: context.target,
          state: state, guardProgram: context.guardProgram, outside: context.environment,
          inside: environment, needs: definition.sandbox, program: definition.program,
          files: [state.prompt(feature.id, attempt.number)]
            + ["mcp_config", "hook_settings"].compactMap { values[$0] },
          isLane: try LaneBranches.known(store))
      }
    }
    defer { sandbox?.close() }
    if let sandbox { argv = sandbox.command(argv) }
    var command = GuardedCommand(
      guardProgram: context.guardProgram,
      lockPath: state.attemptLock(feature.id, attempt.number), logPath: log,
      inputPath: invocation.inputPath, directory: lane.path, argv: argv,
      environment: environment, mark: attempt.mark, wallSeconds: settings.attemptSeconds,
      silenceSeconds: settings.silenceSeconds, outputBytes: definition.output.limitBytes,
      graceSeconds: settings.graceSeconds, nice: Int32(settings.nice ?? definition.nice))
    command.memoryBytes = settings.memoryBytes
    command.growth = settings.diskBytes.map {
      ([lane.path, state.temporary(lane.name)], $0)
    }
    let process = try GuardedProcess.start(command)
    try sandbox?.view.begin(pid: process.pid)
    let follower = OutputFollower(
      log: log, journal: state.journal(feature.id, attempt.number), definition: definition,
      attempt: attempt, lane: lane.path, store: store, secrets: secrets, allowance: allowance)
    let watcher = Task { await follower.follow { process.stop() } }
    let stopper = Task {
      await stop.wait()
      process.stop()
      await stop.waitForced()
      process.kill()
    }
    var run = AgentRun(definition: definition, ending: await process.ending())
    watcher.cancel()
    stopper.cancel()
    await watcher.value
    if case .shell = definition.launch { run.ending = run.ending.fromWrapper }
    if let sandbox {
      run.ending = run.ending.fromWrapper
      sandbox.view.end()
      try? takeOutput(lane, to: output(feature, attempt))
    }
    run.report = follower.finish(sideFile: output(feature, attempt))
    run.endReason = follower.endReason
    run.memoryKills = await process.memoryKills()
    run.wasShortOfMemory = OOMKills.kills() > killsBefore
    LogKeeper.finish(log, secrets: secrets)
    run.lastWords = PastAttempt.lastWords(run, log: log).map(secrets.mask)
    run.isDone = try run.hasEndedWell && store.refusals(of: feature.id).isEmpty
    // Before the place is free: the next attempt's budget counts this one's cost.
    try store.saveReport(run.record(feature.id, attempt.number))
    return run
  }

  /// Puts away what an earlier attempt has done: there is nothing left for an agent.
  private func goOnWithoutAgent(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, _ definition: AgentDefinition,
    _ words: String
  ) throws -> AgentRun {
    try Data((words + "\n").utf8).write(
      to: URL(fileURLWithPath: state.log(feature.id, attempt.number)), options: .atomic)
    var run = AgentRun(definition: definition, ending: .exited(0))
    run.isDone = true
    run.lastWords = words
    run.withoutAgent = words
    try store.saveReport(run.record(feature.id, attempt.number))
    return run
  }

  /// Ends an attempt whose agent was never started, or whose work could not be put away; the branch
  /// and its claims are as they were.
  private func giveUpStart(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, lane: LaneRecord, branch: String,
    _ end: AttemptEnd
  ) async throws {
    let (context, store, pool) = (context, store, pool)
    let work = try? await BlockingQueue.run {
      try? pool.leave(lane)
      return try context.repository().branchWork(branch, target: context.target)
    }
    func write() throws -> String? {
      try store.endAttempt(
        feature.id, attempt.number, end, tip: work?.tip?.hex, changed: work?.paths ?? [])
    }
    // A full disk may have room a moment later.
    for _ in 0..<Self.mostTries {
      do {
        _ = try write()
        return
      } catch {
        try? await Task.sleep(for: .milliseconds(500))
      }
    }
    _ = try write()
  }

  private static let mostTries = 60

  private func prompt(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, notes: [String], before: String?,
    resumes: Bool
  ) throws -> String {
    var prompt = Prompt(
      feature: feature, attempt: attempt.number, target: BranchName.short(context.target),
      gate: settings.gate)
    prompt.notes = notes
    prompt.before = before
    prompt.resumes = resumes
    prompt.landed = try (store.dependencies()[feature.id] ?? []).compactMap { dependency in
      guard let other = try store.feature(dependency.id), other.state == .landed else {
        return nil
      }
      return (other.id, other.shortTitle, String((other.landedCommit ?? "").prefix(10)))
    }
    var others: [(owner: ClaimOwner, paths: [String])] = []
    var places: [ClaimOwner: Int] = [:]
    for claim in try store.claims().prefix(2000) {
      let path = claim.path.description
      if claim.owner == .feature(feature.id) {
        prompt.held.append(path)
      } else if let place = places[claim.owner] {
        others[place].paths.append(path)
      } else if others.count < 20 {
        places[claim.owner] = others.count
        others.append((claim.owner, [path]))
      }
    }
    prompt.held = Array(prompt.held.prefix(100))
    prompt.others = try others.map { (RefusalText.list($0.paths), try holder($0.owner)) }
    guard let review = try store.openRequest(of: feature.id) else {
      return try prompt.text(settings.prompts)
    }
    prompt.review = review
    let words = Prompt.text(review)
    // It stands in a section of its own, whatever happened since.
    if feature.rework?.hasSuffix(words) == true { prompt.feature.rework = nil }
    let text = try prompt.text(settings.prompts)
    // A repository's own template may be older than this.
    return text.contains(words) ? text : text + "\n\(words)\n"
  }

  /// Who holds a claim, and how far that one is.
  private func holder(_ owner: ClaimOwner) throws -> String {
    let feature = owner.kind == .feature ? try store.feature(owner.id) : nil
    let stage = feature.flatMap { RefusalText.stage($0.state.rawValue) }
    return RefusalText.name(owner) { _ in feature?.title } + (stage.map { ", \($0)" } ?? "")
  }

  /// The values of a definition's placeholders; a session only where it can be resumed here.
  private func placeholders(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, _ lane: LaneRecord,
    _ definition: AgentDefinition, _ allowance: Double?
  ) throws -> [String: String] {
    let output =
      settings.sandbox == nil ? output(feature, attempt) : outputInside(lane)
    var values = [
      "prompt_file": state.prompt(feature.id, attempt.number), "model": attempt.modelName,
      "lane": lane.path, "repository": context.directory, "git_dir": state.commonDirectory,
      "output_file": output, "feature": feature.id, "attempt": String(attempt.number),
    ]
    if let allowance { values["budget"] = String(format: "%.4f", max(0.0001, allowance)) }
    if let program = settings.serverProgram {
      values["mcp_config"] = try file("mcp.json", ClaudeHandover.servers(program: program))
      values["hook_settings"] = try file(
        "edit-hook.json", ClaudeHandover.settings(program: program))
      values["lanekeeper"] = program
    }
    // A session belongs to its directory; after a failure a fresh look is better.
    if attempt.number > 1,
      let last = try store.attempt(feature.id, attempt.number - 1), last.state == .interrupted,
      last.lane == attempt.lane,
      let report = try store.agentReport(feature.id, attempt.number - 1),
      report.agent == definition.name, let session = report.session
    {
      values["session"] = session
    }
    return values
  }

  /// Writes a file of the state directory where it is not as it should be; its path.
  private func file(_ name: String, _ text: String) throws -> String {
    let path = state.path + "/" + name
    let data = Data((text + "\n").utf8)
    if FileManager.default.contents(atPath: path) != data {
      try data.write(to: URL(fileURLWithPath: path), options: .atomic)
    }
    return path
  }

  /// The file that a program writes beside its output.
  private func output(_ feature: FeatureRecord, _ attempt: AttemptRecord) -> String {
    state.path + "/logs/\(feature.id)/\(attempt.number).out"
  }

  /// The same in a sandbox, where the logs can't be written.
  private func outputInside(_ lane: LaneRecord) -> String {
    state.temporary(lane.name) + "/lanekeeper-output"
  }

  /// Copies what a program in a sandbox has written beside its output to the logs, if it is a file.
  private func takeOutput(_ lane: LaneRecord, to path: String) throws {
    let directory = try Root(state.temporary(lane.name))
    let name = Array((outputInside(lane) as NSString).lastPathComponent.utf8)
    unlink(path)
    _ = try directory.copyOut(name, to: path, limit: OutputFollower.largestSideFile)
  }

  /// An empty directory for temporary files that is the lane's own.
  private func temporary(_ lane: LaneRecord) throws -> String {
    let path = state.temporary(lane.name)
    try? FileManager.default.removeItem(atPath: path)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }
}

/// How the program of an attempt ran.
package struct AgentRun: Sendable {
  package var definition: AgentDefinition
  package var ending: Ending
  package var report = AttemptReport()
  /// Why the attempt was ended although its program went on.
  package var endReason: EarlyEnd?
  /// Whether the machine ran out of memory meanwhile.
  package var wasShortOfMemory = false
  /// How many of its processes were killed since they used more memory than `limits.memory_mb`.
  package var memoryKills = 0
  /// It took its work for done, and was refused nothing.
  package var isDone = false
  package var lastWords: String?
  /// Why no program was started, where an earlier attempt has done the work.
  package var withoutAgent: String?

  /// Nothing told of a failure.
  var hasEndedWell: Bool {
    ending == .exited(0) && endReason == nil && report.failure == nil && report.limit == nil
  }

  /// The record of it that the store keeps.
  func record(_ feature: String, _ number: Int) -> AgentReportRecord {
    var record = AgentReportRecord(feature: feature, number: number, agent: definition.name)
    record.session = report.session
    record.model = report.model
    record.inputTokens = report.inputTokens
    record.outputTokens = report.outputTokens
    record.cachedTokens = report.cachedTokens
    record.costUSD = report.costUSD
    record.edits = report.edits
    record.ending = ending.words
    record.endedWell = ending == .exited(0)
    record.isDone = isDone
    record.lastWords = lastWords
    return record
  }
}
