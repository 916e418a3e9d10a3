import Model

/// Writes `features.yml`.
package enum BacklogWriter {
  /// Returns the text of a backlog; reading it gives the same backlog.
  package static func yaml(_ backlog: Backlog) -> String {
    if backlog.features.isEmpty { return "features: []\n" }
    var lines = ["features:"]
    for feature in backlog.features { lines += item(feature, indent: 2) }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The keys of a feature in the order in which they are written.
  package enum Key: String, Sendable, CaseIterable {
    case id, title, category, description, steps
    case dependencies = "depends_on"
    case touches, priority, model, agent, slots

    var isList: Bool {
      self == .steps || self == .dependencies || self == .touches || self == .slots
    }
  }

  /// Returns the lines of a feature as an item of a list.
  static func item(_ feature: Feature, indent: Int) -> [String] {
    let space = String(repeating: " ", count: indent)
    var lines: [String] = []
    for key in Key.allCases where !isDefault(key, feature) {
      lines += self.lines(key, feature).map { space + "  " + $0 }
    }
    lines[0] = space + "- " + lines[0].dropFirst(indent + 2)
    return lines
  }

  /// Returns whether a key need not be written.
  static func isDefault(_ key: Key, _ feature: Feature) -> Bool {
    switch key {
    case .id, .title, .category: false
    case .description: feature.description.isEmpty
    case .steps: feature.steps.isEmpty
    case .dependencies: feature.dependencies.isEmpty
    case .touches: feature.touches.isEmpty
    case .priority: feature.priority == 0
    case .model: feature.model == nil
    case .agent: feature.agent == nil
    case .slots: feature.slots.isEmpty
    }
  }

  /// Returns whether two features say the same under a key.
  static func isEqual(_ key: Key, _ a: Feature, _ b: Feature) -> Bool {
    switch key {
    case .id: a.id == b.id
    case .title: a.title == b.title
    case .category: a.category == b.category
    case .description: a.description == b.description
    case .steps: a.steps == b.steps
    case .dependencies: a.dependencies == b.dependencies
    case .touches: a.touches == b.touches
    case .priority: a.priority == b.priority
    case .model: a.model == b.model
    case .agent: a.agent == b.agent
    case .slots: a.slots == b.slots
    }
  }

  /// Returns the lines of one key, without indent.
  static func lines(_ key: Key, _ feature: Feature) -> [String] {
    switch key {
    case .id: return ["id: \(id(feature.id))"]
    case .title: return ["title: \(YAMLText.scalar(feature.title))"]
    case .category: return ["category: \(YAMLText.scalar(feature.category))"]
    case .description: return ["description: \(YAMLText.quoted(feature.description))"]
    case .priority: return ["priority: \(feature.priority)"]
    case .model: return ["model: \(feature.model ?? "null")"]
    case .agent: return ["agent: \(feature.agent.map(YAMLText.scalar) ?? "null")"]
    case .steps, .touches, .dependencies, .slots:
      let items = items(key, feature)
      if items.isEmpty { return ["\(key.rawValue): []"] }
      return ["\(key.rawValue):"] + items.map { "  - \($0)" }
    }
  }

  /// Returns the items of a list, as they are written.
  static func items(_ key: Key, _ feature: Feature) -> [String] {
    switch key {
    case .steps: feature.steps.map(YAMLText.quoted)
    case .touches: feature.touches.map(YAMLText.quoted)
    case .dependencies: feature.dependencies.map(dependency)
    case .slots: feature.slots.map(YAMLText.scalar)
    default: []
    }
  }

  /// - Parameter isQuoted: what is no number stands in double quotes, as in JSON.
  static func id(_ id: String, isQuoted: Bool = false) -> String {
    let isNumber = !id.hasPrefix("0") && id.allSatisfy { ("0"..."9").contains($0) }
    return isNumber ? id : isQuoted ? YAMLText.quoted(id) : YAMLText.scalar(id)
  }

  static func dependency(_ item: Dependency) -> String {
    guard item.source != .declared || item.confidence != nil || item.reason != nil else {
      return id(item.id)
    }
    var parts = ["id: \(YAMLText.quoted(item.id))", "source: \(item.source.rawValue)"]
    if let by = item.by { parts.append("by: \(YAMLText.quoted(by))") }
    if let confidence = item.confidence { parts.append("confidence: \(confidence)") }
    if let reason = item.reason { parts.append("reason: \(YAMLText.quoted(reason))") }
    return "{\(parts.joined(separator: ", "))}"
  }
}
