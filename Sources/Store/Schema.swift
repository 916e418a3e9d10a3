import GRDB
import Model

/// The tables of the state file and the steps that bring an older file up to date.
///
/// The tables that `lanekeeper-hook` reads and writes stand in `ClaimSchema`, so that both
/// programs share one definition.
enum Schema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1: features, attempts, lanes, claims, landings, events") { db in
      for statement in ClaimSchema.statements { try db.execute(sql: statement) }
      for statement in version1 { try db.execute(sql: statement) }
      try db.execute(sql: "PRAGMA user_version = \(ClaimSchema.version)")
    }
    migrator.registerMigration("waiting: live waits, and who has yielded to whom") { db in
      for statement in waiting { try db.execute(sql: statement) }
    }
    migrator.registerMigration("landing: chains, undo, what a gate result rests on") { db in
      for statement in landing { try db.execute(sql: statement) }
    }
    migrator.registerMigration("sessions: agents outside lanes") { db in
      for statement in sessions { try db.execute(sql: statement) }
    }
    migrator.registerMigration("agents: reports, pauses, reserved cost") { db in
      for statement in Store.agentTables { try db.execute(sql: statement) }
    }
    migrator.registerMigration("moves of the target") { db in
      for statement in ClaimSchema.targetMoves { try db.execute(sql: statement) }
    }
    migrator.registerMigration("reviews: verdicts, looks, starts of attempts") { db in
      for statement in Store.reviewTables { try db.execute(sql: statement) }
    }
    migrator.registerMigration("ready features in the order in which they are given") { db in
      try db.execute(
        sql: """
          CREATE INDEX features_ready ON features(rework IS NULL, priority DESC, position)
          WHERE state = 'ready' AND in_backlog = 1
          """)
    }
    migrator.registerMigration("stacking: what stands on an unlanded branch") { db in
      try db.execute(sql: ClaimSchema.stacks)
      try db.execute(sql: ClaimSchema.stacksByBase)
    }
    migrator.registerMigration("waits end with who waits") { db in
      try db.execute(sql: "ALTER TABLE waits ADD COLUMN seen INTEGER NOT NULL DEFAULT 0")
      // SQLite 3.40 takes a column before one of the key for NULL in `PRAGMA integrity_check`.
      try db.execute(
        sql: """
          CREATE TABLE yielded(feature TEXT NOT NULL, other TEXT NOT NULL, at INTEGER NOT NULL,
            to_younger INTEGER NOT NULL, PRIMARY KEY(feature, other, at)) WITHOUT ROWID;
          INSERT INTO yielded(feature, other, at, to_younger)
            SELECT feature, other, at, to_younger FROM yields;
          DROP TABLE yields;
          ALTER TABLE yielded RENAME TO yields;
          """)
    }
    migrator.registerMigration("slots: named things that few can use at a time") { db in
      for statement in Store.slotTables { try db.execute(sql: statement) }
    }
    migrator.registerMigration("budget: which attempts count") { db in
      for statement in Store.budgetColumn { try db.execute(sql: statement) }
    }
    migrator.registerMigration("agents: how they ended") { db in
      for statement in Store.reportEndings { try db.execute(sql: statement) }
    }
    migrator.registerMigration("waits: kind and end in columns") { db in
      try db.execute(sql: "ALTER TABLE features ADD COLUMN wait_kind TEXT")
      try db.execute(sql: "ALTER TABLE features ADD COLUMN wait_until INTEGER")
      for row in try Row.fetchAll(
        db, sql: "SELECT id, waiting_for FROM features WHERE waiting_for IS NOT NULL")
      {
        let wait = Wait(text: row["waiting_for"])
        try db.execute(
          sql: "UPDATE features SET wait_kind = ?, wait_until = ? WHERE id = ?",
          arguments: [wait?.kind.rawValue, wait?.until, row["id"] as String])
      }
    }
    migrator.registerMigration("attempts: why they were interrupted, in a column") { db in
      try db.execute(sql: "ALTER TABLE attempts ADD COLUMN interruption TEXT")
      for (detail, reason) in pastInterruptions {
        try db.execute(
          sql: """
            UPDATE attempts SET interruption = ?
            WHERE state = 'interrupted' AND interruption IS NULL AND detail LIKE ?
            """, arguments: [reason.rawValue, detail])
      }
    }
    migrator.registerMigration("landings: conflicts; agents: a good end, in columns") { db in
      try db.execute(sql: "ALTER TABLE landings ADD COLUMN conflict INTEGER NOT NULL DEFAULT 0")
      try db.execute(
        sql: """
          UPDATE landings SET conflict = 1
          WHERE phase = 'stopped' AND kind = 'feature' AND detail LIKE 'conflicts with %'
          """)
      try db.execute(
        sql: "ALTER TABLE agent_reports ADD COLUMN ended_well INTEGER NOT NULL DEFAULT 0")
      try db.execute(
        sql: "UPDATE agent_reports SET ended_well = 1 WHERE ending = 'it ended with 0'")
    }
    return migrator
  }

  /// How programs before the column told it, in words.
  private static let pastInterruptions: [(detail: String, reason: Interruption)] = [
    ("its lane could not be made ready%", .lane), ("a person stopped the agent", .stoppedByPerson),
    ("the agent asks to be run again later", .askedLater), ("met %", .limit),
    ("cut off%", .cutOff), ("handed back", .handedBack), ("stopped%", .stopped),
    ("it ended since the disk of % is full", .disk), ("signing failed: %", .signing),
    ("the guard was killed", .supervisor), ("another process runs this attempt", .supervisor),
  ]

  private static let waiting = [
    // An attempt that waits for a path while it runs; its paths stand in `refusals`.
    """
    CREATE TABLE waits(feature TEXT PRIMARY KEY NOT NULL, attempt INTEGER NOT NULL,
      since INTEGER NOT NULL, must_yield_to TEXT) WITHOUT ROWID
    """,
    """
    CREATE TABLE yields(feature TEXT NOT NULL, other TEXT NOT NULL, to_younger INTEGER NOT NULL,
      at INTEGER NOT NULL, PRIMARY KEY(feature, other, at)) WITHOUT ROWID
    """,
  ]

  /// Landings that stand on one another and land together carry the number of the first as `chain`.
  private static let landing = [
    "ALTER TABLE landings ADD COLUMN chain INTEGER",
    "ALTER TABLE landings ADD COLUMN kind TEXT NOT NULL DEFAULT 'feature'",
    "ALTER TABLE landings ADD COLUMN pushed INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE landings ADD COLUMN outcome TEXT",
    "UPDATE landings SET chain = id",
    "CREATE INDEX landings_by_feature ON landings(feature)",
    "CREATE INDEX landings_outcome ON landings(id) WHERE outcome IS NOT NULL",
    "ALTER TABLE gate_results ADD COLUMN cold INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE gate_results ADD COLUMN reds INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE gate_results ADD COLUMN flaky INTEGER NOT NULL DEFAULT 0",
    """
    CREATE TABLE undo_requests(
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      feature TEXT NOT NULL UNIQUE,
      commit_id TEXT NOT NULL,
      previous TEXT NOT NULL,
      requested_at INTEGER NOT NULL
    )
    """,
  ]

  private static let sessions = [
    """
    CREATE TABLE sessions(agent TEXT PRIMARY KEY NOT NULL, started_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL) WITHOUT ROWID
    """
  ]

  private static let version1 = [
    """
    CREATE TABLE features(
      id TEXT PRIMARY KEY NOT NULL,
      position INTEGER NOT NULL,
      title TEXT NOT NULL,
      category TEXT NOT NULL,
      description TEXT NOT NULL,
      steps TEXT NOT NULL,
      touches TEXT NOT NULL,
      priority INTEGER NOT NULL,
      model TEXT,
      agent TEXT,
      in_backlog INTEGER NOT NULL DEFAULT 1,
      state TEXT NOT NULL,
      waiting_for TEXT,
      branch TEXT,
      tip TEXT,
      attempts INTEGER NOT NULL DEFAULT 0,
      failures INTEGER NOT NULL DEFAULT 0,
      last_tier TEXT,
      climb INTEGER NOT NULL DEFAULT 0,
      rework TEXT,
      landed_commit TEXT,
      changed_at INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX features_by_state ON features(state)",
    """
    CREATE TABLE dependencies(
      feature TEXT NOT NULL,
      depends_on TEXT NOT NULL,
      source TEXT NOT NULL,
      confidence REAL,
      reason TEXT,
      PRIMARY KEY(feature, depends_on)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX dependencies_reverse ON dependencies(depends_on)",
    """
    CREATE TABLE attempts(
      feature TEXT NOT NULL,
      number INTEGER NOT NULL,
      participant TEXT NOT NULL,
      slot INTEGER NOT NULL,
      slot_held INTEGER NOT NULL DEFAULT 1,
      agent TEXT NOT NULL,
      lane INTEGER NOT NULL,
      tier TEXT NOT NULL,
      model_name TEXT NOT NULL,
      choice TEXT NOT NULL,
      mark TEXT NOT NULL,
      base TEXT NOT NULL,
      tip TEXT,
      state TEXT NOT NULL,
      detail TEXT,
      cost_usd REAL NOT NULL DEFAULT 0,
      started_at INTEGER NOT NULL,
      ended_at INTEGER,
      heartbeat_boot_ms INTEGER,
      boot_id TEXT,
      PRIMARY KEY(feature, number)
    ) WITHOUT ROWID
    """,
    "CREATE UNIQUE INDEX attempts_one_running ON attempts(feature) WHERE state = 'running'",
    "CREATE UNIQUE INDEX attempts_one_per_slot ON attempts(slot) WHERE state = 'running' AND slot_held = 1",
    """
    CREATE TABLE participants(
      id TEXT PRIMARY KEY NOT NULL,
      kind TEXT NOT NULL,
      pid INTEGER NOT NULL,
      state TEXT NOT NULL,
      parallel INTEGER NOT NULL,
      preset TEXT,
      models TEXT NOT NULL,
      started_at INTEGER NOT NULL,
      ended_at INTEGER
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE landings(
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      feature TEXT NOT NULL,
      phase TEXT NOT NULL,
      lane_tip TEXT NOT NULL,
      base TEXT NOT NULL,
      target_before TEXT NOT NULL,
      commit_id TEXT,
      tree TEXT,
      gate_log TEXT,
      detail TEXT,
      started_at INTEGER NOT NULL,
      ended_at INTEGER
    )
    """,
    "CREATE INDEX landings_open ON landings(phase) WHERE ended_at IS NULL",
    """
    CREATE TABLE follow_journal(
      landing INTEGER NOT NULL,
      path BLOB NOT NULL,
      old_mode INTEGER,
      old_id TEXT,
      new_mode INTEGER,
      new_id TEXT,
      PRIMARY KEY(landing, path)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE gate_results(
      tree TEXT NOT NULL,
      command TEXT NOT NULL,
      environment TEXT NOT NULL,
      passed INTEGER NOT NULL,
      status TEXT NOT NULL,
      seconds REAL NOT NULL,
      log TEXT NOT NULL,
      at INTEGER NOT NULL,
      PRIMARY KEY(tree, command, environment)
    ) WITHOUT ROWID
    """,
  ]
}
