import Foundation
import GRDB
import Model

/// A merge that is about to be gated and landed.
package struct NewLanding: Sendable, Equatable {
  package var feature: String
  package var kind: LandingRecord.Kind
  /// The lane's tip; for an undo, the commit that is reverted.
  package var laneTip: String
  package var base: String
  /// The commit that it stands on.
  package var previous: String
  package var commit: String
  package var tree: String

  package init(
    feature: String, kind: LandingRecord.Kind, laneTip: String, base: String, previous: String,
    commit: String, tree: String
  ) {
    self.feature = feature
    self.kind = kind
    self.laneTip = laneTip
    self.base = base
    self.previous = previous
    self.commit = commit
    self.tree = tree
  }
}

/// Where a feature goes whose landing was stopped.
package enum LandingStop: Sendable, Equatable {
  /// Nothing wrong with it: it stands in the queue again.
  case requeued(detail: String)
  /// The gate failed; counts as a failed attempt.
  case gateFailed(detail: String, rework: String, maximum: Int)
  /// The branch conflicts with the target; counts as a failed attempt.
  case conflicts(detail: String, rework: String, maximum: Int)
  /// The branch can't land, or changes what it may not; counts as a failed attempt.
  case sentBack(detail: String, rework: String, maximum: Int)
  /// It changes what another feature holds, and waits for that.
  case waits(holder: String, detail: String, rework: String)
}

extension Store {
  /// Takes the features of a chain out of the queue into landing, all or none, and opens their
  /// journals.
  ///
  /// - Throws: ``StoreError/stateChanged(feature:expected:found:)`` where one left the queue meanwhile.
  package func beginChain(_ landings: [NewLanding]) throws -> [LandingRecord] {
    try write { db in
      var chain: Int64?
      return try landings.map { landing in
        if landing.kind == .feature {
          try transition(db, landing.feature, from: [.queued], to: .landing)
        }
        let id = try insert(db, landing, phase: .gate)
        chain = chain ?? id
        try db.run("UPDATE landings SET chain = ? WHERE id = ?", [chain, id])
        try append(
          db, .landingStarted, feature: landing.feature,
          [
            "landing": .integer(id), "chain": .integer(chain!),
            "kind": .string(landing.kind.rawValue),
          ])
        return try LandingRecord.first(db, "SELECT * FROM landings WHERE id = ?", [id])!
      }
    }
  }

