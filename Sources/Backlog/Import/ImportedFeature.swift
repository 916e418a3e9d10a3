import Model

/// A feature as another program's backlog gives it.
package struct ImportedFeature: Sendable, Equatable {
  /// A key of a feature that a source may give; the others keep their values in `features.yml`.
  package typealias Field = BacklogWriter.Key

  package var feature: Feature
  package var status: WorkStatus
  package var given: Set<Field>
  /// The byte at which it stands in its file.
  package var offset: Int
  /// The id that earlier versions made of the whole title; `nil` where the source names an id itself.
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
  /// Notes on what the import left out or changed, one line each.
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
    return Set(
      ImportedFeature.Field.allCases.filter { !BacklogWriter.isEqual($0, feature, bare) })
  }
}
