/// Writes `features.yml`.
package enum BacklogWriter {
  /// Returns the text of a backlog; reading it gives the same backlog.
  package static func yaml(_ backlog: Backlog) -> String {
    if backlog.features.isEmpty { return "features: []\n" }
    var lines = ["features:"]
    for feature in backlog.features {
      let isNumber =
        !feature.id.hasPrefix("0") && feature.id.allSatisfy { ("0"..."9").contains($0) }
      lines.append("  - id: \(isNumber ? feature.id : YAMLText.scalar(feature.id))")
      lines.append("    title: \(YAMLText.scalar(feature.title))")
      lines.append("    category: \(YAMLText.scalar(feature.category))")
      if !feature.description.isEmpty {
        lines.append("    description: \(YAMLText.quoted(feature.description))")
      }
      list("steps", feature.steps, &lines)
      if !feature.dependencies.isEmpty {
        lines.append("    depends_on:")
        for item in feature.dependencies { lines.append("      - \(dependency(item))") }
      }
      list("touches", feature.touches, &lines)
      if feature.priority != 0 { lines.append("    priority: \(feature.priority)") }
      if let model = feature.model { lines.append("    model: \(model)") }
      if let agent = feature.agent { lines.append("    agent: \(YAMLText.scalar(agent))") }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func list(_ key: String, _ items: [String], _ lines: inout [String]) {
    guard !items.isEmpty else { return }
    lines.append("    \(key):")
    for item in items { lines.append("      - \(YAMLText.quoted(item))") }
  }

  private static func dependency(_ item: Dependency) -> String {
    let id = YAMLText.quoted(item.id)
    guard item.source != .declared || item.confidence != nil || item.reason != nil else {
      return id
    }
    var parts = ["id: \(id)", "source: \(item.source.rawValue)"]
    if let confidence = item.confidence { parts.append("confidence: \(confidence)") }
    if let reason = item.reason { parts.append("reason: \(YAMLText.quoted(reason))") }
    return "{\(parts.joined(separator: ", "))}"
  }
}
