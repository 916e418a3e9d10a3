import Foundation
import GRDB
import Model

extension Store {
  /// Returns the cycle of waiting that a feature is part of; empty where there is none.
  package func waitingCycle(through feature: String) throws -> [WaitGraph.Edge] {
    try read { try waitGraph($0).cycle(through: feature) ?? [] }
  }

  /// Returns whom a feature waits for, and why.
  package func waits(of feature: String) throws -> [WaitGraph.Edge] {
    try read { try waits($0, of: feature) }
  }

  private func waitGraph(_ db: Database) -> WaitGraph {
    var known: [String: [WaitGraph.Edge]] = [:]
    return WaitGraph { feature in
      if let edges = known[feature] { return edges }
      let edges = try self.waits(db, of: feature)
      known[feature] = edges
      return edges
    }
  }

  /// The edges that go out from one feature.
  private func waits(_ db: Database, of id: String) throws -> [WaitGraph.Edge] {
    guard let feature = try Self.feature(id, db) else { return [] }
    func edges(_ others: [String], _ reason: WaitGraph.Reason) -> [WaitGraph.Edge] {
      others.map { WaitGraph.Edge(from: id, to: $0, reason: reason) }
    }
    switch feature.state {
    case .waiting:
      var holders = try holders(db, of: id)
      if case .claim(let owner) = feature.wait, owner.kind == .feature, holders.isEmpty {
        holders = [owner.id]
      }
      return edges(holders, .claim) + edges(try openDependencies(db, of: id), .dependency)
    case .running:
      let isWaiting =
        try Bool.fetchOne(
          db, sql: "SELECT EXISTS (SELECT 1 FROM waits WHERE feature = ?)", arguments: [id])
        ?? false
      return isWaiting ? edges(try holders(db, of: id), .claim) : []
    case .pending: return edges(try openDependencies(db, of: id), .dependency)
    case .completed, .inReview, .approved:
      return edges(try openDependencies(db, of: id), .landing)
    case .queued, .landing:
      return edges(try openDependencies(db, of: id), .landing)
        + edges(try whoKeepsGatesWaiting(db), .gate)
    case .ready:
      return edges(try placeHolders(db), .slot) + edges(try whoKeepsSlots(db, from: feature), .slot)
    case .blocked, .changesRequested, .gateFailed, .failed, .abandoned, .undone, .landed:
      return []
    }
  }

  private func holders(_ db: Database, of feature: String) throws -> [String] {
    let owners = try standingRefusals(db, feature).compactMap(\.holder).map(\.owner)
    return Array(Set(owners.filter { $0.kind == .feature }.map(\.id))).sorted()
  }

  func openDependencies(_ db: Database, of feature: String) throws -> [String] {
    try String.fetchAll(
      db,
      sql: """
        SELECT d.depends_on FROM dependencies d JOIN features p ON p.id = d.depends_on
        WHERE d.feature = ? AND p.state <> 'landed' ORDER BY d.depends_on
        """, arguments: [feature])
  }

  /// Returns who holds the places for agents where none is free. One that waits has lent its place.
  private func placeHolders(_ db: Database) throws -> [String] {
    let places =
      try Int.fetchOne(
        db, sql: "SELECT SUM(parallel) FROM participants WHERE ended_at IS NULL") ?? 0
    let holders = try String.fetchAll(
      db,
      sql: """
        SELECT feature FROM attempts
        WHERE state = 'running' AND slot_held = 1 AND feature NOT IN (SELECT feature FROM waits)
        ORDER BY feature
        """)
    return places > 0 && holders.count >= places ? holders : []
  }

  /// Says of a conflict that waiting for its holder would close a cycle.
  func markDeadlock(
    _ db: Database, _ conflict: ClaimConflict, owner: ClaimOwner
  ) throws -> ClaimConflict {
    guard owner.kind == .feature, conflict.reason == .held, let holder = conflict.holder?.owner,
      holder.kind == .feature, try waitGraph(db).leads(from: holder.id, to: owner.id)
    else { return conflict }
    return ClaimConflict(path: conflict.path, reason: .deadlock, holder: conflict.holder)
  }

  /// Breaks the cycles of waiting that a feature is part of: the one with the least work done yields.
  /// Its claims are given back, its branch stays, and it runs again after the one it waited for, as a
  /// discovered dependency says.
  func breakCycles(_ db: Database, through feature: String) throws {
    // Each turn takes a feature out of the cycle, so there are no more turns than features in it.
    for _ in 0..<64 {
      guard let cycle = try waitGraph(db).cycle(through: feature) else { return }
      // One that runs was told already, and gives its claims back when it ends.
      guard try !cycle.contains(where: { try mustYield(db, $0) }) else { return }
      let loads = try cycle.map { try load(db, $0.from) }
      // What is landing comes to an end by itself.
      let landing = try cycle.filter { try Self.feature($0.from, db)?.state == .landing }
      guard
        let victim = WaitGraph.victim(
          of: cycle, loads: loads, sparing: Set(landing.map(\.from)))
      else { return }
      try yield(db, victim, cycle: cycle, loads: loads)
      if try Self.feature(victim.from, db)?.state == .running { return }
    }
  }

