/// A graph that grows edge by edge and never gets a cycle. Keeps an order in which each feature
/// stands after what it needs, and repairs it where a new edge runs against it, looking only at the
/// features between (Pearce and Kelly).
struct IncrementalTopologicalOrder {
  private var place: [Int]
  private var before: [[Int]]
  private var after: [[Int]]

  /// Starts without an edge, in the order given: the features by place.
  init(_ order: [Int]) {
    place = Array(repeating: 0, count: order.count)
    for (index, node) in order.enumerated() { place[node] = index }
    before = Array(repeating: [], count: order.count)
    after = before
  }

  /// Adds an edge, unless it would close a cycle; tells whether it stands.
  mutating func add(_ node: Int, needs other: Int) -> Bool {
    guard node != other else { return false }
    if before[node].contains(other) { return true }
    if place[other] > place[node] {
      guard let forward = reach(from: node, upTo: place[other], until: other) else { return false }
      let backward = reach(back: other, downTo: place[node])
      let nodes =
        backward.sorted { place[$0] < place[$1] } + forward.sorted { place[$0] < place[$1] }
      for (node, new) in zip(nodes, nodes.map { place[$0] }.sorted()) { place[node] = new }
    }
    before[node].append(other)
    after[other].append(node)
    return true
  }

  /// Returns what comes after a node up to a place; `nil` where the node to avoid is among it.
  private func reach(from start: Int, upTo last: Int, until avoided: Int) -> [Int]? {
    var seen: Set<Int> = [start]
    var open = [start]
    while let node = open.popLast() {
      for next in after[node] where place[next] <= last {
        if next == avoided { return nil }
        if seen.insert(next).inserted { open.append(next) }
      }
    }
    return Array(seen)
  }

  private func reach(back start: Int, downTo first: Int) -> [Int] {
    var seen: Set<Int> = [start]
    var open = [start]
    while let node = open.popLast() {
      for next in before[node] where place[next] >= first && seen.insert(next).inserted {
        open.append(next)
      }
    }
    return Array(seen)
  }
}
