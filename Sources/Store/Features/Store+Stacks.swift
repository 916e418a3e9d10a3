import GRDB
import Model

/// The unlanded feature on whose branch a feature started.
package struct StackRecord: Sendable, Equatable {
  package var feature: String
  /// The feature below.
  package var onto: String
  /// The full name of the branch below.
  package var branch: String
  package var state: State
  /// Where the branch was moved off the one below: its tip then and the target's, in hex.
  package var movedTip: String?
  package var movedOnto: String?

  package enum State: Int, Sendable {
    /// The feature below has not landed.
    case standing
    /// It has landed meanwhile.
    case landed
    /// The feature does not need it any more; what it brought must not land with this one.
    case dropped
  }
}

extension Store {
  /// While this value is set, a feature may start from a completed dependency that has not landed.
  package static let stackKey = "schedule.stack"

  /// Returns what a feature stands on; `nil` where it stands on the target.
  package func stack(of feature: String) throws -> StackRecord? {
    try read { try Self.stack(of: feature, $0) }
  }

  static func stack(of feature: String, _ db: Database) throws -> StackRecord? {
    try Row.fetchOne(db, sql: "SELECT * FROM stacks WHERE feature = ?", arguments: [feature]).map {
      StackRecord(
        feature: $0["feature"], onto: $0["onto"], branch: $0["branch"],
        state: StackRecord.State(rawValue: $0["landed"]) ?? .standing, movedTip: $0["moved_tip"],
        movedOnto: $0["moved_onto"])
    }
  }

  /// Returns what each feature stands on that has not landed.
  package func stacks() throws -> [String: String] {
    try read { db in
      var result: [String: String] = [:]
      for row in try Row.fetchAll(db, sql: "SELECT feature, onto FROM stacks WHERE landed = 0") {
        result[row["feature"]] = row["onto"]
      }
      return result
    }
  }

  /// Returns the claims of a feature and of those that it is stacked with.
  package func claimsWithKin(of feature: String) throws -> [ClaimRow] {
    try read { db in
      let kin = try String.fetchAll(db, sql: ClaimSchema.selectKin, arguments: [feature])
      return try ([feature] + kin).flatMap { try db.ledger.claims(of: .feature($0)) }
    }
  }

  /// Chooses the dependency that a feature may start from, where not all have landed: it is built and
  /// stands in the queue or before a person's verdict, every other open one is below it, and no third
  /// feature stands on it.
  ///
  /// At most one feature stands on another, so that what counts as one owner is always one line of
  /// work, of which no two ends change the same path.
  func stackBase(_ db: Database, of feature: String) throws -> FeatureRecord? {
    guard try isStacking(db) else { return nil }
    let open = try FeatureRecord.fetchAll(
      db,
      sql: """
        SELECT p.* FROM dependencies d JOIN features p ON p.id = d.depends_on
        WHERE d.feature = ? AND p.state <> 'landed'
        """, arguments: [feature])
    let built: Set<FeatureState> = [.completed, .inReview, .approved, .queued, .landing]
    for top in open where built.contains(top.state) && top.branch != nil {
      let isTaken =
        try Bool.fetchOne(
          db,
          sql: """
            SELECT EXISTS (SELECT 1 FROM stacks s JOIN features f ON f.id = s.feature
            WHERE s.onto = ? AND s.landed = 0 AND s.feature <> ?
              AND f.state NOT IN ('failed', 'abandoned', 'blocked', 'undone'))
            """, arguments: [top.id, feature]) ?? false
      if isTaken { continue }
      var below: Set<String> = [top.id]
      var current = top.id
      while let next = try Self.stack(of: current, db), next.state == .standing,
        below.insert(next.onto).inserted
      {
        current = next.onto
      }
      if open.allSatisfy({ below.contains($0.id) }), !below.contains(feature) { return top }
    }
    return nil
  }

  /// Returns whether features may start from what has not landed.
  func isStacking(_ db: Database) throws -> Bool {
    try String.fetchOne(
      db.cachedStatement(sql: "SELECT value FROM meta WHERE key = ?"), arguments: [Self.stackKey])
      == "1"
  }

  /// Notes what a feature starts from.
  func stack(_ db: Database, _ feature: String, onto base: FeatureRecord?) throws {
    guard let base, let branch = base.branch else { return }
    try db.execute(
      sql: """
        DELETE FROM stacks WHERE onto = ? AND landed = 0 AND feature IN
          (SELECT id FROM features WHERE state IN ('failed', 'abandoned', 'blocked', 'undone'))
        """, arguments: [base.id])
    try db.execute(
      sql: "INSERT OR REPLACE INTO stacks(feature, onto, branch, landed) VALUES (?, ?, ?, 0)",
      arguments: [feature, base.id, branch])
    try append(db, .featureStacked, feature: feature, ["onto": .string(base.id)])
  }

  /// Hands a feature's claims on to what stands on it, before it gives them back.
  func bequeath(_ db: Database, from feature: String) throws {
    let heir = try String.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT s.feature FROM stacks s JOIN features f ON f.id = s.feature
          WHERE s.onto = ? AND s.landed = 0
            AND f.state NOT IN ('landed', 'failed', 'abandoned', 'blocked', 'undone')
          """), arguments: [feature])
    guard let heir else { return }
    let generation = try Int64.fetchOne(db, sql: ClaimSchema.nextGeneration) ?? 1
    try db.execute(
      sql: """
        UPDATE OR IGNORE claims SET owner = ?, generation = ?, agent = NULL
        WHERE owner_kind = 'feature' AND owner = ?
        """, arguments: [heir, generation, feature])
    guard db.changesCount > 0 else { return }
    try append(
      db, .claimsInherited, feature: heir,
      ["from": .string(feature), "count": .integer(Int64(db.changesCount))])
  }

  /// Notes which features do not need any more what they stand on.
  func noteDropped(_ db: Database) throws {
    try db.execute(
      sql: """
        UPDATE stacks SET landed = 2 WHERE landed = 0 AND NOT EXISTS (SELECT 1 FROM dependencies d
        WHERE d.feature = stacks.feature AND d.depends_on = stacks.onto)
        """)
  }

  /// Notes that a branch is being moved off the one below, which its feature does not need any more.
  ///
  /// - Parameters:
  ///   - tip: the branch's tip before, in hex; what is committed after it stands on `target` alone.
  ///   - target: the commit that it is moved onto, in hex.
  package func noteMoved(_ feature: String, tip: String, onto target: String) throws {
    try write {
      try $0.execute(
        sql: "UPDATE stacks SET moved_tip = ?, moved_onto = ? WHERE feature = ? AND landed = 2",
        arguments: [tip, target, feature])
    }
  }

  /// Notes that a feature has landed: what stands on it stands on the target from now on.
  func noteLanded(_ db: Database, _ feature: String) throws {
    try bequeath(db, from: feature)
    try db.run("UPDATE stacks SET landed = 1 WHERE onto = ? AND landed = 0", [feature])
    try db.run("DELETE FROM stacks WHERE feature = ?", [feature])
  }
}