  private func insert(
    _ db: Database, _ landing: NewLanding, phase: LandingRecord.Phase
  ) throws -> Int64 {
    try db.run(
      """
      INSERT INTO landings(feature, kind, phase, lane_tip, base, target_before, commit_id, tree,
        started_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        landing.feature, landing.kind.rawValue, phase.rawValue, landing.laneTip, landing.base,
        landing.previous, landing.commit.isEmpty ? nil : landing.commit,
        landing.tree.isEmpty ? nil : landing.tree, now,
      ])
    return db.lastInsertedRowID
  }

  /// Sends a queued feature away before it got as far as a merge that can be gated.
  package func turnAway(
    _ feature: String, laneTip: String, base: String, target: String, _ stop: LandingStop
  ) throws {
    try write { db in
      try transition(db, feature, from: [.queued], to: .landing)
      let id = try insert(
        db,
        NewLanding(
          feature: feature, kind: .feature, laneTip: laneTip, base: base, previous: target,
          commit: "", tree: ""), phase: .merge)
      try db.execute(sql: "UPDATE landings SET chain = id WHERE id = ?", arguments: [id])
      try stopLanding(db, id, feature: feature, stop)
    }
  }

  /// Settles a feature whose work somebody else brought to the target: a person's merge, or a push of
  /// an earlier landing that was cut off.
  package func settleForeign(
    _ feature: String, from states: [FeatureState], laneTip: String, commit: String
  ) throws {
    try write(.powerCut) { db in
      guard let record = try Self.feature(feature, db), states.contains(record.state) else {
        return
      }
      if record.state != .queued { try transition(db, feature, to: .queued) }
      try transition(db, feature, to: .landing)
      let id = try insert(
        db,
        NewLanding(
          feature: feature, kind: .feature, laneTip: laneTip, base: commit, previous: commit,
          commit: commit, tree: ""), phase: .settle)
      try db.execute(sql: "UPDATE landings SET chain = id WHERE id = ?", arguments: [id])
      try settle(db, id, feature: feature, kind: .feature, commit: commit, wasGated: false)
    }
  }

  /// Writes down the phase that is about to run.
  ///
  /// Push, follow and swap change what others see, so what they are about to do is on the disk before
  /// they do it.
  package func setPhase(
    _ phase: LandingRecord.Phase, of landings: [LandingRecord], journal: [FollowEntry]? = nil
  ) throws {
    guard let chain = landings.first?.chain else { return }
    try write(.powerCut) { db in
      for landing in landings {
        try db.run(
          "UPDATE landings SET phase = ?, pushed = max(pushed, ?) WHERE id = ?",
          [phase.rawValue, phase == .push, landing.id])
        if let event = phase.event {
          try append(db, event, feature: landing.feature, ["landing": .integer(landing.id)])
        }
      }
      guard let journal else { return }
      try db.execute(sql: "DELETE FROM follow_journal WHERE landing = ?", arguments: [chain])
      let statement = try db.makeStatement(
        sql: """
          INSERT INTO follow_journal(landing, path, old_mode, old_id, new_mode, new_id)
          VALUES (?, ?, ?, ?, ?, ?)
          """)
      for entry in journal {
        try statement.execute(arguments: [
          chain, Data(entry.path), entry.oldMode, entry.oldID, entry.newMode, entry.newID,
        ])
      }
    }
  }

  /// Notes the log of the last gate run that concerned a landing.
  package func setGateLog(_ log: String, of landings: [LandingRecord]) throws {
    try write { db in
      for landing in landings {
        try db.execute(
          sql: "UPDATE landings SET gate_log = ? WHERE id = ?", arguments: [log, landing.id])
      }
    }
  }

  /// Returns the landings that were not brought to an end, in their order.
  package func openLandings() throws -> [LandingRecord] {
    try read {
      try LandingRecord.fetchAll(
        $0, sql: "SELECT * FROM landings WHERE ended_at IS NULL ORDER BY id")
    }
  }

  /// Returns the last landing of a feature that has one.
  package func lastLanding(
    of feature: String, kind: LandingRecord.Kind = .feature
  ) throws -> LandingRecord? {
    try read {
      try LandingRecord.first(
        $0, "SELECT * FROM landings WHERE feature = ? AND kind = ? ORDER BY id DESC LIMIT 1",
        [feature, kind.rawValue])
    }
  }

  /// Returns what became of the last features that were gated, the newest last: `true` for landed,
  /// `false` for found at fault.
  package func gateOutcomes(limit: Int = 200) throws -> [Bool] {
    try read {
      try String.fetchAll(
        $0,
        sql: """
          SELECT outcome FROM landings WHERE outcome IS NOT NULL ORDER BY id DESC LIMIT ?
          """, arguments: [limit]
      ).reversed().map { $0 == "passed" }
    }
  }

  /// Settles landings after the target moved: each feature is landed (or undone), its claims end,
  /// whoever waited for it goes on; all in one transaction.
  ///
  /// - Parameters:
  ///   - wasGated: tells whether a gate stands behind it.
  ///   - notes: values to remember together with it.
  package func settle(
    _ landings: [LandingRecord], wasGated: Bool, notes: [String: String] = [:]
  ) throws {
    try write(.powerCut) { db in
      for landing in landings {
        guard let commit = landing.commit else { continue }
        try settle(
          db, landing.id, feature: landing.feature, kind: landing.kind, commit: commit,
          wasGated: wasGated)
      }
      for (key, value) in notes { try Self.setValue(db, key, value) }
    }
  }

  private func settle(
    _ db: Database, _ id: Int64, feature: String, kind: LandingRecord.Kind, commit: String,
    wasGated: Bool
  ) throws {
    try endLanding(
      db, id, phase: .done, detail: nil, outcome: wasGated && kind == .feature ? "passed" : nil)
    switch kind {
    case .feature:
      try db.run(
        "UPDATE features SET landed_commit = ?, rework = NULL WHERE id = ?", [commit, feature])
      try transition(db, feature, to: .landed, detail: commit)
    case .undo:
      try db.execute(sql: "DELETE FROM undo_requests WHERE feature = ?", arguments: [feature])
      try transition(db, feature, to: .undone, detail: "reverted by \(commit)")
    }
    if kind == .feature { try noteLanded(db, feature) }
    try releaseAll(db, owner: .feature(feature))
    try settleReadiness(db, dependentsOf: feature)
  }

  /// Ends landings without moving the target; nothing is wrong with them.
  package func requeue(_ landings: [LandingRecord], detail: String) throws {
    try write { db in
      for landing in landings {
        switch landing.kind {
        case .feature:
          try stopLanding(db, landing.id, feature: landing.feature, .requeued(detail: detail))
        case .undo: try endLanding(db, landing.id, phase: .stopped, detail: detail)
        }
      }
    }
  }

  /// Ends a landing without moving the target.
  package func stopLanding(_ landing: LandingRecord, _ stop: LandingStop) throws {
    try write { db in
      guard landing.kind == .undo else {
        return try stopLanding(db, landing.id, feature: landing.feature, stop)
      }
      let detail: String
      switch stop {
      case .requeued(let text), .gateFailed(let text, _, _), .conflicts(let text, _, _),
        .sentBack(let text, _, _), .waits(_, let text, _):
        detail = text
      }
      try endLanding(db, landing.id, phase: .stopped, detail: detail)
      if case .requeued = stop { return }
      try dropUndo(db, landing.feature, detail: detail)
    }
  }

  /// Ends the landing; that it has ended is written down even where the feature can't be moved on.
  private func stopLanding(
    _ db: Database, _ id: Int64, feature: String, _ stop: LandingStop
  ) throws {
    let failure = try tryMove(db, feature) { try moveBack(db, id, feature: feature, stop) }
    guard let failure else { return }
    try endLanding(db, id, phase: .stopped, detail: failure)
    var maximum = 1
    switch stop {
    case .gateFailed(_, _, let most), .conflicts(_, _, let most), .sentBack(_, _, let most):
      maximum = most
    case .requeued, .waits: break
    }
    try setAside(db, feature, failure, maximum: maximum)
  }

  private func moveBack(
    _ db: Database, _ id: Int64, feature: String, _ stop: LandingStop
  ) throws {
    switch stop {
    case .requeued(let detail):
      try endLanding(db, id, phase: .stopped, detail: detail)
      try transition(db, feature, to: .queued, detail: detail)
      // While it was landing it could not yield.
      try breakCycles(db, through: feature)
    case .gateFailed(let detail, let rework, let maximum):
      try endLanding(db, id, phase: .stopped, detail: detail, outcome: "failed")
      try transition(db, feature, to: .gateFailed, detail: detail)
      try countFailure(db, feature, detail: detail, rework: rework, maximum: maximum)
    case .conflicts(let detail, let rework, let maximum):
      try endLanding(db, id, phase: .stopped, detail: detail)
      try db.run("UPDATE landings SET conflict = 1 WHERE id = ?", [id])
      try countFailure(db, feature, detail: detail, rework: rework, maximum: maximum)
    case .sentBack(let detail, let rework, let maximum):
      try endLanding(db, id, phase: .stopped, detail: detail)
      try countFailure(db, feature, detail: detail, rework: rework, maximum: maximum)
    case .waits(let holder, let detail, let rework):
      try endLanding(db, id, phase: .stopped, detail: detail)
      try transition(
        db, feature, to: .waiting, wait: .claim(.feature(holder)), rework: rework, detail: detail)
      try breakCycles(db, through: feature)
      try settle(db, feature)
    }
  }

  private func endLanding(
    _ db: Database, _ id: Int64, phase: LandingRecord.Phase, detail: String?,
    outcome: String? = nil
  ) throws {
    try db.run(
      "UPDATE landings SET phase = ?, detail = ?, outcome = ?, ended_at = ? WHERE id = ?",
      [phase.rawValue, detail, outcome, now, id])
    try db.run("DELETE FROM follow_journal WHERE landing = ?", [id])
  }
}
