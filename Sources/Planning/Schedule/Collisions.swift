/// The likelihood that features change the same path.
package struct Collisions: Sendable {
  /// Feature ids, by number.
  package let ids: [String]
  /// For each feature, by number, with whom it may collide, and how likely, from 0 to 1.
  let neighbours: [[(other: Int, likelihood: Double)]]
  private let numbers: [String: Int]

  /// A pair of features and the path that they most likely share.
  package struct Pair: Sendable, Equatable {
    package var first: String
    package var second: String
    package var likelihood: Double
    package var path: String
  }

  /// Pairs that are less likely than this are left out.
  private static let least = 0.05

  /// - Parameter footprints: the paths that each feature may touch, with how likely it is; certain
  ///   ones have 1. A directory ends in `/`.
  package init(ids: [String], footprints: [String: [PathLikelihood]]) {
    self.ids = ids
    numbers = Dictionary(ids.enumerated().map { ($1, $0) }, uniquingKeysWith: { a, _ in a })
    neighbours = Self.pairs(ids, footprints).map { list in
      list.map { ($0.key, 1 - $0.value.free) }.filter { $0.1 >= Self.least }.sorted { $0.0 < $1.0 }
    }
  }

  /// No feature collides with another.
  package init(ids: [String]) { self.init(ids: ids, footprints: [:]) }

  /// Returns with whom a feature may collide, and how likely.
  func neighbours(of id: String) -> [(other: String, likelihood: Double)] {
    guard let number = numbers[id] else { return [] }
    return neighbours[number].map { (ids[$0.other], $0.likelihood) }
  }

  /// Returns how likely two features are to collide.
  package func likelihood(_ a: String, _ b: String) -> Double {
    guard let one = numbers[a], let two = numbers[b] else { return 0 }
    return neighbours[one].first { $0.other == two }?.likelihood ?? 0
  }

  /// Returns the pairs of a backlog that may collide, the likeliest first.
  package static func pairs(
    ids: [String], footprints: [String: [PathLikelihood]], least: Double = 0.25
  ) -> [Pair] {
    var result: [Pair] = []
    for (number, list) in pairs(ids, footprints).enumerated() {
      for (other, shared) in list where other > number && 1 - shared.free >= least {
        result.append(
          Pair(
            first: ids[number], second: ids[other], likelihood: 1 - shared.free, path: shared.path))
      }
    }
    return result.sorted {
      ($1.likelihood, $0.first, $0.second) < ($0.likelihood, $1.first, $1.second)
    }
  }

  private struct Shared {
    /// The likelihood that no path is touched by both.
    var free = 1.0
    var path = ""
    var best = 0.0
  }

  private static func pairs(
    _ ids: [String], _ footprints: [String: [PathLikelihood]]
  ) -> [[Int: Shared]] {
    var holders: [String: [(number: Int, likelihood: Double)]] = [:]
    for (number, id) in ids.enumerated() {
      for item in footprints[id] ?? [] where item.likelihood > 0 {
        holders[item.path, default: []].append((number, min(1, item.likelihood)))
      }
    }
    var result: [[Int: Shared]] = Array(repeating: [:], count: ids.count)
    func meet(
      _ a: (number: Int, likelihood: Double), _ b: (number: Int, likelihood: Double), _ path: String
    ) {
      guard a.number != b.number else { return }
      let both = a.likelihood * b.likelihood
      var shared = result[a.number][b.number] ?? Shared()
      shared.free *= 1 - both
      if both > shared.best {
        shared.best = both
        shared.path = path
      }
      result[a.number][b.number] = shared
    }
    for (path, list) in holders.sorted(by: { $0.key < $1.key }) {
      for (place, a) in list.enumerated() {
        for b in list[(place + 1)...] {
          meet(a, b, path)
          meet(b, a, path)
        }
      }
      // A directory holds everything below it.
      var above = path.dropLast(path.hasSuffix("/") ? 1 : 0)
      while let slash = above.lastIndex(of: "/") {
        above = above[...slash]
        for a in holders[String(above)] ?? [] {
          for b in list {
            meet(a, b, path)
            meet(b, a, path)
          }
        }
        above = above.dropLast()
      }
    }
    return result
  }
}

/// A path and how likely it is to be touched.
package struct PathLikelihood: Sendable, Equatable {
  package var path: String
  /// From 0 to 1.
  package var likelihood: Double

  package init(path: String, likelihood: Double) {
    self.path = path
    self.likelihood = likelihood
  }
}
