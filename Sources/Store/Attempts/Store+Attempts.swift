import Foundation
import GRDB
import Model

/// The request to start an attempt.
package struct AttemptRequest: Sendable {
  package var feature: String
  package var participant: String
  package var lane: Int
  package var branch: String
  package var tier: Tier
  package var modelName: String
  package var choice: String
  package var mark: String
  /// The paths to be claimed with the feature, all or nothing.
  package var claims: [ClaimRequest]
  package var policies: PathPolicies
  /// How to tell that a holder of one of these paths is dead.
  package var expiry: ExpiryCheck?

  package init(
    feature: String, participant: String, lane: Int, branch: String, tier: Tier,
    modelName: String, choice: String, mark: String, claims: [ClaimRequest],
    policies: PathPolicies, expiry: ExpiryCheck? = nil
  ) {
    self.feature = feature
    self.participant = participant
    self.lane = lane
    self.branch = branch
    self.tier = tier
    self.modelName = modelName
    self.choice = choice
    self.mark = mark
    self.claims = claims
    self.policies = policies
    self.expiry = expiry
  }
}

/// The result of a request to start an attempt.
package enum AttemptStart: Sendable, Equatable {
  case started(AttemptRecord)
  /// Another process has it, or it is not its turn.
  case notReady(FeatureState)
  /// A declared path is held; the feature waits now.
  case refused([ClaimConflict])
  /// None of these slots is free; the feature stays ready.
  case noSlot([String])
}

/// How an attempt ended.
package enum AttemptEnd: Sendable, Equatable {
  /// The work is committed; the feature goes to review, or straight to the queue.
  /// `detail` is what a person should know of it.
  case completed(review: Bool, detail: String? = nil)
  /// Counts against `limits.attempts`; `rework` goes into the next prompt.
  case failed(detail: String, rework: String?, maximum: Int)
  /// Uses up no attempt; `rework` goes into the next prompt.
  case interrupted(Interruption, detail: String, rework: String? = nil)
  /// Uses up no attempt either; the feature waits until a person begins anew. `until` ends the sentence "it waits".
  case heldUp(detail: String, until: String)
  /// The agent did not get a claim that another holds, and waits for it.
  case refusedClaim(detail: String)
}

extension AttemptEnd {
  /// Why it ended through no fault of the feature; `nil` where it completed or failed.
  package var interruption: Interruption? {
    switch self {
    case .completed, .failed: nil
    case .interrupted(let reason, _, _): reason
    case .heldUp: .signing
    case .refusedClaim: .claim
    }
  }
}

extension Store {
  /// Claims a feature, its declared paths and a lane for one attempt, in one transaction.
  ///
  /// - Parameter base: reads the commit that the lane starts from, in hex, inside the
  ///   transaction, so that no landing can settle in between.
  /// - Parameter above: the same for a feature that starts from a dependency that has not landed; is
  ///   given that one's branch. `nil` lets no feature do so.
  package func startAttempt(
    _ request: AttemptRequest, above: ((_ branch: String) throws -> String)? = nil,
    base: () throws -> String
  ) throws -> AttemptStart {
    try write { db in
      guard let feature = try Self.feature(request.feature, db) else {
        throw StoreError.unknownFeature(request.feature)
      }
      guard feature.state == .ready else { return .notReady(feature.state) }
      let missing = try missingSlots(db, feature.slots)
      guard missing.isEmpty else { return .noSlot(missing) }
      let below = try stackBase(db, of: feature.id)
      if above != nil, below == nil, try hasOpenDependency(db, feature.id) {
        // What it was to stand on has left the queue.
        try settleReadiness(db)
        return .notReady(.pending)
      }
      // Stacked first, since what is below holds claims that count as its own.
      if above != nil { try stack(db, feature.id, onto: below) }
      let slot = try smallestFreeSlot(db)
      let agent = "agent-\(slot)"
      switch try claim(
        db, request.claims, owner: .feature(feature.id), agent: agent, policies: request.policies,
        expiry: request.expiry)
      {
      case .refused(let conflicts):
        try recordRefusal(
          db, conflicts, request.claims, owner: .feature(feature.id), agent: nil)
        try wait(db, feature.id, for: conflicts)
        return .refused(conflicts)
      case .granted: break
      }
      var start: String?
      if let above, let branch = below?.branch { start = try above(branch) }
      let begin = try start ?? base()
      let number = feature.attempts + 1
      try db.execute(
        sql: """
          INSERT INTO attempts(feature, number, participant, slot, agent, lane, tier, model_name,
            choice, mark, base, state, started_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
            'running', ?)
          """,
        arguments: [
          feature.id, number, request.participant, slot, agent, request.lane, request.tier.rawValue,
          request.modelName, request.choice, request.mark, begin, now,
        ])
      try takeSlots(db, feature.slots, for: .attempt(feature: feature.id, number: number))
      try db.execute(
        sql: """
          UPDATE lanes SET state = 'assigned', feature = ?, agent = ?, branch = ?, base = ?
          WHERE number = ?
          """,
        arguments: [feature.id, agent, request.branch, Hex.data(begin), request.lane])
      try db.execute(
        sql: """
          UPDATE features SET attempts = ?, branch = ?, last_tier = ?, climb = 0 WHERE id = ?
          """,
        arguments: [number, request.branch, request.tier.rawValue, feature.id])
      try db.execute(sql: "DELETE FROM refusals WHERE feature = ?", arguments: [feature.id])
      try transition(db, feature.id, to: .running, agent: agent)
      if try isStacking(db) { try settleReadiness(db, dependentsOf: feature.id) }
      try append(
        db, .attemptStarted, feature: feature.id, agent: agent,
        [
          "attempt": .integer(Int64(number)), "lane": .integer(Int64(request.lane)),
          "model": .string(request.tier.rawValue), "reason": .string(request.choice),
        ])
      return .started(try Self.attempt(feature.id, number, db)!)
    }
  }

