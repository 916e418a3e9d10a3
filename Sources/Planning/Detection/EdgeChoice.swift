import Foundation

/// Chooses among probable dependencies: one is changed at a time while what is expected of the whole rises.
///
/// The worth of a choice is its expected F1, and a share of the expected dependencies that a schedule of it honours, less
/// what that schedule is longer than those of graphs drawn by the probabilities usually are.
struct EdgeChoice {
  /// A pair that may be a dependency.
  struct Candidate {
    let child: Int
    let parent: Int
    let probability: Double
  }

  private static let agents = 3
  private static let honoured = 0.3
  private static let longest = 1.65
  private static let rounds = 3
  /// The probability below which a pair is not tried.
  private static let least = 0.05

  private let count: Int
  /// By falling probability.
  private let candidates: [Candidate]
  private let expected: Double
  private var needs: [Set<Int>]

  /// - Parameter held: edges that hold in any case, each a child and its parent; one that closes a cycle is left out.
  init(_ candidates: [Candidate], count: Int, held: Set<[Int]>) {
    self.count = count
    self.candidates = candidates.sorted {
      ($1.probability, $0.child, $0.parent) < ($0.probability, $1.child, $1.parent)
    }
    expected = candidates.reduce(0) { $0 + $1.probability }
    needs = Array(repeating: [], count: count)
    var graph = IncrementalTopologicalOrder(Array(0..<count))
    for edge in held.sorted(by: { $0.lexicographicallyPrecedes($1) })
    where graph.add(edge[0], needs: edge[1]) { needs[edge[0]].insert(edge[1]) }
  }

  /// Returns the chosen candidates, beside what holds in any case, without a cycle.
  mutating func chosen() -> [Candidate] {
    let usual = usualLength
    var isChosen = Array(repeating: false, count: candidates.count)
    var gain = 0.0
    var number = 0
    func worth(_ gain: Double, _ number: Int) -> Double {
      guard let (done, length) = play(needs) else { return -.infinity }
      let kept = candidates.reduce(0) {
        done[$1.parent] < done[$1.child] ? $0 + $1.probability : $0
      }
      return 2 * gain / max(1e-9, Double(number) + expected) + Self.honoured * kept
        / max(expected, 1e-9) - 2 * max(0, Double(length) / usual - Self.longest)
    }
    var best = worth(0, 0)
    for _ in 0..<Self.rounds {
      var isChanged = false
      for (index, candidate) in candidates.enumerated() {
        guard candidate.probability > Self.least else { break }
        let isIn = isChosen[index]
        // What holds in any case is no choice.
        guard isIn || !needs[candidate.child].contains(candidate.parent) else { continue }
        let newGain = gain + (isIn ? -candidate.probability : candidate.probability)
        let newNumber = number + (isIn ? -1 : 1)
        toggle(candidate, isIn)
        let value = worth(newGain, newNumber)
        if value > best + 1e-9 {
          (best, gain, number, isChanged) = (value, newGain, newNumber, true)
          isChosen[index] = !isIn
        } else {
          toggle(candidate, !isIn)
        }
      }
      if !isChanged { break }
    }
    return candidates.indices.filter { isChosen[$0] }.map { candidates[$0] }
  }

  private mutating func toggle(_ candidate: Candidate, _ isIn: Bool) {
    if isIn {
      needs[candidate.child].remove(candidate.parent)
    } else {
      needs[candidate.child].insert(candidate.parent)
    }
  }

  /// When each feature is done, the longest path first, and how long all take; `nil` where they go in a cycle.
  private func play(_ needs: [Set<Int>]) -> (done: [Int], length: Int)? {
    var feeds = Array(repeating: [Int](), count: count)
    for (child, parents) in needs.enumerated() {
      for parent in parents { feeds[parent].append(child) }
    }
    var left = needs.map(\.count)
    var open = left
    var order = left.indices.filter { left[$0] == 0 }
    var ready = order
    var next = 0
    while next < order.count {
      for child in feeds[order[next]] {
        open[child] -= 1
        if open[child] == 0 { order.append(child) }
      }
      next += 1
    }
    guard order.count == count else { return nil }
    var height = Array(repeating: 1, count: count)
    for number in order.reversed() {
      height[number] = 1 + (feeds[number].map { height[$0] }.max() ?? 0)
    }
    var done = Array(repeating: 0, count: count)
    var time = 0
    while !ready.isEmpty {
      ready.sort { (-height[$0], $0) < (-height[$1], $1) }
      let now = ready.prefix(Self.agents)
      ready.removeFirst(now.count)
      time += 1
      for number in now {
        done[number] = time
        for child in feeds[number] {
          left[child] -= 1
          if left[child] == 0 { ready.append(child) }
        }
      }
    }
    return (done, time)
  }

  /// The mean length of eight schedules, each of a graph drawn by the probabilities.
  private var usualLength: Double {
    var total = 0
    for draw in 0..<8 {
      var drawn = Array(repeating: Set<Int>(), count: count)
      var graph = IncrementalTopologicalOrder(Array(0..<count))
      for candidate in candidates {
        let seed = UInt64(draw << 40 | candidate.child << 20 | candidate.parent)
        var random = SeededRandom(seed: seed)
        guard Double(random.next()) / 0x1p64 < candidate.probability,
          graph.add(candidate.child, needs: candidate.parent)
        else { continue }
        drawn[candidate.child].insert(candidate.parent)
      }
      total += play(drawn)?.length ?? 0
    }
    return Double(total) / 8
  }
}
