import GRDB
import Model

/// An error of the store, with the values needed to act on it.
package enum StoreError: Error, CustomStringConvertible, Equatable {
  /// The feature is not in the store.
  case unknownFeature(String)
  /// The transition is not in the table of ``FeatureState``.
  case forbiddenTransition(feature: String, from: FeatureState, to: FeatureState)
  /// Another process changed the feature first.
  case stateChanged(feature: String, expected: [FeatureState], found: FeatureState)
  /// The state file was written by a newer program; the same number twice where only tables were added.
  case newerSchema(found: Int, known: Int)
  /// No instance of the slot is free, though that was looked at before.
  case noSlot(String)
  /// The state file cannot be opened or read.
  case unreadable(path: String, reason: String)

  package var description: String {
    switch self {
    case .unknownFeature(let id):
      "there is no feature '\(id)' in the backlog; `lanekeeper status` lists the features"
    case .forbiddenTransition(let feature, let from, let to):
      "feature #\(feature) is \(from.rawValue) and can't become \(to.rawValue)"
    case .stateChanged(let feature, let expected, let found):
      "feature #\(feature) is \(found.rawValue), not "
        + expected.map(\.rawValue).joined(separator: " or ")
    case .newerSchema(let found, let known) where found <= known:
      "the state file has tables that this program does not know; use the newer lanekeeper"
    case .newerSchema(let found, let known):
      "the state file has version \(found), this program knows up to \(known); use the newer lanekeeper"
    case .noSlot(let name): "no instance of the slot '\(name)' is free"
    case .unreadable(let path, let reason):
      "the state file \(path) can't be used: \(reason); `lanekeeper doctor --repair` rebuilds it from git"
    }
  }
}

extension Store {
  /// Returns whether an error says that the state file can't be used, which does not go by itself.
  package static func isBroken(_ error: any Error) -> Bool {
    if case StoreError.unreadable = error { return true }
    guard let error = error as? DatabaseError else { return false }
    return [.SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_IOERR]
      .contains(error.resultCode)
  }
}
