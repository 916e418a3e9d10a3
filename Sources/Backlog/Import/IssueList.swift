import Model

/// Reads the issues that `gh issue list --json …` and `glab issue list --output json` print.
struct IssueList {
  enum Forge {
    case github
    case gitlab

    var format: String {
      switch self {
      case .github: "`gh issue list --json`"
      case .gitlab: "`glab issue list --output json`"
      }
    }
    var number: String { self == .github ? "number" : "iid" }
    var body: String { self == .github ? "body" : "description" }
  }

  let input: ImportInput
  let forge: Forge

  /// Finds out by the first issue where a list comes from.
  static func forge(_ first: PlacedJSON) -> Forge? {
    if first["iid"] != nil { return .gitlab }
    if first["number"] != nil { return .github }
    return nil
  }

  func read(_ items: [PlacedJSON]) throws(InputProblems) -> ImportResult {
    var notes: [String] = []
    if forge == .github, items.allSatisfy({ $0["body"] == nil }) {
      notes.append(
        "the issues have no text; `gh issue list --json number,title,body,labels,state` gives it")
    }
    var entries = items.compactMap(issue)
    // The lists come newest first; people work on what came first.
    let times = items.map { input.text($0, "createdAt") ?? input.text($0, "created_at") }
    if entries.count == items.count, !times.contains(nil) {
      entries = zip(times.map { $0! }, entries).enumerated().sorted {
        ($0.element.0, $0.offset) < ($1.element.0, $1.offset)
      }.map(\.element.1)
    }
    return try ImportSettling(input: input, noun: "issue").settle(
      entries, format: forge.format, notes: notes)
  }

  private func issue(_ tree: PlacedJSON) -> ImportedFeature? {
    guard tree.members != nil else {
      input.report(at: tree.offset, "an issue must be an object")
      return nil
    }
    guard let id = input.text(tree, forge.number) else {
      input.report(
        at: tree.offset, "this issue has no \(forge.number)",
        forge == .github ? "add it: `gh issue list --json number,title,body,labels,state`" : nil)
      return nil
    }
    guard let title = input.text(tree, "title"), !title.isEmpty else {
      input.report(
        at: tree.offset, "issue \(id) has no title",
        forge == .github ? "add it: `gh issue list --json number,title,body,labels,state`" : nil)
      return nil
    }
    let body = (input.text(tree, forge.body) ?? "").replacing("\r\n", with: "\n")
    let prose = MarkdownProse.withoutBlocks(body)
    let boxes = IssueText.checkboxes(prose)
    let parts = boxes.map(IssueText.issue)
    let labels = input.list(tree, "labels").compactMap { $0.word ?? $0["name"]?.word }
    var feature = Feature(
      id: id, title: title, category: CategoryGuess.category(labels: labels, title: title),
      description: body)
    feature.steps = zip(boxes, parts).filter { $0.1 == nil }.map(\.0)
    var needed = IssueText.blockers(MarkdownProse.withoutSpans(prose)) + parts.compactMap(\.self)
    for key in ["blockedBy", "blocked_by", "subIssues", "sub_issues", "trackedIssues"] {
      guard let member = tree[key] else { continue }
      let others = member.array ?? member["nodes"]?.array ?? []
      needed += others.compactMap { $0[forge.number]?.word ?? $0.word }
    }
    for other in needed
    where other != id && !feature.dependencies.contains(where: { $0.id == other }) {
      feature.dependencies.append(Dependency(id: other))
    }
    let priority = Self.priority(labels)
    feature.priority = priority ?? 0
    var given = input.fields(tree, [(.description, [forge.body])])
    if !feature.steps.isEmpty { given.insert(.steps) }
    if !labels.isEmpty { given.insert(.category) }
    if !feature.dependencies.isEmpty { given.insert(.dependencies) }
    if priority != nil { given.insert(.priority) }
    var status = input.status(tree, "state")
    if status == .done, input.text(tree, "stateReason")?.uppercased() == "NOT_PLANNED" {
      status = .cancelled
    }
    return ImportedFeature(feature, status: status, given: given, offset: tree.offset)
  }

  /// The priority that a label tells: `P0` to `P4`, `priority: high`, `priority::1`.
  private static func priority(_ labels: [String]) -> Int? {
    for label in labels.map({ $0.lowercased() }) {
      let words = label.split { !$0.isLetter && !$0.isNumber }.map(String.init)
      if words.count == 1, let word = words.first, word.count == 2, word.hasPrefix("p"),
        let level = Int(word.dropFirst())
      {
        return (2 - level) * 10
      }
      guard words.first == "priority", let level = words.last else { continue }
      switch level {
      case "critical", "urgent", "highest": return 20
      case "high": return 10
      case "medium", "normal": return 0
      case "low": return -10
      case "lowest": return -20
      default: if let number = Int(level) { return NumberRange.priority(level: number) }
      }
    }
    return nil
  }
}
