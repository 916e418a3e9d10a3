import Model

/// Brings what was imported into a backlog that is there already.
package struct BacklogMerge: Sendable {
  package var backlog: Backlog
  package var added: [String] = []
  package var updated: [String] = []
  /// Taken out, since they are done or cancelled in the source.
  package var finished: [String] = []
  /// In the backlog and not in the source; they stay.
  package var unknown: [String] = []
  /// Ids under which the source holds something else than the backlog.
  package var strangers: [String] = []
  /// Fields that differ from the source and stay, since they were changed here, or it is not known where: `#3 title`.
  package var kept: [String] = []
  /// The source's features as they are now, under the ids of the backlog; the base of the next merge.
  package var source: Backlog

  /// Merges by id, or by title where the source names no id. A field that the source does not give stays; one that
  /// was changed here since the last import stays, too, and is named in ``kept`` where the source has changed it as well.
  ///
  /// - Parameters:
  ///   - base: the source's features at the last import; `nil` where there was none.
  ///   - keep: features that must stay although they are finished in the source, since work was done
  ///     on them here.
  package init(
    _ result: ImportResult, into present: Backlog, base: Backlog? = nil, keep: Set<String> = []
  ) {
    let arrivals = Self.named(result.entries, as: present)
    let entries = Dictionary(
      arrivals.map { ($0.feature.id, $0) }, uniquingKeysWith: { first, _ in first })
    let before = Dictionary(
      (base?.features ?? []).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    source = Backlog(features: arrivals.map(\.feature))
    var features: [Feature] = []
    for feature in present.features {
      guard let entry = entries[feature.id] else {
        unknown.append(feature.id)
        features.append(feature)
        continue
      }
      if !Self.isSame(entry.feature, feature) { strangers.append(feature.id) }
      if entry.status.isFinished, !keep.contains(feature.id) {
        finished.append(feature.id)
        continue
      }
      var merge = FeatureMerge(entry, base: before[feature.id], into: feature)
      merge.run()
      kept += merge.kept.map { "#\(feature.id) \($0)" }
      if merge.result != feature { updated.append(feature.id) }
      features.append(merge.result)
    }
    let known = Set(present.features.map(\.id))
    for entry in arrivals where !entry.status.isFinished && !known.contains(entry.feature.id) {
      added.append(entry.feature.id)
      features.append(entry.feature)
    }
    let left = Set(features.map(\.id))
    for index in features.indices {
      features[index].dependencies.removeAll { !left.contains($0.id) }
    }
    Self.breakCycles(&features)
    backlog = Backlog(features: features)
  }

  /// Gives the entries without an id of their own the ids of the features that they are: by title, or by the id that
  /// an earlier version made of it. The others get a number that is free.
  private static func named(
    _ entries: [ImportedFeature], as present: Backlog
  ) -> [ImportedFeature] {
    guard entries.contains(where: { $0.formerID != nil }), !present.features.isEmpty else {
      return entries
    }
    func plain(_ title: String) -> String { title.lowercased().trimmed }
    let own = Set(entries.filter { $0.formerID == nil }.map(\.feature.id))
    var free = Dictionary(
      present.features.filter { !own.contains($0.id) }.map { ($0.id, $0) },
      uniquingKeysWith: { first, _ in first })
    // The first of several with one title comes last, from where it is taken.
    var titled = Dictionary(
      grouping: present.features.reversed().filter { free[$0.id] != nil }, by: { plain($0.title) })
    let rules: [(ImportedFeature) -> Feature?] = [
      { titled[plain($0.feature.title)]?.popLast() },
      { $0.formerID.flatMap { free[$0] } },
      { entry in free[entry.feature.id].flatMap { isSame(entry.feature, $0) ? $0 : nil } },
    ]
    var names: [Int: String] = [:]
    for rule in rules {
      for (place, entry) in entries.enumerated()
      where entry.formerID != nil && names[place] == nil {
        guard let found = rule(entry) else { continue }
        names[place] = found.id
        free[found.id] = nil
      }
    }
    var taken = Set(present.features.map(\.id)).union(own)
    var next = 1
    var renamed: [String: String] = [:]
    for (place, entry) in entries.enumerated() where entry.formerID != nil {
      var id = names[place] ?? entry.feature.id
      if names[place] == nil, !taken.insert(id).inserted {
        while !taken.insert(String(next)).inserted { next += 1 }
        id = String(next)
      }
      renamed[entry.feature.id] = id
    }
    return entries.map { entry in
      var entry = entry
      if entry.formerID != nil { entry.feature.id = renamed[entry.feature.id] ?? entry.feature.id }
      for index in entry.feature.dependencies.indices {
        let id = entry.feature.dependencies[index].id
        entry.feature.dependencies[index].id = renamed[id] ?? id
      }
      return entry
    }
  }

  /// A new declared edge can close a cycle with a detected one; the least certain of those goes.
  private static func breakCycles(_ features: inout [Feature]) {
    let numbers = Dictionary(
      features.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    while true {
      let edges = Dictionary(
        features.map { ($0.id, $0.dependencies.map(\.id)) }, uniquingKeysWith: { first, _ in first }
      )
      guard let cycle = CycleSearch.cycle(order: features.map(\.id), edges: edges) else { return }
      var weakest: (feature: Int, id: String, confidence: Double)?
      for (id, next) in zip(cycle, cycle.dropFirst() + [cycle[0]]) {
        guard let number = numbers[id],
          let edge = features[number].dependencies.first(where: { $0.id == next }),
          edge.source != .declared
        else { continue }
        let confidence = edge.confidence ?? 0
        if weakest.map({ confidence < $0.confidence }) ?? true {
          weakest = (number, next, confidence)
        }
      }
      // A declared cycle is an error, which the reader names.
      guard let weakest else { return }
      features[weakest.feature].dependencies.removeAll { $0.id == weakest.id }
    }
  }

  /// Returns whether two features are likely to be the same one, renamed at most.
  private static func isSame(_ a: Feature, _ b: Feature) -> Bool {
    if a.title == b.title || (!a.description.isEmpty && a.description == b.description) {
      return true
    }
    func words(_ text: String) -> Set<Substring> {
      Set(text.lowercased().split { !$0.isLetter && !$0.isNumber })
    }
    let (one, two) = (words(a.title), words(b.title))
    let common = one.intersection(two).count
    return common * 3 >= min(one.count, two.count)
  }
}

/// Merges one feature of a source into that of the backlog.
private struct FeatureMerge {
  private let entry: ImportedFeature
  private let base: Feature?
  private let present: Feature
  private(set) var result: Feature
  /// The names of fields that differ from the source and stay.
  private(set) var kept: [String] = []

  init(_ entry: ImportedFeature, base: Feature?, into present: Feature) {
    self.entry = entry
    self.base = base
    self.present = present
    result = present
  }

  mutating func run() {
    take(.title, \.title)
    take(.category, \.category)
    take(.description, \.description)
    take(.steps, \.steps)
    take(.touches, \.touches)
    take(.priority, \.priority)
    take(.model, \.model)
    take(.agent, \.agent)
    take(.slots, \.slots)
    takeDependencies()
  }

  private mutating func take<Value: Equatable>(
    _ key: BacklogWriter.Key, _ path: WritableKeyPath<Feature, Value>
  ) {
    guard key == .title || entry.given.contains(key) else { return }
    let (source, now) = (entry.feature[keyPath: path], present[keyPath: path])
    guard source != now else { return }
    let before = base?[keyPath: path]
    // The source is as it was: what stands here was changed here.
    if source == before { return }
    // A value that says nothing gives way, whoever left it so.
    if now == before || (before == nil && BacklogWriter.isDefault(key, present)) {
      result[keyPath: path] = source
    } else {
      kept.append(key.rawValue)
    }
  }

  private mutating func takeDependencies() {
    guard entry.given.contains(.dependencies) else { return }
    func ids(_ edges: [Dependency]) -> Set<String> { Set(edges.map(\.id)) }
    let source = entry.feature.dependencies
    // Detected and discovered edges are ours; the source knows nothing of them.
    let now = present.dependencies.filter { $0.source == .declared }
    let before = base?.dependencies
    guard ids(source) != ids(now) else { return }
    if let before, ids(source) == ids(before) { return }
    guard before.map({ ids(now) == ids($0) }) ?? now.isEmpty else {
      return kept.append(BacklogWriter.Key.dependencies.rawValue)
    }
    result.dependencies =
      source
      + present.dependencies.filter { edge in
        edge.source != .declared && !source.contains { $0.id == edge.id }
      }
  }
}
