import Foundation
import GRDB
import Model

/// A feature as the databases of AutoCoder hold it.
package struct AutoCoderRow: Sendable, Equatable {
  package var id: Int64
  package var priority: Int64
  package var category: String
  package var name: String
  package var description: String
  package var steps: [String]
  package var passes: Bool
  package var inProgress: Bool
  /// The word of the second version; empty in the first.
  package var status: String
  package var dependencies: [Int64]

  package init(
    id: Int64, priority: Int64, category: String, name: String, description: String,
    steps: [String], passes: Bool, inProgress: Bool, status: String = "", dependencies: [Int64]
  ) {
    self.id = id
    self.priority = priority
    self.category = category
    self.name = name
    self.description = description
    self.steps = steps
    self.passes = passes
    self.inProgress = inProgress
    self.status = status
    self.dependencies = dependencies
  }
}

/// Why a database of AutoCoder can't be used.
package struct AutoCoderError: Error, Sendable, CustomStringConvertible {
  package var description: String
}

/// Reads and writes the databases of AutoCoder: `features.db` (version 1), and `agent_system.db`
/// (version 2), whose edges stand in a table of their own.
package struct AutoCoderDatabase: Sendable {
  package enum Version: Int, Sendable {
    case one = 1
    case two
  }

  private let path: String

  /// - Throws: ``AutoCoderError``.
  package init(path: String) throws(AutoCoderError) {
    self.path = path
    guard FileManager.default.isReadableFile(atPath: path) else {
      throw AutoCoderError(description: "\(path) can't be read")
    }
  }

  /// Tells by the first bytes whether a file is an SQLite database.
  package static func isDatabase(_ path: String) -> Bool {
    guard let handle = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? handle.close() }
    return (try? handle.read(upToCount: 16)) == Data("SQLite format 3\0".utf8)
  }

  /// Reads every feature, in the order in which AutoCoder would build them.
  ///
  /// - Throws: ``AutoCoderError`` where it is no such database or is damaged.
  package func read() throws(AutoCoderError) -> (version: Version, rows: [AutoCoderRow]) {
    try perform(readonly: true) { queue in
      try queue.read { db in
        let version = try self.version(db)
        let edges = try self.edges(db, version)
        let order = version == .one ? "priority, id" : "priority DESC, id"
        let rows = try Row.fetchAll(db, sql: "SELECT * FROM features ORDER BY \(order)")
        return (version, try rows.map { try self.row($0, edges) })
      }
    }
  }

  /// Sets how far features are; what is unknown there is left alone.
  ///
  /// - Returns: the ids that the database does not hold.
  package func update(
    _ rows: [(id: Int64, passes: Bool, inProgress: Bool, status: String)]
  ) throws(AutoCoderError) -> [Int64] {
    try perform(readonly: false) { queue in
      try queue.write { db in
        let columns = try Set(db.columns(in: "features").map(\.name))
        let version = try self.version(db)
        var missing: [Int64] = []
        for row in rows {
          if version == .one {
            try db.execute(
              sql: "UPDATE features SET passes = ? WHERE id = ?", arguments: [row.passes, row.id])
          } else {
            try db.execute(
              sql: "UPDATE features SET passes = ?, status = ? WHERE id = ?",
              arguments: [row.passes, row.status, row.id])
          }
          if db.changesCount == 0 { missing.append(row.id) }
          if version == .one, columns.contains("in_progress") {
            try db.execute(
              sql: "UPDATE features SET in_progress = ? WHERE id = ?",
              arguments: [row.inProgress, row.id])
          }
        }
        return missing
      }
    }
  }

  /// Makes a database of a version with these features; a file in its place is an error.
  package static func create(
    path: String, version: Version, _ rows: [AutoCoderRow]
  ) throws(AutoCoderError) {
    guard !FileManager.default.fileExists(atPath: path) else {
      throw AutoCoderError(description: "\(path) exists; name a new file, or give --update")
    }
    do {
      let queue = try DatabaseQueue(path: path)
      try queue.write { db in
        for statement in version == .one ? schema1 : schema2 { try db.execute(sql: statement) }
        for row in rows { try insert(db, row, version) }
      }
      try queue.close()
    } catch {
      throw AutoCoderError(description: "\(path) can't be written: \(reason(error))")
    }
  }

  private static func insert(_ db: Database, _ row: AutoCoderRow, _ version: Version) throws {
    let steps = JSON.texts(row.steps).text
    switch version {
    case .one:
      let edges = "[" + row.dependencies.map(String.init).joined(separator: ", ") + "]"
      try db.execute(
        sql: """
          INSERT INTO features(id, priority, category, name, description, steps, passes,
            in_progress, dependencies) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          row.id, row.priority, row.category, row.name, row.description, steps, row.passes,
          row.inProgress, edges,
        ])
    case .two:
      try db.execute(
        sql: """
          INSERT INTO features(id, name, description, steps, category, status, priority, passes)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          row.id, row.name, row.description, steps, row.category, row.status, row.priority,
          row.passes,
        ])
      for other in row.dependencies {
        try db.execute(
          sql: "INSERT INTO feature_dependencies(feature_id, depends_on_id) VALUES (?, ?)",
          arguments: [row.id, other])
      }
    }
  }

  private func perform<T>(
    readonly: Bool, _ body: (DatabaseQueue) throws -> T
  ) throws(AutoCoderError) -> T {
    guard Self.isDatabase(path) else {
      throw AutoCoderError(description: "\(path) is no SQLite database, so not one of AutoCoder's")
    }
    do {
      var configuration = Configuration()
      configuration.readonly = readonly
      configuration.foreignKeysEnabled = false
      configuration.busyMode = .timeout(10)
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      defer { try? queue.close() }
      return try body(queue)
    } catch let error as AutoCoderError {
      throw error
    } catch {
      throw AutoCoderError(description: "\(path) can't be read: \(Self.reason(error))")
    }
  }

  private static func reason(_ error: any Error) -> String {
    guard let error = error as? DatabaseError else { return "\(error)" }
    switch error.resultCode {
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
      return "the database is damaged; `sqlite3 FILE .recover` may save what is left"
    case .SQLITE_BUSY: return "another program is writing to it; stop that and try again"
    default: return error.message ?? "\(error)"
    }
  }

  private func version(_ db: Database) throws -> Version {
    guard try db.tableExists("features") else {
      throw AutoCoderError(description: "\(path) has no table `features`, so it is not AutoCoder's")
    }
    let columns = try Set(db.columns(in: "features").map(\.name))
    let missing = ["id", "name", "description", "passes"].filter { !columns.contains($0) }
    guard missing.isEmpty else {
      throw AutoCoderError(
        description: "the table `features` of \(path) has no column "
          + missing.map { "`\($0)`" }.joined(separator: ", ") + ", so it is not AutoCoder's")
    }
    return columns.contains("status") ? .two : .one
  }

  private func edges(_ db: Database, _ version: Version) throws -> [Int64: [Int64]] {
    guard try db.tableExists("feature_dependencies") else { return [:] }
    var edges: [Int64: [Int64]] = [:]
    for row in try Row.fetchAll(
      db,
      sql: """
        SELECT feature_id, depends_on_id FROM feature_dependencies
        ORDER BY feature_id, depends_on_id
        """)
    {
      edges[row["feature_id"], default: []].append(row["depends_on_id"])
    }
    return edges
  }

  private func row(_ row: Row, _ edges: [Int64: [Int64]]) throws -> AutoCoderRow {
    func text(_ column: String) -> String {
      row.hasColumn(column) ? (String.fromDatabaseValue(row[column]) ?? "") : ""
    }
    func number(_ column: String) -> Int64 {
      row.hasColumn(column) ? (Int64.fromDatabaseValue(row[column]) ?? 0) : 0
    }
    guard let id = Int64.fromDatabaseValue(row["id"]) else {
      throw AutoCoderError(description: "\(path): a row of `features` has no number in `id`")
    }
    func list(_ column: String) throws -> [JSON] {
      let content = text(column)
      guard !content.isEmpty else { return [] }
      let value = try? JSON(reading: content, by: .lenient)
      if let list = value?.array { return list }
      if value == .null { return [] }
      // The second version also takes steps as plain text.
      if column == "steps" {
        return content.split(whereSeparator: \.isNewline).map { .string(String($0)) }
      }
      throw AutoCoderError(
        description: "\(path): `\(column)` of feature \(id) is no JSON list: \(content.prefix(40))")
    }
    let own = try list("dependencies").map { item -> Int64 in
      if let number = item.integer ?? item.string.flatMap({ Int64($0) }) { return number }
      throw AutoCoderError(
        description:
          "\(path): `dependencies` of feature \(id) holds '\(item.plain)', which is no number")
    }
    return AutoCoderRow(
      id: id, priority: number("priority"), category: text("category"), name: text("name"),
      description: text("description"), steps: try list("steps").map(\.plain),
      passes: number("passes") != 0, inProgress: number("in_progress") != 0,
      status: text("status"),
      dependencies: own + (edges[id] ?? []).filter { !own.contains($0) })
  }

  private static let schema1 = [
    """
    CREATE TABLE features(
      id INTEGER PRIMARY KEY NOT NULL,
      priority INTEGER NOT NULL DEFAULT 999,
      category VARCHAR(100) NOT NULL,
      name VARCHAR(255) NOT NULL,
      description TEXT NOT NULL,
      steps JSON NOT NULL,
      passes BOOLEAN DEFAULT 0,
      in_progress BOOLEAN DEFAULT 0,
      dependencies JSON
    )
    """
  ]

  private static let schema2 = [
    """
    CREATE TABLE features(
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL,
      description TEXT,
      steps TEXT,
      category TEXT,
      status TEXT DEFAULT 'PENDING',
      priority INTEGER DEFAULT 0,
      review_status TEXT DEFAULT 'PENDING',
      passes BOOLEAN DEFAULT FALSE,
      completed_at TIMESTAMP,
      enabled BOOLEAN DEFAULT TRUE,
      attempts INTEGER DEFAULT 0,
      created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
      updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
    )
    """,
    """
    CREATE TABLE feature_dependencies(
      feature_id INTEGER NOT NULL,
      depends_on_id INTEGER NOT NULL,
      created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
      PRIMARY KEY(feature_id, depends_on_id)
    )
    """,
  ]
}
