import Planning
import Store

/// The state of a run as a value, and its decisions.
///
/// It performs nothing and reads no clock: ``handle(_:at:)`` takes an input and returns actions. ``RunLoop`` reads the
/// facts and performs the actions.
struct RunState: Sendable {
  /// Milliseconds on a clock that is never set, from any origin.
  typealias Time = Int64

  /// The options of the run that decide something here.
  struct Rules: Sendable {
    var kind: RunOptions.Kind
    /// Agents at once, at least 1.
    var parallel: Int
    /// The features to build; `nil` for the whole backlog.
    var only: Set<String>?
    var waitsForReview = false
    /// Whether it runs on a token of make's job server.
    var hasJobToken = false
    /// Milliseconds of standstill without a reason after which the run ends.
    var idle: Time = 120_000
    /// Milliseconds for which an error that comes and goes is borne.
    var trouble: Time = 300_000
    /// Tells of a feature that it is not to be started now, though it could be.
    var holdsBack: @Sendable (String) -> Bool = { _ in false }
  }

  /// The phase of an attempt.
  enum Phase: Sendable {
    /// A lane is being made ready; the named slots are not taken yet.
    case starting(slots: [String])
    case working
    /// Nothing of the agent runs any more; its work is being settled.
    case settling

    fileprivate var hasPlace: Bool { if case .settling = self { false } else { true } }
  }

  enum Stop: Sendable, Comparable { case none, graceful, forced }

  let rules: Rules
  /// The features on which an attempt of this process is under way.
  private(set) var attempts: [String: Phase] = [:]
  private(set) var firstRound: FirstRound
  /// Features whose start fails for long.
  private(set) var leftOut: Set<String> = []
  private(set) var stop = Stop.none
  /// The error that ends the run.
  private(set) var fatal: (any Error)?
  private(set) var isOver = false
  private(set) var isLanding = false
  /// Why the landing queue does not move, for people.
  private(set) var heldReason: String?
  /// The target was moved past the hooks, and a person has not decided yet.
  private(set) var isTargetHeld = false
  private(set) var control: ControlWord?
  /// Places of agents that wait for a claim and have lent theirs.
  private(set) var lent = 0
  /// Features whose state is to be read again with the next look.
  private(set) var unsure: Set<String> = []

  private var scheduler: RunScheduler?
  private var features: [String: RunFeature] = [:]
  private var hasToken = true
  /// When a feature may be started again, and how often in a row it was put off.
  private var backOffs: [String: (until: Time, count: Int)] = [:]
  /// How often in a row the machine did not let a gate run; a full disk may have room a moment later.
  private var machineHolds = 0
  private var heldOff: (until: Time, queue: [String])?
  /// Since when parts of the work fail, and when they did last.
  private var failing: [RunPart: (since: Time, last: Time)] = [:]
  private var ticks = 0
  /// Ticks in which the run's end waits for a change of the backlog that is not read yet.
  private var ticksBehind = 0
  /// Ticks in a row in which nothing was under way and nothing happened.
  private var idleTicks = 0
  private var lastEvent: Int64 = 0
  private var seenEvent: Int64 = 0
  private var isAtForge = false
  /// Whether a look at a landing of another process is due, and in how many milliseconds the next one is.
  private var isLookingAgain = false
  private var lookPause = 20

  /// Milliseconds between two ticks.
  static let tick: Time = 500
  private static let mostMachineHolds = 5
  private static let mostTicksBehind = 20
  /// The time after which an error that was not retried is forgotten.
  private static let forgetsFailure: Time = 90_000

  /// - Parameter features: how many features the run is about.
  init(_ rules: Rules, features: Int) {
    self.rules = rules
    firstRound = FirstRound(total: rules.only?.count ?? features)
  }

  // MARK: derived values

  /// How many agents are at work or about to be.
  var running: Int { attempts.values.count { $0.hasPlace } }

  /// Whether nothing of this process is under way.
  var isIdle: Bool { attempts.isEmpty && !isLanding }

  var isStopping: Bool { stop != .none }

  var isPaused: Bool { control == .pause || isDraining }

  /// Nothing new starts, and the run ends when what is under way has landed.
  var isDraining: Bool { control == .drain }

  /// Whether an agent that is about to be started may be.
  var mayStartAgent: Bool { firstRound.verdict == nil }

  var isEnding: Bool { isStopping || fatal != nil }

  /// Returns whether attempts may begin, as far as this state and these facts say.
  func hasPlace(_ facts: RunFacts) -> Bool {
    !isEnding && facts.hasToken && mayStartAgent && running - facts.lent < rules.parallel
      && facts.control == nil
  }

  var needsSchedule: Bool { scheduler == nil }

