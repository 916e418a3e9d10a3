import Model

/// Writes beads' `issues.jsonl`.
enum BeadsExport {
  static func text(_ features: [ExportedFeature], time: String) -> String {
    features.map { issue($0, time: time).text + "\n" }.joined()
  }

  private static func issue(_ item: ExportedFeature, time: String) -> JSON {
    let feature = item.feature
    let edges = feature.dependencies.map { edge in
      [
        "issue_id": .string(feature.id), "depends_on_id": .string(edge.id), "type": "blocks",
        "created_at": .string(time), "created_by": "lanekeeper",
      ] as JSON
    }
    let criteria = feature.steps.map { "- \($0.replacing("\n", with: " "))" }
    return .present([
      ("id", .string(feature.id)), ("title", .string(feature.title)),
      ("description", .string(feature.description)),
      (
        "acceptance_criteria",
        criteria.isEmpty ? nil : .string(criteria.joined(separator: "\n"))
      ), ("status", .string(word(item.status))),
      ("priority", .whole(2 - min(2, max(-2, feature.priority / 10)))),
      ("issue_type", .string("task")), ("created_at", .string(time)),
      ("updated_at", .string(time)), ("closed_at", item.status.isFinished ? .string(time) : nil),
      ("labels", .array([.string("category:\(feature.category)")])),
      ("dependencies", edges.isEmpty ? nil : .array(edges)),
    ])
  }

  private static func word(_ status: WorkStatus) -> String {
    switch status {
    case .open: "open"
    case .inProgress, .review: "in_progress"
    case .blocked: "blocked"
    case .done, .cancelled: "closed"
    }
  }

  static func update(
    _ input: ImportInput, with features: [ExportedFeature], time: String
  ) throws(InputProblems) -> (text: String, missing: [String]) {
    var open = Dictionary(
      features.map { ($0.feature.id, $0.status) }, uniquingKeysWith: { first, _ in first })
    var lines: [String] = []
    var start = 0
    for line in input.bytes.split(separator: 0x0a, omittingEmptySubsequences: false) {
      defer { start += line.count + 1 }
      let text = String(decoding: line, as: UTF8.self)
      guard !text.allSatisfy(\.isWhitespace) else {
        lines.append(text)
        continue
      }
      var issue = try input.json(Array(line), at: start).value
      guard let id = issue["id"]?.word, let status = open.removeValue(forKey: id),
        issue["status"]?.word != word(status)
      else {
        lines.append(text)
        continue
      }
      issue.set("status", .string(word(status)))
      issue.set("updated_at", .string(time))
      if status.isFinished {
        issue.set("closed_at", .string(time))
      } else if let members = issue.members {
        issue = .object(members.filter { $0.name != "closed_at" && $0.name != "close_reason" })
      }
      lines.append(issue.text)
    }
    return (lines.joined(separator: "\n"), features.map(\.feature.id).filter { open[$0] != nil })
  }
}
