import Model

/// A feature as another program's backlog gives it.
package struct ImportedFeature: Sendable, Equatable {
  /// What a source can say of a feature; what it does not say stays as `features.yml` has it.
  package enum Field: Sendable, CaseIterable {
    case category, description, steps, dependencies, touches, priority, model, agent, slots
  }

  package var feature: Feature
  package var status: WorkStatus
  package var given: Set<Field>
  /// The byte at which it stands in its file.
  package var offset: Int

  package init(_ feature: Feature, status: WorkStatus, given: Set<Field>, offset: Int = 0) {
    self.feature = feature
    self.status = status
    self.given = given
    self.offset = offset
  }
}

/// What was taken over from another program's backlog.
package struct ImportResult: Sendable, Equatable {
  /// What is still to be built.
  package var backlog: Backlog
  /// The format's name, for people.
  package var format: String
  /// What was left out or changed, one line each.
  package var notes: [String]
  /// Everything that the source holds, finished features too.
  package var entries: [ImportedFeature]
  /// Tells whether the source says anything of dependencies.
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
        ImportedFeature($0, status: .open, given: Set(ImportedFeature.Field.allCases))
      }
    self.declaresDependencies =
      declaresDependencies ?? backlog.features.contains { !$0.dependencies.isEmpty }
  }
}
