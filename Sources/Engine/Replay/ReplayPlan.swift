import Backlog
import Foundation
import Git
import Model
import Planning

/// The plan of a replay, which its agents read.
package struct ReplayPlan: Codable, Sendable {
  package var order: ReplayOrder
  package var claims: ReplayClaims
  package var changes: [ReplayedChange]
  /// The commit from which it starts.
  package var start: ObjectID
  /// Seconds that each attempt works before it writes.
  package var workSeconds: Double
  package var seed: UInt64

  package init(
    _ history: ReplayHistory, order: ReplayOrder, claims: ReplayClaims, workSeconds: Double,
    seed: UInt64
  ) throws {
    self.order = order
    self.claims = claims
    self.workSeconds = workSeconds
    self.seed = seed
    guard order == .shuffled else {
      changes = history.changes
      start = history.start
      return
    }
    let merges = history.changes.filter(\.isMerge)
    changes = merges.isEmpty ? history.changes : merges
    guard let oldest = changes.map(\.base).min() else {
      throw Failure("every step left the tree as it was, nothing to replay")
    }
    // Steps are numbered from 1, and what the first `oldest` of them led to is below all branches.
    start = history.changes.last { $0.number <= oldest }?.after ?? history.start
  }

  /// The features of the replay.
  package var backlog: Backlog {
    var places = Array(changes.indices)
    if order == .shuffled {
      var random = SeededRandom(seed: seed)
      places.shuffle(using: &random)
    }
    let needs = dependencies
    return Backlog(
      features: changes.indices.map { index in
        let change = changes[index]
        return Feature(
          id: change.id, title: change.title, category: change.isMerge ? "merge" : "direct",
          dependencies: needs[index].map { Dependency(id: changes[$0].id) },
          touches: claims == .touches
            ? change.paths.compactMap { String(validating: $0, as: UTF8.self) } : [],
          priority: order == .shuffled ? places[index] : changes.count - index)
      })
  }

  /// The places of the changes that must have landed before each, without what follows from others.
  private var dependencies: [[Int]] {
    switch order {
    case .shuffled: return changes.map { _ in [] }
    case .history: return changes.indices.map { $0 == 0 ? [] : [$0 - 1] }
    case .concurrent: break
    }
    var result: [[Int]] = []
    var below: [Set<Int>] = []
    for (index, change) in changes.enumerated() {
      let base = change.isMerge ? change.base : change.number - 1
      var direct: [Int] = []
      var all: Set<Int> = []
      for other in (0..<index).reversed() where changes[other].number <= base {
        if all.contains(other) { continue }
        direct.append(other)
        all.insert(other)
        all.formUnion(below[other])
      }
      result.append(direct.reversed())
      below.append(all)
    }
    return result
  }
}
