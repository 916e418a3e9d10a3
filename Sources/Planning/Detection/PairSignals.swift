import Backlog
import Foundation
import Model

/// The detector's signals about two features, one of which may need the other: the values that the
/// weights belong to. `Tools/train-dependencies` defines them a second time; a test compares both.
struct PairSignals {
  static let shownKinds = [
    "setup", "schema", "test", "deploy", "docs", "ui", "api", "core", "auth", "epic", "fix", "perf",
    "integ",
  ]
  static let names: [String] =
    [
      "forward", "gap1", "gap2", "gap_inverse", "gap_share", "gap_log", "parent_place", "earlier",
      "parent_first", "parent_second", "child_last", "cosine", "parent_title", "produced",
      "rank_cosine", "rank_title", "rank_produced", "rank_shared", "rank_kind",
      "rank_consumer", "rank_user", "all_cosine", "all_title", "part_of", "kind", "kind_forward",
      "level", "child_level", "parent_level", "same_kind", "size", "child_length",
      "parent_length",
    ] + shownKinds.map { "child_" + $0 } + shownKinds.map { "parent_" + $0 }

  /// A pair that is looked at; what is dear to compute is kept.
  struct Pair {
    let child: Int32
    let parent: Int32
    var cosine = 0.0
    var parentTitle = 0.0
    var produced = 0.0
    var shared = 0.0
    var kind = 0.0
    /// As they stand in ``PairSignals/names`` from `rank_cosine` to `all_title`.
    var ranks = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
  }

  let ids: [String]
  let texts: [FeatureText]
  let words: TermIndex
  let kinds: [NodeKinds]
  let kindNames: [String]
  private let needed: [[Double]]
  private let shown: [Int]
  /// The place of each feature, by number where each id is one, else as in the list.
  let order: [Int]
  /// The reliability of the order, from 0 to 1.
  let trust: Double
  private(set) var pairs: [Pair] = []

  init(_ features: [Feature], lexicon: KindLexicon, common: [String: Double]) {
    ids = features.map(\.id)
    let count = features.count
    texts = features.map { FeatureText($0, stop: lexicon.stop) }
    words = TermIndex(texts, common: common)
    kinds = texts.map { NodeKinds($0, lexicon) }
    kindNames = lexicon.kinds.map(\.name)
    needed = kinds.map { Self.needs($0, lexicon) }
    shown = Self.shownKinds.map { name in lexicon.kinds.firstIndex { $0.name == name } ?? 0 }
    let numbers = Self.numbers(ids)
    let places = numbers ?? Array(0..<count)
    var order = Array(repeating: 0, count: count)
    let sorted = (0..<count).sorted { (places[$0], $0) < (places[$1], $1) }
    for (place, feature) in sorted.enumerated() { order[feature] = place }
    self.order = order
    trust = numbers != nil ? 1 : Self.trust(order: sorted, levels: kinds.map(\.level))
    var row = Array(repeating: Pair(child: 0, parent: 0), count: count)
    for child in 0..<count { pairs += candidates(of: child, &row) }
    rank()
  }

  private static func needs(_ kind: NodeKinds, _ lexicon: KindLexicon) -> [Double] {
    lexicon.needs.indices.map { column in
      kind.spread.indices.reduce(0) {
        kind.spread[$1] == 0 ? $0 : $0 + kind.spread[$1] * lexicon.needs[$1][column]
      }
    }
  }

  /// Returns the numbers that the ids are, each after the same prefix, as in `app-12`.
  static func numbers(_ ids: [String]) -> [Int]? {
    var numbers: [Int] = []
    var prefix: Substring?
    for id in ids {
      let digits = id.utf8.reversed().prefix { (48...57).contains($0) }.count
      let head = id[..<id.utf8.index(id.endIndex, offsetBy: -digits)]
      guard (1...9).contains(digits), let number = Int(id[head.endIndex...]),
        prefix == nil || prefix == head, head.utf8.last.map(endsPrefix) ?? true
      else { return nil }
      prefix = head
      numbers.append(number)
    }
    return numbers
  }

  /// Returns whether a number may stand after this: neither after a letter, nor as a part after a dot.
  private static func endsPrefix(_ byte: UInt8) -> Bool {
    switch byte {
    case 46, 48...57, 65...90, 97...122: false
    default: true
    }
  }

  /// Returns how far the kinds of work confirm the order: set-up first, deployment last.
  private static func trust(order: [Int], levels: [Double]) -> Double {
    // The sums over all pairs, from the levels in the list's order and sorted.
    let count = Double(order.count)
    var agreeing = 0.0
    for (place, feature) in order.enumerated() {
      agreeing += levels[feature] * (2 * Double(place) - count + 1)
    }
    var whole = 0.0
    for (place, level) in levels.sorted().enumerated() {
      whole += level * (2 * Double(place) - count + 1)
    }
    return min(1, max(0, (2 * agreeing / max(2 * whole, 1e-9) - 0.05) / 0.25))
  }

