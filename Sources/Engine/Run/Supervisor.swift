import Backlog
import Foundation
import Git
import Model
import Planning
import Processes
import Store

/// Builds the features of a backlog with several agents until nothing is left to do.
package final class Supervisor: Sendable {
  private let project: Project
  private let options: RunOptions
  private let stop: StopSignal
  private let report: @Sendable (RunEvent) -> Void
  /// The state, where it is open already.
  private let opened: Store?

  /// - Parameters:
  ///   - store: the state, where it is open already; else it is opened.
  ///   - stop: asks for a clean end; forced, for an end at once.
  ///   - report: is called from any thread.
  package init(
    project: Project, options: RunOptions, store: Store? = nil, stop: StopSignal,
    report: @escaping @Sendable (RunEvent) -> Void
  ) {
    self.project = project
    self.options = options
    self.stop = stop
    opened = store
    let order = AgentLineOrder(report)
    self.report = { order.take($0) }
  }

  /// Takes the lock that only one run holds; `nil` where another run is at work.
  ///
  /// A program that a run was just starting when it was killed holds its lock for a moment longer.
  private func acquireRunLock(_ store: Store) async throws -> FileLock? {
    for _ in 0..<150 {
      if let lock = try FileLock.tryAcquire(project.state.runLock) { return lock }
      if let other = try store.openParticipants().first(where: { $0.kind == .run }),
        kill(other.pid, 0) == 0
      {
        return nil
      }
      try await Task.sleep(for: .milliseconds(20))
    }
    return nil
  }

  /// Runs to the end.
  ///
  /// - Throws: ``Failure`` where it can't begin; then nothing was changed.
  package func run() async throws -> RunSummary {
    // Until there is a state file that it could be written into.
    stop.onWait { [report] in report(.note($0.words)) }
    return try await Programs.$stop.withValue(stop) { try await supervise() }
  }

  private func supervise() async throws -> RunSummary {
    let agents = try Preflight(project: project, options: options).check(try project.backlog())
    let choice = try project.models(options.wish)
    let hooks = try project.hooks()
    _ = try HelperPrograms.path("lanekeeper-guard")
    let store = try opened ?? project.store()
    var runLock: FileLock?
    if options.kind == .run {
      runLock = try await acquireRunLock(store)
      guard runLock != nil else {
        let other = try store.openParticipants().first { $0.kind == .run }
        throw Failure(
          "another run is at work on this repository"
            + (other.map { " (process \($0.pid))" } ?? "")
            + "; `lanekeeper status --watch` shows it, `lanekeeper stop` ends it", status: 75)
      }
    }
    defer { runLock?.release() }
    let id = "\(getpid())-\(UInt32.random(in: 0 ... .max))"
    guard let own = try FileLock.tryAcquire(project.state.participantLock(id)) else {
      throw Failure("\(project.state.participantLock(id)) is locked", status: 75)
    }
    own.note(ProcessTree.namespaceNote)
    defer {
      own.release()
      unlink(project.state.participantLock(id))
    }
    let board = WaitBoard(store, participant: id)
    board.follow(stop) { [report] in report(.note($0)) }
    defer { board.close() }
    let specials = SpecialsWatch(project, store, participant: id) { [report] in report(.note($0)) }
    defer { specials.close() }
    try hooks.refresh()
    // What gates and agents have installed over them meanwhile.
    defer { try? hooks.refresh() }
    try tellOfPlaces()
    let project = project
    let (backlog, notes) = try await BlockingQueue.run { try project.plannedBacklog(asks: true) }
    let context = RunContext(
      project: project, options: options, store: store, agents: agents, choice: choice,
      backlog: backlog, hookVariables: hooks.variables(addingTo: project.environment),
      participant: id)
    try store.addParticipant(
      ParticipantRecord(
        id: id, kind: options.kind, pid: getpid(), state: "running",
        parallel: options.parallel, preset: choice.preset,
        models: choice.available.map(\.rawValue), startedAt: store.now))
    try RunControl(project, store).forgetOldWord(asks: options.kind == .run, participant: id)
    if options.kind == .run {
      // A person has begun anew: what waited for one is tried again, and the budget is a new one.
      try store.endOpenPauses()
      try store.wakeLimited(all: true)
      try store.wakeBudget()
      try store.beginBudget()
    }
    report(
      .initialized(
        project: project.directory, parallel: options.parallel, preset: choice.preset,
        models: choice.available.map(\.rawValue)))
    if options.kind == .run { for note in notes { report(.note(note)) } }
    try tellWarnings(hooks, backlog)
    try tellExpectations(context)
    let recovery = Recovery(
      project: project, store: store, settings: context.attemptSettings, lander: context.lander,
      participant: id)
    for line in try await BlockingQueue.run({ try recovery.run() }) { report(.note(line)) }
    for line in try returnBranches(store) { report(.note(line)) }
    try project.takeOver(backlog, into: store)
    let found = try Adoption.run(project, into: store)
    if found.landed > 0 {
      report(
        .note("\(found.landed) features have landed before, as the history of the target shows"))
    }
    if !found.begun.isEmpty {
      report(.note("\(found.begun.count) features go on from branches that were there already"))
    }
    if let old = try context.lander.watch.takeName() {
      let name = project.configuration.target
      report(.note("the target \(old) was renamed to \(name); what lands goes there"))
    }
    try await BlockingQueue.run { _ = try context.lander.watch.look() }
    let loop = RunLoop(context: context, stop: stop, report: report)
    do {
      try await TargetTrial(context: context, stop: stop, report: report).run()
      let summary = try await loop.run()
      try await BlockingQueue.run { _ = try context.lander.watch.look() }
      if !summary.wasStopped {
        let project = project
        let lines = try await BlockingQueue.run {
          try ForgeExchange(project, store)?.exchange() ?? []
        }
        for line in lines { report(.note(line)) }
      }
      if let command = try context.lander.catchUpCommand() {
        report(.note("your checkout was left as it was; it catches up by `\(command)`"))
      }
      try store.endParticipant(id, state: summary.wasStopped ? "stopped" : "finished")
      return summary
    } catch {
      _ = try? await BlockingQueue.run { try context.lander.watch.look() }
      try? store.endParticipant(id, state: "failed")
      throw error
    }
  }

  /// Puts branches back that somebody has deleted while they waited for a verdict or their landing.
  private func returnBranches(_ store: Store) throws -> [String] {
    let repository = try project.repository()
    return try store.features(in: [.inReview, .approved, .queued]).compactMap { feature in
      do {
        guard let found = try BranchReturn.look(feature, repository, store) else { return nil }
        return "feature #\(feature.id): \(found)"
          + (found.tip == nil ? "; `lanekeeper retry \(feature.id)` builds it again" : "")
      } catch let obstacle as BranchName.Obstacle {
        return "feature #\(feature.id): its branch was deleted, and \(obstacle)"
      }
    }
  }

  /// Refuses lanes inside the git directory, has git leave them out elsewhere, and says what attempts of
  /// earlier runs have changed in the shared configuration.
  private func tellOfPlaces() throws {
    guard !(project.lanesDirectory + "/").hasPrefix(project.state.commonDirectory + "/") else {
      throw Failure(
        "lanes.path leads into the git directory (\(project.lanesDirectory)); set it to a place beside the "
          + "repository", status: 65)
    }
    if let note = LanesExclusion.ensure(
      project.lanesDirectory, environment: project.environment)
    {
      report(.note(note))
    }
    guard options.kind == .run else { return }
    for change in project.configurationChanges { report(.note(change.text)) }
    project.sharedConfiguration.forget()
  }

  private func tellWarnings(_ hooks: HookInstallation, _ backlog: Backlog) throws {
    if project.configuration.gate.command.isEmpty {
      report(
        .note(
          "no gate is set, so nothing checks what lands; set `gate: make test` in lanekeeper.yml"))
    }
    // Each feature of a make has a process of its own; once is enough.
    guard options.kind == .run else { return }
    if project.configuration.limits.memoryMB != nil, let obstacle = MemoryCgroup.obstacle() {
      report(.note("limits.memory_mb is not enforced: \(obstacle)"))
    }
    if let words = try? PhantomChanges.words(project.repository()) { report(.note(words)) }
    if try !hooks.isInstalled() {
      report(
        .note(
          "the hooks reach the lanes by environment alone; `lanekeeper init` makes them firmer"))
    }
  }

  /// Says which features will likely collide, and which dependencies may be missing; each once for a repository, and
  /// nothing of what has landed.
  private func tellExpectations(_ context: RunContext) throws {
    let (store, backlog) = (context.store, context.backlog)
    var lines: [String] = []
    if backlog.features.count > 1, backlog.features.allSatisfy({ $0.dependencies.isEmpty }) {
      lines.append("no feature depends on another; add `depends_on` in features.yml where one does")
      lines += try hints(backlog)
    }
    let done = Set(try store.features().filter(\.state.isFinal).map(\.id))
    let open = context.footprints.filter { !done.contains($0.feature) }
    lines += Collisions.pairs(open, least: 0.5).prefix(3).map {
      "#\($0.first) and #\($0.second) will likely both change \($0.path); they won't run at the "
        + "same time if that doesn't slow the run down"
    }
    let told = try store.value(Self.toldKey).flatMap { try? JSON(reading: $0) }?.strings ?? []
    let new = Set(lines).subtracting(told)
    guard !new.isEmpty else { return }
    for line in lines where new.contains(line) { report(.note(line)) }
    try store.setValue(Self.toldKey, JSON.texts(Array((told + new.sorted()).suffix(100))).text)
  }

  private static let toldKey = "told_expectations"
}

