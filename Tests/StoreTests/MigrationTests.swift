import ClaimRules
import GRDB
import TestSupport
import Testing

@testable import Store

@Suite struct MigrationTests {
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
    let version = ClaimSchema.version
    #expect(throws: StoreError.newerSchema(found: version, known: version)) {
      try Store(path: path)
    }
    let error = StoreError.newerSchema(found: version, known: version)
    #expect(error.description.contains("use the newer lanekeeper"))
  }
}
