import Git
import Store

/// Recognises, by the trailers of the target's history, what has landed before the state file was
/// made: in another clone, or before it was lost.
package enum HistoryAdoption {
  /// Marks the features of the backlog whose `Feature:` trailer stands on the target's first-parent
  /// line as landed.
  ///
  /// - Returns: how many.
  @discardableResult
  package static func run(_ project: Project, into store: Store) throws -> Int {
    let repository = try project.repository()
    guard try repository.reference(project.target) != nil else { return 0 }
    let listing = try repository.git([
      "log", "--first-parent",
      "--format=%H %(trailers:key=Feature,valueonly,separator=%x2C) "
        + "%(trailers:key=Reverts-Feature,valueonly,separator=%x2C)",
      project.target,
    ])
    var landed: [String: String] = [:]
    var undone: Set<String> = []
    // The newest comes first, and what it says of a feature counts.
    for line in listing.text.split(separator: "\n") {
      let words = line.split(separator: " ", omittingEmptySubsequences: false)
      guard words.count > 1 else { continue }
      for id in words.dropFirst(2).joined().split(separator: ",").map(String.init)
      where landed[id] == nil {
        undone.insert(id)
      }
      for id in words[1].split(separator: ",").map(String.init)
      where landed[id] == nil && !undone.contains(id) {
        landed[id] = String(words[0])
      }
    }
    if !undone.isEmpty { try store.adoptUndone(undone.sorted()) }
    guard !landed.isEmpty else { return 0 }
    return try store.adoptLanded(landed)
  }
}
