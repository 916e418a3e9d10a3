/// Writes a Markdown checklist.
enum ChecklistExport {
  static func text(_ features: [ExportedFeature]) -> String {
    var lines = ["# Backlog"]
    var category: String?
    for item in features {
      let feature = item.feature
      if feature.category != category {
        category = feature.category
        lines += ["", "## Category: \(feature.category)", ""]
      }
      let mark =
        switch item.status {
        case .open, .blocked: " "
        case .inProgress, .review: "/"
        case .done: "x"
        case .cancelled: "-"
        }
      let needs = feature.dependencies.map { "#\($0.id)" }.joined(separator: ", ")
      let title = feature.title.replacing("\n", with: " ")
      lines.append(
        "- [\(mark)] #\(feature.id) \(title)" + (needs.isEmpty ? "" : " (after \(needs))"))
      for line in feature.description.split(whereSeparator: \.isNewline) {
        lines.append("  \(line)")
      }
      for step in feature.steps {
        lines.append("  - [ ] \(step.replacing("\n", with: " "))")
      }
      if !feature.touches.isEmpty {
        lines.append("  - touches: \(feature.touches.joined(separator: ", "))")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

/// Writes comma-separated values.
enum CSVExport {
  static func text(_ features: [ExportedFeature]) -> String {
    let header = [
      "id", "title", "category", "description", "steps", "depends_on", "touches", "priority",
      "model", "agent", "status",
    ]
    let rows = features.map { item -> [String] in
      let feature = item.feature
      // A line's end tells that a single step is not several.
      let steps =
        feature.steps.map { $0.replacing("\n", with: " ") }.joined(separator: "\n")
        + (feature.steps.count == 1 ? "\n" : "")
      return [
        feature.id, feature.title, feature.category, feature.description, steps,
        feature.dependencies.map(\.id).joined(separator: " "),
        feature.touches.joined(separator: "\n"), String(feature.priority), feature.model ?? "",
        feature.agent ?? "", item.status.rawValue,
      ]
    }
    return ([header] + rows).map { $0.map(cell).joined(separator: ",") + "\r\n" }.joined()
  }

  private static func cell(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { ",;\"\n\r\t".unicodeScalars.contains($0) }) else {
      return text
    }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
