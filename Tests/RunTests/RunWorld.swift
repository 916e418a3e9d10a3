import Backlog
import Model
import Planning
import Processes
import Store
import TestSupport

@testable import Engine

/// What stands around a ``RunState`` in a test: a store, agents, a landing queue, persons and other processes, all as
/// values, which do whatever the real ones may do.
struct RunWorld {
  struct Item {
    var feature: RunFeature
    var needs: [String]
    var failures = 0
  }

  /// How far an attempt is that the state has started.
  enum Stage { case starting, working, settling }

  /// What went against a promise.
  struct Broken: Error, CustomStringConvertible {
    var description: String
  }

  var random: SplitMix64
  var items: [String: Item] = [:]
  var order: [String] = []
  var state: RunState
  var now: Int64 = 0
  var event: Int64 = 1
  /// The features that have changed since the last look.
  var changed: Set<String> = []
  var stages: [String: Stage] = [:]
  var control: ControlWord?
  var isTargetHeld = false
  var hasToken = true
  var others: Set<RunOptions.Kind> = []
  var isLanding = false
  var ticksBehind = 0
  var undos = 0
  var slots = ["browser": 1]
  let mayStack: Bool
  let attempts = 3
  /// What was done, for the message of a test that fails.
  var trace: [String] = []

  /// Whether the one who started the run holds a feature back.
  final class Hold: @unchecked Sendable {
    var isOn = true
  }
  private let hold = Hold()

  init(seed: UInt64) {
    random = SplitMix64(seed: seed)
    mayStack = random.chance(20)
    let count = random.below(6) + 1
    var rules = RunState.Rules(
      kind: random.chance(80) ? .run : .work, parallel: random.below(3) + 1)
    if rules.kind == .work {
      rules.only = ["0"]
      rules.waitsForReview = random.chance(30)
      rules.hasJobToken = random.chance(30)
    }
    if random.chance(10) {
      rules.holdsBack = { [hold] in hold.isOn && $0 == "1" }
    }
    state = RunState(rules, features: count)
    for number in 0..<count { add(number) }
    settle()
  }

  private mutating func add(_ number: Int) {
    let id = "\(number)"
    let needs = order.filter { _ in random.chance(30) }
    items[id] = Item(
      feature: RunFeature(
        id: id, state: .pending, slots: random.chance(20) ? ["browser"] : [],
        priority: random.below(3)), needs: needs)
    order.append(id)
    changed.insert(id)
  }

  // MARK: the store

  mutating func move(_ id: String, _ to: FeatureState, wait: Wait? = nil) throws {
    guard let from = items[id]?.feature.state else { return }
    guard from.allowedSuccessors.contains(to) else {
      throw Broken(description: "the test moves #\(id) from \(from) to \(to)")
    }
    items[id]?.feature.state = to
    items[id]?.feature.wait = wait
    let hasFailed = (items[id]?.failures ?? 0) > 0
    if to == .ready { items[id]?.feature.isRework = hasFailed }
    event += 1
    changed.insert(id)
    trace.append("#\(id) \(to.rawValue)\(wait.map { " " + $0.text } ?? "")")
    settle()
  }

  private func isOpen(_ need: String) -> Bool {
    guard let state = items[need]?.feature.state else { return false }
    let isBuilt = [.queued, .landing, .inReview, .approved, .completed].contains(state)
    return state != .landed && !(mayStack && isBuilt)
  }

  /// Moves what depends on what has changed.
  private mutating func settle() {
    var hasMoved = true
    while hasMoved {
      hasMoved = false
      for id in order {
        guard let item = items[id] else { continue }
        let needs = item.needs.compactMap { items[$0]?.feature.state }
        let isBlocked = needs.contains { [.failed, .abandoned, .blocked].contains($0) }
        let isFree = !item.needs.contains(where: isOpen)
        let next: FeatureState? =
          switch item.feature.state {
          case .pending where isBlocked: .blocked
          case .pending where isFree: .ready
          case .blocked where !isBlocked: .pending
          case .ready where isBlocked: .blocked
          case .ready where !isFree: .pending
          case .waiting:
            if case .claim(let owner) = item.feature.wait, !holds(owner.id) { .ready } else { nil }
          default: nil
          }
        guard let next else { continue }
        items[id]?.feature.state = next
        items[id]?.feature.wait = nil
        event += 1
        changed.insert(id)
        hasMoved = true
      }
    }
  }

