/// Who waits for whom: over claims, dependencies, the order of landing, places for agents, and named slots.
///
/// The graph is asked for edges as it is walked, so that its cost grows with what waits, not with the
/// backlog.
package struct WaitGraph {
  /// Why one waits for another.
  package enum Reason: String, Sendable {
    /// The other holds a path that it needs.
    case claim
    /// The other has to land first.
    case dependency
    /// It is built, and may land only after the other.
    case landing
    /// All places for agents, or all instances of a named slot, are taken, this one by the other.
    case slot
    /// It is built, and its gate needs a named slot that the other holds.
    case gate
  }

  /// One wait.
  package struct Edge: Sendable, Equatable {
    package var from: String
    package var to: String
    package var reason: Reason

    package init(from: String, to: String, reason: Reason) {
      self.from = from
      self.to = to
      self.reason = reason
    }
  }

  /// The facts about a feature by which a victim is chosen.
  package struct Load: Sendable, Equatable {
    package var feature: String
    /// Files that its branch changes.
    package var changedFiles: Int
    /// Milliseconds that its attempts took.
    package var spent: Int64
    /// When it was first begun; a later one is younger.
    package var begun: Int64
    /// Whether it has yielded to a younger one before.
    package var hasYielded: Bool

    package init(
      feature: String, changedFiles: Int, spent: Int64, begun: Int64, hasYielded: Bool
    ) {
      self.feature = feature
      self.changedFiles = changedFiles
      self.spent = spent
      self.begun = begun
      self.hasYielded = hasYielded
    }

    /// Returns whether it was begun after another.
    package func isYounger(than other: Load) -> Bool {
      (begun, feature) > (other.begun, other.feature)
    }
  }

  private let waits: (_ feature: String) throws -> [Edge]

  /// - Parameter waits: gives the edges that go out from a feature.
  package init(waits: @escaping (_ feature: String) throws -> [Edge]) { self.waits = waits }

  /// Returns a shortest cycle through a feature, beginning with an edge of its own; `nil` where
  /// nobody that it waits for waits for it.
  package func cycle(through feature: String) throws -> [Edge]? {
    try path(from: feature, to: feature)
  }

  /// Returns whether one waits for another, directly or through others.
  package func leads(from: String, to: String) throws -> Bool {
    try from == to || path(from: from, to: to) != nil
  }

  private func path(from: String, to: String) throws -> [Edge]? {
    var reached: [String: Edge] = [:]
    var queue = [from]
    var next = 0
    while next < queue.count {
      let current = queue[next]
      next += 1
      for edge in try waits(current) where reached[edge.to] == nil {
        reached[edge.to] = edge
        if edge.to == to {
          var way = [edge]
          while way[0].from != from { way.insert(reached[way[0].from]!, at: 0) }
          return way
        }
        queue.append(edge.to)
      }
    }
    return nil
  }

  /// Chooses who yields in a cycle: the one with the least work done, of those whose claims or slots
  /// another waits for. What is built and waits for its gate does not: that would undo it.
  ///
  /// Nobody yields twice to a younger one; the youngest never does, so that someone is always left.
  /// - Parameter spared: who can't yield just now.
  /// - Returns: the edge by which the victim waits; `nil` where neither claim nor slot is part of the cycle.
  package static func victim(
    of cycle: [Edge], loads: [Load], sparing spared: Set<String> = []
  ) -> Edge? {
    let byName = Dictionary(loads.map { ($0.feature, $0) }, uniquingKeysWith: { first, _ in first })
    let holders = Set(
      cycle.filter { [.claim, .slot, .gate].contains($0.reason) }.map(\.to))
    let candidates = cycle.filter {
      holders.contains($0.from) && $0.reason != .gate && !spared.contains($0.from)
    }
    func mayYield(_ edge: Edge) -> Bool {
      guard let own = byName[edge.from], let other = byName[edge.to] else { return true }
      return !(own.hasYielded && other.isYounger(than: own))
    }
    let allowed = candidates.filter(mayYield)
    return (allowed.isEmpty ? candidates : allowed).min { one, two in
      guard let a = byName[one.from], let b = byName[two.from] else { return one.from < two.from }
      if a.changedFiles != b.changedFiles { return a.changedFiles < b.changedFiles }
      if a.spent != b.spent { return a.spent < b.spent }
      return a.isYounger(than: b)
    }
  }
}
