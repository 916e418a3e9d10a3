import Foundation
import GRDB
import Model

/// The answer to a running attempt that waits for paths.
package enum WaitAnswer: Sendable, Equatable {
  /// It holds them now; the rows.
  case granted([ClaimRow])
  /// Others hold them still. Where no conflict has a holder, waiting does not help: the paths are frozen,
  /// or the lane has to be brought up to date first.
  case held([ClaimConflict])
  /// It can't get them before it has given its own up: the other waits for it. It is to end; its work
  /// is kept and goes on after the other has landed.
  case mustYield(to: String)
}

extension Store {
  /// Claims paths for a running attempt, and lets it wait where others hold them.
  ///
  /// While it waits it lends its place among the running ones. A cycle of waiting is found here, at
  /// the moment when it would form: who yields gives its claims back at once where nothing of it runs;
  /// a running one is told, by this answer or by its next.
  package func beginWait(
    _ feature: String, for requests: [ClaimRequest], agent: String?, policies: PathPolicies,
    stale: StaleCheck? = nil, expiry: ExpiryCheck? = nil
  ) throws -> WaitAnswer {
    try write { db in
      guard let record = try Self.feature(feature, db) else {
        throw StoreError.unknownFeature(feature)
      }
      guard record.state == .running else {
        throw StoreError.stateChanged(feature: feature, expected: [.running], found: record.state)
      }
      func tryAgain() throws -> ClaimOutcome {
        try claim(
          db, requests, owner: .feature(feature), agent: agent, policies: policies, stale: stale,
          expiry: expiry)
      }
      var outcome = try tryAgain()
      if case .refused(let conflicts) = outcome {
        try recordRefusal(db, conflicts, requests, owner: .feature(feature), agent: agent)
        guard conflicts.allSatisfy({ $0.holder != nil }) else { return .held(conflicts) }
        try noteWaiting(db, feature, attempt: record.attempts)
        try append(
          db, .waitStarted, feature: feature, agent: agent,
          ["paths": .texts(conflicts.map(\.path.description))])
        try breakCycles(db, through: feature)
        if let other = try mustYield(db, feature) { return .mustYield(to: other) }
        outcome = try tryAgain()
      }
      switch outcome {
      case .granted(let rows):
        // It takes a place again before it goes on; until then the wait stands.
        return .granted(rows)
      case .refused(let conflicts): return .held(conflicts)
      }
    }
  }

  /// Asks again for what ``beginWait(_:for:agent:policies:stale:expiry:)`` did not get.
  package func pollWait(
    _ feature: String, for requests: [ClaimRequest], agent: String?, policies: PathPolicies,
    stale: StaleCheck? = nil, expiry: ExpiryCheck? = nil
  ) throws -> WaitAnswer {
    try write { db in
      if let record = try Self.feature(feature, db), record.state == .running {
        try noteWaiting(db, feature, attempt: record.attempts)
      }
      if let other = try mustYield(db, feature) { return .mustYield(to: other) }
      switch try claim(
        db, requests, owner: .feature(feature), agent: agent, policies: policies, stale: stale,
        expiry: expiry)
      {
      case .granted(let rows): return .granted(rows)
      case .refused(let conflicts):
        try breakCycles(db, through: feature)
        if let other = try mustYield(db, feature) { return .mustYield(to: other) }
        return .held(conflicts)
      }
    }
  }

  /// How long a wait stands that nobody asks about any more. Who waits asks once a second.
  static let deadWaitMilliseconds: Int64 = 20_000

  private func noteWaiting(_ db: Database, _ feature: String, attempt: Int) throws {
    try db.execute(
      sql: """
        INSERT INTO waits(feature, attempt, since, seen) VALUES (?, ?, ?, ?)
        ON CONFLICT(feature) DO UPDATE SET seen = excluded.seen
        """, arguments: [feature, attempt, now, now])
  }

  /// Ends the waits of processes that were killed while they waited: their attempts count again among
  /// those that run.
  package func endDeadWaits() throws {
    let since = now - Self.deadWaitMilliseconds
    let sql = "SELECT feature FROM waits WHERE seen < ?"
    guard
      try read({ try Bool.fetchOne($0, sql: "SELECT EXISTS (\(sql))", arguments: [since]) }) == true
    else { return }
    try write { db in
      for feature in try String.fetchAll(db, sql: sql, arguments: [since]) {
        try endWait(db, feature)
      }
    }
  }

