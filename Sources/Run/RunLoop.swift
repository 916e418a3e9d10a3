import Attempts
import Foundation
import Git
import Landing
import Lanes
import Model
import Planning
import Processes
import Store

/// The heart of a run: starts attempts while there are places, lands what is done, and ends when
/// nothing is left that could go on.
actor RunLoop {
  private enum Message: Sendable {
    /// What an agent has built is being put away.
    case built(String)
    /// Nothing of the agent runs any more.
    case agentEnded
    /// The attempt is put away.
    case attemptEnded
    case landed
    case tick
    case stop
  }

  private var context: RunContext
  private let stop: StopSignal
  private let report: @Sendable (RunEvent) -> Void
  private let shelf: WarmLanes
  private var backlogFile: BacklogFollower
  /// Ticks in which the run's end waits for a change of the backlog that is not read yet.
  private var ticksBehind = 0
  /// Ticks in a row in which nothing was under way and nothing happened.
  private var idleTicks = 0
  private var lastEvent: Int64 = 0
  private var toldEvent: Int64 = 0
  private let mailbox: AsyncStream<Message>
  private let post: AsyncStream<Message>.Continuation
  private let landingBell: AsyncStream<Void>
  private let ringLanding: AsyncStream<Void>.Continuation

  /// Agents that are running.
  private var running = 0
  /// Those of them that wait for a claim and have lent their place.
  private var lent = 0
  /// Attempts that are not put away yet.
  private var attempts = 0
  private var toldChanges: [SharedConfiguration.Change] = []
  /// Features that this process is starting or running.
  private var mine: Set<String> = []
  /// The slots of those that have not taken them yet.
  private var wantedSlots: [String: [String]] = [:]
  /// When a feature may be started again whose agent asked for a later try.
  private var notBefore: [String: ContinuousClock.Instant] = [:]
  private var postponed: [String: Int] = [:]
  private var isLanding = false
  private var heldReason: String?
  /// The target was moved past the hooks, and a person has not decided yet.
  private var isTargetHeld = false
  /// How often in a row the machine did not let a gate run; a full disk may have room a moment later.
  private var machineHolds = 0
  private static let mostMachineHolds = 5
  private var heldOff: (until: ContinuousClock.Instant, queue: [String])?
  private var isColdRed = false
  private var hasToldReview = false
  private var isAtForge = false
  /// Whether a look at a landing of another process is due, and in how many milliseconds the next one is.
  private var isLookingAgain = false
  private var lookPause = 20
  /// The branches that waited when the forge was visited last.
  private var atForge: [String] = []
  private var landed: Set<String> = []
  /// Decides which feature starts next.
  private var pilot: RunScheduler?
  /// Whether the agent itself seems to be at fault.
  private var firstRound: FirstRound
  /// What is known of the logins of agents, by their names.
  private var logins: [String: Task<String?, any Error>] = [:]
  private var toldLogins: Set<String> = []
  private var attemptCount = 0
  private var agentSeconds = 0.0
  private var costUSD = 0.0
  private var ticks = 0
  private var isStopping = false
  private var toldForced = false
  private var fatal: (any Error)?
  /// Features whose start fails for long.
  private var leftOut: Set<String> = []
  /// Since when parts of the work fail, and when they did last, by what they do.
  private var failing: [String: (since: ContinuousClock.Instant, last: ContinuousClock.Instant)] =
    [:]
  private var toldFailures: Set<String> = []

  private var store: Store { context.store }

  init(
    context: RunContext, stop: StopSignal, report: @escaping @Sendable (RunEvent) -> Void
  ) {
    self.context = context
    self.stop = stop
    self.report = report
    shelf = WarmLanes(
      pool: context.pool, project: context.project,
      limit: context.options.kind == .run ? context.options.parallel + 1 : 1,
      fillsAhead: context.options.kind == .run)
    firstRound = FirstRound(
      total: context.options.only?.count ?? context.backlog.features.count)
    backlogFile = BacklogFollower(file: context.project.backlogFile)
    (mailbox, post) = AsyncStream.makeStream(of: Message.self)
    (landingBell, ringLanding) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
  }

  func run() async throws -> RunSummary {
    let start = ContinuousClock.now
    toldEvent = (try? store.lastEvent()) ?? 0
    // The group of a long run keeps nothing of an attempt that has ended.
    await withDiscardingTaskGroup { group in
      group.addTask { await self.ticker() }
      group.addTask { await self.watchStop() }
      group.addTask { await self.landingLoop() }
      ringLanding.yield()
      schedule(&group)
      for await message in mailbox {
        await handle(message, &group)
        if isDone { break }
      }
      post.finish()
      ringLanding.finish()
      group.cancelAll()
    }
    await gateColdAtTheEnd()
    await shelf.close()
    tellTroubles()
    if let fatal { throw fatal }
    let elapsed = ContinuousClock.now - start
    return try summary(
      seconds: Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18)
  }

  private func handle(_ message: Message, _ group: inout DiscardingTaskGroup) async {
    switch message {
    case .built(let id): pilot?.agentEnded(id, now: store.now)
    case .agentEnded: running -= 1
    case .attemptEnded:
      attempts -= 1
      ringLanding.yield()
    case .landed: break
    case .tick:
      obeyControl()
      followToken()
      try? store.wakeLimited()
      await followBacklog()
      tellTroubles()
      watchIdleness()
      // Other processes may have queued something, or have died while landing.
      ringLanding.yield()
      if ticks % 10 == 0 {
        showLife()
        visitForge(isTime: ticks % 60 == 0)
      }
      ticks += 1
      if ticks % 10 == 0 { await takeOverFromTheDead() }
    case .stop:
      isStopping = true
      if stop.isForced, !toldForced {
        toldForced = true
        report(.stopping(forced: true))
      } else if !stop.isForced {
        report(.stopping(forced: false))
        try? store.setParticipant(context.participant, state: "stopping")
      }
    }
    schedule(&group)
  }

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
        try store.record("backlog_changed", [:])
      }
      context.take(backlog, agents: agents)
      pilot = nil
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

  /// Tells something that may come up again and again.
  private func tellOnce(_ words: String) {
    if toldFailures.insert(words).inserted { report(.note(words)) }
  }

  /// Goes on after an error that may come and go, such as that of a file that is just being written, and tells it once.
  /// One that stays for long, or that does not go by itself, ends the run.
  ///
  /// - Parameters:
  ///   - part: what failed and is tried again, for people.
  ///   - feature: the feature whose start failed; it is left out of the run instead of ending the run.
  private func bear(_ error: any Error, in part: String, of feature: String? = nil) {
    guard !isCancellation(error) else { return }
    let now = ContinuousClock.now
    var since = now
    // What has failed long ago and was not needed since begins anew.
    if let before = failing[part], now - before.last < .seconds(90) { since = before.since }
    failing[part] = (since, now)
    guard !(error is Failure), !Store.isBroken(error) else { return fail(error) }
    guard now - since > .seconds(context.options.troubleSeconds) else {
      return tellOnce("\(part) failed, which is tried again: \(error)")
    }
    guard let feature else { return fail(error) }
    leftOut.insert(feature)
    report(.note("feature #\(feature) can't be started, so it is left out of this run: \(error)"))
  }

  /// Ends the run for good, unless what failed did so since the end was asked for.
  private func fail(_ error: any Error) {
    guard !isCancellation(error) else { return }
    fatal = fatal ?? error
  }

  /// Tells whether something failed since the end was asked for.
  private func isCancellation(_ error: any Error) -> Bool {
    guard stop.isSet else { return false }
    let failure = (error as? GitProgramError)?.failure ?? error as? ProcessFailure
    if case .cancelled = failure { return true }
    return error is CancellationError
  }

  /// Tells of features that could not be moved on as they should.
  private func tellTroubles() {
    guard let events = try? store.events(after: toldEvent, limit: 1000) else { return }
    toldEvent = events.last?.seq ?? toldEvent
    for event in events where ["store_error", "configuration_error"].contains(event.type) {
      guard let words = event.facts["detail"]?.plain else { continue }
      if event.type == "store_error" { report(.note(words)) } else { tellOnce(words) }
    }
  }

  /// Counts for how long nothing has been under way; a schedule that gives nothing out is made anew then.
  private func watchIdleness() {
    let last = (try? store.lastEvent()) ?? lastEvent
    idleTicks = attempts == 0 && !isLanding && last == lastEvent ? idleTicks + 1 : 0
    lastEvent = last
    if idleTicks % 20 == 19 { pilot = nil }
  }

  /// Does what `lanekeeper pause`, `resume` and `stop` ask for.
  private func obeyControl() {
    switch try? store.value("control") {
    case "stop": if !stop.isSet { stop.set() }
    case "stop-now": if !stop.isForced { stop.set(forced: true) }
    default: break
    }
  }

  /// Tells others that this process and its attempts live, and gives room where leases are over.
  private func showLife() {
    try? store.beat(
      participant: context.participant, bootID: Boot.id, uptime: Boot.uptimeMilliseconds())
    try? store.expireLeases()
  }

  /// Looks whether an agent has moved the target past the hooks; then no new attempt starts from it.
  private func lookAtTarget() throws -> Bool {
    let hold = try context.lander.watch.look()
    if let hold, !isTargetHeld {
      report(
        .note(TargetWatch.text(hold, target: context.project.configuration.target)))
    }
    isTargetHeld = hold != nil
    return isTargetHeld
  }

  /// Says what attempts have changed in the configuration that they share with the person's checkout.
  private func tellConfiguration() {
    let changes = context.project.configurationChanges.filter { !toldChanges.contains($0) }
    for change in changes { report(.note(change.text)) }
    toldChanges += changes
  }

  /// Brings branches that wait for a review to where `review.push` says, and verdicts back: at once where
  /// another waits, else now and then, since forges count what they are asked.
  private func visitForge(isTime: Bool) {
    guard context.project.configuration.review.push != nil, !isAtForge, !isStopping else { return }
    let waiting = (try? store.features(in: [.inReview]).map { "\($0.id) \($0.tip ?? "")" }) ?? []
    guard isTime || waiting != atForge else { return }
    atForge = waiting
    isAtForge = true
    let (project, store) = (context.project, store)
    Task {
      let lines = try? await BlockingQueue.run { try Forge(project, store)?.exchange() ?? [] }
      for line in lines ?? [] { report(.note(line)) }
      isAtForge = false
      post.yield(.landed)
    }
  }

  /// Gives `work`'s token to others while nothing can be done with it.
  private func followToken() {
    guard let id = context.options.only?.first, let feature = try? store.feature(id) else { return }
    let isReviewed = feature.state == .inReview || feature.state == .approved
    let isShort = feature.state == .ready && (try? lacksSlot(feature, freeSlots())) == true
    if context.options.waitsForReview, isReviewed, !hasToldReview {
      report(.waiting(feature: id, detail: ReviewWait.words(id, byMake: true)))
    }
    hasToldReview = isReviewed
    context.options.token?.follow(
      isIdle: attempts == 0 && !isLanding && (isReviewed || isShort || feature.state == .waiting))
  }

  /// Tells whether this process may start something: under make's job server, whether it has its token.
  private var hasToken: Bool { context.options.token?.isHeld ?? true }

  private var control: String? { (try? store.value("control")) ?? nil }

  private var isPaused: Bool { control == "pause" || isDraining }

  /// Nothing new starts, and the run ends when what is under way has landed.
  private var isDraining: Bool { control == "drain" }

  // MARK: starting attempts

  private func schedule(_ group: inout DiscardingTaskGroup) {
    guard !isStopping, fatal == nil, hasToken, firstRound.verdict == nil else { return }
    do {
      try store.endDeadWaits()
      lent = try store.lentPlaces(context.participant)
      guard running - lent < context.options.parallel, !isPaused, try !lookAtTarget() else {
        failing[Self.starting] = nil
        return
      }
      if pilot == nil { pilot = try context.pilot() }
      try pilot?.follow(store)
      var free = try freeSlots()
      while running - lent < context.options.parallel,
        let id = pilot?.next(
          free: context.options.parallel - running + lent, now: store.now,
          mayRest: running - lent > 0)
      {
        guard let feature = try store.feature(id), feature.state == .ready, isWanted(feature),
          !lacksSlot(feature, free)
        else {
          pilot?.putOff(id)
          continue
        }
        for name in feature.slots { free[name, default: 0] -= 1 }
        wantedSlots[feature.id] = feature.slots.isEmpty ? nil : feature.slots
        pilot?.take(id)
        running += 1
        attempts += 1
        mine.insert(feature.id)
        group.addTask { await self.attempt(feature) }
      }
      failing[Self.starting] = nil
    } catch {
      bear(error, in: Self.starting)
    }
  }

  private static let starting = "looking for what can start"

  /// How many instances of each slot are free, without those that this process is about to take.
  private func freeSlots() throws -> [String: Int] {
    var free = try store.freeSlots()
    for name in wantedSlots.values.joined() { free[name, default: 0] -= 1 }
    return free
  }

  private func lacksSlot(_ feature: FeatureRecord, _ free: [String: Int]) -> Bool {
    feature.slots.contains { free[$0, default: 0] <= 0 }
  }

  private func isWanted(_ feature: FeatureRecord) -> Bool {
    guard feature.inBacklog, !mine.contains(feature.id) else { return false }
    if let only = context.options.only, !only.contains(feature.id) { return false }
    if let time = notBefore[feature.id], time > .now { return false }
    if context.options.holdsBack(feature.id) || leftOut.contains(feature.id) { return false }
    return !firstRound.isSuspect(feature.id) || !hasUntried()
  }

  /// Tells whether a feature could start that has not failed the way all have.
  private func hasUntried() -> Bool {
    guard let free = try? freeSlots(), let ready = try? store.features(in: [.ready]) else {
      return false
    }
    return ready.contains {
      !firstRound.isSuspect($0.id) && isWanted($0) && !lacksSlot($0, free)
    }
  }

  /// One attempt, from the lane to its end; runs beside the loop.
  private func attempt(_ feature: FeatureRecord) async {
    let ended = Once { [post] in post.yield(.agentEnded) }
    defer {
      ended.run()
      mine.remove(feature.id)
      wantedSlots[feature.id] = nil
      pilot?.attemptEnded(feature.id)
      post.yield(.attemptEnded)
    }
    let start = "the start of feature #\(feature.id)"
    var part = start
    do {
      let begun = try await begin(feature)
      wantedSlots[feature.id] = nil
      failing[part] = nil
      guard let started = begun else { return }
      part = ""
      let runner = AttemptRunner(
        settings: context.attemptSettings, pool: context.pool, store: store,
        state: context.project.state, identity: context.project.identity)
      let ending = try await runner.run(
        started.feature, started.attempt, lane: started.lane, branch: started.branch,
        definition: started.definition, prepared: started.prepared, allowance: started.allowance,
        stop: stop,
        mayStart: { [weak self] in await self?.mayStartAgent ?? false },
        agentEnded: { [post] in
          post.yield(.built(feature.id))
          ended.run()
        })
      ringLanding.yield()
      part = "taking note of the attempt on feature #\(feature.id)"
      try judgeAgent(started, ending)
      tellConfiguration()
      try tell(started.attempt)
      let tip = try? context.project.repository().reference(context.project.target)
      await shelf.giveBack(
        started.lane, store: store, tip: isStopping ? nil : tip ?? nil, need: startable)
    } catch StoreError.stateChanged {
      // Another was first, or the backlog has changed: its state tells what comes next.
    } catch  where !part.isEmpty {
      restBriefly(feature.id)
      bear(error, in: part, of: part == start ? feature.id : nil)
    } catch {
      fail(error)
    }
  }

  /// Tells whether an agent's program is logged in, as far as its definition can tell: asked once in a run, before its
  /// first start. Where it is not, nothing starts; where others have worked already, it rests.
  private func isLoggedIn(_ definition: AgentDefinition) async throws -> Bool {
    let name = definition.name
    guard definition.check != nil else { return true }
    // Each feature of a make has a process of its own.
    let key = "logged_in:\(name)"
    let isShort = context.options.kind != .run
    if isShort, let seen = Int64(try store.value(key) ?? ""), store.now - seen < 600_000 {
      return true
    }
    if logins[name] == nil {
      let (directory, environment) = (context.project.directory, context.project.environment)
      logins[name] = Task {
        try await BlockingQueue.run {
          LoginCheck.obstacle(definition, directory: directory, environment: environment)
        }
      }
    }
    guard let words = try await logins[name]?.value else {
      if isShort { try store.setValue(key, String(store.now)) }
      return true
    }
    guard toldLogins.insert(name).inserted else { return false }
    if attemptCount == 0 {
      firstRound.refuse(words)
      report(.note(words))
    } else {
      try store.pause(
        agent: name, kind: UsageLimit.login.rawValue, until: nil, detail: words, backOff: nil)
    }
    return false
  }

  /// Tells that no first round has shown yet that the agent itself is at fault.
  private var mayStartAgent: Bool { firstRound.verdict == nil }

  /// Ends the starting where all first attempts fail alike; what they failed by is not the features' fault.
  private func judgeAgent(_ started: Started, _ ending: Ending?) throws {
    let (feature, agent) = (started.attempt.feature, started.definition.name)
    guard let attempt = try store.attempt(feature, started.attempt.number) else { return }
    let before = firstRound.verdict
    guard firstRound.note(attempt, agent: agent, ending: ending) else { return }
    try store.takeBackFailures(of: before == nil ? firstRound.blameless(of: agent) : [feature])
    guard before == nil, let words = firstRound.verdict else { return }
    report(.note(words))
    let log = context.project.state.log(feature, attempt.number)
    report(.log(path: log, lines: LogTail.lines(log, count: 10)))
  }

  private struct Started: Sendable {
    var feature: FeatureRecord
    var attempt: AttemptRecord
    var lane: LaneRecord
    var branch: String
    var definition: AgentDefinition
    var prepared: ObjectID?
    var allowance: Double?
  }

  /// Takes a lane, claims the feature with its paths, and tells.
  private func begin(_ feature: FeatureRecord) async throws -> Started? {
    let target = context.project.target
    let repository = try context.project.repository()
    guard let tip = try repository.reference(target) else {
      throw Failure(try context.project.lostTarget(store))
    }
    let choice = try context.tier(for: feature)
    let definition: AgentDefinition
    let allowance: Double?
    switch try context.board.choose(feature, tier: choice.tier.rawValue) {
    case .start(let found, let dollars): (definition, allowance) = (found, dollars)
    case .wait(let words):
      report(.waiting(feature: feature.id, detail: words))
      return nil
    }
    guard try await isLoggedIn(definition) else { return nil }
    let branch = try branch(for: feature, repository)
    guard let (lane, prepared) = try await lane(for: feature, tip: tip) else { return nil }
    guard mayStartAgent else {
      await shelf.putBack(lane, prepared)
      return nil
    }
    let environment = context.project.environment
    let directory = context.project.directory
    let start: (String) throws -> String = { place in
      let repository = try Repository(opening: directory, environment: environment)
      guard let below = try repository.reference(place) else { return tip.hex }
      guard let own = try repository.reference(branch) else { return below.hex }
      return (try repository.mergeBase(own, below) ?? below).hex
    }
    let started: AttemptStart
    do {
      started = try store.startAttempt(
        AttemptRequest(
          feature: feature.id, participant: context.participant, lane: lane.number, branch: branch,
          tier: choice.tier.rawValue,
          modelName: definition.modelName(choice.tier.rawValue), choice: choice.reason,
          mark: "\(context.participant)-\(feature.id)-\(feature.attempts + 1)",
          claims: try BranchDamage.naming(branch, of: feature.id, beyond: target, repository) {
            try requests(feature, branch, tip, repository)
          },
          policies: context.project.pathPolicies, expiry: context.project.expiryCheck()),
        above: start, base: { try start(target) })
    } catch let damage as BranchDamage {
      await shelf.putBack(lane, prepared)
      let words = "\(damage); \(damage.advice)"
      try store.refuse(feature.id, words)
      report(.note("feature #\(feature.id) failed: \(words)"))
      return nil
    } catch {
      await shelf.putBack(lane, prepared)
      throw error
    }
    switch started {
    case .notReady, .noSlot:
      await shelf.putBack(lane, prepared)
      return nil
    case .refused(let conflicts):
      await shelf.putBack(lane, prepared)
      report(
        .waiting(
          feature: feature.id,
          detail: RefusalText.grouped(
            conflicts, target: context.project.configuration.target, titleOf: { _ in nil }
          ).joined(separator: "; ")))
      return nil
    case .started(let attempt):
      showLife()
      attemptCount += 1
      report(
        .started(
          agent: attempt.agentID, feature: feature.id, title: feature.title,
          category: feature.category, tier: attempt.tier))
      if running < context.options.parallel || shouldMakeSpare {
        Task { await shelf.makeSpare(tip: tip) }
      }
      let fresh = try store.feature(feature.id) ?? feature
      return Started(
        feature: fresh, attempt: attempt, lane: try store.lane(lane.number) ?? lane,
        branch: branch, definition: definition, prepared: prepared, allowance: allowance)
    }
  }

  /// The feature's branch: the one that it has, or one that git can make.
  private func branch(
    for feature: FeatureRecord, _ repository: Repository
  ) throws -> String {
    do {
      return try context.project.branches(store).branch(of: feature, repository)
    } catch let obstacle as BranchName.Obstacle {
      throw Failure("feature #\(feature.id) can't begin: \(obstacle)")
    } catch let taken as LaneBranches.Taken {
      throw Failure("feature #\(feature.id) can't begin: \(taken)")
    }
  }

  /// How many features may still start, as far as is known; no more than there are lanes.
  private var startable: Int {
    (try? store.count(
      in: [.ready, .pending, .waiting], limit: context.options.parallel + 1)) ?? 0
  }

  private var shouldMakeSpare: Bool {
    context.options.kind == .run && (try? store.count(in: [.ready], limit: 1)) == 1
  }

  /// The paths to claim with the feature: its declared ones, and what its branch and its rescued work
  /// change already.
  private func requests(
    _ feature: FeatureRecord, _ branch: String, _ target: ObjectID, _ repository: Repository
  ) throws -> [ClaimRequest] {
    var paths = try feature.touches.map { try ClaimPath(normalising: $0) }
    // What was rescued is taken up on the branch that it belongs to.
    guard let tip = try repository.reference(branch) else {
      return paths.map { ClaimRequest(path: $0, mode: .exclusive) }
    }
    let stands = try StackBase.find(feature.id, target: context.project.target, store)
    let place = try repository.reference(stands.reference) ?? target
    paths += try stands.changes(tip, onto: place, repository).map { ClaimPath(file: $0.path) }
    let rescue = Rescue.reference(feature.id, feature.attempts)
    if let commit = try repository.reference(rescue).map({ try repository.commit($0) }),
      let parent = commit.parents.first
    {
      paths += try repository.changes(
        from: try repository.commit(parent).tree, to: commit.tree
      ).map { ClaimPath(file: $0.path) }
    }
    return paths.map { ClaimRequest(path: $0, mode: .exclusive) }
  }

  /// Reports how an attempt ended.
  private func tell(_ started: AttemptRecord) throws {
    guard let attempt = try store.attempt(started.feature, started.number),
      let feature = try store.feature(started.feature)
    else { return }
    let seconds = Double((attempt.endedAt ?? store.now) - attempt.startedAt) / 1000
    agentSeconds += seconds
    costUSD += attempt.costUSD
    let agent = attempt.agentID
    switch attempt.state {
    case .completed:
      report(.completed(agent: agent, feature: feature.id))
      if let detail = attempt.detail { report(.note("feature #\(feature.id): \(detail)")) }
      if let words = GateLitter.words(
        committed: try GateLitter.committed(by: feature.id, store))
      {
        report(.note("the branch of feature #\(feature.id) \(words)"))
      }
    case .failed:
      report(
        .failed(
          agent: agent, feature: feature.id, detail: attempt.detail ?? "",
          retryWith: try retryTier(feature)))
    case .interrupted, .running:
      if feature.state == .waiting {
        report(.waiting(feature: feature.id, detail: attempt.detail ?? ""))
      } else {
        report(.interrupted(agent: agent, feature: feature.id, detail: attempt.detail ?? ""))
      }
      // A person may want to change something before it starts again.
      let rests = ["the agent asks to be run again later", "a person stopped the agent"]
      if rests.contains(attempt.detail ?? "") {
        rest(feature.id, first: 30, most: 600)
      }
      if attempt.detail?.hasPrefix(AttemptRunner.laneTrouble) == true { restBriefly(feature.id) }
    }
    report(.removed(agent: agent, feature: feature.id, seconds: seconds))
  }

  /// Lets a feature rest: twice as long each time, from the first to the most seconds.
  private func rest(_ feature: String, first: Int, most: Int) {
    let count = postponed[feature, default: 0]
    postponed[feature] = count + 1
    notBefore[feature] = .now + .seconds(min(most, first << min(count, 10)))
  }

  /// Lets a feature rest whose lane is in trouble.
  private func restBriefly(_ feature: String) { rest(feature, first: 1, most: 60) }

  /// Takes a lane; `nil` where the disk has no room for one just now.
  private func lane(
    for feature: FeatureRecord, tip: ObjectID
  ) async throws -> (lane: LaneRecord, commit: ObjectID?)? {
    do {
      return try await shelf.take(
        tip: tip, preferring: try store.attempts(of: feature.id).last?.lane, extra: lent)
    } catch  where DiskSpace.isFull(context.project.lanesDirectory) {
      restBriefly(feature.id)
      report(
        .note(
          "the disk of \(context.project.lanesDirectory) is full; feature #\(feature.id) starts when "
            + "there is room (\(error))"))
      return nil
    }
  }

  private func retryTier(_ feature: FeatureRecord) throws -> String? {
    feature.state == .ready ? try context.tier(for: feature).tier.rawValue : nil
  }

  // MARK: landing

  private func landingLoop() async {
    for await _ in landingBell {
      if Task.isCancelled { return }
      await landAll()
      post.yield(.landed)
    }
  }

  private func landAll() async {
    guard !isStopping, fatal == nil, hasToken else { return }
    // On one token either an agent runs or a gate.
    if context.options.token != nil, attempts > 0 { return }
    do {
      let undos = try store.undoRequests()
      guard
        try !undos.isEmpty || !store.features(in: [.queued, .landing]).isEmpty
          || !store.roomsWithSlots().isEmpty
      else {
        heldReason = nil
        return
      }
      // What holds the queue off is not asked after with every tick.
      let waiting = try store.features(in: [.queued]).map(\.id) + undos.map(\.feature)
      if let heldOff, heldOff.queue == waiting, heldOff.until > .now { return }
      // Whoever holds the lock lands for all; what became of it is looked at soon.
      guard let lock = try FileLock.tryAcquire(context.project.state.landingLock) else {
        return lookAgainSoon()
      }
      isLanding = true
      lookPause = 20
      defer {
        isLanding = false
        lock.release()
      }
      // An attempt that is at work may have changed by whom landings are signed.
      let lander = context.lander
      do {
        try await BlockingQueue.run { _ = try lander.mendConfiguration() }
      } catch {
        tellOnce("the configuration that attempts share with your checkout can't be read: \(error)")
      }
      tellConfiguration()
      if try !store.openLandings().isEmpty {
        // The process that landed before was killed.
        try await BlockingQueue.run { try lander.recover() }
      }
      try context.lander.freeLostSlots()
      while !isStopping {
        let progress = try await context.lander.landNext(stop: stop) { await self.tell($0) }
        if progress == .idle { heldReason = nil }
        let isHeld = progress == .held || progress == .heldByMachine
        heldOff = isHeld ? (.now.advanced(by: .seconds(3)), waiting) : nil
        machineHolds = progress == .heldByMachine ? machineHolds + 1 : 0
        // Under make each process lands its own feature, and ends: its token is waited for.
        guard progress == .progressed, try !hasWhatItIsFor() else { break }
      }
      failing[Self.landing] = nil
    } catch {
      bear(error, in: Self.landing)
    }
  }

  private static let landing = "landing"

  /// Tells whether there is nothing left to do on what this process was asked for.
  private func hasWhatItIsFor() throws -> Bool {
    guard let only = context.options.only, context.options.kind == .work else { return false }
    return try only.allSatisfy { try store.feature($0)?.state == .landed }
  }

  /// Another process is landing, which takes a moment only where the gate does.
  private func lookAgainSoon() {
    guard !isLookingAgain else { return }
    isLookingAgain = true
    let pause = lookPause
    lookPause = min(250, pause * 2)
    Task {
      try? await Task.sleep(for: .milliseconds(pause))
      isLookingAgain = false
      ringLanding.yield()
    }
  }

  /// Tells what became of something in the landing queue.
  private func tell(_ outcome: LandingOutcome) {
    switch outcome {
    case .landed(let feature, let commit):
      heldReason = nil
      landed.insert(feature)
      report(
        .landed(feature: feature, target: context.project.configuration.target, commit: commit))
      post.yield(.landed)
      if let tip = ObjectID(hex: commit) {
        let need = startable
        Task { await shelf.refresh(tip: tip, need: need) }
      }
    case .sentBack(let id, let detail):
      if let feature = try? store.feature(id) {
        if feature.state == .waiting {
          report(.waiting(feature: id, detail: detail))
        } else {
          let attempt = try? store.attempts(of: id).last
          report(
            .failed(
              agent: attempt?.agentID, feature: id, detail: detail,
              retryWith: (try? retryTier(feature)) ?? nil))
        }
      }
      post.yield(.landed)
    case .held(let feature, let reason):
      if heldReason != reason { report(.held(feature: feature, reason: reason)) }
      heldReason = reason
    case .undone, .undoFailed, .toReview, .log, .note, .stopped:
      if let event = RunEvent(outcome, target: context.project.configuration.target) {
        report(event)
      }
    }
  }

  /// Runs the gate once more without caches, where something has landed since that was done.
  private func gateColdAtTheEnd() async {
    guard context.options.kind == .run, !isStopping, fatal == nil else { return }
    do {
      // A program that is being started may hold our own lock for a moment longer.
      var lock = try FileLock.tryAcquire(context.project.state.landingLock)
      for _ in 0..<100 where lock == nil {
        try await Task.sleep(for: .milliseconds(20))
        lock = try FileLock.tryAcquire(context.project.state.landingLock)
      }
      guard let lock else { return }
      defer { lock.release() }
      guard try store.openLandings().isEmpty else { return }
      isColdRed = try await !context.lander.coldGate(stop: stop) { await self.tell($0) }
    } catch {
      fail(error)
    }
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

  // MARK: clock, signals, end

  private func ticker() async {
    while !Task.isCancelled {
      try? await Task.sleep(for: .seconds(Self.tick))
      post.yield(.tick)
    }
  }

  private func watchStop() async {
    await stop.wait()
    guard stop.isSet else { return }
    post.yield(.stop)
    await stop.waitForced()
    if stop.isForced { post.yield(.stop) }
  }

  /// Tells whether nothing is under way and nothing could begin.
  private var isDone: Bool {
    guard attempts == 0, !isLanding else { return false }
    if isStopping || fatal != nil { return true }
    do {
      let result = try hasNothingLeft()
      failing[Self.ending] = nil
      return result
    } catch {
      bear(error, in: Self.ending)
      return fatal != nil
    }
  }

  private static let ending = "looking at what is left to do"

  private func hasNothingLeft() throws -> Bool {
    if isBehindBacklog { return false }
    if let only = context.options.only { return try isDone(only) }
    var active = try store.features(in: [
      .ready, .running, .completed, .queued, .landing, .gateFailed, .changesRequested,
    ]).filter(\.inBacklog)
    // What was built on top of one that has left the queue, or waits for a person, lands after that one.
    let waiting = try Lander.waiting(store)
    active.removeAll { $0.state == .queued && waiting[$0.id] != nil }
    active.removeAll { $0.state == .ready && leftOut.contains($0.id) }
    if try heldReason == nil && !isPaused && !isTargetHeld && !store.undoRequests().isEmpty {
      return false
    }
    if active.isEmpty { return try !store.hasLimitedFeatures() }
    if isPaused || isTargetHeld || firstRound.verdict != nil {
      let lands = (isDraining || firstRound.verdict != nil) && heldReason == nil
      return !active.contains {
        $0.state == .running || $0.state == .landing
          || lands && ($0.state == .queued || $0.state == .completed)
      }
    }
    if try isStuck(active) { return true }
    // What is held off in the queue goes on when a person has made room.
    return try isHeldForGood && active.allSatisfy { $0.state == .queued }
      && !store.hasLimitedFeatures()
  }

  /// Tells whether the backlog has just been changed; one that never stays as it is keeps no run going.
  private var isBehindBacklog: Bool {
    guard context.options.kind == .run, backlogFile.isBehind else {
      ticksBehind = 0
      return false
    }
    ticksBehind += 1
    return ticksBehind < Self.mostTicksBehind
  }

  private static let mostTicksBehind = 20

  /// Tells whether nothing has happened for long though something is ready: a fault, which is better told at the
  /// end of the run than waited for.
  private func isStuck(_ active: [FeatureRecord]) throws -> Bool {
    guard Double(idleTicks) * Self.tick > context.options.idleSeconds,
      active.allSatisfy({ $0.state == .ready }),
      notBefore.allSatisfy({ $0.value < .now }), hasToken, try !store.hasLimitedFeatures(),
      try !Liveness(context.project, store).isAnybodyAtWork(besides: context.participant)
    else { return false }
    var told = active
    try store.tellSlotWaits(&told)
    guard told.allSatisfy({ $0.waitingFor == nil }) else { return false }
    let names = active.prefix(10).map { "#\($0.id)" }.joined(separator: ", ")
    tellOnce(
      "nothing has been under way for \(Int(context.options.idleSeconds)) s, though \(names) could start, so the run "
        + "ends; start it again, and tell what `lanekeeper events` says if that happens twice")
    return true
  }

  /// Seconds between two ticks.
  private static let tick = 0.5

  private var isHeldForGood: Bool {
    heldReason != nil && !(1..<Self.mostMachineHolds).contains(machineHolds)
  }

  private func isDone(_ only: Set<String>) throws -> Bool {
    for id in only {
      guard let feature = try store.feature(id) else { continue }
      switch feature.state {
      case .ready where leftOut.contains(id): break
      case .ready, .running, .completed, .landing, .gateFailed, .changesRequested:
        if !isPaused && !isTargetHeld && firstRound.verdict == nil { return false }
      case .inReview, .approved: if context.options.waitsForReview { return false }
      case .queued:
        guard let needed = try Lander.waiting(store)[id] else {
          if !isHeldForGood { return false }
          continue
        }
        guard let other = try store.feature(needed) else { continue }
        if try isMoving(other) { return false }
        let isReviewed = other.state == .inReview || other.state == .approved
        if isReviewed, context.options.waitsForReview { return false }
      case .waiting where feature.waitingFor?.hasPrefix("limit:") == true: return false
      case .waiting:
        if let holder = feature.waitingFor, holder.hasPrefix("feature:"),
          let other = try store.feature(String(holder.dropFirst("feature:".count))),
          try isMoving(other)
        {
          return false
        }
      default: break
      }
    }
    return true
  }

  /// Tells whether some process is at work on a feature, so that it pays to wait for it.
  private func isMoving(_ feature: FeatureRecord) throws -> Bool {
    guard [.running, .completed, .queued, .landing, .ready].contains(feature.state) else {
      return false
    }
    return try Liveness(context.project, store).participants(besides: context.participant)
      .contains { feature.state != .ready || $0.kind == "run" }
  }

  private func summary(seconds: Double) throws -> RunSummary {
    var result = RunSummary()
    var features = try store.features().filter {
      $0.inBacklog && (context.options.only?.contains($0.id) ?? true)
    }
    try store.tellSlotWaits(&features)
    let holds = try store.slotHolds()
    let waits = try store.featureWaits()
    result.landed = features.count { $0.state == .landed && landed.contains($0.id) }
    if context.options.kind == .work {
      result.landed = features.count { $0.state == .landed }
    }
    result.failed = features.count { $0.state == .failed }
    result.blocked = features.count { $0.state == .blocked }
    result.attempts = attemptCount
    result.wallSeconds = seconds
    result.agentSeconds = agentSeconds
    result.costUSD = costUSD
    result.wasStopped = stop.isSet
    let open = features.filter {
      ![.landed, .failed, .blocked, .abandoned, .undone].contains($0.state)
    }
    result.open = open.count
    for feature in open {
      var line = "#\(feature.id) \(feature.shortTitle): \(feature.state.rawValue)"
      if let waitingFor = feature.waitingFor {
        line +=
          ", "
          + (LimitWait.words(waitingFor) ?? SlotWait.words(waitingFor, holds: holds)
            ?? "for \(waitingFor)")
      }
      if let words = waits[feature.id]?.words { line += ", " + words }
      if feature.state == .inReview {
        line += ", it waits " + ReviewWait.words(feature.id, byMake: context.options.kind == .work)
      }
      if feature.state == .queued, let heldReason { line += ", \(heldReason)" }
      result.leftOver.append(line)
    }
    if stop.isSet {
      result.status = 130
    } else if result.failed + result.blocked > 0 || isColdRed || firstRound.verdict != nil {
      result.status = 1
    } else if !open.isEmpty {
      result.status = 75
    }
    if context.options.only != nil, result.status == 0,
      features.contains(where: { $0.state == .abandoned })
    {
      result.status = 1
    }
    return result
  }
}

/// A call that is made at most once.
private final class Once: @unchecked Sendable {
  private let lock = NSLock()
  private var body: (@Sendable () -> Void)?

  init(_ body: @escaping @Sendable () -> Void) { self.body = body }

  func run() {
    let call = lock.withLock {
      defer { body = nil }
      return body
    }
    call?()
  }
}
