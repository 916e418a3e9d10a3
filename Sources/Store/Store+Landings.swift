import Foundation
import GRDB

/// What a checkout must show before and after a landing, for one path.
package struct FollowEntry: Sendable, Equatable {
  package var path: [UInt8]
  package var oldMode: UInt32?
  package var oldID: String?
  package var newMode: UInt32?
  package var newID: String?

  package init(
    path: [UInt8], oldMode: UInt32?, oldID: String?, newMode: UInt32?, newID: String?
  ) {
    self.path = path
    self.oldMode = oldMode
    self.oldID = oldID
    self.newMode = newMode
    self.newID = newID
  }
}

/// Where a feature goes whose landing was stopped.
package enum LandingStop: Sendable, Equatable {
  /// Nothing wrong with it: it stands in the queue again.
  case requeued(detail: String)
  /// The gate failed; counts as a failed attempt.
  case gateFailed(detail: String, rework: String, maximum: Int)
  /// The branch does not merge, or changes what it may not; counts as a failed attempt.
  case sentBack(detail: String, rework: String, maximum: Int)
}

extension Store {
  /// Takes a queued feature into landing and opens its journal.
  package func beginLanding(
    _ feature: String, laneTip: String, base: String, target: String
  ) throws -> LandingRecord {
    try write { db in
      try transition(db, feature, from: [.queued], to: .landing)
      try db.execute(
        sql: """
          INSERT INTO landings(feature, phase, lane_tip, base, target_before, started_at)
          VALUES (?, 'merge', ?, ?, ?, ?)
          """, arguments: [feature, laneTip, base, target, now])
      let id = db.lastInsertedRowID
      try append(db, "landing_started", feature: feature, ["landing": .integer(id)])
      return try LandingRecord.fetchOne(
        db, sql: "SELECT * FROM landings WHERE id = ?", arguments: [id])!
    }
  }

  /// Writes down the phase that is about to run.
  ///
  /// Follow and swap change the user's checkout and the target, so what they are about to do is
  /// on the disk before they do it.
  package func setPhase(
    _ phase: LandingRecord.Phase, ofLanding id: Int64, commit: String? = nil, tree: String? = nil,
    target: String? = nil, gateLog: String? = nil, journal: [FollowEntry]? = nil
  ) throws {
    try write(phase == .follow || phase == .swap ? .powerCut : .process) { db in
      try db.execute(
        sql: """
          UPDATE landings SET phase = ?, commit_id = COALESCE(?, commit_id),
            tree = COALESCE(?, tree), target_before = COALESCE(?, target_before),
            gate_log = COALESCE(?, gate_log) WHERE id = ?
          """, arguments: [phase.rawValue, commit, tree, target, gateLog, id])
      if let journal {
        try db.execute(sql: "DELETE FROM follow_journal WHERE landing = ?", arguments: [id])
        for entry in journal {
          try db.execute(
            sql: """
              INSERT INTO follow_journal(landing, path, old_mode, old_id, new_mode, new_id)
              VALUES (?, ?, ?, ?, ?, ?)
              """,
            arguments: [
              id, Data(entry.path), entry.oldMode, entry.oldID, entry.newMode, entry.newID,
            ])
        }
      }
      let feature = try String.fetchOne(
        db, sql: "SELECT feature FROM landings WHERE id = ?", arguments: [id])
      try append(
        db, "landing_\(phase.rawValue)", feature: feature, ["landing": .integer(id)])
    }
  }

  /// Returns the landings that were not brought to an end.
  package func openLandings() throws -> [LandingRecord] {
    try read {
      try LandingRecord.fetchAll(
        $0, sql: "SELECT * FROM landings WHERE ended_at IS NULL ORDER BY id")
    }
  }

  /// Returns the last landing of a feature that has one.
  package func lastLanding(of feature: String) throws -> LandingRecord? {
    try read {
      try LandingRecord.fetchOne(
        $0, sql: "SELECT * FROM landings WHERE feature = ? ORDER BY id DESC LIMIT 1",
        arguments: [feature])
    }
  }

  /// Returns what the follow of a landing was about to write.
  package func journal(ofLanding id: Int64) throws -> [FollowEntry] {
    try read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM follow_journal WHERE landing = ? ORDER BY path", arguments: [id]
      ).map { row in
        FollowEntry(
          path: Array((row["path"] as Data?) ?? Data()), oldMode: row["old_mode"],
          oldID: row["old_id"], newMode: row["new_mode"], newID: row["new_id"])
      }
    }
  }

  /// Settles a landing after the target moved: the feature is landed, its claims end, whoever
  /// waited for it goes on.
  package func settleLanding(_ id: Int64, feature: String, commit: String) throws {
    try write(.powerCut) { db in
      try endLanding(db, id, phase: .done, detail: nil)
      try db.execute(
        sql: "UPDATE features SET landed_commit = ?, rework = NULL WHERE id = ?",
        arguments: [commit, feature])
      try transition(db, feature, to: .landed, detail: commit)
      try releaseAll(db, owner: .feature(feature))
      try settleReadiness(db, dependentsOf: feature)
    }
  }

  /// Ends a landing without moving the target.
  package func stopLanding(_ id: Int64, feature: String, _ stop: LandingStop) throws {
    try write { db in
      switch stop {
      case .requeued(let detail):
        try endLanding(db, id, phase: .stopped, detail: detail)
        try transition(db, feature, to: .queued, detail: detail)
      case .gateFailed(let detail, let rework, let maximum):
        try endLanding(db, id, phase: .stopped, detail: detail)
        try transition(db, feature, to: .gateFailed, detail: detail)
        try countFailure(db, feature, detail: detail, rework: rework, maximum: maximum)
      case .sentBack(let detail, let rework, let maximum):
        try endLanding(db, id, phase: .stopped, detail: detail)
        try countFailure(db, feature, detail: detail, rework: rework, maximum: maximum)
      }
    }
  }

  private func endLanding(
    _ db: Database, _ id: Int64, phase: LandingRecord.Phase, detail: String?
  ) throws {
    try db.execute(
      sql: "UPDATE landings SET phase = ?, detail = ?, ended_at = ? WHERE id = ?",
      arguments: [phase.rawValue, detail, now, id])
    try db.execute(sql: "DELETE FROM follow_journal WHERE landing = ?", arguments: [id])
  }

  /// Lets a landing that meets claims of others wait for their holder.
  package func sendBackToWait(_ id: Int64, feature: String, holder: String, detail: String) throws {
    try write { db in
      try endLanding(db, id, phase: .stopped, detail: detail)
      try transition(
        db, feature, to: .waiting, waitingFor: "feature:\(holder)", detail: detail)
      try breakCircles(db, through: feature)
    }
  }
}
