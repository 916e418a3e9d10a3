import Foundation
import GRDB
import Model

/// An agent outside any lane, known by the name that it gives.
///
/// What it holds is its own for a time that each call renews; it does not end with a connection.
package struct SessionRecord: Sendable, Equatable {
  package var agent: String
  /// Milliseconds since 1970.
  package var expiresAt: Int64

  /// How long a lease lasts after the last call, in milliseconds.
  package static let lease: Int64 = 15 * 60 * 1000

  /// The participant under which the session's attempts stand.
  package static func participant(_ agent: String) -> String { "session:" + agent }
}

extension AttemptRecord {
  /// The name of the session that took the feature; `nil` for an attempt that Lanekeeper runs.
  package var session: String? {
    participant.hasPrefix("session:") ? String(participant.dropFirst("session:".count)) : nil
  }
}

extension ClaimOwner {
  /// The owner that an agent outside any lane is.
  package static func session(_ agent: String) -> ClaimOwner {
    ClaimOwner(kind: .session, id: agent)
  }
}

/// A feature that is not the session's.
package struct NotHeldBySession: Error, Equatable, CustomStringConvertible {
  package var features: [String]
  package var agent: String

  package var description: String {
    "'\(agent)' does not hold \(features.map { "#\($0)" }.joined(separator: ", "))"
  }
}

extension Store {
  /// Renews a session's lease and the claims that it holds as itself.
  package func renewSession(_ agent: String) throws {
    try write { try renewSession($0, agent) }
  }

  func renewSession(_ db: Database, _ agent: String) throws {
    let end = now + SessionRecord.lease
    try db.execute(
      sql: """
        INSERT INTO sessions(agent, started_at, expires_at) VALUES (?, ?, ?)
        ON CONFLICT(agent) DO UPDATE SET expires_at = excluded.expires_at
        """, arguments: [agent, now, end])
    try db.execute(
      sql: "UPDATE claims SET expires_at = ? WHERE owner_kind = 'session' AND owner = ?",
      arguments: [end, agent])
  }

  /// Returns the sessions whose lease has run out and that hold a feature; the claims of the others
  /// are given back, and they are forgotten.
  package func lapsedSessions() throws -> [SessionRecord] {
    let now = now
    let found = try read {
      try Row.fetchAll(
        $0, sql: "SELECT agent, expires_at FROM sessions WHERE expires_at <= ?", arguments: [now]
      ).map { SessionRecord(agent: $0["agent"], expiresAt: $0["expires_at"]) }
    }
    guard !found.isEmpty else { return [] }
    try expireLeases()
    return try write { db in
      try found.filter { session in
        let holdsFeature = try Bool.fetchOne(
          db,
          sql: """
            SELECT EXISTS (SELECT 1 FROM attempts WHERE state = 'running' AND participant = ?)
            """, arguments: [SessionRecord.participant(session.agent)])
        if holdsFeature == true { return true }
        try db.execute(
          sql: "DELETE FROM sessions WHERE agent = ? AND expires_at <= ?",
          arguments: [session.agent, now])
        return false
      }
    }
  }

  /// Returns the attempts that a session has under way.
  package func sessionAttempts(_ agent: String) throws -> [AttemptRecord] {
    try read {
      try AttemptRecord.fetchAll(
        $0,
        sql: """
          SELECT * FROM attempts WHERE state = 'running' AND participant = ? ORDER BY started_at
          """, arguments: [SessionRecord.participant(agent)])
    }
  }

  /// Takes ready features for a session, each with its declared paths, in one transaction.
  ///
  /// A feature whose paths are held by another, or that needs a slot of which none is free, stays ready
  /// and is passed over.
  /// - Parameters:
  ///   - remaining: seconds of the longest chain that starts with a feature; longer goes first
  ///     among those of one priority.
  ///   - expiry: how to tell that the holder of such a path is dead.
  ///   - requests: the paths to claim with a feature.
  ///   - base: reads the commit that the work starts from, in hex, inside the transaction.
  package func claimFeatures(
    _ count: Int, agent: String, remaining: [String: Double] = [:], policies: PathPolicies,
    expiry: ExpiryCheck? = nil, requests: (FeatureRecord) throws -> [ClaimRequest],
    base: () throws -> String
  ) throws -> [FeatureRecord] {
    try write { db in
      try renewSession(db, agent)
      let ready = try readyFeatures(db, remaining)
      var taken: [FeatureRecord] = []
      var start: String?
      for id in ready where taken.count < count {
        guard let feature = try Self.feature(id, db),
          try missingSlots(db, feature.slots).isEmpty
        else { continue }
        let outcome = try claim(
          db, try requests(feature), owner: .feature(id), agent: agent, policies: policies,
          expiry: expiry)
        guard case .granted = outcome else { continue }
        if start == nil { start = try base() }
        try addSessionAttempt(db, feature, agent: agent, base: start ?? "")
        taken.append(try Self.feature(id, db) ?? feature)
      }
      return taken
    }
  }

  /// The ready features, in the order in which they are given. Asked for each time, so it is read without
  /// making a row of each.
  private func readyFeatures(_ db: Database, _ remaining: [String: Double]) throws -> [String] {
    var items: [(again: Bool, priority: Int64, rest: Double, place: Int64, id: String)] = []
    try QuickStatement(
      db,
      """
      SELECT rework IS NULL, priority, position, id FROM features
      WHERE state = 'ready' AND in_backlog = 1 ORDER BY rework IS NULL, priority DESC, position
      """
    ).run([]) { row in
      let id = row.text(3) ?? ""
      items.append(
        (row.integer(0) == 0, row.integer(1), remaining[id] ?? 0, row.integer(2), id))
    }
    guard !remaining.isEmpty else { return items.map(\.id) }
    return items.sorted { a, b in
      if a.again != b.again { return a.again }
      if a.priority != b.priority { return a.priority > b.priority }
      if a.rest != b.rest { return a.rest > b.rest }
      return a.place < b.place
    }.map(\.id)
  }

