/// Plays through how a number of agents would work through a graph.
package enum ListSchedule {
  /// Returns the seconds from the first start to the last end.
  ///
  /// - Parameters:
  ///   - agents: at least 1.
  ///   - slots: what few can use at a time; a feature starts when it gets all of its slots, and others go first
  ///     meanwhile.
  ///   - seconds: how long a feature takes.
  package static func makespan(
    _ graph: DependencyGraph, agents: Int, slots: SlotDemand = SlotDemand(),
    seconds: (String) -> Double
  ) -> Double {
    var ready = Ready(rank: graph.ranks(seconds: seconds))
    var open = graph.beforeByNumber.map(\.count)
    for number in open.indices where open[number] == 0 { ready.insert(number) }
    var running: [(end: Double, number: Int)] = []
    var free = slots.counts
    // By the slot that they lack, those that would start but for it.
    var waiting: [String: Ready] = [:]
    let needs = slots.needs.isEmpty ? [] : graph.ids.map { slots.needs[$0] ?? [] }
    func need(_ number: Int) -> [String] { needs.isEmpty ? [] : needs[number] }
    var now = 0.0
    while true {
      while running.count < max(1, agents) {
        // One for each slot that is free again; whoever lacks another one still waits for that.
        for name in waiting.keys where free[name] ?? 1 > 0 {
          if let number = waiting[name]?.popFirst() { ready.insert(number) }
        }
        guard let number = ready.popFirst() else { break }
        if let missing = need(number).first(where: { free[$0] ?? 1 <= 0 }) {
          waiting[missing, default: Ready(rank: ready.rank)].insert(number)
          continue
        }
        for name in need(number) { free[name, default: 1] -= 1 }
        running.append((now + seconds(graph.ids[number]), number))
      }
      guard let next = running.indices.min(by: { running[$0].end < running[$1].end }) else {
        return now
      }
      let done = running.remove(at: next)
      now = done.end
      for name in need(done.number) { free[name, default: 1] += 1 }
      for other in graph.afterByNumber[done.number] {
        open[other] -= 1
        if open[other] == 0 { ready.insert(other) }
      }
    }
  }
}

/// The slots that features take.
package struct SlotDemand: Sendable {
  /// The number of instances of each; one if not named.
  package var counts: [String: Int]
  /// By feature, those that take any.
  package var needs: [String: [String]]

  package init(counts: [String: Int] = [:], needs: [String: [String]] = [:]) {
    self.counts = counts
    self.needs = needs
  }
}