  /// Returns the pairs of a feature with all others.
  private func candidates(of child: Int, _ row: inout [Pair]) -> [Pair] {
    for other in ids.indices { row[other] = Pair(child: Int32(child), parent: Int32(other)) }
    for entry in words.entries[child] {
      let weight = words.weights[Int(entry.word)]
      for holder in words.holders[Int(entry.word)] {
        let other = Int(holder.feature)
        row[other].cosine += entry.unit * holder.unit
        if holder.isInTitle { row[other].parentTitle += weight / words.titleSums[other] }
        row[other].produced += weight * holder.made / words.usedSums[child]
        row[other].shared += (entry.value * holder.value).squareRoot()
      }
    }
    for other in ids.indices {
      row[other].shared = min(1, log1p(row[other].shared) / 5)
      row[other].kind = kinds[other].spread.indices.reduce(0) {
        $0 + needed[child][$1] * kinds[other].spread[$1]
      }
    }
    return row.filter { $0.parent != Int32(child) }
  }

  private func isVisible(_ pair: Pair) -> Bool {
    trust < 0.5 || order[Int(pair.child)] > order[Int(pair.parent)]
  }

  private mutating func rank() {
    var rows: [[Int]] = Array(repeating: [], count: ids.count)
    var columns = rows
    for (index, pair) in pairs.enumerated() {
      rows[Int(pair.child)].append(index)
      columns[Int(pair.parent)].append(index)
    }
    for row in rows { rankRow(row) }
    for column in columns {
      let seen = column.filter { isVisible(pairs[$0]) }
      rank(seen, \.cosine, \.ranks.5)
      rank(seen, \.produced, \.ranks.6)
    }
  }

  private mutating func rankRow(_ row: [Int]) {
    let seen = row.filter { isVisible(pairs[$0]) }
    rank(seen, \.cosine, \.ranks.0)
    rank(seen, \.parentTitle, \.ranks.1)
    rank(seen, \.produced, \.ranks.2)
    rank(seen, \.shared, \.ranks.3)
    rank(seen, \.kind, \.ranks.4)
    rank(row, \.cosine, \.ranks.7)
    rank(row, \.parentTitle, \.ranks.8)
  }

  /// Sets 1 for the greatest value, 1/2 for the next, and so on; 0 for no value at all.
  private mutating func rank(
    _ indices: [Int], _ value: KeyPath<Pair, Double>, _ rank: WritableKeyPath<Pair, Double>
  ) {
    let sorted = indices.map { (pairs[$0][keyPath: value], $0) }.sorted { $0.0 > $1.0 }
    var greater = 0
    for (place, item) in sorted.enumerated() {
      // Values that differ by a rounding error are the same.
      if place > 0, sorted[place - 1].0 - item.0 > 1e-12 { greater = place }
      pairs[item.1][keyPath: rank] = item.0 > 0 ? 1 / (1 + Double(greater)) : 0
    }
  }

  func isPart(_ child: Int, of parent: Int) -> Bool {
    let id = ids[child]
    guard id.utf8.count > ids[parent].utf8.count, let dot = id.lastIndex(of: ".") else {
      return false
    }
    return id[..<dot] == ids[parent]
  }

  /// Returns the values of a pair in the order of ``names``.
  func values(_ pair: Pair) -> [Double] {
    let child = Int(pair.child)
    let parent = Int(pair.parent)
    let count = Double(ids.count)
    let gap = Double(order[child] - order[parent])
    let ahead = gap > 0 ? trust : 0
    func flag(_ condition: Bool) -> Double { condition ? 1 : 0 }
    let a = kinds[child]
    let b = kinds[parent]
    let alike = a.spread.indices.reduce(0) { $0 + a.spread[$1] * b.spread[$1] }
    let ranks = pair.ranks
    var result: [Double] = []
    result.reserveCapacity(Self.names.count)
    result += [
      ahead, flag(gap == 1) * trust, flag(gap == 2) * trust, gap > 0 ? trust / gap : 0,
      gap / count * trust, (gap < 0 ? -1 : 1) * log1p(abs(gap)) / 4 * trust,
      Double(order[parent]) / count * trust, log1p(Double(order[child])) / 4 * trust,
      flag(order[parent] == 0) * ahead, flag(order[parent] == 1) * ahead,
      flag(Double(order[child]) >= count - 2) * ahead, pair.cosine, pair.parentTitle,
      pair.produced,
    ]
    result += [
      ranks.0, ranks.1, ranks.2, ranks.3, ranks.4, ranks.5, ranks.6, ranks.7, ranks.8,
    ]
    result += [
      flag(isPart(child, of: parent)), pair.kind, pair.kind * ahead, a.level - b.level, a.level,
      b.level, min(1, 2 * alike), log(max(count, 1)), log1p(Double(texts[child].bodyCount)) / 5,
      log1p(Double(texts[parent].bodyCount)) / 5,
    ]
    for kind in shown { result.append(a.kinds[kind]) }
    for kind in shown { result.append(b.kinds[kind]) }
    return result
  }
}
