import Model

/// Writes task-master's `tasks.json`.
enum TaskMasterExport {
  static func text(_ features: [ExportedFeature], time: String) -> String {
    let value: JSON = [
      "master": [
        "tasks": .array(features.map(task)),
        "metadata": [
          "created": .string(time), "updated": .string(time),
          "description": "Tasks for master context",
        ],
      ]
    ]
    return value.lines
  }

  private static func id(_ id: String) -> JSON {
    Int(id).flatMap { String($0) == id ? .whole($0) : nil } ?? .string(id)
  }

  private static func task(_ item: ExportedFeature) -> JSON {
    let feature = item.feature
    var steps = feature.steps
    var test = ""
    if let last = steps.last, last.hasPrefix("Test: ") {
      test = String(last.dropFirst("Test: ".count))
      steps.removeLast()
    }
    let subtasks = steps.enumerated().map { number, step in
      [
        "id": .whole(number + 1), "title": .string(step), "description": "", "dependencies": [],
        "details": "", "status": item.status == .done ? "done" : "pending", "testStrategy": "",
      ] as JSON
    }
    let priority =
      switch feature.priority {
      case 20...: "critical"
      case 1...: "high"
      case ..<0: "low"
      default: "medium"
      }
    return [
      "id": id(feature.id), "title": .string(feature.title),
      "description": .string(feature.description), "details": "", "testStrategy": .string(test),
      "status": .string(word(item.status)),
      "dependencies": .array(feature.dependencies.map { id($0.id) }),
      "priority": .string(priority), "subtasks": .array(subtasks),
    ]
  }

  private static func word(_ status: WorkStatus) -> String {
    switch status {
    case .open: "pending"
    case .inProgress: "in-progress"
    case .review: "review"
    case .blocked: "blocked"
    case .done: "done"
    case .cancelled: "cancelled"
    }
  }

  static func update(
    _ input: ImportInput, with features: [ExportedFeature], tag: String?
  ) throws(InputProblems) -> (text: String, missing: [String]) {
    let placed = try input.json()
    guard let tasks = TaskMaster.tasks(placed, tag: tag), tag == nil || tasks.tag == tag else {
      input.report(
        at: 0, tag.map { "there is no tag '\($0)'" } ?? "this holds no tasks of task-master")
      throw InputProblems(input.problems)
    }
    var open = Dictionary(
      features.map { ($0.feature.id, $0.status) }, uniquingKeysWith: { first, _ in first })
    func settle(_ task: inout JSON, id: String) {
      guard let status = open.removeValue(forKey: id) else { return }
      // What the file says in other words of the same meaning stays, such as deferred.
      let present = task["status"]?.word.flatMap(WorkStatus.init(word:))
      if present != status { task.set("status", .string(word(status))) }
    }
    let items = tasks.items.map { item in
      var task = item.value
      guard let id = task["id"]?.word else { return task }
      settle(&task, id: id)
      guard let parts = task["subtasks"]?.array else { return task }
      let subtasks = parts.map { part in
        var part = part
        if let number = part["id"]?.word {
          settle(&part, id: number.hasPrefix(id + ".") ? number : "\(id).\(number)")
        }
        return part
      }
      task.set("subtasks", .array(subtasks))
      return task
    }
    var root = placed.value
    if let name = tasks.tag, var inner = root[name] {
      inner.set("tasks", .array(items))
      root.set(name, inner)
    } else if root.array != nil {
      root = .array(items)
    } else {
      root.set("tasks", .array(items))
    }
    return (root.lines, features.map(\.feature.id).filter { open[$0] != nil })
  }
}
