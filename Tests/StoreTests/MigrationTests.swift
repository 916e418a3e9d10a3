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

  /// State files that the programs of their time have really left, as SQL.
  static let samples = ["reviews", "waits"]

  @Test(arguments: samples)
  func aStoredStateFileKeepsAllItsRows(name: String) throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("state.sqlite")
    let sql = try String(
      contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Samples/\(name).sql"), encoding: .utf8)
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
      let old = try DatabasePool(path: path)
      try old.writeWithoutTransaction { try $0.execute(sql: sql) }
      before = try old.read { db in
        for table in try rows(db).keys { columns[table] = try db.columns(in: table).map(\.name) }
        return try rows(db)
      }
      #expect(try !old.read(Schema.migrator.hasCompletedMigrations))
      try old.close()
    }
    #expect((before["events"]?.count ?? 0) > 40 && before["features"]?.count == 6)
    let store = try Store(path: path, clock: { 1_800_000_000_000 })
    let after = try store.read { try rows($0, columns) }
    for (table, old) in before { #expect(after[table] == old, "\(table)") }
    // It is read as what it was, and is worked with.
    let states = try store.features().map { "\($0.id) \($0.state.rawValue)" }
    #expect(
      states == ["1 landed", "2 landed", "3 failed", "4 ready", "6 blocked", "7 waiting"])
    #expect(try store.attempts(of: "3").count == 3)
    #expect(try store.reviews(of: "4").map(\.verdict) == [.changesRequested])
    #expect(
      try store.claims(of: ClaimOwner(kind: .person, id: "local")).map(\.path.description) == [
        "held/"
      ])
    #expect(try store.events(after: 0).count == before["events"]?.count)
    try store.retry("3")
    #expect(try store.feature("3")?.state == .ready)
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
