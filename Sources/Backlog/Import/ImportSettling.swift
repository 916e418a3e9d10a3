import Model

/// Brings the features of another program into the rules of ours.
struct ImportSettling {
  let input: ImportInput
  /// The source's word for a feature: task, issue, item.
  let noun: String
  /// Names the feature that an unknown id stands for, such as a task for its subtask.
  var alias: (String) -> String? = { _ in nil }

  /// Checks ids and dependencies and leaves finished features out.
  ///
  /// Dependencies on finished features are met; those on unknown ones, and on the feature itself, are
  /// dropped with a note.
  func settle(
    _ entries: [ImportedFeature], format: String, notes: [String] = []
  ) throws(InputProblems) -> ImportResult {
    var notes = notes + input.notes
    var places: [String: ImportedFeature] = [:]
    for entry in entries {
      let id = entry.feature.id
      if let reason = FeatureID.problem(id) {
        input.report(at: entry.offset, "the id '\(id)' \(reason)")
      }
      if let earlier = places[id] {
        input.report(
          at: entry.offset,
          "the id '\(id)' is a duplicate; line \(input.line(earlier.offset)) has it already")
      } else {
        places[id] = entry
      }
    }
    var settled = entries
    var met = 0
    for index in settled.indices {
      var kept: [Dependency] = []
      let own = settled[index].feature.id
      for dependency in settled[index].feature.dependencies {
        let id =
          places[dependency.id] == nil ? alias(dependency.id) ?? dependency.id : dependency.id
        guard let other = places[id] else {
          notes.append(
            "\(noun) \(own) depends on '\(dependency.id)', which is not there; dropped")
          continue
        }
        if id == own {
          notes.append("\(noun) \(own) depends on itself; dropped")
        } else if other.status.isFinished {
          if !settled[index].status.isFinished { met += 1 }
        } else if !kept.contains(where: { $0.id == id }) {
          var copy = dependency
          copy.id = id
          kept.append(copy)
        }
      }
      settled[index].feature.dependencies = kept
    }
    let open = settled.filter { !$0.status.isFinished }
    let finished = settled.count - open.count
    if finished > 0 {
      notes.insert("\(finished) \(noun)s are done or cancelled and were left out", at: 0)
    }
    let busy = open.count { $0.status == .inProgress || $0.status == .review }
    if busy > 0 {
      notes.append("\(busy) \(noun)s are in progress there; here they start from the beginning")
    }
    if met > 0 { notes.append("\(met) dependencies on finished \(noun)s are met already") }
    let edges = Dictionary(
      open.map { ($0.feature.id, $0.feature.dependencies.map(\.id)) },
      uniquingKeysWith: { first, _ in first })
    if let cycle = CycleSearch.cycle(order: open.map(\.feature.id), edges: edges) {
      input.report(
        at: places[cycle[0]]?.offset ?? 0,
        "these \(noun)s depend on each other: " + (cycle + [cycle[0]]).joined(separator: " -> "),
        "take one of the dependencies out")
    }
    try input.check()
    return ImportResult(
      backlog: Backlog(features: open.map(\.feature)), format: format, notes: notes,
      entries: settled,
      declaresDependencies: entries.contains { !$0.feature.dependencies.isEmpty })
  }
}
