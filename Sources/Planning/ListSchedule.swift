/// Plays through how a number of agents would work through a graph.
package enum ListSchedule {
  /// Returns the seconds from the first start to the last end.
  ///
  /// - Parameters:
  ///   - agents: at least 1.
  ///   - seconds: how long a feature takes.
  package static func makespan(
    _ graph: DependencyGraph, agents: Int, seconds: (String) -> Double
  ) -> Double {
    var ready = Ready(rank: graph.ranks(seconds: seconds))
    var open = graph.beforeByNumber.map(\.count)
    for number in open.indices where open[number] == 0 { ready.insert(number) }
    var running: [(end: Double, number: Int)] = []
    var now = 0.0
    while true {
      while running.count < max(1, agents), let number = ready.popFirst() {
        running.append((now + seconds(graph.ids[number]), number))
      }
      guard let next = running.indices.min(by: { running[$0].end < running[$1].end }) else {
        return now
      }
      let done = running.remove(at: next)
      now = done.end
      for other in graph.afterByNumber[done.number] {
        open[other] -= 1
        if open[other] == 0 { ready.insert(other) }
      }
    }
  }
}
