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
      "log", "--first-parent", "--format=%H %(trailers:key=Feature,valueonly,separator=%x2C)",
      project.target,
    ])
    var landed: [String: String] = [:]
    for line in listing.text.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 1)
      guard words.count == 2 else { continue }
      for id in words[1].split(separator: ",") where landed[String(id)] == nil {
        landed[String(id)] = String(words[0])
      }
    }
    guard !landed.isEmpty else { return 0 }
    return try store.adoptLanded(landed)
  }
}
