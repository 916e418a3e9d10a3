import Backlog
import Planning

/// Plays a run through: agents that work for given times on features that touch given paths.
package struct RunSimulation: Sendable {
  /// What came of it.
  package struct Result: Sendable, Equatable {
    /// Seconds from the first start to the last end.
    package var makespan = 0.0
    /// Pairs of features that were at work at once and touch the same path.
    package var collisions = 0
    /// The features in the order of their starts.
    package var order: [String] = []
    /// When each started.
    package var starts: [String: Double] = [:]
  }

  package var backlog: Backlog
  package var agents: Int
  /// How long each feature takes in truth.
  package var seconds: [String: Double]
  /// What each feature touches in truth.
  package var touched: [String: Set<String>]
  /// How long a landing takes, in seconds; one follows the other.
  package var landing: Double

  package init(
    backlog: Backlog, agents: Int, seconds: [String: Double], touched: [String: Set<String>] = [:],
    landing: Double = 0
  ) {
    self.backlog = backlog
    self.agents = agents
    self.seconds = seconds
    self.touched = touched
    self.landing = landing
  }

  private struct Event: Comparable, Sendable {
    var time: Double
    var number: Int
    var isLanding = false
    static func < (a: Event, b: Event) -> Bool { (a.time, a.number) < (b.time, b.number) }
  }

  /// - Parameters:
  ///   - expected: how long the schedule believes that a feature takes; `nil` for the truth.
  ///   - collisions: what the schedule believes of collisions; `nil` leaves footprints out of account.
  ///   - expectsArrivals: whether agents rest for what is about to be ready.
  package func run(
    expected: ((String) -> Double)? = nil, collisions: Collisions? = nil,
    expectsArrivals: Bool = true
  ) -> Result {
    let graph = DependencyGraph(backlog)
    let numbers = Dictionary(
      graph.ids.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    var schedule = RunSchedule(
      backlog, seconds: expected ?? { seconds[$0] ?? 0 }, collisions: collisions, agents: agents,
      expectsArrivals: expectsArrivals)
    var open = graph.beforeByNumber.map(\.count)
    for id in graph.ids { schedule.set(id, .later) }
    for number in open.indices where open[number] == 0 { schedule.set(graph.ids[number], .ready) }
    var events = PriorityHeap<Event>()
    var active: Set<Int> = []
    var result = Result()
    var now = 0.0
    var isLandingUntil = 0.0
    while true {
      var resting = 0
      choosing: while active.count < max(1, agents) {
        switch schedule.next(free: max(1, agents) - active.count) {
        case .start(let id):
          guard let number = numbers[id] else { break choosing }
          schedule.set(id, .active)
          let paths = touched[id] ?? []
          result.collisions += active.count {
            !(touched[graph.ids[$0]] ?? []).isDisjoint(with: paths)
          }
          active.insert(number)
          result.order.append(id)
          result.starts[id] = now
          events.insert(Event(time: now + (seconds[id] ?? 0), number: number))
        case .wait:
          resting = max(1, agents) - active.count
          break choosing
        case .expect, .nothing: break choosing
        }
      }
      guard let event = events.popFirst() else {
        result.makespan = now
        return result
      }
      schedule.rested(seconds: event.time - now, agents: resting)
      now = event.time
      schedule.advance(to: now)
      let id = graph.ids[event.number]
      if !event.isLanding {
        active.remove(event.number)
        schedule.set(id, .built)
        guard landing == 0 else {
          isLandingUntil = max(isLandingUntil, now) + landing
          events.insert(Event(time: isLandingUntil, number: event.number, isLanding: true))
          continue
        }
      }
      schedule.set(id, .landed)
      for other in graph.afterByNumber[event.number] {
        open[other] -= 1
        if open[other] == 0 { schedule.set(graph.ids[other], .ready) }
      }
    }
  }
}
