import Backlog

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

  package init(
    backlog: Backlog, agents: Int, seconds: [String: Double], touched: [String: Set<String>] = [:]
  ) {
    self.backlog = backlog
    self.agents = agents
    self.seconds = seconds
    self.touched = touched
  }

  private struct Running: Comparable, Sendable {
    var end: Double
    var number: Int
    static func < (a: Running, b: Running) -> Bool { (a.end, a.number) < (b.end, b.number) }
  }

  /// - Parameters:
  ///   - expected: how long the schedule believes that a feature takes; `nil` for the truth.
  ///   - collisions: what the schedule believes of collisions; `nil` leaves footprints out of account.
  package func run(
    expected: ((String) -> Double)? = nil, collisions: Collisions? = nil
  ) -> Result {
    let graph = DependencyGraph(backlog)
    let numbers = Dictionary(
      graph.ids.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    var schedule = RunSchedule(
      backlog, seconds: expected ?? { seconds[$0] ?? 0 }, collisions: collisions, agents: agents)
    var open = graph.beforeByNumber.map(\.count)
    for id in graph.ids { schedule.set(id, .later) }
    for number in open.indices where open[number] == 0 { schedule.set(graph.ids[number], .ready) }
    var running = PriorityHeap<Running>()
    var active: Set<Int> = []
    var result = Result()
    var now = 0.0
    while true {
      var resting = 0
      choosing: while active.count < max(1, agents) {
        switch schedule.next() {
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
          running.insert(Running(end: now + (seconds[id] ?? 0), number: number))
        case .wait:
          resting = max(1, agents) - active.count
          break choosing
        case .nothing: break choosing
        }
      }
      guard let done = running.popFirst() else {
        result.makespan = now
        return result
      }
      schedule.rested(seconds: done.end - now, agents: resting)
      now = done.end
      schedule.advance(to: now)
      active.remove(done.number)
      schedule.set(graph.ids[done.number], .out)
      for other in graph.afterByNumber[done.number] {
        open[other] -= 1
        if open[other] == 0 { schedule.set(graph.ids[other], .ready) }
      }
    }
  }
}
