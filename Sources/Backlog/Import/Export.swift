import Model

/// A feature and how far it is, for another program.
package struct ExportedFeature: Sendable, Equatable {
  package var feature: Feature
  package var status: WorkStatus

  package init(_ feature: Feature, status: WorkStatus) {
    self.feature = feature
    self.status = status
  }
}

/// Writes backlogs as other programs read them.
package enum Export {
  /// The formats that are text, by name.
  package enum Format: String, Sendable, CaseIterable {
    case taskMaster = "task-master"
    case beads, markdown, csv, json, yaml
  }

  /// Returns a whole file.
  ///
  /// - Parameter time: ISO 8601 in UTC, for formats that note times.
  package static func text(
    _ features: [ExportedFeature], format: Format, time: String
  ) -> String {
    switch format {
    case .taskMaster: TaskMasterExport.text(features, time: time)
    case .beads: BeadsExport.text(features, time: time)
    case .markdown: ChecklistExport.text(features)
    case .csv: CSVExport.text(features)
    case .json: OwnJSON.text(features.map(\.feature))
    case .yaml: BacklogWriter.yaml(Backlog(features: features.map(\.feature)))
    }
  }

  /// Sets the status of what a file of another program holds; everything else in it stays.
  ///
  /// - Parameters:
  ///   - file: the name for messages.
  ///   - tag: the tag of task-master's file.
  /// - Returns: the new text, and the ids that the file does not hold.
  /// - Throws: ``InputProblems`` where the file is broken or of a format without status.
  package static func update(
    _ text: String, file: String, with features: [ExportedFeature], format: Format, time: String,
    tag: String? = nil
  ) throws(InputProblems) -> (text: String, missing: [String]) {
    let input = ImportInput(file: file, bytes: Array(text.utf8))
    switch format {
    case .taskMaster: return try TaskMasterExport.update(input, with: features, tag: tag)
    case .beads: return try BeadsExport.update(input, with: features, time: time)
    case .markdown, .csv, .json, .yaml:
      throw InputProblems([
        InputProblem(
          file: file, line: 1, column: 1,
          message: "only files of task-master, beads and AutoCoder are updated in place",
          suggestion: "leave --update out to write a whole file")
      ])
    }
  }
}

extension JSON {
  /// Returns an object of members; those that are `nil` are left out.
  static func present(_ members: [(String, JSON?)]) -> JSON {
    .object(members.compactMap { name, value in value.map { Member(name, $0) } })
  }
}

/// Writes `features.yml` as JSON.
enum OwnJSON {
  static func text(_ features: [Feature]) -> String {
    let value: JSON = ["features": .array(features.map(feature))]
    return value.lines
  }

  private static func feature(_ feature: Feature) -> JSON {
    func list(_ items: [String]) -> JSON? { items.isEmpty ? nil : .texts(items) }
    return .present([
      ("id", .string(feature.id)), ("title", .string(feature.title)),
      ("category", .string(feature.category)),
      ("description", feature.description.isEmpty ? nil : .string(feature.description)),
      ("steps", list(feature.steps)), ("depends_on", .array(feature.dependencies.map(dependency))),
      ("touches", list(feature.touches)),
      ("priority", feature.priority == 0 ? nil : .whole(feature.priority)),
      ("model", feature.model.map { .string($0) }), ("agent", feature.agent.map { .string($0) }),
      ("slots", list(feature.slots)),
    ])
  }

  private static func dependency(_ item: Dependency) -> JSON {
    guard item.source != .declared || item.confidence != nil || item.reason != nil else {
      return .string(item.id)
    }
    return .present([
      ("id", .string(item.id)), ("source", .string(item.source.rawValue)),
      ("by", item.by.map { .string($0) }),
      ("confidence", item.confidence.map { .number($0) }),
      ("reason", item.reason.map { .string($0) }),
    ])
  }
}