  /// Whether the landing queue may be worked on now.
  ///
  /// - Parameter queue: what stands in it; one that was held is not asked after with every tick.
  func mayLand(_ queue: [String], at now: Time) -> Bool {
    // On one token either an agent runs or a gate.
    guard !isEnding, hasToken, !rules.hasJobToken || attempts.isEmpty else { return false }
    if let heldOff, heldOff.queue == queue, heldOff.until > now { return false }
    return true
  }

  private var isHeldForGood: Bool {
    heldReason != nil && !(1..<Self.mostMachineHolds).contains(machineHolds)
  }

  // MARK: inputs

  /// Takes an input and returns the actions, in the order in which to perform them.
  mutating func handle(_ input: RunInput, at now: Time) -> [RunAction] {
    switch input {
    case .look(let facts): return look(facts, now)
    case .standstill(let facts): return standstill(facts, now)
    case .tick: return tick()
    case .stop(let isForced):
      let before = stop
      stop = max(stop, isForced ? .forced : .graceful)
      return stop > before ? [.tell(.stopping(isForced: isForced))] : []
    case .backlogChanged: scheduler = nil
    case .slotsTaken(let id): if attempts[id] != nil { attempts[id] = .working }
    case .agentEnded(let id):
      guard attempts[id] != nil else { return [] }
      attempts[id] = .settling
      scheduler?.agentEnded(id, now: now)
    case .attemptEnded(let id):
      attempts[id] = nil
      unsure.insert(id)
      scheduler?.attemptEnded(id)
      return [.land]
    case .judged(let facts): return judge(facts)
    case .agentRefused(let words):
      firstRound.refuse(words)
      return [.tell(.agentAtFault(words))]
    case .backOff(let id, let backOff):
      let count = backOffs[id]?.count ?? 0
      backOffs[id] = (now + backOff.milliseconds(after: count), count + 1)
    case .landing(let step): return take(step, now)
    case .forgeVisited: isAtForge = false
    case .works(let part): failing[part] = nil
    case .wake: break
    case .fails(let part, let trouble): return bear(trouble, in: part, now)
    }
    return []
  }

  private mutating func tick() -> [RunAction] {
    defer { ticks += 1 }
    let isIdleTick = isIdle && seenEvent == lastEvent
    idleTicks = isIdleTick ? idleTicks + 1 : 0
    lastEvent = seenEvent
    // A schedule that gives nothing out is made anew.
    if idleTicks % 20 == 19 { scheduler = nil }
    // Other processes may have queued something, or have died while landing.
    var actions: [RunAction] = [.wakeLimited, .followBacklog, .tellTroubles, .land]
    if ticks % 10 == 0 { actions.append(.showLife) }
    if ticks % 10 == 0, !isAtForge, !isStopping {
      isAtForge = true
      actions.append(.visitForge(isTime: ticks % 60 == 0))
    }
    if ticks % 10 == 9 { actions.append(.takeOverFromTheDead) }
    return actions
  }

  // MARK: starting attempts

  private mutating func look(_ facts: RunFacts, _ now: Time) -> [RunAction] {
    var actions: [RunAction] = []
    hasToken = facts.hasToken
    control = facts.control
    lent = facts.lent
    seenEvent = facts.lastEvent
    if let isHeld = facts.isTargetHeld { isTargetHeld = isHeld }
    switch facts.control {
    case .stop where stop == .none: actions.append(.stop(isForced: false))
    case .stopNow where stop < .forced: actions.append(.stop(isForced: true))
    default: break
    }
    if let schedule = facts.schedule { scheduler = schedule }
    for feature in facts.changed {
      features[feature.id] = feature
      unsure.remove(feature.id)
      scheduler?.note(feature)
    }
    guard hasPlace(facts), !isTargetHeld else {
      failing[.starting] = nil
      return actions
    }
    guard scheduler != nil else { return actions }
    scheduler?.advance(to: now)
    var free = facts.freeSlots
    for case .starting(let slots) in attempts.values {
      for name in slots { free[name, default: 0] -= 1 }
    }
    while running - lent < rules.parallel {
      let (places, mayRest) = (rules.parallel - running + lent, running - lent > 0)
      let mayExpect = mayRest || isSomethingOnItsWay
      guard
        let id = scheduler?.next(
          free: places, now: now, mayRest: mayRest, mayExpect: mayExpect)
      else { break }
      guard let feature = features[id], feature.state == .ready, mayStart(feature, now),
        !feature.lacksSlot(free), !firstRound.isSuspect(id) || !hasUntried(free, now)
      else {
        scheduler?.putOff(id)
        unsure.insert(id)
        continue
      }
      for name in feature.slots { free[name, default: 0] -= 1 }
      scheduler?.take(id)
      attempts[id] = .starting(slots: feature.slots)
      actions.append(.start(id))
    }
    failing[.starting] = nil
    return actions
  }