  private func hasOpenDependency(_ db: Database, _ feature: String) throws -> Bool {
    try Bool.fetchOne(
      db,
      sql: """
        SELECT EXISTS (SELECT 1 FROM dependencies d JOIN features p ON p.id = d.depends_on
        WHERE d.feature = ? AND p.state <> 'landed')
        """, arguments: [feature]) ?? false
  }

  private func smallestFreeSlot(_ db: Database) throws -> Int {
    let used = try Set(
      Int.fetchAll(
        db, sql: "SELECT slot FROM attempts WHERE state = 'running' AND slot_held = 1"))
    var slot = 1
    while used.contains(slot) { slot += 1 }
    return slot
  }

  /// Returns one attempt.
  package func attempt(_ feature: String, _ number: Int) throws -> AttemptRecord? {
    try read { try Self.attempt(feature, number, $0) }
  }

  static func attempt(_ feature: String, _ number: Int, _ db: Database) throws -> AttemptRecord? {
    try AttemptRecord.fetchOne(
      db, sql: "SELECT * FROM attempts WHERE feature = ? AND number = ?",
      arguments: [feature, number])
  }

  /// Returns a feature's attempts, oldest first, or those of all features.
  package func attempts(of feature: String? = nil) throws -> [AttemptRecord] {
    try read { db in
      guard let feature else {
        return try AttemptRecord.fetchAll(
          db, sql: "SELECT * FROM attempts ORDER BY started_at, number")
      }
      return try AttemptRecord.fetchAll(
        try db.cachedStatement(
          sql: "SELECT * FROM attempts WHERE feature = ? ORDER BY started_at, number"),
        arguments: [feature])
    }
  }

  /// Returns the attempts under way.
  package func runningAttempts() throws -> [AttemptRecord] {
    try read {
      try AttemptRecord.fetchAll(
        $0, sql: "SELECT * FROM attempts WHERE state = 'running' ORDER BY slot, started_at")
    }
  }

  /// Notes that a branch was set back: its tip, and what was done.
  package func noteSetBack(
    _ feature: String, from old: String, to new: String, _ data: [String: JSON]
  ) throws {
    try write { db in
      try db.execute(
        sql: "UPDATE features SET tip = ? WHERE id = ? AND tip = ?", arguments: [new, feature, old])
      try append(db, .branchMended, feature: feature, data)
    }
  }

  /// Notes that the agent's processes have ended, so that its slot can be given again while its
  /// work is still being put away.
  package func freeSlot(_ feature: String, _ number: Int) throws {
    try write { db in
      try db.execute(
        sql: "UPDATE attempts SET slot_held = 0 WHERE feature = ? AND number = ?",
        arguments: [feature, number])
    }
  }

