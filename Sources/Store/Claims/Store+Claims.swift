import Foundation
import GRDB
import Model

/// The result of a batch of claims: all or nothing.
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
    let table = lockTable(db, stale: stale, naming: policies.naming)
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
      var rows = try db.ledger.grant(
        new, replacing: expired, to: owner, agent: agent, expiresAt: expiresAt, now: time)
      if owner.kind == .feature {
        try db.ledger.forgetRefusals(
          of: requests.map { $0.path.named(by: policies.naming).bytes }, to: owner.id)
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

  /// Remembers what a feature was refused, so that it can wait for it.
  func recordRefusal(
    _ db: Database, _ conflicts: [ClaimConflict], _ requests: [ClaimRequest] = [],
    owner: ClaimOwner, agent: String?
  ) throws {
    try db.ledger.refuse(
      conflicts, shared: Set(requests.filter { $0.mode == .shared }.map(\.path)), to: owner,
      agent: agent, now: now)
  }

  /// Returns every claim, by path.
  package func claims() throws -> [ClaimRow] { try read { try $0.ledger.claims() } }

  /// Returns the claims of one owner, by path.
  package func claims(of owner: ClaimOwner) throws -> [ClaimRow] {
    try read { try $0.ledger.claims(of: owner) }
  }

  /// Tells, without claiming, what a batch would meet; what dead holders have left unused does not count.
  package func check(
    _ requests: [ClaimRequest], owner: ClaimOwner, policies: PathPolicies,
    stale: StaleCheck? = nil, expiry: ExpiryCheck? = nil
  ) throws -> [ClaimConflict] {
    try write { db in
      let table = lockTable(db, stale: stale, naming: policies.naming)
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
