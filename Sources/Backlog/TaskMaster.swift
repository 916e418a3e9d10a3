import Yams

/// Reads the `tasks.json` of task-master, with or without tags.
struct TaskMaster {
  let input: YAMLInput

  /// Returns the list of tasks of the first tag, or of the file; `nil` where it is another format.
  static func tasks(_ root: Node) -> (tag: String?, tags: [String], node: Node)? {
    guard let mapping = root.mapping else { return nil }
    if let tasks = mapping["tasks"], tasks.sequence != nil { return (nil, [], tasks) }
    let tagged = mapping.compactMap { key, value -> (String, Node)? in
      guard let name = key.string, let tasks = value.mapping?["tasks"], tasks.sequence != nil
      else { return nil }
      return (name, tasks)
    }
    guard let chosen = tagged.first(where: { $0.0 == "master" }) ?? tagged.first else { return nil }
    return (chosen.0, tagged.map(\.0), chosen.1)
  }

  /// Turns tasks into features: finished ones are left out, subtasks become steps.
  func read(_ tasks: (tag: String?, tags: [String], node: Node)) throws(InputProblems)
    -> ImportResult
  {
    var notes: [String] = []
    if tasks.tags.count > 1, let tag = tasks.tag {
      let others = tasks.tags.filter { $0 != tag }.joined(separator: ", ")
      notes.append("the tag '\(tag)' was taken; left out: \(others)")
    }
    var features: [Feature] = []
    var places: [String: Node] = [:]
    var finished: Set<String> = []
    for task in tasks.node.sequence ?? [] {
      guard let members = task.mapping else {
        input.report(task, "a task must be an object")
        continue
      }
      guard let id = input.text(members["id"], "id") else {
        input.report(task, "this task has no id")
        continue
      }
      if let reason = FeatureID.problem(id) {
        input.report(members["id"], "the id '\(id)' \(reason)")
      }
      if let earlier = places[id] {
        input.report(
          members["id"], "the id '\(id)' is taken already, at line \(earlier.mark?.line ?? 0)")
      }
      places[id] = members["id"]
      let status = (input.text(members["status"], "status") ?? "pending").lowercased()
      if ["done", "completed", "cancelled", "canceled"].contains(status) {
        finished.insert(id)
        continue
      }
      if let feature = feature(id, members, task) { features.append(feature) }
    }
    if !finished.isEmpty {
      notes.append("\(finished.count) tasks are done or cancelled and were left out")
    }
    notes += settleDependencies(&features, finished: finished)
    let edges = Dictionary(
      features.map { ($0.id, $0.dependencies.map(\.id)) }, uniquingKeysWith: { first, _ in first })
    if let cycle = CycleSearch.cycle(order: features.map(\.id), edges: edges) {
      input.report(
        places[cycle[0]],
        "these tasks depend on each other: " + (cycle + [cycle[0]]).joined(separator: " -> "),
        "take one of the dependencies out")
    }
    guard input.problems.isEmpty else { throw InputProblems(input.problems) }
    return ImportResult(
      backlog: Backlog(features: features), format: "task-master's tasks.json", notes: notes)
  }

  private func feature(_ id: String, _ members: Node.Mapping, _ task: Node) -> Feature? {
    guard let title = input.text(members["title"], "title"), !title.isEmpty else {
      input.report(members["title"] ?? task, "task '\(id)' has no title")
      return nil
    }
    let description = input.text(members["description"], "description") ?? ""
    var feature = Feature(
      id: id, title: title, category: CategoryGuess.category(title: title),
      description: description)
    if let details = input.text(members["details"], "details"), !details.isEmpty {
      feature.description += (description.isEmpty ? "" : "\n\n") + details
    }
    for subtask in members["subtasks"]?.sequence ?? [] {
      guard let parts = subtask.mapping,
        let name = input.text(parts["title"], "title"), !name.isEmpty
      else { continue }
      let more = input.text(parts["description"], "description") ?? ""
      feature.steps.append(more.isEmpty ? name : "\(name): \(more)")
    }
    if let test = input.text(members["testStrategy"], "testStrategy"), !test.isEmpty {
      feature.steps.append("Test: \(test)")
    }
    feature.priority =
      switch (input.text(members["priority"], "priority") ?? "").lowercased() {
      case "high": 10
      case "low": -10
      default: 0
      }
    for item in members["dependencies"]?.sequence ?? [] {
      if let other = input.text(item, "dependencies") {
        feature.dependencies.append(Dependency(id: other))
      }
    }
    return feature
  }

  private func settleDependencies(
    _ features: inout [Feature], finished: Set<String>
  ) -> [String] {
    let known = Set(features.map(\.id))
    var notes: [String] = []
    var met = 0
    for index in features.indices {
      var kept: [Dependency] = []
      for dependency in features[index].dependencies where !kept.contains(dependency) {
        // "3.2" names a subtask, which is a step of its task here.
        let task = String(dependency.id.split(separator: ".").first ?? "")
        let id =
          known.contains(dependency.id) || finished.contains(dependency.id)
          ? dependency.id : task
        if finished.contains(id) {
          met += 1
        } else if !known.contains(id) {
          notes.append(
            "task \(features[index].id) depends on '\(dependency.id)', which is not there; dropped")
        } else if id == features[index].id {
          notes.append("task \(id) depends on itself; dropped")
        } else if !kept.contains(where: { $0.id == id }) {
          kept.append(Dependency(id: id))
        }
      }
      features[index].dependencies = kept
    }
    if met > 0 { notes.append("\(met) dependencies on finished tasks are met already") }
    return notes
  }
}
