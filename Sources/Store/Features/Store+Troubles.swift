import GRDB
import Model

// A move of a feature inside a larger change may be refused, by a fault of this program or of the state
// file. What the larger change says of the world, such as that an agent has ended, is true all the same, so
// it stands; the move alone is taken back, is told, and the feature goes where a person finds it.
extension Store {
  /// Makes a part of a larger change; where that fails, that part alone is taken back, with an event.
  ///
  /// - Returns: what was wrong; `nil` where nothing was.
  func tryMove(_ db: Database, _ feature: String, _ move: () throws -> Void) throws -> String? {
    do {
      try db.inSavepoint {
        try move()
        return .commit
      }
      return nil
    } catch let error where db.isInsideTransaction && !Self.isOfTheFile(error) {
      let words = "feature #\(feature) could not be moved on: \(error)"
      try append(db, .storeError, feature: feature, ["detail": .string(words)])
      return words
    }
  }

  /// Returns whether nothing at all can be written just now.
  private static func isOfTheFile(_ error: any Error) -> Bool {
    guard let error = error as? DatabaseError else { return false }
    return [.SQLITE_FULL, .SQLITE_IOERR, .SQLITE_CORRUPT, .SQLITE_BUSY, .SQLITE_READONLY]
      .contains(error.resultCode)
  }

  /// Takes a feature off the hands that have let it go, where it could not be moved on as it should: it is
  /// given another go, or has failed where its attempts are used up.
  func setAside(_ db: Database, _ feature: String, _ words: String, maximum: Int) throws {
    try db.execute(
      sql: "UPDATE features SET failures = failures + 1 WHERE id = ?", arguments: [feature])
    guard let record = try Self.feature(feature, db) else { return }
    let state: FeatureState = record.failures >= maximum ? .failed : .ready
    guard record.state.allowedSuccessors.contains(state) else { return }
    try transition(db, feature, to: state, detail: words)
    _ = try tryMove(db, feature) {
      if state == .failed {
        try releaseAll(db, owner: .feature(feature))
        try settleReadiness(db, dependentsOf: feature)
      } else {
        try settle(db, feature)
      }
    }
  }

  /// Takes up again what nobody has in hand though its state says so: one that runs without an attempt, that lands
  /// without a landing, or that stands between two states.
  ///
  /// The change that begins an attempt or a landing and the one that ends it move the feature too, so that this is
  /// never seen of what is under way.
  /// - Returns: the features.
  @discardableResult
  package func takeUpLost() throws -> [String] {
    let sql = """
      SELECT id FROM features f WHERE
        state = 'running' AND NOT EXISTS
          (SELECT 1 FROM attempts a WHERE a.feature = f.id AND a.state = 'running')
        OR state = 'landing' AND NOT EXISTS
          (SELECT 1 FROM landings l WHERE l.feature = f.id AND l.ended_at IS NULL)
        OR state IN ('completed', 'changes_requested', 'gate_failed')
      ORDER BY position
      """
    guard try read({ try Bool.fetchOne($0, sql: "SELECT EXISTS (\(sql))") }) == true else {
      return []
    }
    return try write { db in
      let lost = try String.fetchAll(db, sql: sql)
      for id in lost {
        let state: FeatureState = try Self.feature(id, db)?.state == .landing ? .queued : .ready
        try transition(db, id, to: state, detail: "nobody had it in hand")
        try settle(db, id)
      }
      return lost
    }
  }
}
