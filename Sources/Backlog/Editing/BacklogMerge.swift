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

  /// Merges by id: what the source says wins, what it does not say stays.
  ///
  /// - Parameters:
  ///   - keep: features that must stay although they are finished in the source, since work was done
  ///     on them here.
  package init(_ result: ImportResult, into present: Backlog, keep: Set<String> = []) {
    let entries = Dictionary(
      result.entries.map { ($0.feature.id, $0) }, uniquingKeysWith: { first, _ in first })
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
      let merged = Self.merge(entry, into: feature)
      if merged != feature { updated.append(feature.id) }
      features.append(merged)
    }
    let known = Set(present.features.map(\.id))
    for entry in result.entries where !entry.status.isFinished && !known.contains(entry.feature.id)
    {
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

  /// A new declared edge can close a circle with a detected one; the least certain of those goes.
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
      // A declared circle is an error, which the reader names.
      guard let weakest else { return }
      features[weakest.feature].dependencies.removeAll { $0.id == weakest.id }
    }
  }

  private static func merge(_ entry: ImportedFeature, into present: Feature) -> Feature {
    var result = present
    let source = entry.feature
    result.title = source.title
    if entry.given.contains(.category) { result.category = source.category }
    if entry.given.contains(.description) { result.description = source.description }
    if entry.given.contains(.steps) { result.steps = source.steps }
    if entry.given.contains(.touches) { result.touches = source.touches }
    if entry.given.contains(.priority) { result.priority = source.priority }
    if entry.given.contains(.model) { result.model = source.model }
    if entry.given.contains(.agent) { result.agent = source.agent }
    if entry.given.contains(.slots) { result.slots = source.slots }
    if entry.given.contains(.dependencies) {
      // Detected and discovered edges are ours; the source knows nothing of them.
      let declared = source.dependencies
      let own = present.dependencies.filter { edge in
        edge.source != .declared && !declared.contains { $0.id == edge.id }
      }
      let merged = declared + own
      if Set(merged.map(\.id)) != Set(present.dependencies.map(\.id))
        || present.dependencies.contains(where: { old in
          old.source != .declared && declared.contains { $0.id == old.id }
        })
      {
        result.dependencies = merged
      }
    }
    return result
  }

  /// Tells whether two features are likely to be the same one, renamed at most.
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
