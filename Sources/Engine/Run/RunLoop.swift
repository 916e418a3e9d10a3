import Backlog
import Foundation
import Git
import Model
import Processes
import Store

/// Performs a run: reads the facts that ``RunState`` decides by, and does what it says.
actor RunLoop {
  var context: RunContext
  let stop: StopSignal
  let report: @Sendable (RunEvent) -> Void
  let warmLanes: WarmLanes
  private(set) var state: RunState
  var tally = RunTally()
  /// The known login states of agents, by name.
  var logins: [String: Task<String?, any Error>] = [:]
  var toldLogins: Set<String> = []
  var toldChanges: [SharedConfiguration.Change] = []
  var isColdRed = false
  private var backlogFile: BacklogFollower
  /// The last event that the state knows of, and the last that was searched for troubles.
  private var seenEvent: Int64 = 0
  private var toldEvent: Int64 = 0
  private var toldWords: Set<String> = []
  private var hasToldReview = false
  /// The branches that waited when the forge was visited last.
  private var atForge: [String] = []
  private let mailbox: AsyncStream<RunInput>
  let post: AsyncStream<RunInput>.Continuation
  private let landingBell: AsyncStream<Void>
  let ringLanding: AsyncStream<Void>.Continuation
  private let begin = ContinuousClock.now

  var store: Store { context.store }

  init(
    context: RunContext, stop: StopSignal, report: @escaping @Sendable (RunEvent) -> Void
  ) {
    self.context = context
    self.stop = stop
    self.report = report
    let options = context.options
    warmLanes = WarmLanes(
      pool: context.pool, project: context.project,
      limit: options.kind == .run ? options.parallel + 1 : 1, fillsAhead: options.kind == .run)
    state = RunState(RunState.Rules(options), features: context.backlog.features.count)
    backlogFile = BacklogFollower(file: context.project.backlogFile)
    (mailbox, post) = AsyncStream.makeStream(of: RunInput.self)
    (landingBell, ringLanding) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
  }

  func run() async throws -> RunSummary {
    toldEvent = (try? store.lastEvent()) ?? 0
    // The group of a long run keeps nothing of an attempt that has ended.
    await withDiscardingTaskGroup { group in
      group.addTask { await self.ticker() }
      group.addTask { await self.watchStop() }
      group.addTask { await self.landingLoop() }
      ringLanding.yield()
      look(&group)
      for await input in mailbox {
        if case .tick = input { followToken() }
        await perform(input)
        look(&group)
        if state.isOver { break }
      }
      post.finish()
      ringLanding.finish()
      group.cancelAll()
    }
    await gateColdAtTheEnd()
    await warmLanes.close()
    tellTroubles()
    if let fatal = state.fatal { throw fatal }
    return try summary(seconds: Double(now) / 1000)
  }

  /// Milliseconds since this loop was made.
  var now: RunState.Time {
    let elapsed = (ContinuousClock.now - begin).components
    return elapsed.seconds * 1000 + elapsed.attoseconds / 1_000_000_000_000_000
  }

  // MARK: inputs and actions

  /// Tells the state what has happened, and does at once what follows; what takes time waits for the loop.
  func take(_ input: RunInput) {
    for action in state.handle(input, at: now) { _ = performNow(action) }
  }

  private func perform(_ input: RunInput) async {
    for action in state.handle(input, at: now) where !performNow(action) {
      switch action {
      case .followBacklog: await followBacklog()
      case .takeOverFromTheDead: await takeOverFromTheDead()
      default: break
      }
    }
  }

  /// Performs what takes no time.
  ///
  /// - Returns: false where the action takes time, or starts an attempt.
  private func performNow(_ action: RunAction) -> Bool {
    switch action {
    case .start, .followBacklog, .takeOverFromTheDead: return false
    case .land: ringLanding.yield()
    case .landAfter(let milliseconds):
      Task {
        try? await Task.sleep(for: .milliseconds(milliseconds))
        post.yield(.landing(.looksAgain))
      }
    case .stop(let isForced): stop.set(forced: isForced)
    case .tell(let notice): tell(notice)
    case .takeBackFailures(let features):
      do {
        try store.takeBackFailures(of: features)
      } catch {
        report(.note("failures that are not the features' fault could not be taken back: \(error)"))
      }
    case .wakeLimited: try? store.wakeLimited()
    case .tellTroubles: tellTroubles()
    case .showLife: showLife()
    case .visitForge(let isTime): visitForge(isTime: isTime)
    case .end: break
    }
    return true
  }

  /// Reads what may start, starts it, and looks whether the run ends where nothing is under way.
  private func look(_ group: inout DiscardingTaskGroup) {
    do {
      for action in state.handle(.look(try facts()), at: now) where !performNow(action) {
        guard case .start(let id) = action else { continue }
        group.addTask { await self.attempt(id) }
      }
    } catch {
      take(.fails(.starting, trouble(error)))
    }
    guard state.isIdle, !state.isOver else { return }
    do {
      take(.standstill(state.isEnding ? StandstillFacts() : try standstillFacts()))
    } catch {
      take(.fails(.ending, trouble(error)))
      if state.isEnding { take(.standstill(StandstillFacts())) }
    }
  }

  private func facts() throws -> RunFacts {
    var facts = RunFacts()
    try store.endDeadWaits()
    facts.hasToken = context.options.token?.isHeld ?? true
    facts.control = try store.controlWord()
    facts.lent = try store.lentPlaces(context.participant)
    facts.lastEvent = try store.lastEvent()
    guard state.hasPlace(facts) else { return facts }
    facts.isTargetHeld = try lookAtTarget()
    guard facts.isTargetHeld == false else { return facts }
    facts.freeSlots = try store.freeSlots()
    guard !state.needsSchedule else {
      facts.changed = try store.features().map(RunFeature.init)
      facts.schedule = context.scheduler(features: facts.changed, now: now)
      seenEvent = facts.lastEvent
      return facts
    }
    var changed = state.unsure
    var seen = seenEvent
    while case let events = try store.events(after: seen, limit: 1000), let last = events.last {
      seen = last.seq
      changed.formUnion(events.compactMap(\.feature))
    }
    facts.changed = try changed.compactMap { try store.feature($0).map(RunFeature.init) }
    // Only what was read counts as seen.
    seenEvent = seen
    return facts
  }

  private func standstillFacts() throws -> StandstillFacts {
    var facts = StandstillFacts()
    var features = try store.features()
    try store.tellSlotWaits(&features)
    for feature in features {
      if feature.state == .ready, feature.wait != nil { facts.waitsForSlot.insert(feature.id) }
      facts.features[feature.id] = RunFeature(feature)
    }
    facts.standsOn = try Lander.waiting(store)
    facts.hasUndoRequests = try !store.undoRequests().isEmpty
    facts.isBehindBacklog = backlogFile.isBehind
    facts.others = Set(
      try ProcessLiveness(context.project, store).participants(besides: context.participant).map(
        \.kind))
    return facts
  }

  /// Sorts an error by what follows from it.
  func trouble(_ error: any Error) -> RunTrouble {
    let failure = (error as? GitProgramError)?.failure ?? error as? ProcessFailure
    let isCancelled = if case .cancelled = failure { true } else { error is CancellationError }
    return RunTrouble(
      error: error, isLasting: error is Failure || Store.isBroken(error),
      isCancellation: stop.isSet && isCancelled)
  }

  // MARK: telling

  private func tell(_ notice: RunNotice) {
    switch notice {
    case .stopping(let isForced):
      report(.stopping(forced: isForced))
      if !isForced { try? store.noteStopping(context.participant) }
    case .fails(let part, let error):
      tellOnce("\(part.words) failed, which is tried again: \(error)")
    case .leftOut(let feature, let error):
      report(
        .note("feature #\(feature) can't be started, so it is left out of this run: \(error)"))
    case .held(let feature, let reason): report(.held(feature: feature, reason: reason))
    case .agentAtFault(let words): report(.note(words))
    case .log(let feature, let attempt):
      let log = context.project.state.log(feature, attempt)
      report(.log(path: log, lines: LogTail.lines(log, count: 10)))
    case .stuck(let milliseconds, let features):
      let names = features.prefix(10).map { "#\($0)" }.joined(separator: ", ")
      report(
        .note(
          "nothing has been under way for \(milliseconds / 1000) s, though \(names) could start, so the run "
            + "ends; start it again, and tell what `lanekeeper events` says if that happens twice"))
    }
  }

  /// Tells something that may come up again and again.
  func tellOnce(_ words: String) {
    if toldWords.insert(words).inserted { report(.note(words)) }
  }

  /// Tells of features that could not be moved on as they should.
  private func tellTroubles() {
    guard let events = try? store.events(after: toldEvent, limit: 1000) else { return }
    toldEvent = events.last?.seq ?? toldEvent
    for event in events {
      guard event.name == .storeError || event.name == .configurationError,
        let words = event.facts["detail"]?.plain
      else { continue }
      if event.name == .storeError { report(.note(words)) } else { tellOnce(words) }
    }
  }

  /// Says what attempts have changed in the configuration that they share with the person's checkout.
  func tellConfiguration() {
    let changes = context.project.configurationChanges.filter { !toldChanges.contains($0) }
    for change in changes { report(.note(change.text)) }
    toldChanges += changes
  }

  // MARK: surroundings

  /// Takes over what a person has made of the backlog, as a run does that begins: what is new starts, what is gone
  /// does not, and the order is a new one. A file that can't be read changes nothing.
  private func followBacklog() async {
    let look = backlogFile.look()
    guard look != .same else { return }
    let (project, options, present, store) = (
      context.project, context.options, context.backlog, store
    )
    do {
      let (backlog, agents) = try await BlockingQueue.run {
        let backlog = try project.plannedBacklog().backlog
        return (backlog, try Preflight(project: project, options: options).checkBacklog(backlog))
      }
      let changed = try store.setPriorities(
        Dictionary(
          backlog.features.map { ($0.id, $0.priority) }, uniquingKeysWith: { first, _ in first }))
      if !changed.isEmpty {
        report(.note("new priorities: " + changed.map { "#\($0)" }.joined(separator: ", ")))
      }
      guard backlog != present else { return }
      try await BlockingQueue.run {
        try project.takeOver(backlog, into: store)
        _ = try Adoption.run(project, into: store)
        try store.record(.backlogChanged, [:])
      }
      context.take(backlog, agents: agents)
      take(.backlogChanged)
      let (before, after) = (Set(present.features.map(\.id)), Set(backlog.features.map(\.id)))
      func tell(_ ids: Set<String>, _ words: String) {
        guard !ids.isEmpty else { return }
        let names = ids.sorted { $0.localizedStandardCompare($1) == .orderedAscending }
        let more = names.count > 10 ? " and \(names.count - 10) more" : ""
        report(
          .note(
            "features.yml has changed: "
              + names.prefix(10).map { "#\($0)" }.joined(separator: ", ") + more + " \(words)"))
      }
      tell(after.subtracting(before), "came in")
      tell(before.subtracting(after), "left; what was begun of that is kept")
    } catch {
      // What is wrong in it stays so until it is saved again; anything else may be over at the next look.
      if (error as? Failure)?.status != 65 { backlogFile.forget() }
      tellOnce(
        "features.yml has changed and can't be read, so the backlog stays as it is: \(error)")
    }
  }

  /// Tells others that this process and its attempts live, and gives room where leases are over.
  func showLife() {
    try? store.beat(
      participant: context.participant, bootID: Boot.id, uptime: Boot.uptimeMilliseconds())
    try? store.expireLeases()
  }

  /// Looks whether an agent has moved the target past the hooks; then no new attempt starts from it.
  private func lookAtTarget() throws -> Bool {
    let hold = try context.lander.watch.look()
    if let hold, !state.isTargetHeld {
      report(
        .note(TargetWatch.text(hold, target: context.project.configuration.target)))
    }
    return hold != nil
  }

  /// Brings branches that wait for a review to where `review.push` says, and verdicts back: at once where
  /// another waits, else now and then, since forges count what they are asked.
  private func visitForge(isTime: Bool) {
    guard context.project.configuration.review.push != nil else { return take(.forgeVisited) }
    let waiting = (try? store.features(in: [.inReview]).map { "\($0.id) \($0.tip ?? "")" }) ?? []
    guard isTime || waiting != atForge else { return take(.forgeVisited) }
    atForge = waiting
    let (project, store) = (context.project, store)
    Task {
      let lines = try? await BlockingQueue.run {
        try ForgeExchange(project, store)?.exchange() ?? []
      }
      for line in lines ?? [] { report(.note(line)) }
      post.yield(.forgeVisited)
    }
  }

  /// Gives `work`'s token to others while nothing can be done with it.
  private func followToken() {
    guard let id = context.options.only?.first, let feature = try? store.feature(id) else { return }
    let isReviewed = feature.state == .inReview || feature.state == .approved
    let isShort =
      feature.state == .ready && (try? RunFeature(feature).lacksSlot(store.freeSlots())) == true
    if context.options.waitsForReview, isReviewed, !hasToldReview {
      report(.waiting(feature: id, detail: ReviewWait.words(id, byMake: true)))
    }
    hasToldReview = isReviewed
    context.options.token?.follow(
      isIdle: state.isIdle && (isReviewed || isShort || feature.state == .waiting))
  }

  /// Goes on with what a process that was killed meanwhile had begun.
  private func takeOverFromTheDead() async {
    let context = context
    let recovery = Recovery(
      project: context.project, store: store, settings: context.attemptSettings,
      lander: context.lander, participant: context.participant, holdsLanes: true)
    for id in (try? store.takeUpLost()) ?? [] {
      report(.note("feature #\(id): nobody had it in hand; it is taken up again"))
    }
    guard (try? recovery.isNeeded()) == true else { return }
    do {
      for line in try await BlockingQueue.run({ try recovery.run() }) { report(.note(line)) }
    } catch {
      report(.note("a process that was killed left something that can't be taken up: \(error)"))
    }
  }

  // MARK: clock and signals

  private func ticker() async {
    while !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(RunState.tick))
      post.yield(.tick)
    }
  }

  private func watchStop() async {
    await stop.wait()
    guard stop.isSet else { return }
    post.yield(.stop(isForced: stop.isForced))
    await stop.waitForced()
    if stop.isForced { post.yield(.stop(isForced: true)) }
  }

  private func landingLoop() async {
    for await _ in landingBell {
      if Task.isCancelled { return }
      await landAll()
    }
  }
}

extension RunState.Rules {
  init(_ options: RunOptions) {
    self.init(kind: options.kind, parallel: options.parallel, only: options.only)
    waitsForReview = options.waitsForReview
    hasJobToken = options.token != nil
    idle = RunState.Time(options.idleSeconds * 1000)
    trouble = RunState.Time(options.troubleSeconds * 1000)
    holdsBack = options.holdsBack
  }
}
