import Foundation
import GRDB
import Model
import Store
import TestSupport
import Testing

/// The databases as AutoCoder makes them, written by their documented schema.
@Suite(.bounded) struct AutoCoderDatabaseTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func make(_ name: String, _ statements: [String]) throws -> String {
    let queue = try DatabaseQueue(path: directory.path(name))
    try queue.write { db in for statement in statements { try db.execute(sql: statement) } }
    try queue.close()
    return directory.path(name)
  }

  private func failure(_ path: String) -> String {
    do {
      _ = try AutoCoderDatabase(path: path).read()
      return "none"
    } catch {
      return error.description
    }
  }

  private let first = [
    """
    CREATE TABLE features (id INTEGER NOT NULL, priority INTEGER NOT NULL,
      category VARCHAR(100) NOT NULL, name VARCHAR(255) NOT NULL, description TEXT NOT NULL,
      steps JSON NOT NULL, passes BOOLEAN, in_progress BOOLEAN, dependencies JSON,
      PRIMARY KEY (id))
    """,
    """
    INSERT INTO features VALUES
      (1, 2, 'functional', 'Page', 'd', '["a", "b"]', 0, 1, '[2]'),
      (2, 1, 'security', 'Login', 'e', '[]', 1, 0, NULL),
      (3, 999, 'style', 'Look', 'f', '["c"]', 0, 0, '[1, 2]')
    """,
  ]

  private let second = [
    """
    CREATE TABLE features (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,
      description TEXT, steps TEXT, category TEXT, status TEXT DEFAULT 'PENDING',
      priority INTEGER DEFAULT 0, passes BOOLEAN DEFAULT FALSE, enabled BOOLEAN DEFAULT TRUE)
    """,
    """
    CREATE TABLE feature_dependencies (feature_id INTEGER NOT NULL, depends_on_id INTEGER NOT NULL,
      PRIMARY KEY (feature_id, depends_on_id))
    """,
    """
    INSERT INTO features(id, name, description, steps, category, status, priority, passes) VALUES
      (1, 'Schema', NULL, 'one' || char(10) || 'two', 'backend', 'DONE', 5, 1),
      (2, 'API', 'x', '["a"]', NULL, 'PENDING', 1, 0), (3, 'UI', '', NULL, 'web', 'BLOCKED', 9, 0)
    """, "INSERT INTO feature_dependencies VALUES (2, 1), (3, 2), (3, 1)",
  ]

  @Test func readsTheFirstVersion() throws {
    let (version, rows) = try AutoCoderDatabase(path: make("features.db", first)).read()
    #expect(version == .one && rows.map(\.id) == [2, 1, 3])
    #expect(rows[1].steps == ["a", "b"] && rows[1].inProgress && rows[0].passes)
    #expect(rows.map(\.dependencies) == [[], [2], [1, 2]])
  }

  @Test func readsTheSecondVersion() throws {
    let (version, rows) = try AutoCoderDatabase(path: make("agent_system.db", second)).read()
    #expect(version == .two && rows.map(\.id) == [3, 1, 2])
    #expect(rows.map(\.dependencies) == [[1, 2], [], [1]])
    #expect(rows[1].steps == ["one", "two"] && rows[0].status == "BLOCKED")
  }

  @Test func anOlderTableWithoutTheLaterColumns() throws {
    let path = try make(
      "old.db",
      [
        "CREATE TABLE features(id INTEGER PRIMARY KEY, priority INTEGER, category TEXT, name TEXT, "
          + "description TEXT, steps JSON, passes BOOLEAN)",
        "INSERT INTO features VALUES (1, 1, 'a', 'n', 'd', '[]', 0)",
      ])
    #expect(try AutoCoderDatabase(path: path).read().rows.map(\.id) == [1])
    #expect(
      try AutoCoderDatabase(path: path).update([(1, true, false, "DONE")]).isEmpty)
    #expect(try AutoCoderDatabase(path: path).read().rows[0].passes)
  }

  @Test(arguments: [AutoCoderDatabase.Version.one, .two])
  func roundTrip(_ version: AutoCoderDatabase.Version) throws {
    let rows = [
      AutoCoderRow(
        id: 1, priority: 1, category: "backend", name: "Ünï", description: "d\ne",
        steps: ["a \"b\"", "c"], passes: false, inProgress: version == .one,
        status: version == .one ? "" : "PENDING", dependencies: []),
      AutoCoderRow(
        id: 2, priority: version == .one ? 2 : 0, category: "testing", name: "B", description: "",
        steps: [], passes: true, inProgress: false, status: version == .one ? "" : "DONE",
        dependencies: [1]),
    ]
    let path = directory.path("made.db")
    try AutoCoderDatabase.create(path: path, version: version, rows)
    let back = try AutoCoderDatabase(path: path).read()
    #expect(back.version == version && back.rows == rows)
    #expect(throws: AutoCoderError.self) {
      try AutoCoderDatabase.create(path: path, version: version, rows)
    }
    let missing = try AutoCoderDatabase(path: path).update([
      (1, true, false, "DONE"), (9, true, false, "DONE"),
    ])
    #expect(missing == [9])
    let after = try AutoCoderDatabase(path: path).read().rows
    #expect(after.allSatisfy(\.passes) && after[0].name == "Ünï")
  }

  @Test func brokenFilesGiveOneClearError() throws {
    #expect(failure(directory.path("none.db")).hasSuffix("can't be read"))
    try directory.write("text.db", "this is no database")
    #expect(failure(directory.path("text.db")).contains("is no SQLite database"))
    let other = try make("other.db", ["CREATE TABLE things(id INTEGER)"])
    #expect(failure(other).contains("has no table `features`"))
    let columns = try make("columns.db", ["CREATE TABLE features(id INTEGER, name TEXT)"])
    #expect(failure(columns).contains("no column `description`, `passes`"))
    let json = try make(
      "json.db", [first[0], "INSERT INTO features VALUES (1,1,'a','n','d','[]',0,0,'{oops')"])
    #expect(failure(json).contains("`dependencies` of feature 1 is no JSON list"))
    let whole = try Data(contentsOf: URL(fileURLWithPath: make("whole.db", first)))
    var damaged = whole
    for index in 4096..<whole.count where index % 3 == 0 { damaged[index] = 0xa5 }
    damaged.replaceSubrange(100..<160, with: Data(repeating: 0xff, count: 60))
    try damaged.write(to: URL(fileURLWithPath: directory.path("damaged.db")))
    #expect(failure(directory.path("damaged.db")).contains("the database is damaged"))
  }
}
