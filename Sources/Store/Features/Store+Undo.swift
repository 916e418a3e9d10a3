import GRDB

/// A person's wish that a landed feature be reverted.
package struct UndoRequest: Sendable, Equatable {
  package var feature: String
  /// The feature's landing commit, in hex.
  package var commit: String
  /// The target's commit before it, in hex.
  package var previous: String
}

extension Store {
  /// Puts the reversal of landed features into the landing queue, in this order, all or none.
  package func requestUndo(_ requests: [(feature: String, commit: String, previous: String)]) throws
  {
    try write { db in
      for request in requests {
        guard let record = try Self.feature(request.feature, db) else {
          throw StoreError.unknownFeature(request.feature)
        }
        guard record.state == .landed else {
          throw StoreError.stateChanged(
            feature: request.feature, expected: [.landed], found: record.state)
        }
        try db.execute(
          sql: """
            INSERT INTO undo_requests(feature, commit_id, previous, requested_at)
            VALUES (?, ?, ?, ?) ON CONFLICT(feature) DO NOTHING
            """, arguments: [request.feature, request.commit, request.previous, now])
        guard db.changesCount > 0 else { continue }
        try append(db, .undoRequested, feature: request.feature)
      }
    }
  }

  /// Returns the reversals that stand in the landing queue, in their order.
  package func undoRequests() throws -> [UndoRequest] {
    try read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM undo_requests ORDER BY position").map { row in
        UndoRequest(feature: row["feature"], commit: row["commit_id"], previous: row["previous"])
      }
    }
  }

  /// Takes a reversal that can't be done out of the queue; the feature stays landed.
  package func dropUndo(_ feature: String, detail: String) throws {
    try write { try dropUndo($0, feature, detail: detail) }
  }

  func dropUndo(_ db: Database, _ feature: String, detail: String) throws {
    try db.execute(sql: "DELETE FROM undo_requests WHERE feature = ?", arguments: [feature])
    try releaseAll(db, owner: .feature(feature))
    try append(db, .undoFailed, feature: feature, ["detail": .string(detail)])
  }

  /// Notes where landed features stand after somebody else forced the target elsewhere, or that they
  /// are not there any more.
  ///
  /// - Parameters:
  ///   - moved: the commit in which a feature stands now, by feature.
  ///   - lost: the features that are gone from the target; they are undone until they are reopened.
  package func reconcileForced(
    moved: [String: String], lost: [String], detail: String, notes: [String: String]
  ) throws {
    try write(.powerCut) { db in
      for (id, commit) in moved.sorted(by: { $0.key < $1.key }) {
        try db.execute(
          sql: "UPDATE features SET landed_commit = ? WHERE id = ? AND state = 'landed'",
          arguments: [commit, id])
      }
      for id in lost {
        try db.execute(sql: "DELETE FROM undo_requests WHERE feature = ?", arguments: [id])
        try transition(db, id, from: [.landed], to: .undone, detail: detail)
        try settleReadiness(db, dependentsOf: id)
      }
      try append(
        db, .targetForced, ["detail": .string(detail), "features": .texts(lost)])
      for (key, value) in notes { try Self.setValue(db, key, value) }
    }
  }

  /// Marks features as undone that the target's history shows to have been reverted, where nothing was
  /// done on them yet.
  package func adoptUndone(_ ids: [String]) throws {
    try write { db in
      for id in ids {
        try db.execute(
          sql: """
            UPDATE features SET state = 'undone', changed_at = ?
            WHERE id = ? AND attempts = 0 AND state IN ('pending', 'ready', 'blocked')
            """, arguments: [now, id])
        guard db.changesCount > 0 else { continue }
        try append(
          db, .featureUndone, feature: id,
          ["from": "pending", "to": "undone", "detail": "found in the target's history"])
      }
      try settleReadiness(db)
    }
  }
}