  /// Returns whether a feature could start that has not failed the way all have.
  private func hasUntried(_ free: [String: Int], _ now: Time) -> Bool {
    features.values.contains {
      $0.state == .ready && !firstRound.isSuspect($0.id) && mayStart($0, now) && !$0.lacksSlot(free)
    }
  }

  /// Whether something is built, or is being built elsewhere, after which something could become ready.
  private var isSomethingOnItsWay: Bool {
    guard heldReason == nil else { return false }
    return !isIdle
      || features.values.contains {
        [.running, .completed, .queued, .landing].contains($0.state)
      }
  }

  private func mayStart(_ feature: RunFeature, _ now: Time) -> Bool {
    feature.isInBacklog && attempts[feature.id] == nil
      && rules.only?.contains(feature.id) != false
      && (backOffs[feature.id]?.until ?? .min) <= now && !leftOut.contains(feature.id)
      && !rules.holdsBack(feature.id)
  }

  /// Ends the starting where all first attempts fail alike; what they failed by is not the features' fault.
  private mutating func judge(_ facts: FirstRound.Facts) -> [RunAction] {
    let before = firstRound.verdict
    guard firstRound.note(facts) else { return [] }
    guard before == nil, let words = firstRound.verdict else {
      return [.takeBackFailures([facts.feature])]
    }
    return [
      .takeBackFailures(firstRound.blameless(of: facts.agent)), .tell(.agentAtFault(words)),
      .tell(.log(feature: facts.feature, attempt: facts.attempt)),
    ]
  }

  // MARK: landing

  private mutating func take(_ step: RunInput.Landing, _ now: Time) -> [RunAction] {
    switch step {
    case .began:
      isLanding = true
      lookPause = 20
    case .nothing: heldReason = nil
    case .progress(let progress, let queue):
      if progress == .idle { heldReason = nil }
      let isHeld = progress == .held || progress == .heldByMachine
      heldOff = isHeld ? (now + 3000, queue) : nil
      machineHolds = progress == .heldByMachine ? machineHolds + 1 : 0
    case .held(let feature, let reason):
      defer { heldReason = reason }
      if heldReason != reason { return [.tell(.held(feature: feature, reason: reason))] }
    case .landed: heldReason = nil
    case .ended: isLanding = false
    case .atAnother:
      guard !isLookingAgain else { return [] }
      isLookingAgain = true
      defer { lookPause = min(250, lookPause * 2) }
      return [.landAfter(milliseconds: lookPause)]
    case .looksAgain:
      isLookingAgain = false
      return [.land]
    }
    return []
  }

  // MARK: errors

  /// Goes on after an error that may come and go, such as that of a file that is just being written, and tells it once.
  /// One that stays for long, or that does not go by itself, ends the run; that of a feature's start leaves the
  /// feature out.
  private mutating func bear(
    _ trouble: RunTrouble, in part: RunPart, _ now: Time
  ) -> [RunAction] {
    if trouble.isCancellation { return [] }
    var since = now
    if let before = failing[part], now - before.last < Self.forgetsFailure { since = before.since }
    failing[part] = (since, now)
    guard !trouble.isLasting, part != .attempt, part != .coldGate else {
      fatal = fatal ?? trouble.error
      return []
    }
    guard now - since > rules.trouble else {
      return [.tell(.fails(part, "\(trouble.error)"))]
    }
    guard case .start(let feature) = part else {
      fatal = fatal ?? trouble.error
      return []
    }
    leftOut.insert(feature)
    return [.tell(.leftOut(feature: feature, "\(trouble.error)"))]
  }

  // MARK: the end

  /// Decides, where nothing is under way, whether the run ends or what it stands still for.
  private mutating func standstill(_ facts: StandstillFacts, _ now: Time) -> [RunAction] {
    guard isIdle, !isOver else { return [] }
    if isEnding {
      isOver = true
      return [.end]
    }
    failing[.ending] = nil
    ticksBehind = facts.isBehindBacklog && rules.kind == .run ? ticksBehind + 1 : 0
    // A backlog that never stays as it is keeps no run going.
    if (1..<Self.mostTicksBehind).contains(ticksBehind) { return [] }
    let reason = reason(facts, now)
    if reason == nil || reason == .heldBack, isLongIdle, let stuck = stuck(facts) {
      isOver = true
      return [.tell(.stuck(milliseconds: rules.idle, features: stuck)), .end]
    }
    guard hasNothingLeft(facts) else { return [] }
    isOver = true
    return [.end]
  }

  private var isLongIdle: Bool { Time(idleTicks) * Self.tick > rules.idle }

