import Foundation
import GRDB
import Model

/// What became of a batch of claims: all of it, or nothing.
package enum ClaimOutcome: Sendable, Equatable {
  /// Every path may be changed by the owner; the rows it now holds for them.
  case granted([ClaimRow])
  /// Nothing was claimed.
  case refused([ClaimConflict])
}

extension Store {
  /// Claims a batch for an owner, all or nothing. Claiming again what is held is granted.
  ///
  /// - Parameters:
  ///   - expiresAt: milliseconds since 1970 for a lease; `nil` holds until it is released.
  ///   - stale: how to tell stale paths; `nil` where the owner has no lane.
  ///   - expiry: how to tell that a holder is dead and has left nothing; without it claims of features
  ///     last until they are given back.
  package func claim(
    _ requests: [ClaimRequest], owner: ClaimOwner, agent: String?, policies: PathPolicies,
    expiresAt: Int64? = nil, stale: StaleCheck? = nil, expiry: ExpiryCheck? = nil
  ) throws -> ClaimOutcome {
    try write { db in
      let outcome = try claim(
        db, requests, owner: owner, agent: agent, policies: policies, expiresAt: expiresAt,
        stale: stale, expiry: expiry)
      if case .refused(let conflicts) = outcome {
        try recordRefusal(db, conflicts, requests, owner: owner, agent: agent)
      }
      return outcome
    }
  }

  /// Signals a transaction that has to be rolled back because a claim was refused.
  struct Refused: Error {}

  func claim(
    _ db: Database, _ requests: [ClaimRequest], owner: ClaimOwner, agent: String?,
    policies: PathPolicies, expiresAt: Int64? = nil, stale: StaleCheck? = nil,
    expiry: ExpiryCheck? = nil
  ) throws -> ClaimOutcome {
    let time = now
    let table = DatabaseLockTable(db: db, stale: stale, naming: policies.naming)
    func decide() throws -> ClaimDecision {
      try ClaimRule.decide(requests, owner: owner, policies: policies, now: time, table: table)
    }
    var decision = try decide()
    if case .refused(let conflicts) = decision, let expiry,
      try dropDeadHolders(db, conflicts, expiry)
    {
      decision = try decide()
    }
    switch decision {
    case .refused(let conflicts):
      return .refused(try conflicts.map { try markDeadlock(db, $0, owner: owner) })
    case .granted(let new, let alreadyHeld, _, let expired):
      try remove(db, expired)
      var rows = try write(db, new, owner: owner, agent: agent, expiresAt: expiresAt, time)
      if owner.kind == .feature {
        let forget = try QuickStatement(db, ClaimSchema.forgetRefusal)
        for request in requests {
          try forget.run([
            .text(owner.id), .blob(request.path.named(by: policies.naming).bytes),
          ])
        }
      }
      if !alreadyHeld.isEmpty {
        let paths = alreadyHeld.flatMap { $0.path.ancestors + [$0.path.bytes] }
        for row in try table.claims(at: Array(Set(paths))) where row.owner == owner {
          let isAsked = alreadyHeld.contains { ClaimRule.covers(row, $0) }
          if isAsked, !rows.contains(row) { rows.append(row) }
        }
      }
      return .granted(rows.sorted { $0.path.bytes.lexicographicallyPrecedes($1.path.bytes) })
    }
  }

  private func remove(_ db: Database, _ rows: [ClaimRow]) throws {
    guard !rows.isEmpty else { return }
    let statement = try QuickStatement(db, ClaimSchema.deleteClaim)
    for row in rows {
      try statement.run([
        .blob(row.path.bytes), .bool(row.path.isSubtree), .text(row.owner.kind.rawValue),
        .text(row.owner.id),
      ])
    }
  }

