import GRDB
import Model

extension Store {
  /// Returns the features in the order of the backlog, those no longer in it last.
  package func features() throws -> [FeatureRecord] {
    try read {
      try FeatureRecord.fetchAll(
        $0, sql: "SELECT * FROM features ORDER BY in_backlog DESC, position, id")
    }
  }

  /// Returns one feature, `nil` where there is none with this id.
  package func feature(_ id: String) throws -> FeatureRecord? {
    try read { try Self.feature(id, $0) }
  }

  /// Returns the branch of each feature that has one, by the features' ids.
  package func branches() throws -> [String: String] {
    try read {
      try Dictionary(
        uniqueKeysWithValues: Row.fetchAll(
          $0, sql: "SELECT id, branch FROM features WHERE branch IS NOT NULL"
        ).map { ($0[0], $0[1]) })
    }
  }

  /// Returns the other ids that contain this one.
  package func longerIDs(_ id: String) throws -> [String] {
    try read {
      try String.fetchAll(
        $0, sql: "SELECT id FROM features WHERE instr(id, ?) > 0 AND id <> ?", arguments: [id, id])
    }
  }

  static func feature(_ id: String, _ db: Database) throws -> FeatureRecord? {
    try FeatureRecord.first(db, "SELECT * FROM features WHERE id = ?", [id])
  }

  /// Returns the features in one of the states, in the order of the backlog.
  package func features(in states: [FeatureState]) throws -> [FeatureRecord] {
    let marks = databaseQuestionMarks(count: states.count)
    return try read {
      try FeatureRecord.fetchAll(
        $0, sql: "SELECT * FROM features WHERE state IN (\(marks)) ORDER BY position, id",
        arguments: StatementArguments(states.map(\.rawValue)))
    }
  }

  /// Returns how many features of the backlog are in one of the states, at most the limit.
  package func count(in states: [FeatureState], limit: Int) throws -> Int {
    let marks = databaseQuestionMarks(count: states.count)
    return try read {
      try Int.fetchOne(
        $0,
        sql: """
          SELECT count(*) FROM
            (SELECT 1 FROM features WHERE state IN (\(marks)) AND in_backlog LIMIT ?)
          """, arguments: StatementArguments(states.map(\.rawValue)) + [limit]) ?? 0
    }
  }

  /// Moves a feature from one of the expected states to another, with an event.
  ///
  /// - Throws: ``StoreError/stateChanged(feature:expected:found:)`` where another process was
  ///   first, ``StoreError/forbiddenTransition(feature:from:to:)`` where the table forbids it.
  package func transition(
    _ id: String, from expected: [FeatureState], to state: FeatureState,
    durability: Durability = .process, wait: Wait? = nil, rework: String? = nil,
    detail: String? = nil
  ) throws {
    try write(durability) { db in
      try transition(
        db, id, from: expected, to: state, wait: wait, rework: rework, detail: detail)
    }
  }

  func transition(
    _ db: Database, _ id: String, from expected: [FeatureState]? = nil, to state: FeatureState,
    wait: Wait? = nil, rework: String? = nil, detail: String? = nil, agent: String? = nil
  ) throws {
    guard let record = try Self.feature(id, db) else { throw StoreError.unknownFeature(id) }
    if let expected, !expected.contains(record.state) {
      throw StoreError.stateChanged(feature: id, expected: expected, found: record.state)
    }
    guard record.state.allowedSuccessors.contains(state) else {
      throw StoreError.forbiddenTransition(feature: id, from: record.state, to: state)
    }
    try db.run(
      """
      UPDATE features SET state = ?, waiting_for = ?, wait_kind = ?, wait_until = ?,
        rework = COALESCE(?, rework), changed_at = ?
      WHERE id = ?
      """, [state.rawValue, wait?.text, wait?.kind.rawValue, wait?.until, rework, now, id])
    var facts: [String: JSON] = [
      "from": .string(record.state.rawValue), "to": .string(state.rawValue),
    ]
    if let wait { facts["waiting_for"] = .string(wait.text) }
    if let detail { facts["detail"] = .string(detail) }
    try append(db, EventName(entering: state), feature: id, agent: agent, facts)
  }

  /// Moves features whose dependencies changed: to ready when all have landed, to blocked when
  /// one failed, back to pending when a new one is open.
  package func settleReadiness() throws {
    try write { try settleReadiness($0) }
  }

  /// The same for the whole backlog, or only for those that depend on `feature`, and for what follows of that.
  ///
  /// Each feature is looked at when its turn comes, since one move may bring others about. Where features may stand on
  /// what has not landed, all are looked at: whether one may start hangs then on who else stands there, too.
  func settleReadiness(_ db: Database, dependentsOf feature: String? = nil) throws {
    let isStacking = try isStacking(db)
    guard let feature, !isStacking else {
      return try settle(db, Self.unsettled(db, isStacking), isStacking)
    }
    try settle(db, dependents(db, of: feature), isStacking)
  }