extension Supervisor {
  /// The likeliest dependencies of a backlog that declares none; they don't hold.
  private func hints(_ backlog: Backlog) throws -> [String] {
    guard project.detectionKind == .none, options.kind == .run else { return [] }
    let found = try DependencyDetection(.learned).find(backlog).result
    let likely = (found.edges + found.hints).sorted {
      ($1.confidence, $0.feature, $0.dependsOn) < ($0.confidence, $1.feature, $1.dependsOn)
    }
    guard !likely.isEmpty else { return [] }
    let pairs = likely.prefix(3).map { "#\($0.feature) after #\($0.dependsOn)" }
    return [
      "perhaps \(pairs.joined(separator: ", ")); `lanekeeper plan --detect learned` shows "
        + "\(likely.count) such pairs, `plan --write` records what is likely"
    ]
  }
}

/// The values that the parts of one run share.
struct RunContext: Sendable {
  let project: Project
  let options: RunOptions
  let store: Store
  private(set) var agents: [String: AgentDefinition]
  let choice: ModelChoice
  private(set) var backlog: Backlog
  let hookVariables: [String: String]
  let participant: String
  let pool: LanePool
  let attemptSettings: AttemptSettings
  let lander: Lander
  private(set) var positions: [String: (priority: Int, remaining: Double, position: Int)] = [:]
  private(set) var dependents: [String: Int] = [:]
  /// The expected duration of each feature, in seconds.
  private(set) var seconds: [String: Double] = [:]
  /// The paths that each feature is expected to touch.
  private(set) var footprints: [Footprint] = []