  /// Ends an attempt and moves its feature on, in one transaction. That the attempt has ended is written down
  /// even where the feature can't be moved on.
  ///
  /// - Parameters:
  ///   - tip: the branch's tip, in hex; `nil` where there is none.
  ///   - changed: the paths on which the branch differs from its merge base with the target.
  /// - Returns: what went wrong with the feature, which was given another go or has failed for it; else `nil`.
  @discardableResult
  package func endAttempt(
    _ feature: String, _ number: Int, _ end: AttemptEnd, tip: String?, changed: [[UInt8]]
  ) throws -> String? {
    try write(.powerCut) { db in
      guard let attempt = try Self.attempt(feature, number, db), attempt.state == .running else {
        return nil
      }
      let (state, detail): (AttemptRecord.State, String?) =
        switch end {
        case .completed(_, let detail): (.completed, detail)
        case .failed(let detail, _, _): (.failed, detail)
        case .interrupted(_, let detail, _), .refusedClaim(let detail), .heldUp(let detail, _):
          (.interrupted, detail)
        }
      try db.execute(
        sql: """
          UPDATE attempts SET state = ?, interruption = ?, detail = ?, tip = ?, slot_held = 0,
            ended_at = ?
          WHERE feature = ? AND number = ?
          """,
        arguments: [
          state.rawValue, end.interruption?.rawValue, detail, tip, now, feature, number,
        ])
      try db.execute(sql: "UPDATE features SET tip = ? WHERE id = ?", arguments: [tip, feature])
      let trouble = try tryMove(db, feature) {
        try keepClaims(db, of: feature, covering: changed)
      }
      let mustYield = try mustYield(db, feature) != nil
      try db.execute(sql: "DELETE FROM waits WHERE feature = ?", arguments: [feature])
      try giveSlotsBack(db, of: .attempt(feature: feature, number: number))
      try append(
        db, state.event, feature: feature, agent: attempt.agent,
        [
          "attempt": .integer(Int64(number)), "detail": .string(detail ?? ""),
          "seconds": .number(Double(now - attempt.startedAt) / 1000),
        ])
      if let lane = try Self.lane(attempt.lane, db), lane.feature == feature {
        try freeLane(db, lane.number)
      }
      guard let record = try Self.feature(feature, db) else { return trouble }
      guard record.state == .running else {
        // A person has taken it out of the attempt's hands, and may have asked for it again.
        return try tryMove(db, feature) {
          if record.state.isFinal, record.state != .undone {
            try releaseAll(db, owner: .feature(feature))
          }
          try settle(db, feature)
        } ?? trouble
      }
      var maximum = 3
      if case .failed(_, _, let most) = end { maximum = most }
      let failure = try tryMove(db, feature) {
        try moveOn(db, record, attempt, end, mustYield: mustYield)
      }
      guard let failure else { return trouble }
      try setAside(db, feature, failure, maximum: maximum)
      return failure
    }
  }

  /// Moves a feature on whose attempt has ended.
  private func moveOn(
    _ db: Database, _ record: FeatureRecord, _ attempt: AttemptRecord, _ end: AttemptEnd,
    mustYield: Bool
  ) throws {
    let feature = record.id
    switch end {
    case .completed(let review, _):
      try db.execute(sql: "UPDATE features SET rework = NULL WHERE id = ?", arguments: [feature])
      try transition(db, feature, to: .completed, agent: attempt.agent)
      try transition(db, feature, to: review ? .inReview : .queued, agent: attempt.agent)
      try settleReadiness(db, dependentsOf: feature)
    case .failed(let detail, let rework, let maximum):
      try countFailure(db, feature, detail: detail, rework: rework, maximum: maximum)
    case .interrupted(_, let detail, let rework):
      if let rework {
        try db.execute(
          sql: "UPDATE features SET rework = ? WHERE id = ?", arguments: [rework, feature])
      }
      try transition(db, feature, to: .ready, detail: detail, agent: attempt.agent)
      try settle(db, feature)
    case .heldUp(let detail, let until):
      try transition(
        db, feature, to: .waiting, wait: .person(until), detail: detail,
        agent: attempt.agent)
    case .refusedClaim(let detail):
      try db.execute(
        sql: "UPDATE features SET rework = ? WHERE id = ?",
        arguments: [
          "Attempt \(attempt.number) ended since others held files that it had changed; it was told then: "
            + "\(detail). What it had committed is on your branch, what it had not is in your files again, "
            + "and what has landed since is merged in. If nothing is missing, run the tests and commit.",
          feature,
        ])
      try wait(db, feature, for: try standingRefusals(db, feature), mustYield: mustYield)
    }
  }

  /// Notes that an attempt has lost its guard.
  ///
  /// - Returns: whether it is the first of the feature.
  package func noteGuardLost(_ feature: String) throws -> Bool {
    try write { db in
      let key = "guard_lost:\(feature)"
      let isFirst =
        try String.fetchOne(
          db, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key]) == nil
      try Self.setValue(db, key, "1")
      return isFirst
    }
  }

  /// Counts a failed attempt: the feature goes back to ready one tier up, or fails for good.
  func countFailure(
    _ db: Database, _ feature: String, detail: String, rework: String?, maximum: Int
  ) throws {
    try db.execute(
      sql: "UPDATE features SET failures = failures + 1, climb = 1, rework = ? WHERE id = ?",
      arguments: [rework, feature])
    let failures =
      try Int.fetchOne(
        db, sql: "SELECT failures FROM features WHERE id = ?", arguments: [feature]) ?? 0
    if failures >= maximum {
      try transition(db, feature, to: .failed, detail: detail)
      try releaseAll(db, owner: .feature(feature))
      try settleReadiness(db, dependentsOf: feature)
    } else {
      try transition(db, feature, to: .ready, detail: detail)
      try settle(db, feature)
    }
  }
}
