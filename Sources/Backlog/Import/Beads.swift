import Model

/// Reads the `issues.jsonl` of beads: one issue a line.
struct Beads {
  let input: ImportInput

  /// Returns whether a line looks like an issue of beads.
  static func fits(_ first: PlacedJSON) -> Bool {
    first["id"]?.word != nil && first["title"]?.word != nil
      && (first["issue_type"] != nil || (first["status"] != nil && first["created_at"] != nil))
  }

  func read() throws(InputProblems) -> ImportResult {
    var issues: [Issue] = []
    var start = 0
    for line in input.bytes.split(separator: 0x0a, omittingEmptySubsequences: false) {
      defer { start += line.count + 1 }
      guard line.contains(where: { ![0x20, 0x09, 0x0d].contains($0) }) else { continue }
      let bytes = Array(line)
      let tree: PlacedJSON
      do {
        tree = try PlacedJSON(reading: bytes)
      } catch {
        input.report(
          at: start + min(error.offset, line.count), "this line is not valid JSON",
          "each line of issues.jsonl holds one issue")
        continue
      }
      if let issue = issue(tree, at: start) { issues.append(issue) }
    }
    try input.check()
    let epics = expand(&issues)
    var notes: [String] = []
    if epics > 0 {
      notes.append("\(epics) epics are groups of issues, not work of their own, and were left out")
    }
    return try ImportSettling(input: input, noun: "issue").settle(
      issues.map(\.entry), format: "beads' issues.jsonl", notes: notes)
  }

  private struct Issue {
    var entry: ImportedFeature
    var isEpic: Bool
    var parents: [String]
    var id: String { entry.feature.id }
  }

  private func issue(_ tree: PlacedJSON, at start: Int) -> Issue? {
    guard tree.members != nil, let id = input.text(tree, "id"), !id.isEmpty else {
      input.report(at: start, "this issue has no id")
      return nil
    }
    let status = input.status(tree, "status", at: start)
    guard let title = input.text(tree, "title"), !title.isEmpty else {
      // What was deleted keeps its id alone.
      if !status.isFinished { input.report(at: start, "issue '\(id)' has no title") }
      return nil
    }
    var feature = Feature(
      id: id, title: title,
      category: CategoryGuess.category(
        labels: input.list(tree, "labels").compactMap(\.word), title: title))
    feature.description = [
      ("", input.text(tree, "description")), ("Design", input.text(tree, "design")),
      ("Notes", input.text(tree, "notes")),
    ].compactMap { heading, text in
      guard let text, !text.isEmpty else { return nil }
      return heading.isEmpty ? text : "\(heading):\n\(text)"
    }.joined(separator: "\n\n")
    feature.steps = IssueText.steps(input.text(tree, "acceptance_criteria") ?? "")
    if let level = input.text(tree, "priority").flatMap({ Int($0) }) {
      feature.priority = NumberRange.priority(level: level)
    }
    var parents: [String] = []
    for edge in input.list(tree, "dependencies") {
      guard let other = edge["depends_on_id"]?.word ?? edge["id"]?.word ?? edge.word else {
        input.report(at: start, "a dependency of '\(id)' has no depends_on_id")
        continue
      }
      switch edge["type"]?.word ?? edge["dependency_type"]?.word ?? "blocks" {
      case "blocks", "waits-for", "conditional-blocks":
        feature.dependencies.append(Dependency(id: other))
      case "parent-child": parents.append(other)
      default: break  // related, discovered-from, duplicates: no order
      }
    }
    return Issue(
      entry: ImportedFeature(
        feature, status: status,
        given: input.fields(
          tree,
          [
            (.description, ["description", "design", "notes"]), (.steps, ["acceptance_criteria"]),
            (.dependencies, ["dependencies"]), (.priority, ["priority"]),
          ]), offset: start), isEpic: input.text(tree, "issue_type") == "epic", parents: parents)
  }

  /// Takes epics with children out: who waits for one waits for its children, and its children for
  /// what it waits for.
  private func expand(_ issues: inout [Issue]) -> Int {
    var children: [String: [String]] = [:]
    for issue in issues {
      for parent in issue.parents { children[parent, default: []].append(issue.id) }
    }
    let epics = Dictionary(
      issues.filter { $0.isEpic && children[$0.id] != nil }.map { ($0.id, $0) },
      uniquingKeysWith: { first, _ in first })
    /// The issues that an id stands for.
    func leaves(_ id: String, _ seen: Set<String> = []) -> [String] {
      guard epics[id] != nil, !seen.contains(id) else { return epics[id] == nil ? [id] : [] }
      return (children[id] ?? []).flatMap { leaves($0, seen.union([id])) }
    }
    /// The dependencies of the epics around an issue.
    func inherited(_ issue: Issue, _ seen: Set<String> = []) -> [String] {
      issue.parents.compactMap { epics[$0] }.filter { !seen.contains($0.id) }.flatMap {
        $0.entry.feature.dependencies.map(\.id) + inherited($0, seen.union([$0.id]))
      }
    }
    for index in issues.indices where epics[issues[index].id] == nil {
      let issue = issues[index]
      let direct = issue.entry.feature.dependencies.map(\.id) + inherited(issue)
      var needed: [String] = []
      for id in direct.flatMap({ leaves($0) }) where id != issue.id && !needed.contains(id) {
        needed.append(id)
      }
      // An epic may wait for what is inside another part of it; a member never waits for itself.
      issues[index].entry.feature.dependencies = needed.map { Dependency(id: $0) }
    }
    let open = epics.values.count { !$0.entry.status.isFinished }
    issues.removeAll { epics[$0.id] != nil }
    return open
  }
}