  /// Whether a feature holds claims that others may wait for.
  private func holds(_ id: String) -> Bool {
    guard id != "person" else { return true }
    guard let state = items[id]?.feature.state else { return false }
    return [
      .running, .completed, .queued, .landing, .inReview, .approved, .changesRequested, .gateFailed,
    ].contains(state)
  }

  private var queue: [String] {
    order.filter { items[$0]?.feature.state == .queued }
  }

  private func standsOn(_ id: String) -> String? {
    items[id]?.needs.first { items[$0].map { $0.feature.state != .landed } ?? false }
  }

  private func freeSlots() -> [String: Int] {
    var free = slots
    for (id, stage) in stages where stage != .starting {
      for name in items[id]?.feature.slots ?? [] { free[name, default: 0] -= 1 }
    }
    return free
  }

  // MARK: the loop, as the actor does it

  mutating func look() throws {
    var facts = RunFacts()
    facts.control = control
    facts.hasToken = hasToken
    facts.lastEvent = event
    if state.hasPlace(facts) {
      facts.isTargetHeld = isTargetHeld
      facts.freeSlots = freeSlots()
      if state.needsSchedule {
        facts.changed = items.values.map(\.feature)
        facts.schedule = scheduler()
      } else {
        facts.changed = changed.union(state.unsure).compactMap { items[$0]?.feature }
      }
      changed = []
    }
    let before = Set(stages.keys)
    for action in state.handle(.look(facts), at: now) {
      guard case .start(let id) = action else {
        try perform(action)
        continue
      }
      // P1, and what the store would refuse.
      guard stages[id] == nil else { throw Broken(description: "#\(id) is started twice") }
      guard items[id]?.feature.state == .ready else {
        throw Broken(description: "#\(id) is started, though \(items[id]!.feature.state)")
      }
      guard state.rules.only?.contains(id) ?? true, !state.rules.holdsBack(id) else {
        throw Broken(description: "#\(id) is started, which nobody has asked for")
      }
      stages[id] = .starting
      trace.append("start #\(id)")
    }
    let running = stages.values.count { $0 != .settling }
    guard running <= state.rules.parallel else {
      throw Broken(description: "\(running) agents at once")
    }
    let isStill = stages.isEmpty && !isLanding
    guard state.isIdle == isStill else {
      throw Broken(description: "the state takes itself for \(state.isIdle ? "idle" : "busy")")
    }
    let started = Set(stages.keys).subtracting(before)
    guard started.isEmpty || control == nil && !isTargetHeld && !state.isEnding else {
      throw Broken(description: "\(started) start though \(control?.rawValue ?? "held or ending")")
    }
    guard isStill, !state.isOver else { return }
    let still = standstill
    for action in state.handle(.standstill(still), at: now) { try perform(action) }
    guard !state.isOver else { return try checkEnd() }
    // Nothing runs and the run goes on: there is a reason with a name.
    guard state.reason(still, now) != nil else {
      throw Broken(
        description: "nothing is under way, and nothing is waited for: \(whyItStands)")
    }
  }

  private var standstill: StandstillFacts {
    var facts = StandstillFacts()
    facts.features = items.mapValues(\.feature)
    for id in queue { facts.standsOn[id] = standsOn(id) }
    facts.hasUndoRequests = undos > 0
    facts.isBehindBacklog = ticksBehind > 0
    facts.others = others
    return facts
  }

  /// What the run stands still for, with all that is known.
  var whyItStands: String {
    "\(state.reason(standstill, now).map { "\($0)" } ?? "no reason"), "
      + "\(standstill.features.values.sorted { $0.id < $1.id }.map { "#\($0.id) \($0.state)\($0.isInBacklog ? "" : " (out)")" })"
      + ", stages \(stages), landing \(isLanding), \(state.rules)"
  }

  private func scheduler() -> RunScheduler {
    let backlog = Backlog(
      features: order.compactMap { id in
        guard let item = items[id], state.rules.only?.contains(id) ?? true else { return nil }
        return Feature(
          id: id, title: id, dependencies: item.needs.map { Dependency(id: $0) },
          priority: item.feature.priority)
      })
    return RunScheduler(
      backlog, seconds: [:], footprints: nil, agents: state.rules.parallel,
      isWanted: { [only = state.rules.only] in only?.contains($0) ?? true },
      features: items.values.map(\.feature), now: now)
  }

