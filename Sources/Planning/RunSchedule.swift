import Backlog

/// Decides during a run which feature starts next.
///
/// A list schedule: rework first, then priority, then the longest remaining path, then the place in the
/// backlog. A feature that is likely to collide with one at work is passed over for the next that
/// is not, for a while. Every event costs O(log n) and the number of the feature's possible collisions.
package struct RunSchedule: Sendable {
  /// What matters of a feature's state.
  package enum State: Sendable {
    /// Can't start now: dependencies are open, it waits, or it is done with.
    case out
    case ready
    /// At work, or built and not landed: its paths are taken.
    case active
  }

  /// What to do with a free agent.
  package enum Decision: Sendable, Equatable {
    case start(String)
    /// Everything that is ready would likely collide; an agent rests until one of those is done.
    case wait(String)
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

  private let ids: [String]
  private let numbers: [String: Int]
  private var priorities: [Int]
  private var remaining: [Double]
  private let neighbours: [[(other: Int, likelihood: Double)]]
  private var states: [State]
  private var generations: [Int]
  /// How likely each feature is to collide with some that is active, as a sum.
  private var pressure: [Double]
  /// How often each ready feature was passed over.
  private var passed: [Int]
  private var ready = PriorityHeap<Entry>()
  private var activeCount = 0
  /// Seconds of one agent that may go by idle for the sake of fewer collisions.
  private var idleBudget: Double
  /// The longest path of the backlog: waiting with what stands on it lengthens the whole run.
  private let longest: Double
  /// Seconds that may go by before features of the longest path start.
  private var delayBudget: Double
  private var isDelaying = false

  /// How many of the ready features are looked at for one that collides with nothing.
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
  package init(
    _ backlog: Backlog, seconds: (String) -> Double, collisions: Collisions? = nil
  ) {
    let graph = DependencyGraph(backlog)
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
    states = Array(repeating: .out, count: ids.count)
    generations = Array(repeating: 0, count: ids.count)
    pressure = Array(repeating: 0, count: ids.count)
    passed = Array(repeating: 0, count: ids.count)
    delayBudget = Self.delayShare * (remaining.max() ?? 0)
    idleBudget = Self.idleShare * ids.reduce(0) { $0 + seconds($1) }
  }

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
    if (before == .active) != (state == .active) {
      let sign: Double = state == .active ? 1 : -1
      activeCount += state == .active ? 1 : -1
      for neighbour in neighbours[number] {
        pressure[neighbour.other] = max(0, pressure[neighbour.other] + sign * neighbour.likelihood)
      }
    }
    states[number] = state
    generations[number] += 1
    if state == .ready {
      ready.insert(
        Entry(
          isRework: isRework, priority: priorities[number], remaining: remaining[number],
          number: number, generation: generations[number]))
    } else {
      passed[number] = 0
    }
  }

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
  /// - Parameter mayRest: false where nobody is at work for whose end one could wait.
  package mutating func next(mayRest: Bool = true) -> Decision {
    var looked: [Entry] = []
    defer { for entry in looked { ready.insert(entry) } }
    var chosen: Int?
    var least: Int?
    while looked.count < Self.reach, let entry = ready.popFirst() {
      guard entry.generation == generations[entry.number], states[entry.number] == .ready else {
        continue
      }
      looked.append(entry)
      let number = entry.number
      if entry.isRework || pressure[number] < Self.likely || passed[number] >= Self.patience {
        chosen = number
        break
      }
      if least.map({ pressure[number] < pressure[$0] }) ?? true { least = number }
    }
    guard let first = looked.first?.number else { return .nothing }
    if let chosen {
      for entry in looked where entry.number != chosen { passed[entry.number] += 1 }
      return .start(ids[chosen])
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