  /// Settles one feature and what may start from it, and what follows of that.
  func settle(_ db: Database, _ feature: String) throws {
    let isStacking = try isStacking(db)
    try settle(
      db, [feature] + (isStacking ? Self.unsettled(db, isStacking) : []), isStacking)
  }

  private func settle(_ db: Database, _ features: [String], _ isStacking: Bool) throws {
    var features = features
    while !features.isEmpty {
      var open = features
      var waiting = Set(open)
      var (next, hasMoved) = (0, false)
      while next < open.count {
        let id = open[next]
        next += 1
        waiting.remove(id)
        guard let feature = try Self.feature(id, db),
          let step = try readinessStep(db, feature, isStacking)
        else { continue }
        hasMoved = true
        try transition(db, id, to: step.state, detail: step.detail)
        if step.state == .blocked { try releaseAll(db, owner: .feature(id)) }
        for other in [id] + (try dependents(db, of: id)) where waiting.insert(other).inserted {
          open.append(other)
        }
      }
      features = hasMoved && isStacking ? try Self.unsettled(db, isStacking) : []
    }
  }

  /// Returns where a feature goes by what it depends on alone; `nil` where it stays.
  private func readinessStep(
    _ db: Database, _ feature: FeatureRecord, _ isStacking: Bool
  ) throws -> (state: FeatureState, detail: String?)? {
    guard feature.inBacklog, Self.settled.contains(feature.state) else { return nil }
    let needs = try String.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT DISTINCT p.state FROM dependencies d JOIN features p ON p.id = d.depends_on
          WHERE d.feature = ? AND p.state <> 'landed'
          """), arguments: [feature.id]
    ).compactMap(FeatureState.init)
    let isBroken = needs.contains { [.failed, .abandoned, .blocked].contains($0) }
    switch feature.state {
    case .pending where isBroken, .ready where isBroken, .waiting where isBroken:
      return (.blocked, "a dependency failed or was abandoned")
    case .blocked where !isBroken: return (.pending, nil)
    // It was given up and asked for again while an attempt on it had not ended: that one's end settles it.
    case .pending where try Self.isAttempted(feature.id, db): return nil
    case .pending where needs.isEmpty: return (.ready, nil)
    case .pending where isStacking:
      return try stackBase(db, of: feature.id).map {
        (.ready, "may start from feature #\($0.id)")
      }
    case .ready where !needs.isEmpty:
      return try stackBase(db, of: feature.id) == nil ? (.pending, nil) : nil
    default: return nil
    }
  }

  private static func isAttempted(_ feature: String, _ db: Database) throws -> Bool {
    try Bool.fetchOne(
      db.cachedStatement(
        sql: "SELECT EXISTS (SELECT 1 FROM attempts WHERE feature = ? AND state = 'running')"),
      arguments: [feature]) ?? false
  }

  /// The states out of which dependencies alone lead.
  private static let settled: Set<FeatureState> = [.pending, .ready, .waiting, .blocked]

  private func dependents(_ db: Database, of feature: String) throws -> [String] {
    try String.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT f.id FROM dependencies d JOIN features f ON f.id = d.feature
          WHERE d.depends_on = ? AND f.in_backlog = 1
            AND f.state IN ('pending', 'ready', 'waiting', 'blocked') ORDER BY f.position, f.id
          """), arguments: [feature])
  }

  /// Returns the features that may not be where their dependencies want them.
  private static func unsettled(_ db: Database, _ isStacking: Bool) throws -> [String] {
    try String.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT f.id FROM (
            SELECT id, position, state,
              EXISTS (SELECT 1 FROM dependencies d JOIN features p ON p.id = d.depends_on
                WHERE d.feature = features.id AND p.state <> 'landed') AS open,
              EXISTS (SELECT 1 FROM dependencies d JOIN features p ON p.id = d.depends_on
                WHERE d.feature = features.id AND p.state IN ('failed', 'abandoned', 'blocked'))
                AS broken,
              EXISTS (SELECT 1 FROM dependencies d JOIN features p ON p.id = d.depends_on
                WHERE d.feature = features.id AND p.state IN
                  ('completed', 'in_review', 'approved', 'queued', 'landing')) AS stands
            FROM features WHERE in_backlog = 1
              AND state IN ('pending', 'ready', 'waiting', 'blocked')) f
          WHERE broken <> (f.state = 'blocked')
            OR f.state = 'pending' AND (NOT open OR stands AND ?) OR f.state = 'ready' AND open
          ORDER BY f.position, f.id
          """), arguments: [isStacking])
  }

  /// The states that `retry` accepts.
  package static let retriable: [FeatureState] = [.failed, .blocked, .waiting, .abandoned, .ready]
  /// Further states in which a feature can be built from the start: its branch is built and has not landed.
  package static let restartable: [FeatureState] =
    retriable + [.inReview, .approved, .queued, .changesRequested]

  /// Gives a failed, blocked, abandoned or waiting feature another go.
  ///
  /// Its attempts count from none again, also where a row of the same ends is looked for; branch and work stay.
  ///
  /// - Parameter startingOver: puts the branch away inside the transaction, so that nobody begins on it
  ///   meanwhile; the feature then begins from the target, and may wait for a verdict or its landing now.
  package func retry(
    _ id: String, startingOver: ((FeatureRecord) throws -> Void)? = nil
  ) throws {
    try write { db in
      guard let record = try Self.feature(id, db) else { throw StoreError.unknownFeature(id) }
      let expected = startingOver == nil ? Self.retriable : Self.restartable
      guard expected.contains(record.state) else {
        throw StoreError.stateChanged(feature: id, expected: expected, found: record.state)
      }
      try db.execute(
        sql: "UPDATE features SET failures = 0, climb = 0 WHERE id = ?", arguments: [id])
      try Self.setValue(db, Self.retriedKey(id), String(record.attempts))
      if let startingOver {
        try forgetWork(db, record)
        try startingOver(record)
      }
      switch record.state {
      case .ready: break
      case .failed, .waiting, .changesRequested:
        try transition(db, id, to: .ready, detail: "retried by a person")
      default: try transition(db, id, to: .pending, detail: "retried by a person")
      }
      try settleReadiness(db)
    }
  }

  /// Fails a ready feature that can't be started until a person has done something; `explain` shows the detail.
  package func refuse(_ id: String, _ detail: String) throws {
    try write { db in
      try transition(db, id, from: [.ready], to: .failed, rework: detail, detail: detail)
      try releaseAll(db, owner: .feature(id))
      try settleReadiness(db, dependentsOf: id)
    }
  }

  /// Forgets what a feature's attempts have made, with the claims and verdicts on it.
  private func forgetWork(_ db: Database, _ record: FeatureRecord) throws {
    try db.execute(
      sql: "UPDATE features SET rework = NULL, tip = NULL, branch = NULL WHERE id = ?",
      arguments: [record.id])
    try db.execute(
      sql: "UPDATE reviews SET withdrawn = 1 WHERE feature = ?", arguments: [record.id])
    try Self.setValue(db, Self.reopenedKey(record.id), String(record.attempts))
    try releaseAll(db, owner: .feature(record.id))
  }

  /// Takes back that failures were counted which were no feature's fault: each of the features can be started as if
  /// its last attempt had not been.
  package func takeBackFailures(of features: Set<String>) throws {
    try write { db in
      for id in features.sorted() {
        try db.execute(
          sql: """
            UPDATE features SET failures = max(failures - 1, 0), climb = 0, rework = NULL WHERE id = ?
            """, arguments: [id])
        guard try Self.feature(id, db)?.state == .failed else { continue }
        try transition(db, id, to: .ready, detail: "its agent was at fault")
      }
      try settleReadiness(db)
    }
  }

  /// Gives a feature up; its claims are given back, its branch stays.
  package func abandon(_ id: String) throws {
    try write { db in
      try transition(db, id, to: .abandoned, detail: "abandoned by a person")
      try releaseAll(db, owner: .feature(id))
      try settleReadiness(db, dependentsOf: id)
    }
  }

  static func reopenedKey(_ id: String) -> String { "reopened:\(id)" }

  /// Up to which attempt a person has seen them: they count no more.
  static func retriedKey(_ id: String) -> String { "retried:\(id)" }

  /// Returns, by feature, the tip of the last attempt that was completed since a feature was last
  /// reopened, of features that are neither landed nor at work.
  package func completedTips() throws -> [(feature: FeatureRecord, tip: String)] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT f.*, (SELECT a.tip FROM attempts a WHERE a.feature = f.id
            AND a.state = 'completed' AND a.number > CAST(COALESCE((SELECT value FROM meta
            WHERE key = 'reopened:' || f.id), '0') AS INTEGER)
            ORDER BY a.number DESC LIMIT 1) AS completed_tip
          FROM features f WHERE completed_tip IS NOT NULL
            AND f.state IN ('ready', 'waiting', 'in_review', 'approved', 'queued', 'failed')
          """
      ).map { row in (feature: try FeatureRecord(row: row), tip: row["completed_tip"]) }
    }
  }

  /// Takes a finished feature back to the start of its life.
  package func reopen(_ id: String) throws {
    try write { db in
      try db.execute(
        sql: """
          UPDATE features SET failures = 0, climb = 0, rework = NULL, landed_commit = NULL,
          tip = NULL WHERE id = ?
          """, arguments: [id])
      try transition(
        db, id, from: [.landed, .undone, .failed, .abandoned], to: .pending,
        detail: "reopened by a person")
      try db.execute(sql: "DELETE FROM undo_requests WHERE feature = ?", arguments: [id])
      try db.execute(sql: "UPDATE reviews SET withdrawn = 1 WHERE feature = ?", arguments: [id])
      // What its attempts up to now brought to the target counts no more.
      let attempts = try Self.feature(id, db)?.attempts ?? 0
      try Self.setValue(db, Self.reopenedKey(id), String(attempts))
      try Self.setValue(db, Self.retriedKey(id), String(attempts))
      try settleReadiness(db)
    }
  }
}