  private func addSessionAttempt(
    _ db: Database, _ feature: FeatureRecord, agent: String, base: String
  ) throws {
    let number = feature.attempts + 1
    try db.execute(
      sql: """
        INSERT INTO attempts(feature, number, participant, slot, slot_held, agent, lane, tier,
          model_name, choice, mark, base, state, started_at)
        VALUES (?, ?, ?, 0, 0, ?, 0, 'session', 'session', 'taken by a session', ?, ?, 'running', ?)
        """,
      arguments: [
        feature.id, number, SessionRecord.participant(agent), agent,
        "session-\(feature.id)-\(number)", base, now,
      ])
    try takeSlots(db, feature.slots, for: .attempt(feature: feature.id, number: number))
    try db.execute(
      sql: "UPDATE features SET attempts = ? WHERE id = ?", arguments: [number, feature.id])
    try db.execute(sql: "DELETE FROM refusals WHERE feature = ?", arguments: [feature.id])
    try transition(db, feature.id, to: .running, agent: agent)
    try append(
      db, .attemptStarted, feature: feature.id, agent: agent,
      ["attempt": .integer(Int64(number)), "session": .string(agent)])
  }

  /// Gives features back on which nothing was done, all of them or none.
  ///
  /// - Throws: ``NotHeldBySession`` where one is not the session's.
  package func releaseFeatures(_ ids: [String], agent: String) throws {
    try write { db in
      try renewSession(db, agent)
      let held = try heldBySession(db, ids, agent)
      for attempt in held {
        try db.execute(
          sql: """
            UPDATE attempts SET state = 'interrupted', interruption = ?, detail = 'handed back',
              ended_at = ?
            WHERE feature = ? AND number = ?
            """,
          arguments: [Interruption.handedBack.rawValue, now, attempt.feature, attempt.number])
        try giveSlotsBack(db, of: .attempt(feature: attempt.feature, number: attempt.number))
        try append(
          db, .attemptInterrupted, feature: attempt.feature, agent: agent,
          ["attempt": .integer(Int64(attempt.number)), "detail": "handed back"])
        try transition(db, attempt.feature, to: .ready, detail: "handed back", agent: agent)
        try releaseAll(db, owner: .feature(attempt.feature))
        try settle(db, attempt.feature)
      }
    }
  }

  /// Returns the attempts of these features, each of which must be the session's.
  package func sessionAttempts(_ agent: String, of features: [String]) throws -> [AttemptRecord] {
    try read { try heldBySession($0, features, agent) }
  }

  private func heldBySession(
    _ db: Database, _ features: [String], _ agent: String
  ) throws -> [AttemptRecord] {
    var seen: Set<String> = []
    var held: [AttemptRecord] = []
    var missing: [String] = []
    for id in features where seen.insert(id).inserted {
      let attempt = try AttemptRecord.fetchOne(
        db,
        sql: """
          SELECT * FROM attempts WHERE feature = ? AND state = 'running' AND participant = ?
          """, arguments: [id, SessionRecord.participant(agent)])
      if let attempt { held.append(attempt) } else { missing.append(id) }
    }
    guard missing.isEmpty else { throw NotHeldBySession(features: missing, agent: agent) }
    return held
  }

  /// Gives a session's feature its lane; the session's own file claims go over to the feature, since
  /// the changes will be made there.
  package func assignLane(
    _ number: Int, to attempt: AttemptRecord, agent: String, branch: String, base: String
  ) throws {
    try write { db in
      _ = try heldBySession(db, [attempt.feature], agent)
      try db.execute(
        sql: """
          UPDATE lanes SET state = 'assigned', feature = ?, agent = ?, branch = ?, base = ?
          WHERE number = ?
          """, arguments: [attempt.feature, agent, branch, Hex.data(base), number])
      try db.execute(
        sql: "UPDATE attempts SET lane = ?, base = ? WHERE feature = ? AND number = ?",
        arguments: [number, base, attempt.feature, attempt.number])
      try db.execute(
        sql: "UPDATE features SET branch = ? WHERE id = ?", arguments: [branch, attempt.feature])
      let key: StatementArguments = [attempt.feature, agent]
      try db.execute(
        sql: """
          UPDATE OR IGNORE claims SET owner_kind = 'feature', owner = ?, expires_at = NULL
          WHERE owner_kind = 'session' AND owner = ?
          """, arguments: key)
      try db.execute(
        sql: "DELETE FROM claims WHERE owner_kind = 'session' AND owner = ?", arguments: [agent])
      try append(
        db, .laneOpened, feature: attempt.feature, agent: agent,
        ["lane": .integer(Int64(number)), "attempt": .integer(Int64(attempt.number))])
    }
  }
}

extension Store {
  /// Appends one event that changes no state and returns its number.
  package func note(
    _ name: EventName, feature: String, agent: String, _ data: [String: JSON]
  ) throws -> Int64 {
    try write { db in
      try append(db, name, feature: feature, agent: agent, data)
      return db.lastInsertedRowID
    }
  }
}
