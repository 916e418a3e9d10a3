import Foundation

/// The order in which what is ready lands: dependencies first; then by priority, by the length of what
/// waits behind a feature, and by age.
package struct LandingQueue: Sendable {
  /// One feature that stands in the queue.
  package struct Entry: Sendable, Equatable {
    package var id: String
    /// Higher first.
    package var priority: Int
    /// Since when it is built, in milliseconds since 1970.
    package var since: Int64

    package init(id: String, priority: Int, since: Int64) {
      self.id = id
      self.priority = priority
      self.since = since
    }
  }

  /// The features that may land, in order.
  package let order: [String]
  /// The features that wait, each with an open dependency that is not in the queue before it.
  package let waiting: [(id: String, for: String)]

  /// - Parameters:
  ///   - dependencies: what each feature of the backlog needs, by feature.
  ///   - isOpen: tells whether a feature has not landed.
  package init(
    _ entries: [Entry], dependencies: [String: [String]], isOpen: (String) -> Bool
  ) {
    let queued = Dictionary(entries.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var needs: [String: [String]] = [:]
    var waiting: [(id: String, for: String)] = []
    for entry in entries {
      needs[entry.id] = (dependencies[entry.id] ?? []).filter(isOpen)
    }
    // Whoever needs what is not in the queue waits, and whoever needs that one waits, too.
    var candidates = Set(queued.keys)
    var changed = true
    while changed {
      changed = false
      for entry in entries where candidates.contains(entry.id) {
        if let missing = needs[entry.id]?.first(where: { !candidates.contains($0) }) {
          candidates.remove(entry.id)
          waiting.append((entry.id, missing))
          changed = true
        }
      }
    }
    let behind = Self.behind(dependencies, isOpen: isOpen, of: candidates)
    func isBefore(_ a: Entry, _ b: Entry) -> Bool {
      if a.priority != b.priority { return a.priority > b.priority }
      let (one, two) = (behind[a.id] ?? 0, behind[b.id] ?? 0)
      if one != two { return one > two }
      if a.since != b.since { return a.since < b.since }
      return a.id.compare(b.id, options: .numeric) == .orderedAscending
    }
    var order: [String] = []
    var left = entries.filter { candidates.contains($0.id) }.sorted(by: isBefore)
    var placed: Set<String> = []
    while let index = left.firstIndex(where: { needs[$0.id]!.allSatisfy(placed.contains) }) {
      let entry = left.remove(at: index)
      placed.insert(entry.id)
      order.append(entry.id)
    }
    // What is left stands in a cycle.
    waiting += left.map { entry in
      (entry.id, needs[entry.id]!.first { !placed.contains($0) } ?? entry.id)
    }
    self.order = order
    self.waiting = waiting
  }

  /// Returns how many open features stand one behind the other after each, in the longest line.
  private static func behind(
    _ dependencies: [String: [String]], isOpen: (String) -> Bool, of wanted: Set<String>
  ) -> [String: Int] {
    var after: [String: [String]] = [:]
    for (feature, needs) in dependencies where isOpen(feature) {
      for need in needs { after[need, default: []].append(feature) }
    }
    var result: [String: Int] = [:]
    var open: Set<String> = []
    for start in wanted {
      // Depth first without recursion: lines may be thousands long.
      var stack: [(id: String, next: Int)] = [(start, 0)]
      while let (id, next) = stack.last {
        let followers = after[id] ?? []
        if next == 0 { open.insert(id) }
        if result[id] != nil || next >= followers.count {
          if result[id] == nil {
            result[id] = (followers.compactMap { result[$0].map { $0 + 1 } }.max() ?? 0)
          }
          open.remove(id)
          stack.removeLast()
        } else {
          stack[stack.count - 1].next += 1
          let follower = followers[next]
          if result[follower] == nil, !open.contains(follower) { stack.append((follower, 0)) }
        }
      }
    }
    return result
  }
}