  mutating func take(_ input: RunInput) throws {
    for action in state.handle(input, at: now) { try perform(action) }
  }

  private mutating func perform(_ action: RunAction) throws {
    switch action {
    case .start(let id): throw Broken(description: "#\(id) is started in the wrong moment")
    case .stop(let isForced): try take(.stop(isForced: isForced))
    case .takeBackFailures(let ids):
      for id in ids { items[id]?.failures -= 1 }
    case .visitForge:
      if random.chance(50) { try take(.forgeVisited) }
    case .wakeLimited:
      for id in order {
        guard case .limit(let until?) = items[id]?.feature.wait, until <= now else { continue }
        try move(id, .ready)
      }
    case .end:
      guard stages.isEmpty, !isLanding else {
        throw Broken(description: "the run ends while something is under way")
      }
    case .land, .landAfter, .tell, .followBacklog, .tellTroubles, .showLife, .takeOverFromTheDead:
      break
    }
  }

  // MARK: what may happen

  /// Does one thing of all that may happen.
  ///
  /// - Parameter isFair: leaves out persons, new work and errors: only what is under way goes on, and well.
  mutating func step(isFair: Bool = false) throws {
    if !isFair, random.chance(15) { return try disturb() }
    let ids = stages.keys.sorted()
    if !ids.isEmpty, random.chance(70) { return try goOn(ids[random.below(ids.count)], isFair) }
    if isLanding || state.mayLand(queue, at: now), random.chance(70) { return try land(isFair) }
    try tick(isFair)
  }

  private mutating func tick(_ isFair: Bool) throws {
    now += 500
    if isFair {
      hold.isOn = false
      hasToken = true
      others = []
      undos = 0
    }
    ticksBehind = max(0, ticksBehind - 1)
    try take(.tick)
  }

  private mutating func goOn(_ id: String, _ isFair: Bool) throws {
    switch stages[id] {
    case .starting: try begin(id, isFair)
    case .working:
      stages[id] = .settling
      try take(.agentEnded(id))
    case .settling: try end(id, isFair)
    case nil: break
    }
  }

  private mutating func begin(_ id: String, _ isFair: Bool) throws {
    func over(_ world: inout RunWorld) throws {
      world.stages[id] = nil
      try world.take(.attemptEnded(id))
    }
    // Somebody may have been faster.
    guard items[id]?.feature.state == .ready else { return try over(&self) }
    switch isFair ? 9 : random.below(10) {
    case 0:
      try take(.backOff(id, .brief))
      try take(.fails(.start(feature: id), trouble()))
      try over(&self)
    case 1:
      let holders = order.filter { $0 != id && holds($0) } + ["person"]
      let holder = holders[random.below(holders.count)]
      try move(
        id, .waiting,
        wait: .claim(
          holder == "person" ? ClaimOwner(kind: .person, id: "person") : .feature(holder)))
      try over(&self)
    case 2:
      try move(
        id, .waiting, wait: .limit(until: random.chance(70) ? now + Int64(random.below(9000)) : nil)
      )
      try over(&self)
    default:
      try move(id, .running)
      stages[id] = .working
      try take(.slotsTaken(id))
      try take(.works(.start(feature: id)))
    }
  }

  private mutating func end(_ id: String, _ isFair: Bool) throws {
    var ending = Ending.exited(0)
    var record = AttemptRecord.State.completed
    if items[id]?.feature.state == .running {
      switch isFair ? 9 : random.below(10) {
      case 0, 1:
        (ending, record) = (.exited(1), .failed)
        items[id]?.failures += 1
        try move(id, (items[id]?.failures ?? 0) >= attempts ? .failed : .ready)
      case 2:
        record = .interrupted
        if random.chance(50) { try take(.backOff(id, .long)) }
        try move(id, .ready)
      case 3:
        record = .interrupted
        try move(id, .waiting, wait: .person("until commits can be signed"))
      default:
        try move(id, .completed)
        try move(id, random.chance(20) ? .inReview : .queued)
      }
    }
    try take(
      .judged(
        FirstRound.Facts(
          feature: id, attempt: 1, agent: "agent", state: record, ending: ending,
          errorKey: "", detail: "",
          hasWritten: record == .completed || random.chance(50))))
    if !isFair, random.chance(3) { try take(.fails(.note(feature: id), trouble())) }
    stages[id] = nil
    try take(.attemptEnded(id))
  }

