import Store

/// Takes over what an earlier state file knew: what has landed, and what was begun.
package enum Adoption {
  private static let key = "adopted"

  package struct Found: Sendable {
    /// How many features have landed before.
    package var landed = 0
    /// The features that go on from their branches, sorted by id.
    package var begun: [String] = []
  }

  /// Looks once for each state file, before its first attempt, and again where a look was cut off.
  ///
  /// Call it after each take-over of the backlog, whoever makes it.
  package static func run(_ project: Project, into store: Store) throws -> Found {
    var found = Found()
    guard try store.value(key) == nil else { return found }
    if try store.attempts().isEmpty {
      found.landed = try HistoryAdoption.run(project, into: store)
      found.begun = try WorkAdoption.run(project, into: store)
    }
    try store.setValue(key, "yes")
    return found
  }
}
