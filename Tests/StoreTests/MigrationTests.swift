import Foundation
import GRDB
import Model
import TestSupport
import Testing

@testable import Store

@Suite(.bounded) struct MigrationTests {
  /// Each program up to this one, by the last of the migrations that it knew.
  @Test(arguments: Schema.migrator.migrations)
  func anOlderStateFileIsBroughtUpToDateWithAllThatItHolds(last: String) throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("state.sqlite")
    do {
      let old = try DatabasePool(path: path)
      try Schema.migrator.migrate(old, upTo: last)
      try old.write { db in
        try db.execute(
          sql: """
            INSERT INTO features(id, position, title, category, description, steps, touches,
              priority, state, changed_at)
            VALUES ('1', 0, 'One', 'backend', '', '[]', '[]', 0, 'ready', 1)
            """)
        try db.execute(
          sql: """
            INSERT INTO landings(feature, phase, lane_tip, base, target_before, started_at)
            VALUES ('1', 'stopped', 'a', 'b', 'c', 1)
            """)
      }
      #expect(
        try old.read { try Int.fetchOne($0, sql: "PRAGMA user_version") } == ClaimSchema.version)
      try old.close()
    }
    let store = try Store(path: path)
    #expect(try store.features().map(\.title) == ["One"])
    // What the later migrations brought is there.
    #expect(try store.lastLanding(of: "1")?.kind == .feature)
    #expect(try store.undoRequests().isEmpty)
    #expect(try store.targetMoves(since: 0).isEmpty)
    try store.abandon("1")
    #expect(try store.feature("1")?.state == .abandoned)
    #expect(try store.read(Schema.migrator.hasCompletedMigrations))
    try store.close()
  }

  /// A state file that a program of its time has really left, as SQL.
  struct Sample: CustomTestStringConvertible {
    let name: String
    /// The features with their states.
    let states: [String]
    /// What a person holds.
    let held: [String]
    var testDescription: String { name }

    static let all = [
      Sample(
        name: "reviews",
        states: ["1 landed", "2 landed", "3 failed", "4 ready", "6 blocked", "7 waiting"],
        held: ["held/"]),
      Sample(
        name: "waits",
        states: ["1 landed", "2 landed", "3 failed", "4 ready", "6 blocked", "7 waiting"],
        held: ["held/"]),
      Sample(
        name: "interruptions",
        states: [
          "1 landed", "2 undone", "3 failed", "4 landed", "5 waiting", "6 blocked", "7 waiting",
          "8 waiting", "9 running", "10 ready", "11 ready", "12 in_review", "13 pending",
          "14 running", "15 ready", "16 ready", "17 landed", "18 landed", "19 ready", "20 landed",
          "21 waiting",
        ], held: ["held/"]),
    ]

    func make(at path: String) throws -> DatabasePool {
      let sql = try String(
        contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
          .appendingPathComponent("Samples/\(name).sql"), encoding: .utf8)
      let old = try DatabasePool(path: path)
      try old.writeWithoutTransaction { try $0.execute(sql: sql) }
      return old
    }
  }

  @Test(arguments: Sample.all)
  func aStoredStateFileKeepsAllItsRows(sample: Sample) throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("state.sqlite")
    /// The rows of each table, column by column; of columns that are there.
    func rows(_ db: Database, _ columns: [String: [String]]? = nil) throws -> [String: [[String]]] {
      let tables = try String.fetchAll(
        db,
        sql: """
          SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
            AND name <> 'grdb_migrations'
          """)
      var found: [String: [[String]]] = [:]
      for table in tables where columns == nil || columns?[table] != nil {
        let names = try columns?[table] ?? db.columns(in: table).map(\.name)
        found[table] = try Row.fetchAll(
          db, sql: "SELECT \(names.map { "\"\($0)\"" }.joined(separator: ",")) FROM \"\(table)\""
        ).map { row in row.databaseValues.map(\.description) }.sorted {
          $0.lexicographicallyPrecedes($1)
        }
      }
      return found
    }
    var columns: [String: [String]] = [:]
    var before: [String: [[String]]] = [:]
    do {
      let old = try sample.make(at: path)
      before = try old.read { db in
        for table in try rows(db).keys { columns[table] = try db.columns(in: table).map(\.name) }
        return try rows(db)
      }
      #expect(try !old.read(Schema.migrator.hasCompletedMigrations))
      try old.close()
    }
    #expect(
      (before["events"]?.count ?? 0) > 40 && before["features"]?.count == sample.states.count)
    let store = try Store(path: path, clock: { 1_800_000_000_000 })
    let after = try store.read { try rows($0, columns) }
    for (table, old) in before { #expect(after[table] == old, "\(table)") }
    // It is read as what it was, and is worked with.
    let states = try store.features().map { "\($0.id) \($0.state.rawValue)" }
    #expect(states == sample.states)
    #expect(try store.attempts(of: "3").count == 3)
    let held = try store.claims(of: ClaimOwner(kind: .person, id: "local"))
    #expect(held.map(\.path.description) == sample.held)
    #expect(try store.events(after: 0).count == before["events"]?.count)
    try store.retry("3")
    #expect(try store.feature("3")?.state == .ready)
    try store.close()
  }

  @Test(arguments: ["reviews", "waits"]) func aVerdictIsReadAsWhatItWas(name: String) throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("state.sqlite")
    try Sample(name: name, states: [], held: []).make(at: path).close()
    let store = try Store(path: path, clock: { 1_800_000_000_000 })
    #expect(try store.reviews(of: "4").map(\.verdict) == [.changesRequested])
    try store.close()
  }

  /// What 10cffc3 had as text alone is what it was: waits, interruptions, tiers, conflicts.
  @Test func whatStoodInWordsHasItsColumns() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("state.sqlite")
    try Sample(name: "interruptions", states: [], held: []).make(at: path).close()
    let store = try Store(path: path, clock: { 1_800_000_000_000 })
    let waits = Dictionary(
      uniqueKeysWithValues: try store.features().compactMap { row in row.wait.map { (row.id, $0) } }
    )
    #expect(
      waits == [
        "5": .claim(ClaimOwner(kind: .person, id: "local")),
        "7": .limit(until: 1_796_106_268_000), "8": .limit(until: nil), "21": .budget,
      ])
    let columns = try store.read { db in
      try Row.fetchAll(db, sql: "SELECT id, wait_kind FROM features WHERE wait_kind IS NOT NULL")
        .map { "\($0["id"] as String) \($0["wait_kind"] as String)" }.sorted()
    }
    #expect(columns == ["21 budget", "5 claim", "7 limit", "8 limit"])

    let attempts = try store.attempts()
    let interruptions = attempts.filter { $0.state == .interrupted }.map {
      "\($0.feature) \($0.interruption?.rawValue ?? "none")"
    }
    #expect(
      interruptions.sorted() == [
        "10 handed_back", "11 stopped_by_person", "16 stopped", "17 supervisor", "7 limit",
        "8 limit", "9 asked_later",
      ])
    #expect(
      Set(attempts.map(\.tier)) == [.opus, nil]
        && attempts.filter { $0.session != nil }.allSatisfy { $0.tierName == "session" })
    #expect(try store.landingConflicts().isEmpty)
    #expect(try store.pauses().map { "\($0.agent) \($0.kind)" } == ["guest login"])
    #expect(try store.reviews(of: "4").map(\.verdict) == [.approved])
    #expect(try store.reviews(of: "10").map(\.verdict) == [.changesRequested])
    #expect(try store.runningAttempts().map(\.feature).sorted() == ["14", "9"])
    #expect(try store.openParticipants().map(\.kind) == [.work])

    // Each goes on: the claim's end wakes who waited for it, a person those that wait for one.
    try store.releaseAll(owner: ClaimOwner(kind: .person, id: "local"))
    try store.wakeLimited(all: true)
    try store.wakeBudget()
    for id in ["5", "7", "8", "21"] { #expect(try store.feature(id)?.state == .ready, "\(id)") }
    try store.close()
  }

  /// Its schema and its rows stay as they are.
  @Test func aFileThatANewerProgramHasMigratedIsLeftAlone() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("state.sqlite")
    do {
      var newer = Schema.migrator
      newer.registerMigration("of a later program") {
        try $0.create(table: "later") { $0.column("a") }
      }
      let pool = try DatabasePool(path: path)
      try newer.migrate(pool)
      try pool.close()
    }
    func content() throws -> [String] {
      let pool = try DatabasePool(path: path)
      defer { try? pool.close() }
      return try pool.read { db in
        try String.fetchAll(
          db, sql: "SELECT name || coalesce(sql, '') FROM sqlite_master ORDER BY 1")
          + String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations ORDER BY rowid")
          + [String(Int.fetchOne(db, sql: "PRAGMA user_version") ?? -1)]
      }
    }
    let before = try content()
    let version = ClaimSchema.version
    #expect(throws: StoreError.newerSchema(found: version, known: version)) {
      try Store(path: path)
    }
    #expect(try content() == before && before.count > 40)
    let error = StoreError.newerSchema(found: version, known: version)
    #expect(error.description.contains("use the newer lanekeeper"))
  }
}