  init(
    project: Project, options: RunOptions, store: Store, agents: [String: AgentDefinition],
    choice: ModelChoice, backlog: Backlog, hookVariables: [String: String], participant: String
  ) {
    self.project = project
    self.options = options
    self.store = store
    self.agents = agents
    self.choice = choice
    self.backlog = backlog
    self.hookVariables = hookVariables
    self.participant = participant
    pool = project.pool(store)
    var attempts = project.attemptSettings(
      hookVariables: hookVariables, graceSeconds: options.graceSeconds, store: store)
    attempts.mayChangeNothing = options.mayChangeNothing
    attemptSettings = attempts
    lander = project.lander(store)
    take(backlog, agents: agents)
  }

  /// Goes by another backlog from now on.
  ///
  /// - Parameter agents: the definitions that its features may ask for.
  mutating func take(_ backlog: Backlog, agents: [String: AgentDefinition]) {
    self.backlog = backlog
    self.agents = agents
    let graph = DependencyGraph(backlog)
    let seconds = ((try? PastTimes.model(store)) ?? DurationModel()).seconds(backlog)
    self.seconds = seconds
    footprints =
      backlog.features.count > 1 && options.kind == .run
      ? ProjectFootprints.read(project, backlog) : []
    let remaining = graph.remainingPath { seconds[$0] ?? DurationModel.standard }
    positions = Dictionary(
      backlog.features.enumerated().map { position, feature in
        (feature.id, (feature.priority, remaining[feature.id] ?? 0, position))
      }, uniquingKeysWith: { first, _ in first })
    dependents = Dictionary(
      backlog.features.map { ($0.id, graph.closureCount(of: $0.id)) },
      uniquingKeysWith: { first, _ in first })
  }

