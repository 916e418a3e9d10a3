import Model

/// Reads the `tasks.json` of task-master: with tags, and the older layouts without.
struct TaskMaster {
  let input: ImportInput
  /// The way to import subtasks.
  var subtasks = ImportOptions.Subtasks.steps

  /// The tasks of one tag.
  struct Tasks {
    var tag: String?
    var tags: [String]
    var items: [PlacedJSON]
  }

  /// Returns the tasks of a tag, or of a file without tags; `nil` where it is another format.
  static func tasks(_ root: PlacedJSON, tag: String?) -> Tasks? {
    if let items = root.array {
      let fits = items.first.map { first in
        first["id"] != nil && first["title"] != nil
          && ["testStrategy", "subtasks", "details", "dependencies"].contains { key in
            first.members?.contains { $0.name == key } == true
          }
      }
      return fits == true ? Tasks(tag: nil, tags: [], items: items) : nil
    }
    if let items = root["tasks"]?.array { return Tasks(tag: nil, tags: [], items: items) }
    let tagged = (root.members ?? []).compactMap { member in
      member.value["tasks"]?.array.map { (member.name, $0) }
    }
    let wanted = tag ?? "master"
    guard let chosen = tagged.first(where: { $0.0 == wanted }) ?? tagged.first else { return nil }
    return Tasks(tag: chosen.0, tags: tagged.map(\.0), items: chosen.1)
  }

  func read(_ tasks: Tasks, wanted: String? = nil) throws(InputProblems) -> ImportResult {
    var notes: [String] = []
    if let wanted, tasks.tag != wanted {
      input.report(
        at: 0, "there is no tag '\(wanted)'",
        tasks.tags.isEmpty
          ? "the file has no tags; leave --tag out"
          : Nearest.suggestion(wanted, among: tasks.tags)
            ?? "it has \(tasks.tags.joined(separator: ", "))")
    }
    if tasks.tags.count > 1, let tag = tasks.tag {
      let others = tasks.tags.filter { $0 != tag }.joined(separator: ", ")
      notes.append("the tag '\(tag)' was taken; left out: \(others); --tag takes another")
    }
    var entries: [ImportedFeature] = []
    for task in tasks.items { entries += self.task(task) }
    var settling = ImportSettling(input: input, noun: "task")
    let known = Set(entries.map(\.feature.id))
    settling.alias = { id in
      // "3.2" names a subtask, which is a step of its task here.
      let task = id.split(separator: ".").first.map(String.init)
      return task.flatMap { known.contains($0) ? $0 : nil }
    }
    return try settling.settle(entries, format: "task-master's tasks.json", notes: notes)
  }

  /// Returns the feature of a task, before it those of its subtasks where they are features.
  private func task(_ task: PlacedJSON) -> [ImportedFeature] {
    guard task.members != nil else {
      input.report(at: task.offset, "a task must be an object")
      return []
    }
    guard let id = input.text(task, "id"), !id.isEmpty else {
      input.report(at: task.offset, "this task has no id")
      return []
    }
    guard let title = input.text(task, "title"), !title.isEmpty else {
      input.report(at: task.offset, "task '\(id)' has no title")
      return []
    }
    var feature = Feature(id: id, title: title, category: CategoryGuess.category(title: title))
    feature.description = description(task)
    feature.priority =
      switch (input.text(task, "priority") ?? "").lowercased() {
      case "critical": 20
      case "high": 10
      case "low": -10
      default: 0
      }
    feature.dependencies = dependencies(task)
    var parts: [ImportedFeature] = []
    let items = input.list(task, "subtasks")
    switch subtasks {
    case .steps: feature.steps = items.compactMap(step)
    case .features:
      parts = items.compactMap { subtask($0, of: feature) }
      feature.dependencies += parts.map { Dependency(id: $0.feature.id) }
    }
    if let test = input.text(task, "testStrategy"), !test.isEmpty {
      feature.steps.append("Test: \(test)")
    }
    let own = ImportedFeature(
      feature, status: input.status(task, "status"),
      given: fields(task), offset: task.offset)
    return parts + [own]
  }

  private func fields(_ task: PlacedJSON) -> Set<ImportedFeature.Field> {
    input.fields(
      task,
      [
        (.description, ["description", "details"]), (.steps, ["subtasks", "testStrategy"]),
        (.dependencies, ["dependencies"]), (.priority, ["priority"]),
      ])
  }

  private func description(_ task: PlacedJSON) -> String {
    [input.text(task, "description"), input.text(task, "details")].compactMap { $0 }
      .filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  private func dependencies(_ task: PlacedJSON) -> [Dependency] {
    input.list(task, "dependencies").compactMap { item in
      if item.word == nil { input.report(at: item.offset, "a dependency must be an id") }
      return item.word.map { Dependency(id: $0) }
    }
  }

  /// A subtask as a step; cancelled ones are no work any more.
  private func step(_ subtask: PlacedJSON) -> String? {
    guard let title = input.text(subtask, "title"), !title.isEmpty,
      input.status(subtask, "status") != .cancelled
    else { return nil }
    let more = input.text(subtask, "description") ?? ""
    return more.isEmpty ? title : "\(title): \(more)"
  }

  /// A subtask as a feature of its own: it needs what its task needs.
  private func subtask(_ subtask: PlacedJSON, of task: Feature) -> ImportedFeature? {
    guard let number = input.text(subtask, "id"), let title = input.text(subtask, "title") else {
      input.report(at: subtask.offset, "a subtask of '\(task.id)' has no id or no title")
      return nil
    }
    let prefix = task.id + "."
    var feature = Feature(
      id: number.hasPrefix(prefix) ? number : prefix + number, title: title,
      category: CategoryGuess.category(title: title), description: description(subtask),
      dependencies: task.dependencies, priority: task.priority)
    for dependency in dependencies(subtask) {
      // Within a task subtasks are named by their numbers alone.
      let id = dependency.id.contains(".") ? dependency.id : prefix + dependency.id
      feature.dependencies.append(Dependency(id: id))
    }
    if let test = input.text(subtask, "testStrategy"), !test.isEmpty {
      feature.steps.append("Test: \(test)")
    }
    return ImportedFeature(
      feature, status: input.status(subtask, "status"),
      given: fields(subtask), offset: subtask.offset)
  }
}