  /// Ends a wait that got what it wanted, once there is a place among the running attempts.
  ///
  /// - Returns: false while all places are taken.
  package func takePlaceAgain(_ feature: String) throws -> Bool {
    try write { db in
      let row = try Row.fetchOne(
        db,
        sql: """
          SELECT a.participant, p.parallel FROM waits w
          JOIN attempts a ON a.feature = w.feature AND a.state = 'running'
          JOIN participants p ON p.id = a.participant WHERE w.feature = ?
          """, arguments: [feature])
      guard let row else {
        try endWait(db, feature)
        return true
      }
      let busy =
        try Int.fetchOne(
          db,
          sql: """
            SELECT COUNT(*) FROM attempts
            WHERE state = 'running' AND slot_held = 1 AND participant = ?
              AND feature NOT IN (SELECT feature FROM waits)
            """, arguments: [row["participant"] as String]) ?? 0
      guard busy < (row["parallel"] as Int) else {
        try db.execute(
          sql: "UPDATE waits SET seen = ? WHERE feature = ?", arguments: [now, feature])
        return false
      }
      try endWait(db, feature)
      return true
    }
  }

  /// Ends a wait that was given up; the attempt goes on without what it wanted.
  package func endWait(_ feature: String) throws { try write { try endWait($0, feature) } }

  private func endWait(_ db: Database, _ feature: String) throws {
    try db.execute(sql: "DELETE FROM waits WHERE feature = ?", arguments: [feature])
    if db.changesCount > 0 { try append(db, .waitEnded, feature: feature) }
  }

  /// Returns how many of a participant's attempts wait and have lent their places.
  package func lentPlaces(_ participant: String) throws -> Int {
    try read {
      try Int.fetchOne(
        $0,
        sql: """
          SELECT COUNT(*) FROM waits w JOIN attempts a ON a.feature = w.feature
          WHERE a.state = 'running' AND a.slot_held = 1 AND a.participant = ?
          """, arguments: [participant]) ?? 0
    }
  }

  /// Returns whom a waiting attempt was told to yield to.
  func mustYield(_ db: Database, _ feature: String) throws -> String? {
    try String.fetchOne(
      db, sql: "SELECT must_yield_to FROM waits WHERE feature = ?", arguments: [feature])
  }

  // MARK: waiting after the end of an attempt

  /// Returns the refused paths of a feature that are still held by somebody else.
  func standingRefusals(_ db: Database, _ feature: String) throws -> [ClaimConflict] {
    let refused = try Row.fetchAll(
      db,
      sql: """
        SELECT path, subtree, mode FROM refusals
        WHERE feature = ? AND reason IN ('held', 'deadlock')
        """, arguments: [feature])
    guard !refused.isEmpty else { return [] }
    let requests = refused.map { row in
      ClaimRequest(
        path: ClaimPath(
          stored: Array((row["path"] as Data?) ?? Data()), isSubtree: row["subtree"]),
        mode: ClaimMode(rawValue: row["mode"]) ?? .exclusive)
    }
    let decision = try ClaimRule.decide(
      requests, owner: .feature(feature), policies: PathPolicies([]), now: now,
      table: lockTable(db, stale: nil, naming: .exact))
    if case .refused(let conflicts) = decision { return conflicts }
    return []
  }

  /// Lets a feature wait for the holder of what it was refused; a cycle of waiting is broken at
  /// once.
  ///
  /// - Parameter mustYield: it was told so while it ran, and nobody else is to yield in its stead.
  func wait(
    _ db: Database, _ feature: String, for conflicts: [ClaimConflict], mustYield: Bool = false
  ) throws {
    guard let holder = conflicts.compactMap(\.holder).first else {
      let frozen = conflicts.filter { $0.reason == .frozen }.map(\.path.description)
      if frozen.isEmpty {
        try transition(db, feature, to: .ready, detail: "what it was refused is free now")
        try settle(db, feature)
      } else {
        try transition(
          db, feature, to: .failed,
          detail: "it needs \(frozen.joined(separator: ", ")), which lanekeeper.yml has frozen")
        try releaseAll(db, owner: .feature(feature))
        try settleReadiness(db, dependentsOf: feature)
      }
      return
    }
    try transition(
      db, feature, to: .waiting, wait: .claim(holder.owner),
      detail: conflicts.map(\.path.description).joined(separator: ", "))
    if mustYield { try yieldInCycle(db, feature) }
    try breakCycles(db, through: feature)
    try settle(db, feature)
  }
}
