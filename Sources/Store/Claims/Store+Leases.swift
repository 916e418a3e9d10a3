import Foundation
import GRDB
import Model

/// Tells whether the holder of a claim is dead and has left nothing behind.
package struct ExpiryCheck: Sendable {
  /// The id of this run of the machine.
  package var bootID: String
  /// Milliseconds since the machine started, time that it slept included.
  package var uptime: Int64
  /// Milliseconds after the last heartbeat of an attempt.
  package var lease: Int64
  /// Returns what the feature has changed in its branch or its lane and has not landed; `nil` where a
  /// process of the attempt still lives.
  package var unlanded: @Sendable (FeatureRecord, AttemptRecord, LaneRecord?) throws -> [[UInt8]]?

  /// A quarter of an hour.
  package static let standardLease: Int64 = 15 * 60_000

  package init(
    bootID: String, uptime: Int64, lease: Int64 = ExpiryCheck.standardLease,
    unlanded:
      @escaping @Sendable (FeatureRecord, AttemptRecord, LaneRecord?) throws -> [[UInt8]]?
  ) {
    self.bootID = bootID
    self.uptime = uptime
    self.lease = lease
    self.unlanded = unlanded
  }
}

extension Store {
  /// Notes that a participant's attempts are alive.
  ///
  /// - Parameters:
  ///   - bootID: the id of this run of the machine.
  ///   - uptime: milliseconds since the machine started.
  package func beat(participant: String, bootID: String, uptime: Int64) throws {
    try write { db in
      try db.execute(
        sql: """
          UPDATE attempts SET heartbeat_boot_ms = ?, boot_id = ?
          WHERE state = 'running' AND participant = ?
          """, arguments: [uptime, bootID, participant])
    }
  }

  /// Returns when an attempt last showed that it lives; `nil` where it never did.
  package func lastBeat(_ feature: String, _ number: Int) throws -> (bootID: String, uptime: Int64)?
  {
    try read { try Self.lastBeat(feature, number, $0) }
  }

  private static func lastBeat(
    _ feature: String, _ number: Int, _ db: Database
  ) throws -> (bootID: String, uptime: Int64)? {
    let row = try Row.fetchOne(
      db,
      sql: """
        SELECT boot_id, heartbeat_boot_ms FROM attempts
        WHERE feature = ? AND number = ? AND heartbeat_boot_ms IS NOT NULL
        """, arguments: [feature, number])
    return row.map { (bootID: $0["boot_id"] ?? "", uptime: $0["heartbeat_boot_ms"]) }
  }

  /// Removes the unused claims of holders that are dead; what they have changed stays claimed.
  ///
  /// - Returns: whether anything was removed.
  func dropDeadHolders(
    _ db: Database, _ conflicts: [ClaimConflict], _ check: ExpiryCheck
  ) throws -> Bool {
    let holders = Set(conflicts.compactMap(\.holder).filter { !$0.isPinned }.map(\.owner))
    var dropped = false
    for holder in holders where holder.kind == .feature {
      guard let feature = try Self.feature(holder.id, db), feature.state == .running,
        let attempt = try Self.attempt(feature.id, feature.attempts, db),
        attempt.state == .running, let beat = try Self.lastBeat(feature.id, attempt.number, db),
        beat.bootID != check.bootID || beat.uptime + check.lease <= check.uptime,
        let changed = try check.unlanded(feature, attempt, try Self.lane(attempt.lane, db))
      else { continue }
      let before = try db.ledger.claims(of: holder).count
      try keepClaims(db, of: feature.id, covering: changed)
      guard try db.ledger.claims(of: holder).count < before else { continue }
      try append(
        db, .claimsExpired, feature: feature.id, agent: attempt.agent,
        ["detail": "no sign of life of its attempt"])
      dropped = true
    }
    return dropped
  }

  /// Removes claims whose lease is over, and wakes who waited for them.
  package func expireLeases() throws {
    let isAny = try read { db in
      try Bool.fetchOne(
        db,
        sql: """
          SELECT EXISTS (SELECT 1 FROM claims
          WHERE expires_at IS NOT NULL AND expires_at <= ? AND pinned = 0)
          """, arguments: [now]) ?? false
    }
    guard isAny else { return }
    try write { db in
      let rows = try db.ledger.expiredClaims(now: now)
      for row in rows { try db.ledger.remove(row.path, of: row.owner) }
      guard !rows.isEmpty else { return }
      try append(
        db, .claimsExpired, agent: nil, ["paths": .texts(rows.map(\.path.description))])
      for owner in Set(rows.map(\.owner)) { try wakeWaiters(db, holder: owner) }
    }
  }
}