  private mutating func land(_ isFair: Bool) throws {
    guard isLanding else {
      if !isFair, random.chance(10) {
        try take(.landing(.atAnother))
        return try take(.landing(.looksAgain))
      }
      guard !queue.isEmpty else { return try take(.landing(.nothing)) }
      isLanding = true
      return try take(.landing(.began))
    }
    let queue = queue
    var progress = LandingProgress.idle
    if let id = queue.first(where: { standsOn($0) == nil }) {
      switch isFair ? 9 : random.below(10) {
      case 0:
        try take(.landing(.held(feature: id, reason: "the checkout is busy")))
        progress = .held
      case 1:
        try take(.landing(.held(feature: id, reason: "the disk is full")))
        progress = .heldByMachine
      case 2:
        progress = .progressed
        try move(id, .landing)
        items[id]?.failures += 1
        try move(id, .gateFailed)
        try move(id, (items[id]?.failures ?? 0) >= attempts ? .failed : .ready)
      default:
        progress = .progressed
        try move(id, .landing)
        try move(id, .landed)
        try take(.landing(.landed))
      }
    }
    try take(.landing(.progress(progress, queue: queue)))
    if !isFair, random.chance(5) { try take(.fails(.landing, trouble())) }
    isLanding = false
    try take(.landing(.ended))
  }

  /// What persons, other processes and the machine may do.
  private mutating func disturb() throws {
    let ids = order.sorted()
    let id = ids[random.below(ids.count)]
    let feature = items[id]!.feature
    switch random.below(14) {
    case 0: control = [.pause, .drain, .stop, .stopNow][random.below(4)]
    case 1, 2: control = nil
    case 3: isTargetHeld.toggle()
    case 4 where feature.state.allowedSuccessors.contains(.abandoned) && stages[id] == nil:
      try move(id, .abandoned)
    case 5 where feature.state == .inReview:
      if random.chance(60) {
        try move(id, .approved)
        try move(id, .queued)
      } else {
        try move(id, .changesRequested)
        try move(id, .ready)
      }
    case 6 where feature.state == .failed || feature.state == .abandoned:
      items[id]?.failures = 0
      try move(id, .pending)
    case 7 where order.count < 8:
      add(order.count)
      settle()
      event += 1
      try take(.backlogChanged)
    case 8 where stages[id] == nil:
      items[id]?.feature.isInBacklog.toggle()
      changed.insert(id)
      event += 1
      try take(.backlogChanged)
    case 9: others = random.chance(50) ? [.run] : []
    case 10: hasToken.toggle()
    case 11: ticksBehind = random.below(4)
    case 12 where feature.state == .ready && stages[id] == nil:
      // Another process takes it, and builds it.
      try move(id, .running)
      try move(id, .completed)
      try move(id, .queued)
    case 13 where random.chance(20): try take(.agentRefused("no login"))
    default: try take(.fails(.starting, trouble()))
    }
  }

  private mutating func trouble() -> RunTrouble {
    RunTrouble(
      error: Broken(description: "an error"), isLasting: random.chance(2),
      isCancellation: random.chance(10))
  }

  // MARK: the end

  /// Checks that each feature is at the end of its life, or that there is a reason with a name.
  private func checkEnd() throws {
    guard !state.isStopping, state.fatal == nil else { return }
    for item in items.values where item.feature.isInBacklog {
      let feature = item.feature
      guard state.rules.only?.contains(feature.id) ?? true, !feature.state.isFinal else { continue }
      if state.isPaused || state.isTargetHeld || !state.mayStartAgent { continue }
      let isNamed =
        switch feature.state {
        case .pending: item.needs.contains(where: isOpen)
        case .waiting: feature.wait != nil
        case .inReview, .approved: true
        case .queued: state.heldReason != nil || standsOn(feature.id) != nil
        case .ready:
          state.leftOut.contains(feature.id) || state.rules.holdsBack(feature.id)
        default: false
        }
      guard isNamed else {
        throw Broken(
          description: "the run ends, and #\(feature.id) is \(feature.state) without a reason")
      }
    }
  }
}

extension SplitMix64 {
  fileprivate mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}
