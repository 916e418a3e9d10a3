import Model

/// Reads a backlog of separated values; the first line names the columns.
struct CSVBacklog {
  let input: ImportInput

  private enum Column: CaseIterable {
    case id, title, category, description, steps, dependencies, touches, priority, model, agent
    case status

    var names: [String] {
      switch self {
      case .id: ["id", "key", "issue key", "number", "#", "issue id", "iid"]
      case .title: ["title", "name", "summary", "feature", "task"]
      case .category: ["category", "type", "component", "area", "labels"]
      case .description: ["description", "body", "details", "text"]
      case .steps: ["steps", "acceptance criteria", "criteria"]
      case .dependencies:
        ["depends_on", "depends on", "dependencies", "blocked by", "blocked_by", "needs", "after"]
      case .touches: ["touches", "files", "paths"]
      case .priority: ["priority"]
      case .model: ["model"]
      case .agent: ["agent"]
      case .status: ["status", "state"]
      }
    }
  }

  /// Returns whether the first line looks like one that names columns.
  static func fits(_ text: String) -> Bool {
    let header = text.prefix { !$0.isNewline }.lowercased()
    guard let separator = [",", ";", "\t"].first(where: { header.contains($0) }) else {
      return false
    }
    let names = header.components(separator)
    return Column.title.names.contains { names.contains($0) }
  }

  func read() throws(InputProblems) -> ImportResult {
    let text: CSVText
    do {
      text = try CSVText(input.bytes)
    } catch {
      input.report(at: error.offset, error.message)
      throw InputProblems(input.problems)
    }
    guard let header = text.rows.first else {
      input.report(at: 0, "the file is empty", "its first line names the columns: id,title,…")
      throw InputProblems(input.problems)
    }
    var columns: [Column: Int] = [:]
    var unknown: [String] = []
    for (number, cell) in header.cells.enumerated() {
      let name = cell.lowercased().trimmed
      guard let column = Column.allCases.first(where: { $0.names.contains(name) }) else {
        if !name.isEmpty { unknown.append(cell.trimmed) }
        continue
      }
      if columns[column] == nil { columns[column] = number }
    }
    guard columns[.title] != nil else {
      input.report(
        at: header.offset, "no column is named title",
        "the first line names the columns: id,title,category,description,steps,depends_on,status")
      throw InputProblems(input.problems)
    }
    var names = FreeNames()
    let entries = text.rows.dropFirst().compactMap { row in
      entry(row, columns, width: header.cells.count, &names)
    }
    let notes =
      unknown.isEmpty ? [] : ["columns that were left out: \(unknown.joined(separator: ", "))"]
    return try ImportSettling(input: input, noun: "row").settle(
      entries, format: "a table of separated values", notes: notes)
  }

  private func entry(
    _ row: CSVText.Row, _ columns: [Column: Int], width: Int, _ names: inout FreeNames
  ) -> ImportedFeature? {
    if row.cells.count > width {
      input.report(
        at: row.offset, "this row has \(row.cells.count) cells, the first line names \(width)",
        "put cells that hold the separator in double quotes")
      return nil
    }
    func cell(_ column: Column) -> String? {
      guard let number = columns[column], number < row.cells.count else { return nil }
      let text = row.cells[number].trimmed
      return text.isEmpty ? nil : text
    }
    guard let title = cell(.title) else {
      input.report(at: row.offset, "this row has no title")
      return nil
    }
    var id = cell(.id) ?? Slug.of(title)
    if id.hasPrefix("#") { id.removeFirst() }
    if cell(.id) == nil { id = names.take(id) } else { names.insert(id) }
    var feature = Feature(id: id, title: title)
    feature.category =
      (cell(.category)?.lowercased()).map {
        $0.allSatisfy { $0.isLetter || $0 == "-" || $0 == "_" }
          ? $0 : CategoryGuess.category(labels: [$0], title: title)
      } ?? CategoryGuess.category(title: title)
    feature.description = cell(.description) ?? ""
    let steps = columns[.steps].flatMap { $0 < row.cells.count ? row.cells[$0] : nil } ?? ""
    feature.steps = Self.list(steps, separators: steps.contains(where: \.isNewline) ? "\n" : ";|")
    feature.touches = Self.list(cell(.touches) ?? "", separators: "\n;,| ")
    for touch in feature.touches {
      if let reason = RepositoryPath.problem(touch) {
        input.report(at: row.offset, "'\(touch)' in touches \(reason)")
      }
    }
    feature.dependencies = Self.list(cell(.dependencies) ?? "", separators: "\n;,| ").map {
      Dependency(id: $0.hasPrefix("#") ? String($0.dropFirst()) : $0)
    }
    if let text = cell(.priority) {
      if let number = Int(text), NumberRange.priority.contains(number) {
        feature.priority = number
      } else if let level = Self.levels[text.lowercased()] {
        feature.priority = level
      } else {
        input.report(
          at: row.offset,
          "the priority '\(text)' is neither a number from -1000000 to 1000000 nor high or low")
      }
    }
    if let model = cell(.model)?.lowercased() {
      if Tier.names.contains(model) {
        feature.model = model
      } else {
        input.report(at: row.offset, "the model '\(model)' is none of opus, sonnet, haiku")
      }
    }
    feature.agent = cell(.agent)
    let status = input.status(word: cell(.status), at: row.offset)
    let fields: [(Column, ImportedFeature.Field)] = [
      (.category, .category), (.description, .description), (.steps, .steps),
      (.dependencies, .dependencies), (.touches, .touches), (.priority, .priority),
      (.model, .model), (.agent, .agent),
    ]
    return ImportedFeature(
      feature, status: status,
      given: Set(fields.filter { columns[$0.0] != nil }.map(\.1)), offset: row.offset)
  }

  private static let levels = [
    "critical": 20, "urgent": 20, "highest": 20, "high": 10, "medium": 0, "normal": 0, "none": 0,
    "low": -10, "lowest": -20,
  ]

  private static func list(_ text: String, separators: String) -> [String] {
    text.split { separators.contains($0) || $0.isNewline }.map { $0.description.trimmed }
      .filter { !$0.isEmpty }
  }
}

extension String {
  /// The parts between separators, without white space and quotes around them.
  fileprivate func components(_ separator: String) -> [String] {
    split(separator: separator, omittingEmptySubsequences: false).map {
      $0.description.trimmed.trimming("\"")
    }
  }
}