  var order: @Sendable (FeatureRecord, FeatureRecord) -> Bool {
    let positions = positions
    return { a, b in
      // What was built already and needs rework holds claims that others wait for.
      if (a.rework == nil) != (b.rework == nil) { return a.rework != nil }
      // Priorities may have been changed since the run began.
      func place(_ feature: FeatureRecord) -> (Int, Double, Int) {
        guard let place = positions[feature.id] else { return (Int.min, 0, Int.max) }
        return (feature.priority, place.remaining, place.position)
      }
      return ScheduleOrder.isBefore(place(a), place(b))
    }
  }

  /// Makes the schedule of this run: times by what features took here, collisions by footprints.
  ///
  /// - Parameter now: milliseconds on the clock of the run.
  func scheduler(features: [RunFeature], now: Int64) -> RunScheduler {
    var wanted = backlog
    if let only = options.only { wanted.features.removeAll { !only.contains($0.id) } }
    return RunScheduler(
      wanted, seconds: seconds, footprints: options.kind == .run ? footprints : nil,
      agents: options.parallel,
      isWanted: { [only = options.only] id in only?.contains(id) ?? true }, features: features,
      now: now)
  }

  /// Chooses the tier of the next attempt.
  func tier(for feature: FeatureRecord) throws -> TierChoice {
    if let tier = options.tier { return TierChoice(tier: tier, reason: "the command line") }
    let selector = TierSelector(
      choice, bandit: choice.byDifficulty ? try PastResults.bandit(store, choice) : nil)
    if feature.climbs, let last = feature.lastTier {
      let next = selector.nextTierUp(after: last)
      return TierChoice(tier: next, reason: "after a failed attempt with \(last.rawValue)")
    }
    return selector.choose(
      FeatureFacts(
        category: feature.category, title: feature.title, description: feature.description,
        steps: feature.steps.count, dependents: dependents[feature.id] ?? 0,
        footprint: max(feature.touches.count, footprintSizes[feature.id] ?? 0),
        override: feature.model.flatMap(Tier.init(rawValue:))))
  }

  /// Who may work, and when.
  var selector: AgentSelector {
    let (options, standard) = (options, project.configuration.agents)
    return AgentSelector(
      store: store, agents: agents,
      names: { feature in
        if let agent = options.agent { return [agent] }
        let list = standard.isEmpty ? ["claude"] : standard
        guard let own = feature.agent else { return list }
        return [own] + list.filter { $0 != own }
      }, participant: participant,
      maxCost: options.maxCostUSD ?? project.configuration.limits.maxCostUSD,
      maxFeatureCost: project.configuration.limits.maxFeatureCostUSD)
  }

  private var footprintSizes: [String: Int] { TierForecast.footprintSizes(footprints) }
}