  private func write(
    _ db: Database, _ new: [ClaimRequest], owner: ClaimOwner, agent: String?, expiresAt: Int64?,
    _ time: Int64
  ) throws -> [ClaimRow] {
    guard !new.isEmpty else { return [] }
    var generation: Int64 = 1
    try QuickStatement(db, ClaimSchema.nextGeneration).run([]) { generation = $0.integer(0) }
    let insert = try QuickStatement(db, ClaimSchema.insertClaim)
    var rows: [ClaimRow] = []
    rows.reserveCapacity(new.count)
    for request in new {
      try insert.run([
        .blob(request.path.bytes), .bool(request.path.isSubtree), .text(request.mode.rawValue),
        .text(owner.kind.rawValue), .text(owner.id), .text(agent), .integer(generation),
        .integer(time), .integer(expiresAt), .integer(0 as Int64),
        request.path.spelled.map { .blob($0) } ?? .null,
      ])
      rows.append(
        ClaimRow(
          path: request.path, mode: request.mode, owner: owner, agent: agent,
          generation: generation, acquiredAt: time, expiresAt: expiresAt, isPinned: false))
    }
    try append(
      db, "claims_granted", feature: owner.kind == .feature ? owner.id : nil, agent: agent,
      ["paths": .texts(new.map(\.path.description)), "generation": .integer(generation)])
    return rows
  }

  /// Remembers what a feature was refused, so that it can wait for it.
  func recordRefusal(
    _ db: Database, _ conflicts: [ClaimConflict], _ requests: [ClaimRequest] = [],
    owner: ClaimOwner, agent: String?
  ) throws {
    if owner.kind == .feature {
      let shared = Set(requests.filter { $0.mode == .shared }.map(\.path))
      for conflict in conflicts {
        try db.execute(
          sql: """
            INSERT OR REPLACE INTO refusals(feature, path, subtree, reason, holder, at, mode)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
          arguments: [
            owner.id, Data(conflict.path.bytes), conflict.path.isSubtree, conflict.reason.rawValue,
            conflict.holder.flatMap { $0.owner.kind == .feature ? $0.owner.id : nil }, now,
            (shared.contains(conflict.path) ? ClaimMode.shared : .exclusive).rawValue,
          ])
      }
    }
    try append(
      db, "claim_refused", feature: owner.kind == .feature ? owner.id : nil, agent: agent,
      [
        "paths": .texts(conflicts.map(\.path.description)),
        "reasons": .texts(conflicts.map(\.reason.rawValue)),
      ])
  }

  /// Returns every claim, by path.
  package func claims() throws -> [ClaimRow] {
    try read {
      try Row.fetchAll($0, sql: "SELECT * FROM claims ORDER BY path, subtree, owner")
        .map { ClaimRow($0 as Row) }
    }
  }

  /// Returns the claims of one owner, by path.
  package func claims(of owner: ClaimOwner) throws -> [ClaimRow] {
    try read { try claims($0, of: owner) }
  }

  func claims(_ db: Database, of owner: ClaimOwner) throws -> [ClaimRow] {
    try Row.fetchAll(
      db.cachedStatement(
        sql: "SELECT * FROM claims WHERE owner_kind = ? AND owner = ? ORDER BY path"),
      arguments: [owner.kind.rawValue, owner.id]
    ).map { ClaimRow($0 as Row) }
  }

  /// Tells, without claiming, what a batch would meet; what dead holders have left unused does not count.
  package func check(
    _ requests: [ClaimRequest], owner: ClaimOwner, policies: PathPolicies,
    stale: StaleCheck? = nil, expiry: ExpiryCheck? = nil
  ) throws -> [ClaimConflict] {
    try write { db in
      let table = DatabaseLockTable(db: db, stale: stale, naming: policies.naming)
      func decide() throws -> ClaimDecision {
        try ClaimRule.decide(requests, owner: owner, policies: policies, now: now, table: table)
      }
      var decision = try decide()
      if case .refused(let conflicts) = decision, let expiry,
        try dropDeadHolders(db, conflicts, expiry)
      {
        decision = try decide()
      }
      guard case .refused(let conflicts) = decision else { return [] }
      return try conflicts.map { try markDeadlock(db, $0, owner: owner) }
    }
  }

  /// Returns the paths that a feature was refused and has not got since.
  package func refusals(of feature: String) throws -> [(
    path: ClaimPath, reason: String, holder: String?, at: Int64
  )] {
    try read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM refusals WHERE feature = ? ORDER BY path", arguments: [feature]
      ).map { row in
        (
          path: ClaimPath(
            stored: Array((row["path"] as Data?) ?? Data()), isSubtree: row["subtree"]),
          reason: row["reason"], holder: row["holder"], at: row["at"]
        )
      }
    }
  }
}
