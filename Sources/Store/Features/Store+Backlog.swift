import GRDB
import Model

extension Store {
  /// Takes over the backlog as it stands in the file; states, attempts and discovered
  /// dependencies stay.
  ///
  /// A feature that left the file keeps its history and is not scheduled any more.
  package func takeOver(_ features: [Feature]) throws {
    try write { db in
      try db.execute(sql: "UPDATE features SET in_backlog = 0 WHERE in_backlog = 1")
      let upsert = try db.makeStatement(
        sql: """
          INSERT INTO features(id, position, title, category, description, steps, touches,
            priority, model, agent, slots, state, changed_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?)
          ON CONFLICT(id) DO UPDATE SET position = excluded.position, title = excluded.title,
            category = excluded.category, description = excluded.description,
            steps = excluded.steps, touches = excluded.touches, priority = excluded.priority,
            model = excluded.model, agent = excluded.agent, slots = excluded.slots,
            in_backlog = 1
          """)
      let edge = try db.makeStatement(
        sql: """
          INSERT INTO dependencies(feature, depends_on, source, confidence, reason)
          VALUES (?, ?, ?, ?, ?) ON CONFLICT(feature, depends_on) DO NOTHING
          """)
      let known = Set(try String.fetchAll(db, sql: "SELECT \(Self.needPair) FROM dependencies d"))
      try db.execute(sql: "DELETE FROM dependencies WHERE source <> 'discovered'")
      for (position, entry) in features.enumerated() {
        try upsert.execute(arguments: [
          entry.id, position, entry.title, entry.category, entry.description,
          JSON.texts(entry.steps).text, JSON.texts(entry.touches).text, entry.priority, entry.model,
          entry.agent, JSON.texts(entry.slots).text, now,
        ])
        for item in entry.dependencies {
          try edge.execute(arguments: [
            entry.id, item.id, item.source.rawValue, item.confidence, item.reason,
          ])
        }
      }
      try dropContradictedDiscoveries(db)
      // What has left the file and is not built will not come.
      try db.execute(
        sql: """
          DELETE FROM dependencies WHERE source = 'discovered' AND depends_on IN
            (SELECT id FROM features WHERE in_backlog = 0 AND state IN
              ('pending', 'ready', 'waiting', 'blocked', 'failed', 'abandoned', 'undone'))
          """)
      try noteDropped(db)
      try noteLateNeeds(db, known: known)
      try settleReadiness(db)
      for feature in try waitingOverDependencies(db) { try breakCycles(db, through: feature) }
    }
  }

  private static let lateNeedPrefix = "late_need:"

  private static let needPair = "d.feature || ' ' || d.depends_on"

  /// Notes which dependencies were added to features that had landed by then.
  ///
  /// - Parameter known: those that were there before, as ``needPair`` writes them.
  private func noteLateNeeds(_ db: Database, known: Set<String>) throws {
    let late = try Row.fetchAll(
      db,
      sql: """
        SELECT \(Self.needPair) AS pair, p.state = 'landed' AS is_there FROM dependencies d
        JOIN features f ON f.id = d.feature JOIN features p ON p.id = d.depends_on
        WHERE f.state = 'landed'
        """)
    for row in late {
      let (pair, isThere): (String, Bool) = (row["pair"], row["is_there"])
      guard !isThere || !known.contains(pair) else { continue }
      try Self.setValue(db, Self.lateNeedPrefix + pair, "1")
    }
  }

  /// Returns whether a feature had landed when it was said that it needs another.
  package func isLateNeed(_ feature: String, _ other: String) throws -> Bool {
    try value("\(Self.lateNeedPrefix)\(feature) \(other)") != nil
  }

  /// Returns what a new dependency may have closed a cycle with: features that wait for a claim, or
  /// are built, and have something open that must land first.
  private func waitingOverDependencies(_ db: Database) throws -> [String] {
    try String.fetchAll(
      db,
      sql: """
        SELECT f.id FROM features f
        WHERE f.state IN ('waiting', 'completed', 'in_review', 'approved', 'queued', 'pending')
          AND EXISTS (SELECT 1 FROM claims WHERE owner_kind = 'feature' AND owner = f.id)
          AND EXISTS (SELECT 1 FROM dependencies d JOIN features p ON p.id = d.depends_on
            WHERE d.feature = f.id AND p.state <> 'landed')
        ORDER BY f.position
        """)
  }

  /// Returns every dependency, by feature.
  package func dependencies() throws -> [String: [Dependency]] {
    try read { db in
      var result: [String: [Dependency]] = [:]
      for row in try Row.fetchAll(db, sql: "SELECT * FROM dependencies ORDER BY depends_on") {
        result[row["feature"], default: []].append(
          Dependency(
            id: row["depends_on"],
            source: Dependency.Source(rawValue: row["source"]) ?? .declared,
            confidence: row["confidence"], reason: row["reason"]))
      }
      return result
    }
  }

  /// Takes over the branch of a feature that has not landed, as an earlier state file left it, and claims
  /// what it changes as far as nobody else has.
  ///
  /// - Parameters:
  ///   - attempts: how many the feature has had; logs and rescue references carry their numbers.
  /// - Returns: whether it was taken over; not where the feature has begun anew, or is none of the backlog.
  package func adoptWork(
    _ feature: String, branch: String, tip: String, attempts: Int, paths: [[UInt8]],
    policies: PathPolicies
  ) throws -> Bool {
    try write { db in
      try db.execute(
        sql: """
          UPDATE features SET branch = ?, tip = ?, attempts = ?
          WHERE id = ? AND attempts = 0 AND branch IS NULL
            AND state IN ('pending', 'ready', 'blocked')
            AND NOT EXISTS (SELECT 1 FROM features f WHERE f.branch = ?)
          """, arguments: [branch, tip, attempts, feature, branch])
      guard db.changesCount > 0 else { return false }
      for path in paths {
        _ = try claim(
          db, [ClaimRequest(path: ClaimPath(file: path), mode: .exclusive)],
          owner: .feature(feature), agent: nil, policies: policies)
      }
      try append(
        db, .workAdopted, feature: feature,
        [
          "branch": .string(branch), "attempts": .integer(Int64(attempts)),
          "paths": .integer(Int64(paths.count)),
        ])
      return true
    }
  }

  /// Marks features as landed that the target's history shows to have landed, where nothing was done
  /// on them yet.
  ///
  /// - Parameter commits: the landing commit of each feature, in hex.
  /// - Returns: how many were marked.
  package func adoptLanded(_ commits: [String: String]) throws -> Int {
    try write { db in
      var count = 0
      for (id, commit) in commits.sorted(by: { $0.key < $1.key }) {
        try db.execute(
          sql: """
            UPDATE features SET state = 'landed', landed_commit = ?, changed_at = ?
            WHERE id = ? AND attempts = 0 AND state IN ('pending', 'ready', 'blocked')
            """, arguments: [commit, now, id])
        guard db.changesCount > 0 else { continue }
        count += 1
        try append(
          db, .featureState, feature: id,
          ["from": "pending", "to": "landed", "detail": "found in the target's history"])
      }
      try settleReadiness(db)
      return count
    }
  }
}
