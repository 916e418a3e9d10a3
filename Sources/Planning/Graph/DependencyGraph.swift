import Backlog

// Planning: the order of the features, as values. What may run when, how long it should take, and
// the graph in the forms that other programs read.

/// The features and which of them must land before which.
package struct DependencyGraph: Sendable {
  /// The ids in backlog order.
  package let ids: [String]
  private let numbers: [String: Int]
  private let priorities: [Int]
  /// For each feature, by number, what it depends on.
  private let before: [[Int]]
  /// For each feature, by number, what depends on it.
  private let after: [[Int]]
  /// The features by number, each after what it depends on.
  private let order: [Int]

  /// Takes the features of a backlog, which has no cycle.
  package init(_ backlog: Backlog) {
    let features = backlog.features
    ids = features.map(\.id)
    numbers = Dictionary(
      ids.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    priorities = features.map(\.priority)
    var before: [[Int]] = []
    var after: [[Int]] = Array(repeating: [], count: features.count)
    for (number, feature) in features.enumerated() {
      let needed = Set(feature.dependencies.compactMap { [numbers] in numbers[$0.id] }).sorted()
      before.append(needed)
      for other in needed { after[other].append(number) }
    }
    self.before = before
    self.after = after
    order = Self.order(open: before.map(\.count), after: after)
  }

  /// Returns features by number, each after all that it needs; those of a cycle, and what comes after them, are
  /// left out.
  ///
  /// - Parameters:
  ///   - open: for each feature, how many it needs.
  ///   - after: for each feature, what needs it.
  static func order(open counts: [Int], after: [[Int]]) -> [Int] {
    var open = counts
    var order = open.indices.filter { open[$0] == 0 }
    var next = 0
    while next < order.count {
      for other in after[order[next]] {
        open[other] -= 1
        if open[other] == 0 { order.append(other) }
      }
      next += 1
    }
    return order
  }

  /// Returns the direct dependencies of a feature, in backlog order.
  package func dependencies(of id: String) -> [String] {
    numbers[id].map { before[$0].map { ids[$0] } } ?? []
  }

  /// Returns what depends on a feature directly, in backlog order.
  package func dependents(of id: String) -> [String] {
    numbers[id].map { after[$0].map { ids[$0] } } ?? []
  }

  /// Returns how many features come after a feature, directly or not.
  package func closureCount(of id: String) -> Int {
    guard let start = numbers[id] else { return 0 }
    var seen: Set<Int> = []
    var open = after[start]
    while let number = open.popLast() {
      if seen.insert(number).inserted { open += after[number] }
    }
    return seen.count
  }

  /// Groups the features by the longest way that leads to them: each group could run at once.
  package var waves: [[String]] {
    var depth = Array(repeating: 0, count: ids.count)
    for number in order { depth[number] = (before[number].map { depth[$0] }.max() ?? -1) + 1 }
    guard let last = depth.max() else { return [] }
    var waves: [[String]] = Array(repeating: [], count: last + 1)
    for number in ids.indices { waves[depth[number]].append(ids[number]) }
    return waves
  }

  /// Returns for each feature the seconds of the longest chain that starts with it.
  package func remainingPath(seconds: (String) -> Double) -> [String: Double] {
    let lengths = lengths(seconds: seconds)
    return Dictionary(zip(ids, lengths), uniquingKeysWith: { first, _ in first })
  }

  private func lengths(seconds: (String) -> Double) -> [Double] {
    var lengths = Array(repeating: 0.0, count: ids.count)
    for number in order.reversed() {
      lengths[number] = seconds(ids[number]) + (after[number].map { lengths[$0] }.max() ?? 0)
    }
    return lengths
  }

  /// Returns the chain of features that takes longest.
  package func criticalPath(seconds: (String) -> Double) -> [String] {
    let lengths = lengths(seconds: seconds)
    func longest(_ numbers: [Int]) -> Int? {
      numbers.min { (-lengths[$0], $0) < (-lengths[$1], $1) }
    }
    var path: [String] = []
    var current = longest(ids.indices.filter { before[$0].isEmpty })
    while let number = current {
      path.append(ids[number])
      current = longest(after[number])
    }
    return path
  }

  /// Returns for each feature its place in ``ScheduleOrder``, by number.
  func ranks(seconds: (String) -> Double) -> [Int] {
    let lengths = lengths(seconds: seconds)
    let sorted = ids.indices.sorted {
      ScheduleOrder.isBefore(
        (priorities[$0], lengths[$0], $0), (priorities[$1], lengths[$1], $1))
    }
    var rank = Array(repeating: 0, count: ids.count)
    for (place, number) in sorted.enumerated() { rank[number] = place }
    return rank
  }

  package var beforeByNumber: [[Int]] { before }
  package var afterByNumber: [[Int]] { after }

  /// Returns the edges that are not implied by others, as pairs of feature and dependency.
  package var reducedEdges: [(feature: String, dependsOn: String)] {
    var depth = Array(repeating: 0, count: ids.count)
    for number in order { depth[number] = (before[number].map { depth[$0] }.max() ?? -1) + 1 }
    var result: [(feature: String, dependsOn: String)] = []
    for number in ids.indices {
      let direct = before[number]
      guard direct.count > 1 else {
        result += direct.map { (ids[number], ids[$0]) }
        continue
      }
      // Whatever lies behind a direct dependency is implied by it.
      let lowest = direct.map { depth[$0] }.min() ?? 0
      var implied: Set<Int> = []
      var open = direct.flatMap { before[$0] }
      while let other = open.popLast() {
        guard depth[other] >= lowest, implied.insert(other).inserted else { continue }
        open += before[other]
      }
      result += direct.filter { !implied.contains($0) }.map { (ids[number], ids[$0]) }
    }
    return result
  }
}

/// Which of the ready features runs first.
package enum ScheduleOrder {
  /// Compares by priority (higher first), remaining path (longer first), place in the backlog.
  package static func isBefore(
    _ a: (priority: Int, remaining: Double, position: Int),
    _ b: (priority: Int, remaining: Double, position: Int)
  ) -> Bool {
    if a.priority != b.priority { return a.priority > b.priority }
    if a.remaining != b.remaining { return a.remaining > b.remaining }
    return a.position < b.position
  }
}

/// The features that could start now, the best first: a binary heap by rank.
struct Ready {
  let rank: [Int]
  private var heap: [Int] = []

  init(rank: [Int]) { self.rank = rank }

  mutating func insert(_ number: Int) {
    heap.append(number)
    var child = heap.count - 1
    while child > 0, rank[heap[child]] < rank[heap[(child - 1) / 2]] {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func popFirst() -> Int? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var parent = 0
    while true {
      var best = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && rank[heap[child]] < rank[heap[best]] {
        best = child
      }
      if best == parent { return first }
      heap.swapAt(parent, best)
      parent = best
    }
  }
}
