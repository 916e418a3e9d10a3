import ClaimRules
import Foundation
import GRDB

/// What became of a batch of claims: all of it, or nothing.
package enum ClaimOutcome: Sendable, Equatable {
  /// Every path may be changed by the owner; the rows it now holds for them.
  case granted([ClaimRow])
  /// Nothing was claimed.
  case refused([ClaimConflict])
}

/// A release that is refused.
package enum ReleaseError: Error, CustomStringConvertible, Equatable {
  case notHeld(String)
  case changedInLane(String)

  package var description: String {
    switch self {
    case .notHeld(let path): "\(path) is not claimed by you; `lanekeeper claims` shows who holds it"
    case .changedInLane(let path):
      "\(path) was changed in the lane, so its claim lasts until the feature lands; "
        + "hand the whole feature back with `lanekeeper abandon`"
    }
  }
}

extension Store {
  /// Claims a batch for an owner, all or nothing. Claiming again what is held is granted.
  ///
  /// - Parameters:
  ///   - expiresAt: milliseconds since 1970 for a lease; `nil` holds until it is released.
  ///   - stale: how to tell stale paths; `nil` where the owner has no lane.
  package func claim(
    _ requests: [ClaimRequest], owner: ClaimOwner, agent: String?, policies: PathPolicies,
    expiresAt: Int64? = nil, stale: StaleCheck? = nil
  ) throws -> ClaimOutcome {
    var conflicts: [ClaimConflict] = []
    do {
      return try write { db in
        switch try claim(
          db, requests, owner: owner, agent: agent, policies: policies, expiresAt: expiresAt,
          stale: stale)
        {
        case .granted(let rows): return .granted(rows)
        case .refused(let found):
          conflicts = found
          throw Refused()
        }
      }
    } catch is Refused {
      try write { try recordRefusal($0, conflicts, owner: owner, agent: agent) }
      return .refused(conflicts)
    }
  }

  /// Signals a transaction that has to be rolled back because a claim was refused.
  struct Refused: Error {}

  func claim(
    _ db: Database, _ requests: [ClaimRequest], owner: ClaimOwner, agent: String?,
    policies: PathPolicies, expiresAt: Int64? = nil, stale: StaleCheck? = nil
  ) throws -> ClaimOutcome {
    let table = DatabaseLockTable(db: db, stale: stale)
    let decision = try ClaimRule.decide(
      requests, owner: owner, policies: policies, now: now, table: table)
    switch decision {
    case .refused(let conflicts): return .refused(conflicts)
    case .granted(let new, let alreadyHeld, _, let expired):
      for row in expired {
        try db.execute(
          sql: """
            DELETE FROM claims WHERE path = ? AND subtree = ? AND owner_kind = ? AND owner = ?
            """,
          arguments: [
            Data(row.path.bytes), row.path.isSubtree, row.owner.kind.rawValue, row.owner.id,
          ])
      }
      if !new.isEmpty {
        let generation = try nextGeneration(db)
        for request in new {
          try db.execute(
            sql: """
              INSERT INTO claims(path, subtree, mode, owner_kind, owner, agent, generation,
                acquired_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
              ON CONFLICT(path, subtree, owner_kind, owner) DO UPDATE SET mode = excluded.mode,
                generation = excluded.generation, expires_at = excluded.expires_at
              """,
            arguments: [
              Data(request.path.bytes), request.path.isSubtree, request.mode.rawValue,
              owner.kind.rawValue, owner.id, agent, generation, now, expiresAt,
            ])
        }
        try append(
          db, "claims_granted", feature: owner.kind == .feature ? owner.id : nil, agent: agent,
          ["paths": .strings(new.map(\.path.description)), "generation": .integer(generation)])
      }
      if owner.kind == .feature {
        for request in requests {
          try db.execute(
            sql: "DELETE FROM refusals WHERE feature = ? AND path = ?",
            arguments: [owner.id, Data(request.path.bytes)])
        }
      }
      let wanted = Set((new + alreadyHeld).map(\.path))
      return .granted(
        try claims(db, of: owner).filter { row in
          wanted.contains { ClaimRule.overlap($0, row.path) }
        })
    }
  }

