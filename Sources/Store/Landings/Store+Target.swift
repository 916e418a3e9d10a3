import Foundation
import GRDB
import Model

/// A move of the target that neither a landing nor a person explains. Nothing lands until a person has
/// decided on it.
package struct TargetHold: Codable, Equatable, Sendable {
  /// Whoever may have moved it.
  package struct Suspect: Codable, Equatable, Sendable {
    package var lane: Int
    package var feature: String
    /// The agent's name in the output.
    package var agent: String

    package init(lane: Int, feature: String, agent: String) {
      self.lane = lane
      self.feature = feature
      self.agent = agent
    }
  }
  /// The last tip that is accounted for, in hex.
  package var known: String
  /// The tip that was found, in hex.
  package var found: String
  package var suspects: [Suspect]
  /// The evidence of the suspicion, as part of a sentence.
  package var evidence: String
  /// Whether the commits themselves come from the suspects' lanes.
  package var isCertain: Bool

  package init(
    known: String, found: String, suspects: [Suspect], evidence: String, isCertain: Bool
  ) {
    self.known = known
    self.found = found
    self.suspects = suspects
    self.evidence = evidence
    self.isCertain = isCertain
  }
}

extension Store {
  private static let knownKey = "target.known"
  private static let knownAtKey = "target.known_at"
  private static let holdKey = "target.hold"

  /// Returns the last tip of the target that is accounted for, in hex, and when it was seen; `nil` before
  /// the first look.
  package func knownTarget() throws -> (tip: String, at: Int64)? {
    guard let tip = try value(Self.knownKey) else { return nil }
    return (tip, Int64(try value(Self.knownAtKey) ?? "") ?? 0)
  }

  /// Accounts for a tip of the target.
  ///
  /// - Parameter event: what to tell, with its facts; `nil` where nothing has changed.
  package func setKnownTarget(
    _ tip: String, event: (name: EventName, data: [String: JSON])? = nil,
    clearsHold: Bool = false
  ) throws {
    try write { db in
      for (key, value) in [(Self.knownKey, tip), (Self.knownAtKey, String(now))] {
        try db.execute(
          sql: """
            INSERT INTO meta(key, value) VALUES (?, ?)
            ON CONFLICT(key) DO UPDATE SET value = excluded.value
            """, arguments: [key, value])
      }
      if clearsHold {
        try db.execute(sql: "DELETE FROM meta WHERE key = ?", arguments: [Self.holdKey])
        // What was explained before must not explain the held move later.
        try db.execute(sql: "DELETE FROM target_moves")
      }
      if let event { try append(db, event.name, event.data) }
    }
  }

  /// Returns what holds every landing up; `nil` where nothing does.
  package func targetHold() throws -> TargetHold? {
    guard let text = try value(Self.holdKey) else { return nil }
    return try? JSONDecoder().decode(TargetHold.self, from: Data(text.utf8))
  }

  /// Holds every landing up until a person has decided.
  package func holdTarget(_ hold: TargetHold, isNew: Bool) throws {
    let text = String(decoding: try JSONEncoder().encode(hold), as: UTF8.self)
    try setValue(Self.holdKey, text)
    guard isNew else { return }
    try record(
      .targetHeld,
      [
        "known": .string(hold.known), "found": .string(hold.found),
        "features": .texts(hold.suspects.map(\.feature)), "detail": .string(hold.evidence),
      ])
  }

  /// Writes down that the target is moved on purpose.
  ///
  /// - Parameters:
  ///   - old: the tip before, in hex.
  ///   - new: the tip after, in hex.
  ///   - by: `person`, or what Lanekeeper does, such as `undo`.
  package func recordTargetMove(from old: String, to new: String, by: String) throws {
    try write { db in
      try db.execute(
        sql: ClaimSchema.insertTargetMove,
        arguments: [Hex.data(old), Hex.data(new), now, by])
    }
  }

  /// Returns whether an attempt has ended since a time, in milliseconds since 1970.
  package func hasEndedAttempts(since time: Int64) throws -> Bool {
    try read {
      try Bool.fetchOne(
        $0, sql: "SELECT EXISTS(SELECT 1 FROM attempts WHERE ended_at >= ?)", arguments: [time])
        ?? false
    }
  }

  /// Returns the attempts that were under way at a time, in milliseconds since 1970, or after it.
  package func attempts(activeSince time: Int64) throws -> [AttemptRecord] {
    try read {
      try AttemptRecord.fetchAll(
        $0,
        sql:
          "SELECT * FROM attempts WHERE ended_at IS NULL OR ended_at >= ? ORDER BY feature, number",
        arguments: [time])
    }
  }

  /// Returns the tips that a tip of the target was made from, by a landing or by a person who was seen;
  /// empty where nothing explains it.
  package func targetBefore(_ tip: String) throws -> [String] {
    try read { db in
      try Data.fetchAll(
        db, sql: "SELECT old FROM target_moves WHERE new = ? AND old IS NOT NULL ORDER BY seq DESC",
        arguments: [Hex.data(tip)]
      ).map { Hex.string(Array($0)) }
    }
  }

  /// Returns the tips to which landings and persons have moved the target since a time, in hex.
  ///
  /// - Parameter time: milliseconds since 1970.
  package func targetMoves(since time: Int64) throws -> [String] {
    try read { db in
      try Data.fetchAll(
        db, sql: "SELECT DISTINCT new FROM target_moves WHERE at >= ? AND new IS NOT NULL",
        arguments: [time]
      ).map { Hex.string(Array($0)) }
    }
  }

  /// Returns the tips to which landings have moved the target, in hex.
  package func landedTips() throws -> Set<String> {
    try read { db in
      Set(
        try String.fetchAll(
          db,
          sql: """
            SELECT landed_commit FROM features WHERE landed_commit IS NOT NULL AND state = 'landed'
            """))
    }
  }
}
