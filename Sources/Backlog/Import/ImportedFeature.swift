import Model

/// A feature as another program's backlog gives it.
package struct ImportedFeature: Sendable, Equatable {
  /// A field of a feature that a source may give; the others keep their values in `features.yml`.
  package enum Field: Sendable, CaseIterable {
    case category, description, steps, dependencies, touches, priority, model, agent, slots
  }

  package var feature: Feature
  package var status: WorkStatus
  package var given: Set<Field>
  /// The byte at which it stands in its file.
  package var offset: Int
  /// Where the source names no id: the one that was made of the whole title; else `nil`.
  package var formerID: String?

  package init(
    _ feature: Feature, status: WorkStatus, given: Set<Field>, offset: Int = 0,
    formerID: String? = nil
  ) {
    self.feature = feature
    self.status = status
    self.given = given
    self.offset = offset
    self.formerID = formerID
  }
}

/// The result of an import.
package struct ImportResult: Sendable, Equatable {
  /// The features that are not done yet.
  package var backlog: Backlog
  /// The format's name, for people.
  package var format: String
  /// What the import left out or changed, one line each.
  package var notes: [String]
  /// Everything that the source holds, finished features too.
  package var entries: [ImportedFeature]
  /// Whether the source says anything of dependencies.
  package var declaresDependencies: Bool

  package init(
    backlog: Backlog, format: String, notes: [String] = [], entries: [ImportedFeature]? = nil,
    declaresDependencies: Bool? = nil
  ) {
    self.backlog = backlog
    self.format = format
    self.notes = notes
    self.entries =
      entries
      ?? backlog.features.map {
        ImportedFeature($0, status: .open, given: Self.said(of: $0))
      }
    self.declaresDependencies =
      declaresDependencies ?? backlog.features.contains { !$0.dependencies.isEmpty }
  }

  /// The fields of a feature in our own form that differ from those of one that has nothing but a title.
  private static func said(of feature: Feature) -> Set<ImportedFeature.Field> {
    let bare = Feature(id: feature.id, title: feature.title)
    var fields: Set<ImportedFeature.Field> = []
    if feature.category != bare.category { fields.insert(.category) }
    if feature.description != bare.description { fields.insert(.description) }
    if feature.steps != bare.steps { fields.insert(.steps) }
    if feature.dependencies != bare.dependencies { fields.insert(.dependencies) }
    if feature.touches != bare.touches { fields.insert(.touches) }
    if feature.priority != bare.priority { fields.insert(.priority) }
    if feature.model != bare.model { fields.insert(.model) }
    if feature.agent != bare.agent { fields.insert(.agent) }
    if feature.slots != bare.slots { fields.insert(.slots) }
    return fields
  }
}