  private func hasNothingLeft(_ facts: StandstillFacts) -> Bool {
    if let only = rules.only { return isDone(only, facts) }
    let active = active(facts)
    if heldReason == nil, !isPaused, !isTargetHeld, facts.hasUndoRequests { return false }
    if active.isEmpty { return !facts.hasLimited }
    if isPaused || isTargetHeld || !mayStartAgent {
      let lands = (isDraining || !mayStartAgent) && heldReason == nil
      return !active.contains {
        $0.state == .running || $0.state == .landing
          || lands && ($0.state == .queued || $0.state == .completed)
      }
    }
    // What is held off in the queue goes on when a person has made room.
    return isHeldForGood && active.allSatisfy { $0.state == .queued } && !facts.hasLimited
  }

  /// The features that can still go on by themselves.
  private func active(_ facts: StandstillFacts) -> [RunFeature] {
    facts.features.values.filter { feature in
      guard feature.isInBacklog else { return false }
      switch feature.state {
      case .ready: return !leftOut.contains(feature.id)
      // What was built on top of one that has left the queue, or waits for a person, lands after that one.
      case .queued: return facts.standsOn[feature.id] == nil
      case .running, .completed, .landing, .gateFailed, .changesRequested: return true
      default: return false
      }
    }
  }

  private func isDone(_ only: Set<String>, _ facts: StandstillFacts) -> Bool {
    for id in only {
      guard let feature = facts.features[id] else { continue }
      // What has left the backlog is not begun any more.
      if !feature.isInBacklog, feature.state == .ready || feature.state == .waiting { continue }
      switch feature.state {
      case .ready where leftOut.contains(id): break
      case .ready, .running, .completed, .landing, .gateFailed, .changesRequested:
        if !isPaused && !isTargetHeld && mayStartAgent { return false }
      case .inReview, .approved: if rules.waitsForReview { return false }
      case .queued:
        guard let needed = facts.standsOn[id] else {
          if !isHeldForGood { return false }
          continue
        }
        guard let other = facts.features[needed] else { continue }
        if isMoving(other, facts) { return false }
        let isReviewed = other.state == .inReview || other.state == .approved
        if isReviewed, rules.waitsForReview { return false }
      case .waiting:
        switch feature.wait {
        case .limit(until: .some): return false
        case .claim(let owner) where owner.kind == .feature:
          if let other = facts.features[owner.id], isMoving(other, facts) { return false }
        default: break
        }
      default: break
      }
    }
    return true
  }

  /// Returns whether some process is at work on a feature, so that it pays to wait for it.
  private func isMoving(_ feature: RunFeature, _ facts: StandstillFacts) -> Bool {
    switch feature.state {
    case .running, .completed, .queued, .landing: !facts.others.isEmpty
    case .ready: facts.others.contains(.run)
    default: false
    }
  }

  /// Returns the reason why an idle run goes on; `nil` where there is none.
  func reason(_ facts: StandstillFacts, _ now: Time) -> Standstill? {
    if isPaused { return .pause }
    if isTargetHeld { return .targetHold }
    if !mayStartAgent { return .agent }
    if !hasToken { return .token }
    if let reason = heldReason { return .landing(reason) }
    if facts.isBehindBacklog { return .backlog }
    if facts.hasUndoRequests { return .undo }
    if facts.hasLimited { return .limit }
    if !facts.others.isEmpty { return .others }
    let open = facts.features.values.filter { rules.only?.contains($0.id) ?? $0.isInBacklog }
    if open.contains(where: { $0.state == .queued && facts.standsOn[$0.id] == nil }) {
      return .queue
    }
    if rules.waitsForReview,
      open.contains(where: { $0.state == .inReview || $0.state == .approved })
    {
      return .verdict
    }
    let ready = open.filter { $0.state == .ready && !leftOut.contains($0.id) }
    if ready.contains(where: { (backOffs[$0.id]?.until ?? .min) > now }) { return .backOff }
    if ready.contains(where: { facts.waitsForSlot.contains($0.id) }) { return .slot }
    if ready.contains(where: { rules.holdsBack($0.id) }) { return .heldBack }
    return nil
  }

  /// The features that are ready, where nothing has happened for long and nothing else could: a fault, which is better
  /// told at the end of the run than waited for.
  private func stuck(_ facts: StandstillFacts) -> [String]? {
    let active = active(facts).filter { rules.only?.contains($0.id) ?? true }
    guard !active.isEmpty, active.allSatisfy({ $0.state == .ready }) else { return nil }
    return active.map(\.id).sorted()
  }
}

/// Why nothing is under way although the run goes on.
enum Standstill: Hashable, Sendable {
  case pause, targetHold, agent, token, backlog, undo, limit, others, queue, verdict
  case backOff, slot, heldBack
  case landing(String)
}
