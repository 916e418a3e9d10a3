import Backlog

/// Decides during a run which feature starts next.
///
/// A list schedule: rework first, then priority, then the longest remaining path, then the place in the
/// backlog. A feature that is likely to collide with another is held back as its ``CollisionAvoidance`` says. In backlogs
/// that are too large for one it is passed over for the next that collides with nothing at work, for a while. Every
/// event costs O(log n) and the number of the feature's possible collisions.
package struct RunSchedule: Sendable {
  /// The stage of a feature, as far as it matters here.
  package enum State: Sendable {
    /// Can't start now: dependencies are open, it waits, or it is done with.
    case out
    /// Will be ready once its dependencies have landed.
    case later
    case ready
    /// At work, or built and in the hands of a person: its paths are taken.
    case active
    /// On its way to land, which takes a moment: its paths are taken.
    case built
    /// Done; what depends on it can start.
    case landed

    var isTaken: Bool { self == .active || self == .built }
    var isOut: Bool { self == .out || self == .landed }
  }

  /// The decision for a free agent.
  package enum Decision: Sendable, Equatable {
    case start(String)
    /// Everything that is ready would likely collide; an agent rests until one of those is done.
    case wait(String)
    /// Something that is more urgent than all that is ready will be so in a moment; an agent rests until then.
    case expect(String)
    case nothing
  }

  private struct Entry: Comparable, Sendable {
    var isRework: Bool
    var priority: Int
    var remaining: Double
    var number: Int
    /// Entries of earlier states are passed over.
    var generation: Int

    static func < (a: Entry, b: Entry) -> Bool {
      if a.isRework != b.isRework { return a.isRework }
      return ScheduleOrder.isBefore(
        (a.priority, a.remaining, a.number), (b.priority, b.remaining, b.number))
    }
  }

  /// A feature that is ready and waits for one it may collide with.
  private struct Held: Comparable, Sendable {
    /// When it starts at the latest.
    var latest: Double
    var entry: Entry
    static func < (a: Held, b: Held) -> Bool { (a.latest, a.entry) < (b.latest, b.entry) }
  }

  private let ids: [String]
  private let numbers: [String: Int]
  private var priorities: [Int]
  private var remaining: [Double]
  private let neighbours: [[(other: Int, likelihood: Double)]]
  private var states: [State]
  private var generations: [Int]
  /// The likelihood of each feature's collision with active ones, as a sum.
  private var pressure: [Double]
  /// The number of times that each ready feature was passed over.
  private var passed: [Int]
  private var ready = PriorityHeap<Entry>()
  private let separation: CollisionAvoidance?
  /// For each feature, which others wait for it.
  private var followers: [[Int]] = []
  /// For each feature, how many of those that it waits for are not done.
  private var openWaits: [Int] = []
  private var held = PriorityHeap<Held>()
  /// Seconds since the run began.
  private var now = 0.0
  /// By how much the run is behind its plan.
  private var lag = 0.0
  private var activeCount = 0
  /// Seconds of one agent that may go by idle for the sake of fewer collisions.
  private var idleBudget: Double
  /// The longest path of the backlog: waiting with what stands on it lengthens the whole run.
  private let longest: Double
  /// Seconds that may go by before features of the longest path start.
  private var delayBudget: Double
  private var isDelaying = false
  private var arrivals: UpcomingFeatures
  private let agents: Double
  private let expectsArrivals: Bool

  /// The number of ready features that are searched for one without collisions.
  private static let reach = 48
  /// Above this a feature is passed over.
  private static let likely = 0.12
  /// So often; then it starts whatever is at work, so that nothing starves.
  private static let patience = 24
  /// The share of all work that agents may rest for the sake of fewer collisions.
  private static let idleShare = 0.12

  /// The share of the longest path by which its features may start later.
  private static let delayShare = 0.04

  /// - Parameters:
  ///   - seconds: how long a feature is expected to take.
  ///   - collisions: `nil` leaves footprints out of account.
  ///   - agents: how many work at once; without it nothing is planned ahead.
  ///   - expectsArrivals: whether agents rest a moment for what is more urgent than all that is ready.
  package init(
    _ backlog: Backlog, seconds: (String) -> Double, collisions: Collisions? = nil,
    agents: Int? = nil, expectsArrivals: Bool = true
  ) {
    self.expectsArrivals = expectsArrivals
    let graph = DependencyGraph(backlog)
    self.agents = Double(max(1, agents ?? 1))
    let times = graph.ids.map(seconds)
    arrivals = UpcomingFeatures(graph, seconds: times)
    ids = graph.ids
    numbers = Dictionary(ids.enumerated().map { ($1, $0) }, uniquingKeysWith: { a, _ in a })
    priorities = backlog.features.map(\.priority)
    let paths = graph.remainingPath(seconds: seconds)
    remaining = ids.map { paths[$0] ?? 0 }
    longest = remaining.max() ?? 0
    let numbers = numbers
    neighbours = ids.map { id in
      (collisions?.neighbours(of: id) ?? []).compactMap { other, likelihood in
        numbers[other].map { ($0, likelihood) }
      }
    }
    separation =
      if let agents, agents > 1, neighbours.contains(where: { !$0.isEmpty }) {
        CollisionAvoidance(
          graph, priorities: priorities, agents: agents, seconds: times,
          neighbours: neighbours)
      } else { nil }
    if let separation {
      remaining = separation.remaining
      followers = Array(repeating: [], count: ids.count)
      openWaits = Array(repeating: 0, count: ids.count)
      for (number, others) in separation.waits.enumerated() {
        for other in others { followers[other].append(number) }
      }
    }
    states = Array(repeating: .out, count: ids.count)
    generations = Array(repeating: 0, count: ids.count)
    pressure = Array(repeating: 0, count: ids.count)
    passed = Array(repeating: 0, count: ids.count)
    delayBudget = Self.delayShare * (remaining.max() ?? 0)
    idleBudget = Self.idleShare * times.reduce(0, +)
  }

  /// Returns whether a feature is part of the schedule.
  package func holds(_ id: String) -> Bool { numbers[id] != nil }

  /// Takes note of a feature's state.
  ///
  /// - Parameter priority: the present one; `nil` leaves it as it was.
  package mutating func set(
    _ id: String, _ state: State, isRework: Bool = false, priority: Int? = nil
  ) {
    guard let number = numbers[id] else { return }
    if let priority { priorities[number] = priority }
    let before = states[number]
    if before == state, state != .ready { return }
    arrivals.set(number, state, at: now)
    if before.isTaken != state.isTaken {
      let sign: Double = state.isTaken ? 1 : -1
      activeCount += state.isTaken ? 1 : -1
      for neighbour in neighbours[number] {
        pressure[neighbour.other] = max(0, pressure[neighbour.other] + sign * neighbour.likelihood)
      }
    }
    states[number] = state
    generations[number] += 1
    if let separation {
      if before.isTaken, state.isOut { lag = max(lag, now - separation.ends[number]) }
      if before.isOut != state.isOut { tellFollowers(of: number, isDone: state.isOut) }
    }
    if state == .ready {
      let entry = Entry(
        isRework: isRework, priority: priorities[number], remaining: remaining[number],
        number: number, generation: generations[number])
      if let separation, !isRework, openWaits[number] > 0 {
        held.insert(Held(latest: separation.latest[number], entry: entry))
      } else {
        ready.insert(entry)
      }
    } else {
      passed[number] = 0
    }
  }

  private mutating func tellFollowers(of number: Int, isDone: Bool) {
    for follower in followers[number] {
      openWaits[follower] += isDone ? -1 : 1
      if openWaits[follower] == 0, states[follower] == .ready {
        // Its entry among those that are held back is of an earlier generation now.
        generations[follower] += 1
        ready.insert(
          Entry(
            isRework: false, priority: priorities[follower], remaining: remaining[follower],
            number: follower, generation: generations[follower]))
      }
    }
  }

  /// Notes how many seconds have passed since the run began.
  package mutating func advance(to seconds: Double) { now = max(now, seconds) }

  /// Notes that agents rested for the sake of fewer collisions.
  ///
  /// - Parameters:
  ///   - seconds: for how long.
  ///   - agents: how many.
  package mutating func rested(seconds: Double, agents: Int) {
    idleBudget -= seconds * Double(agents)
    if isDelaying { delayBudget -= seconds }
  }

  /// Returns what a free agent should do; the caller sets the state of what it starts.
  ///
  /// - Parameters:
  ///   - free: how many agents have nothing to do.
  ///   - mayRest: false where nobody is at work for whose end one could wait.
  ///   - mayExpect: false where nothing is on its way to land, after which something could become ready.
  package mutating func next(
    free: Int = 1, mayRest: Bool = true, mayExpect: Bool = true
  ) -> Decision {
    separation == nil
      ? passingOver(free: free, mayRest: mayRest, mayExpect: mayExpect)
      : byPlan(free: free, mayRest: mayRest, mayExpect: mayExpect)
  }

  /// Returns what an agent should rest for instead of taking this: the most urgent of what will be ready in a moment,
  /// where there are as many of those as there are free agents.
  ///
  /// It rests only for what the length of the run hangs on, or a person puts first, and for no longer than that would
  /// be held up otherwise. docs/planning.md has what that brings.
  private func expected(before entry: Entry, free: Int) -> Int? {
    guard expectsArrivals, agents > 1, !entry.isRework, !arrivals.arriving.isEmpty else {
      return nil
    }
    // When the next agent is free, if this one is not.
    let delay = arrivals.seconds[entry.number] / agents
    let limit = delay * arrivals.pace
    guard arrivals.landing <= limit else { return nil }
    var others: [Entry] = []
    for (number, since) in arrivals.arriving where now - since < limit {
      let other = Entry(
        isRework: false, priority: priorities[number], remaining: remaining[number], number: number,
        generation: 0)
      guard other < entry,
        other.priority > entry.priority
          || remaining[number] + delay > arrivals.workLeft / agents,
        !isHeldBack(number)
      else { continue }
      others.append(other)
    }
    return others.count >= max(1, free) ? others.min()?.number : nil
  }

  /// Returns whether a feature would not start when it is ready, for the sake of fewer collisions.
  private func isHeldBack(_ number: Int) -> Bool {
    if let separation {
      return openWaits[number] > 0 && separation.latest[number] + lag >= now
    }
    let pressure = neighbours[number].reduce(0) { sum, neighbour in
      sum + (states[neighbour.other] == .active ? neighbour.likelihood : 0)
    }
    return pressure >= Self.likely && passed[number] < Self.patience
  }

  /// Takes the first that is not held back; what has been held back for long enough is not any more.
  private mutating func byPlan(free: Int, mayRest: Bool, mayExpect: Bool) -> Decision {
    while let first = held.first, !isValid(first.entry) || first.latest + lag < now {
      _ = held.popFirst()
      if isValid(first.entry) { ready.insert(first.entry) }
    }
    while let entry = ready.first {
      guard isValid(entry) else {
        _ = ready.popFirst()
        continue
      }
      // One that it waits for may have come back, or have been told of later.
      if let separation, !entry.isRework, openWaits[entry.number] > 0,
        separation.latest[entry.number] + lag >= now
      {
        _ = ready.popFirst()
        held.insert(Held(latest: separation.latest[entry.number], entry: entry))
        continue
      }
      if mayExpect, let other = expected(before: entry, free: free) { return .expect(ids[other]) }
      return .start(ids[entry.number])
    }
    guard let best = held.first?.entry.number else { return .nothing }
    return mayRest && activeCount > 0 ? .wait(ids[best]) : .start(ids[best])
  }

  private func isValid(_ entry: Entry) -> Bool {
    entry.generation == generations[entry.number] && states[entry.number] == .ready
  }

  private mutating func passingOver(free: Int, mayRest: Bool, mayExpect: Bool) -> Decision {
    var looked: [Entry] = []
    defer { for entry in looked { ready.insert(entry) } }
    var chosen: Entry?
    var least: Int?
    while looked.count < Self.reach, let entry = ready.popFirst() {
      guard isValid(entry) else { continue }
      looked.append(entry)
      let number = entry.number
      if entry.isRework || pressure[number] < Self.likely || passed[number] >= Self.patience {
        chosen = entry
        break
      }
      if least.map({ pressure[number] < pressure[$0] }) ?? true { least = number }
    }
    guard let first = looked.first?.number else { return .nothing }
    if let chosen {
      if mayExpect, let other = expected(before: chosen, free: free) { return .expect(ids[other]) }
      for entry in looked where entry.number != chosen.number { passed[entry.number] += 1 }
      return .start(ids[chosen.number])
    }
    let best = least ?? first
    for entry in looked { passed[entry.number] += 1 }
    // What the whole run waits for is not held up, and neither is anything when nobody is at work.
    let isCritical = remaining[first] >= 0.97 * longest
    if mayRest, activeCount > 0, idleBudget > 0, !isCritical || delayBudget > 0 {
      isDelaying = isCritical
      return .wait(ids[best])
    }
    return .start(ids[isCritical ? first : best])
  }
}
