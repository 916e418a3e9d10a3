import CSQLite
import TestSupport
import Testing

/// Reads the state file as any program could.
enum StateRows {
  static func read(_ shop: Workshop, _ sql: String) throws -> [[String]] {
    var database: OpaquePointer?
    defer { sqlite3_close(database) }
    let path = shop.repository.path + "/.git/lanekeeper/state.sqlite"
    try #require(sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK)
    sqlite3_busy_timeout(database, 60_000)
    var statement: OpaquePointer?
    defer { sqlite3_finalize(statement) }
    let code = sqlite3_prepare_v2(database, sql, -1, &statement, nil)
    try #require(code == SQLITE_OK, "\(String(cString: sqlite3_errmsg(database)))")
    var rows: [[String]] = []
    while true {
      let step = sqlite3_step(statement)
      if step == SQLITE_DONE { return rows }
      try #require(step == SQLITE_ROW, "\(String(cString: sqlite3_errmsg(database)))")
      rows.append(
        (0..<sqlite3_column_count(statement)).map { column in
          sqlite3_column_text(statement, column).map { String(cString: $0) } ?? ""
        })
    }
  }

  /// What SQLite says of the whole file: `ok`.
  static func integrity(_ shop: Workshop) throws -> String {
    try read(shop, "PRAGMA integrity_check").map { $0.joined() }.joined(separator: "; ")
  }
}
