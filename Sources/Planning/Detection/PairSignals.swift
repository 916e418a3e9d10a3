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
      "parent_first", "parent_second", "child_last", "cosine", "parent_title", "child_title",
      "produced", "consumed", "shared", "rarest", "identifiers", "rank_cosine", "rank_title",
      "rank_produced", "rank_shared", "rank_kind", "rank_consumer", "rank_user", "all_cosine",
      "all_title", "reference", "referred", "part_of", "next_number", "previous_number",
      "number_ahead", "number_behind", "number_near", "same_prefix", "kind", "kind_forward",
      "level", "child_level", "parent_level", "same_kind", "child_hub", "parent_hub",
      "child_gathers", "parent_gathers", "size", "child_length", "parent_length",
    ] + shownKinds.map { "child_" + $0 } + shownKinds.map { "parent_" + $0 }

  /// A pair that is looked at; what is dear to compute is kept.
  struct Pair {
    let child: Int32
    let parent: Int32
    var cosine = 0.0
    var parentTitle = 0.0
    var childTitle = 0.0
    var produced = 0.0
    var consumed = 0.0
    var shared = 0.0
    var rarest = 0.0
    var identifiers = 0.0
    var kind = 0.0
    /// As they stand in ``PairSignals/names`` from `rank_cosine` to `all_title`.
    var ranks = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
  }

  /// Up to this size every pair is looked at.
  static let smallBacklog = 250
  /// Beyond it a word in more features than this does not bring two features together.
  static let holderLimit = 64
  /// Beyond it the features most alike that are looked at for each.
  static let likeLimit = 20

  private(set) var ids: [String]
  private(set) var texts: [FeatureText]
  private(set) var words: TermIndex
  private(set) var kinds: [NodeKinds]
  let kindNames: [String]
  private var needed: [[Double]]
  private let shown: [Int]
  /// The place of each feature, by number where each id is one, else as in the list.
  private(set) var order: [Int]
  /// The reliability of the order, from 0 to 1.
  let trust: Double
  private(set) var pairs: [Pair] = []
  /// The features by their ids, by their places, by the names and by the numbered marks that they carry.
  private var known: [String: Int]
  private var sorted: [Int]
  private var nameHolders: [String: [Int]] = [:]
  private var parts: [String: [Int]] = [:]
  /// The pairs in which each feature is the parent.
  private var columns: [[Int]] = []

  init(_ features: [Feature], lexicon: KindLexicon, common: [String: Double]) {
    ids = features.map(\.id)
    let count = features.count
    let known = Dictionary(
      features.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    self.known = known
    texts = features.map {
      FeatureText(
        id: $0.id, title: $0.title, description: $0.description, steps: $0.steps,
        stop: lexicon.stop, isID: { known[$0] != nil })
    }
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
    self.sorted = sorted
    trust = numbers != nil ? 1 : Self.trust(order: sorted, levels: kinds.map(\.level))
    for number in texts.indices { note(number) }
    let names = (0..<count).map { sharedNames(of: $0) }
    var room = Room(count: count)
    for child in 0..<count { pairs += candidates(of: child, names[child], &room) }
    rank()
  }

  /// Adds one more feature at the end; how telling words are, and how far the order can be trusted, stays as
  /// it was.
  ///
  /// - Returns: the places of the pairs in which it is the child; `nil` where its id does not come last.
  mutating func append(
    _ feature: Feature, lexicon: KindLexicon, common: [String: Double]
  ) -> Range<Int>? {
    guard known[feature.id] == nil else { return nil }
    if let numbers = Self.numbers(ids) {
      guard let all = Self.numbers(ids + [feature.id]), let last = all.last,
        numbers.allSatisfy({ $0 < last })
      else { return nil }
    }
    let child = ids.count
    ids.append(feature.id)
    known[feature.id] = child
    let text = FeatureText(
      id: feature.id, title: feature.title, description: feature.description,
      steps: feature.steps, stop: lexicon.stop, isID: { [known] in known[$0] != nil })
    texts.append(text)
    words.append(text, common: common)
    let kind = NodeKinds(text, lexicon)
    kinds.append(kind)
    needed.append(Self.needs(kind, lexicon))
    order.append(child)
    sorted.append(child)
    note(child)
    var room = Room(count: child + 1)
    let first = pairs.count
    pairs += candidates(of: child, sharedNames(of: child), &room)
    columns.append([])
    for index in first..<pairs.count { columns[Int(pairs[index].parent)].append(index) }
    rankRow(Array(first..<pairs.count))
    for index in first..<pairs.count {
      let column = columns[Int(pairs[index].parent)].filter { isVisible(pairs[$0]) }
      func place(_ value: KeyPath<Pair, Double>) -> Double {
        let own = pairs[index][keyPath: value]
        guard own > 0 else { return 0 }
        return 1 / Double(1 + column.count { pairs[$0][keyPath: value] > own + 1e-12 })
      }
      if isVisible(pairs[index]) {
        pairs[index].ranks.5 = place(\.cosine)
        pairs[index].ranks.6 = place(\.produced)
      }
    }
    return first..<pairs.count
  }

  private static func needs(_ kind: NodeKinds, _ lexicon: KindLexicon) -> [Double] {
    lexicon.needs.indices.map { column in
      kind.spread.indices.reduce(0) {
        kind.spread[$1] == 0 ? $0 : $0 + kind.spread[$1] * lexicon.needs[$1][column]
      }
    }
  }

  /// Enters a feature where others look for it.
  private mutating func note(_ number: Int) {
    for name in texts[number].names { nameHolders[name, default: []].append(number) }
    for mark in texts[number].labels {
      parts["\(mark.of)\u{0}\(mark.number)", default: []].append(number)
    }
  }

  /// Space for one row of pairs, used again for the next.
  private struct Room {
    var row: [Pair]
    var isTouched: [Bool]
    init(count: Int) {
      row = Array(repeating: Pair(child: 0, parent: 0), count: count)
      isTouched = Array(repeating: false, count: count)
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

  /// Returns the pairs of a feature with those that it may need.
  ///
  /// - Parameter names: how much the names that it shares with another tell.
  private func candidates(of child: Int, _ names: [Int: Double], _ room: inout Room) -> [Pair] {
    let count = ids.count
    let isSmall = count <= Self.smallBacklog
    let label = log((Double(count) + 1) / 1.5)
    var result: [Pair] = []
    var touched: [Int] = []
    func touch(_ other: Int) {
      guard !room.isTouched[other], other != child else { return }
      room.isTouched[other] = true
      room.row[other] = Pair(child: Int32(child), parent: Int32(other))
      touched.append(other)
    }
    if isSmall { for other in 0..<count { touch(other) } }
    for entry in words.entries[child] {
      let holders = words.holders[Int(entry.word)]
      guard isSmall || holders.count <= Self.holderLimit else { continue }
      let weight = words.weights[Int(entry.word)]
      for holder in holders {
        let other = Int(holder.feature)
        guard other != child else { continue }
        touch(other)
        room.row[other].cosine += entry.unit * holder.unit
        if holder.isInTitle { room.row[other].parentTitle += weight / words.titleSums[other] }
        if entry.isInTitle { room.row[other].childTitle += weight / words.titleSums[child] }
        room.row[other].produced += weight * holder.made / words.usedSums[child]
        room.row[other].consumed += weight * entry.made / words.usedSums[other]
        room.row[other].shared += (entry.value * holder.value).squareRoot()
        room.row[other].rarest = max(room.row[other].rarest, weight)
      }
    }
    for other in names.keys { touch(other) }
    var chosen = touched
    if !isSmall {
      chosen = Array(
        touched.sorted { (-room.row[$0].cosine, $0) < (-room.row[$1].cosine, $1) }.prefix(
          Self.likeLimit))
      var more = Set(chosen)
      func add(_ other: Int) {
        guard other != child, more.insert(other).inserted else { return }
        touch(other)
        chosen.append(other)
      }
      for back in 1...3 where order[child] >= back { add(sorted[order[child] - back]) }
      for first in sorted.prefix(2) { add(first) }
      for name in texts[child].references.sorted() { known[name].map(add) }
      for mark in texts[child].labels {
        for other in parts["\(mark.of)\u{0}\(mark.number - 1)", default: []].prefix(3) {
          add(other)
        }
      }
      for other in names.keys.sorted().prefix(10) { add(other) }
      if let dot = ids[child].lastIndex(of: ".") { known[String(ids[child][..<dot])].map(add) }
    }
    for other in chosen.sorted() {
      var pair = room.row[other]
      pair.shared = min(1, log1p(pair.shared) / 5)
      pair.rarest /= label
      pair.identifiers = log1p(names[other] ?? 0) / 3
      pair.kind = kinds[other].spread.indices.reduce(0) {
        $0 + needed[child][$1] * kinds[other].spread[$1]
      }
      result.append(pair)
    }
    for other in touched { room.isTouched[other] = false }
    return result
  }

  /// Returns how much the names that a feature shares with each other tell.
  private func sharedNames(of number: Int) -> [Int: Double] {
    let count = texts.count
    let limit = min(max(3, count / 3), Self.smallBacklog)
    var result: [Int: Double] = [:]
    // Sums must not depend on the order of a set.
    for name in texts[number].names.sorted() {
      guard let features = nameHolders[name], features.count >= 2, features.count <= limit else {
        continue
      }
      let tells = log((Double(count) + 1) / (Double(features.count) + 0.5))
      for other in features where other != number { result[other, default: 0] += tells }
    }
    return result
  }

  /// Returns the number of a feature.
  func number(of id: String) -> Int? { known[id] }

  private func isVisible(_ pair: Pair) -> Bool {
    trust < 0.5 || order[Int(pair.child)] > order[Int(pair.parent)]
  }

  private mutating func rank() {
    var rows: [[Int]] = Array(repeating: [], count: ids.count)
    columns = rows
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

  /// Returns whether the child's title or id carries the number after the parent's.
  func isNext(_ child: Int, after parent: Int) -> Bool {
    texts[child].labels.contains { mark in
      texts[parent].labels.contains { $0.of == mark.of && $0.number + 1 == mark.number }
    }
  }

  /// Returns how closely the parent's number precedes the child's, in titles or ids that are numbered
  /// alike: 1 for the number before, 1/2 for the one before that; 0 where none is below.
  func nearness(_ child: Int, after parent: Int) -> Double {
    var least = Int.max
    for mark in texts[child].labels {
      for other in texts[parent].labels where other.of == mark.of && other.number < mark.number {
        least = min(least, mark.number - other.number)
      }
    }
    return least == .max ? 0 : 1 / Double(least)
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
    let near = nearness(child, after: parent)
    let behind = nearness(parent, after: child)
    var result: [Double] = []
    result.reserveCapacity(Self.names.count)
    result += [
      ahead, flag(gap == 1) * trust, flag(gap == 2) * trust, gap > 0 ? trust / gap : 0,
      gap / count * trust, (gap < 0 ? -1 : 1) * log1p(abs(gap)) / 4 * trust,
      Double(order[parent]) / count * trust, log1p(Double(order[child])) / 4 * trust,
      flag(order[parent] == 0) * ahead, flag(order[parent] == 1) * ahead,
      flag(Double(order[child]) >= count - 2) * ahead,
    ]
    result += [
      pair.cosine, pair.parentTitle, pair.childTitle, pair.produced, pair.consumed, pair.shared,
      pair.rarest, pair.identifiers,
    ]
    result += [
      ranks.0, ranks.1, ranks.2, ranks.3, ranks.4, ranks.5, ranks.6, ranks.7, ranks.8,
    ]
    result += [
      flag(texts[child].references.contains(ids[parent])),
      flag(texts[parent].references.contains(ids[child])), flag(isPart(child, of: parent)),
      flag(near == 1), flag(behind == 1), flag(near > 0), flag(behind > 0), near,
      flag(texts[child].prefix != nil && texts[child].prefix == texts[parent].prefix),
    ]
    result += [
      pair.kind, pair.kind * ahead, a.level - b.level, a.level, b.level, min(1, 2 * alike), a.hub,
      b.hub, a.gathers, b.gathers, log(max(count, 1)), log1p(Double(texts[child].bodyCount)) / 5,
      log1p(Double(texts[parent].bodyCount)) / 5,
    ]
    for kind in shown { result.append(a.kinds[kind]) }
    for kind in shown { result.append(b.kinds[kind]) }
    return result
  }
}