  /// Lets a feature give way that was chosen before, where the cycle still stands.
  func yieldInCycle(_ db: Database, _ feature: String) throws {
    guard let cycle = try waitGraph(db).cycle(through: feature),
      let own = cycle.first(where: { $0.from == feature })
    else { return }
    try yield(db, own, cycle: cycle, loads: try cycle.map { try load(db, $0.from) })
  }

  private func mustYield(_ db: Database, _ edge: WaitGraph.Edge) throws -> Bool {
    try Bool.fetchOne(
      db,
      sql: "SELECT EXISTS (SELECT 1 FROM waits WHERE feature = ? AND must_yield_to IS NOT NULL)",
      arguments: [edge.from]) ?? false
  }

  private func load(_ db: Database, _ id: String) throws -> WaitGraph.Load {
    let row = try Row.fetchOne(
      db,
      sql: """
        SELECT
          (SELECT COUNT(*) FROM claims WHERE owner_kind = 'feature' AND owner = :id AND pinned = 1)
            AS changed,
          (SELECT COALESCE(SUM(COALESCE(ended_at, :now) - started_at), 0) FROM attempts
            WHERE feature = :id) AS spent,
          (SELECT MIN(started_at) FROM attempts WHERE feature = :id) AS begun,
          EXISTS (SELECT 1 FROM yields WHERE feature = :id AND to_younger = 1) AS yielded
        """, arguments: ["id": id, "now": now])
    return WaitGraph.Load(
      feature: id, changedFiles: row?["changed"] ?? 0, spent: row?["spent"] ?? 0,
      begun: row?["begun"] ?? Int64.max, hasYielded: row?["yielded"] ?? false)
  }

  private func yield(
    _ db: Database, _ victim: WaitGraph.Edge, cycle: [WaitGraph.Edge], loads: [WaitGraph.Load]
  ) throws {
    let (id, other) = (victim.from, victim.to)
    let own = loads.first { $0.feature == id }
    let next = loads.first { $0.feature == other }
    let toYounger = own.flatMap { own in next.map { $0.isYounger(than: own) } } ?? false
    try db.execute(
      sql: "INSERT OR REPLACE INTO yields(feature, other, to_younger, at) VALUES (?, ?, ?, ?)",
      arguments: [id, other, toYounger, now])
    // A dependency the other way round is there already where the cycle leads over one.
    let isNew = try victim.reason == .claim && !dependsOn(db, other, id)
    if isNew {
      try db.execute(
        sql: """
          INSERT INTO dependencies(feature, depends_on, source, reason)
          VALUES (?, ?, 'discovered', ?) ON CONFLICT(feature, depends_on) DO NOTHING
          """, arguments: [id, other, "both change the same paths"])
    }
    try append(
      db, .deadlockResolved, feature: id,
      ["circle": .texts(cycle.map(\.from)), "runs_after": .string(other)])
    guard let state = try Self.feature(id, db)?.state else { return }
    if state == .running {
      // Its agent is told, and gives the claims back when it ends.
      try db.execute(
        sql: "UPDATE waits SET must_yield_to = ? WHERE feature = ?", arguments: [other, id])
      return
    }
    // One that is ready for an agent or a slot goes on as soon as that is free.
    if isNew || victim.reason != .claim && victim.reason != .slot, state != .pending {
      try transition(db, id, to: .pending, detail: "yields to feature #\(other)")
    }
    try releaseAll(db, owner: .feature(id))
    try settle(db, id)
  }

  /// Returns whether a feature needs another landed first, directly or through others.
  private func dependsOn(_ db: Database, _ id: String, _ other: String) throws -> Bool {
    try Bool.fetchOne(
      db,
      sql: """
        WITH RECURSIVE needs(id) AS (
          SELECT depends_on FROM dependencies WHERE feature = ?
          UNION SELECT d.depends_on FROM dependencies d JOIN needs n ON d.feature = n.id
        ) SELECT EXISTS (SELECT 1 FROM needs WHERE id = ?)
        """, arguments: [id, other]) ?? false
  }

  /// Forgets a discovered dependency.
  package func dropDependency(_ feature: String, _ other: String) throws {
    try write { db in
      try db.execute(
        sql: """
          DELETE FROM dependencies WHERE feature = ? AND depends_on = ? AND source = 'discovered'
          """, arguments: [feature, other])
      try settleReadiness(db)
    }
  }

  /// Forgets discovered dependencies that the backlog now says the other way round.
  func dropContradictedDiscoveries(_ db: Database) throws {
    let found = try Row.fetchAll(
      db, sql: "SELECT feature, depends_on FROM dependencies WHERE source = 'discovered'")
    for row in found {
      let (feature, other): (String, String) = (row["feature"], row["depends_on"])
      guard try dependsOn(db, other, feature) else { continue }
      try db.execute(
        sql: "DELETE FROM dependencies WHERE feature = ? AND depends_on = ?",
        arguments: [feature, other])
    }
  }
}