  func recordRefusal(
    _ db: Database, _ conflicts: [ClaimConflict], owner: ClaimOwner, agent: String?
  ) throws {
    if owner.kind == .feature {
      for conflict in conflicts {
        try db.execute(
          sql: """
            INSERT OR REPLACE INTO refusals(feature, path, subtree, reason, holder, at)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
          arguments: [
            owner.id, Data(conflict.path.bytes), conflict.path.isSubtree, conflict.reason.rawValue,
            conflict.holder.flatMap { $0.owner.kind == .feature ? $0.owner.id : nil }, now,
          ])
      }
    }
    try append(
      db, "claim_refused", feature: owner.kind == .feature ? owner.id : nil, agent: agent,
      [
        "paths": .strings(conflicts.map(\.path.description)),
        "reasons": .strings(conflicts.map(\.reason.rawValue)),
      ])
  }

  private func nextGeneration(_ db: Database) throws -> Int64 {
    try Int64.fetchOne(
      db,
      sql: """
        INSERT INTO counters(name, value) VALUES ('generation', 1)
        ON CONFLICT(name) DO UPDATE SET value = value + 1 RETURNING value
        """) ?? 1
  }

  /// Returns every claim, by path.
  package func claims() throws -> [ClaimRow] {
    try read {
      try Row.fetchAll($0, sql: "SELECT * FROM claims ORDER BY path, subtree, owner")
        .map(DatabaseLockTable.claim)
    }
  }

  /// Returns the claims of one owner, by path.
  package func claims(of owner: ClaimOwner) throws -> [ClaimRow] {
    try read { try claims($0, of: owner) }
  }

  func claims(_ db: Database, of owner: ClaimOwner) throws -> [ClaimRow] {
    try Row.fetchAll(
      db, sql: "SELECT * FROM claims WHERE owner_kind = ? AND owner = ? ORDER BY path",
      arguments: [owner.kind.rawValue, owner.id]
    ).map(DatabaseLockTable.claim)
  }

  /// Tells, without claiming, what a batch would meet.
  package func check(
    _ requests: [ClaimRequest], owner: ClaimOwner, policies: PathPolicies, stale: StaleCheck? = nil
  ) throws -> [ClaimConflict] {
    try write { db in
      let decision = try ClaimRule.decide(
        requests, owner: owner, policies: policies, now: now,
        table: DatabaseLockTable(db: db, stale: stale))
      if case .refused(let conflicts) = decision { return conflicts }
      return []
    }
  }

  /// Gives paths back; whoever waits for them is woken.
  ///
  /// - Throws: ``ReleaseError`` where a path is not the owner's, or its lane changed it; then
  ///   nothing is released.
  package func release(_ paths: [ClaimPath], owner: ClaimOwner) throws {
    try write { db in
      for path in paths {
        let pinned = try Bool.fetchOne(
          db,
          sql: """
            SELECT pinned FROM claims WHERE path = ? AND subtree = ? AND owner_kind = ? AND owner = ?
            """,
          arguments: [Data(path.bytes), path.isSubtree, owner.kind.rawValue, owner.id])
        guard let pinned else { throw ReleaseError.notHeld(path.description) }
        guard !pinned else { throw ReleaseError.changedInLane(path.description) }
        try db.execute(
          sql: """
            DELETE FROM claims WHERE path = ? AND subtree = ? AND owner_kind = ? AND owner = ?
            """,
          arguments: [Data(path.bytes), path.isSubtree, owner.kind.rawValue, owner.id])
      }
      try append(
        db, "claims_released", feature: owner.kind == .feature ? owner.id : nil,
        ["paths": .strings(paths.map(\.description))])
      try wakeWaiters(db, holder: owner)
    }
  }

  func releaseAll(_ db: Database, owner: ClaimOwner) throws {
    try db.execute(
      sql: "DELETE FROM claims WHERE owner_kind = ? AND owner = ?",
      arguments: [owner.kind.rawValue, owner.id])
    let released = db.changesCount
    if owner.kind == .feature {
      try db.execute(sql: "DELETE FROM refusals WHERE feature = ?", arguments: [owner.id])
    }
    if released > 0 {
      try append(
        db, "claims_released", feature: owner.kind == .feature ? owner.id : nil,
        ["count": .integer(Int64(released))])
    }
    try wakeWaiters(db, holder: owner)
  }

  /// Keeps of a feature's claims only those that cover a changed path, and pins these.
  func keepClaims(_ db: Database, of feature: String, covering changed: [[UInt8]]) throws {
    let paths = changed.map { ClaimPath(file: $0) }
    var released: [String] = []
    for row in try claims(db, of: .feature(feature)) {
      let isUsed = paths.contains { path in
        ClaimRule.covers(row, ClaimRequest(path: path, mode: row.mode))
      }
      let key: StatementArguments = [Data(row.path.bytes), row.path.isSubtree, feature]
      if isUsed {
        try db.execute(
          sql: """
            UPDATE claims SET pinned = 1, expires_at = NULL
            WHERE path = ? AND subtree = ? AND owner_kind = 'feature' AND owner = ?
            """, arguments: key)
      } else {
        try db.execute(
          sql: """
            DELETE FROM claims WHERE path = ? AND subtree = ? AND owner_kind = 'feature'
            AND owner = ?
            """, arguments: key)
        released.append(row.path.description)
      }
    }
    if !released.isEmpty {
      try append(db, "claims_released", feature: feature, ["paths": .strings(released)])
      try wakeWaiters(db, holder: .feature(feature))
    }
  }

  /// Makes ready again what waited for the owner's claims.
  func wakeWaiters(_ db: Database, holder: ClaimOwner) throws {
    let waiting = try String.fetchAll(
      db, sql: "SELECT id FROM features WHERE state = 'waiting' AND waiting_for = ?",
      arguments: ["\(holder.kind.rawValue):\(holder.id)"])
    for id in waiting {
      try transition(db, id, to: .ready, detail: "what it waited for is free")
    }
  }

  /// Returns the paths that a feature was refused and has not got since.
  package func refusals(of feature: String) throws -> [(
    path: ClaimPath, reason: String, holder: String?
  )] {
    try read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM refusals WHERE feature = ? ORDER BY path", arguments: [feature]
      ).map { row in
        (
          path: ClaimPath(
            stored: Array((row["path"] as Data?) ?? Data()), isSubtree: row["subtree"]),
          reason: row["reason"], holder: row["holder"]
        )
      }
    }
  }

  /// Writes down what the hook needs of the configuration.
  package func setClaimSettings(
    target: String, policy: String, humans: String, policies: [(ClaimPath, PathPolicy)]
  ) throws {
    try write { db in
      for (key, value) in [
        ("target", target), ("claims.policy", policy), ("claims.humans", humans),
      ] {
        try db.execute(
          sql: """
            INSERT INTO meta(key, value) VALUES (?, ?)
            ON CONFLICT(key) DO UPDATE SET value = excluded.value
            """, arguments: [key, value])
      }
      try db.execute(sql: "DELETE FROM path_policies")
      for (path, policy) in policies {
        let (name, argument): (String, String?) =
          switch policy {
          case .strict: ("strict", nil)
          case .free: ("free", nil)
          case .frozen: ("frozen", nil)
          case .shared(let strategy): ("shared", strategy)
          }
        try db.execute(
          sql: """
            INSERT OR REPLACE INTO path_policies(path, subtree, policy, argument)
            VALUES (?, ?, ?, ?)
            """, arguments: [Data(path.bytes), path.isSubtree, name, argument])
      }
    }
  }
}
