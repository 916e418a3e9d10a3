import CSQLite
import Model

/// The statements of one claim, straight through SQLite: what the store is measured against.
final class RawClaims {
  private var database: OpaquePointer?
  private var statements: [String: OpaquePointer] = [:]
  private var claimed = 0

  /// - Parameter path: a state file that the store has made.
  init(_ path: String) {
    guard sqlite3_open(path, &database) == SQLITE_OK else { fatalError("can't open \(path)") }
    sqlite3_busy_timeout(database, 20_000)
    run("PRAGMA synchronous = NORMAL")
  }

  deinit {
    for statement in statements.values { sqlite3_finalize(statement) }
    sqlite3_close(database)
  }

  /// Claims one file in a directory for a feature, as `Store.claim` does.
  func claim(_ path: String, feature: String, now: Int64) {
    let bytes = Array(path.utf8)
    let directory = bytes.lastIndex(of: 0x2f).map { Array(bytes[..<$0]) }
    run("BEGIN IMMEDIATE TRANSACTION")
    for place in [directory, bytes].compactMap({ $0 }) {
      run(ClaimSchema.selectAt) { self.blob($0, 1, place) }
    }
    run(ClaimSchema.selectBelow) {
      self.blob($0, 1, bytes + [0x2f])
      self.blob($0, 2, bytes + [0x30])
    }
    var generation: Int64 = 0
    run(ClaimSchema.nextGeneration, row: { generation = sqlite3_column_int64($0, 0) })
    run(ClaimSchema.insertClaim) {
      self.blob($0, 1, bytes)
      sqlite3_bind_int64($0, 2, 0)
      self.text($0, 3, "exclusive")
      self.text($0, 4, "feature")
      self.text($0, 5, feature)
      sqlite3_bind_null($0, 6)
      sqlite3_bind_int64($0, 7, generation)
      sqlite3_bind_int64($0, 8, now)
      sqlite3_bind_null($0, 9)
      sqlite3_bind_int64($0, 10, 0)
      sqlite3_bind_null($0, 11)
    }
    run(ClaimSchema.appendEvent) {
      sqlite3_bind_int64($0, 1, now)
      self.text($0, 2, "claims_granted")
      self.text($0, 3, feature)
      sqlite3_bind_null($0, 4)
      self.text($0, 5, "{\"generation\":\(generation),\"paths\":[\"\(path)\"]}")
    }
    run(ClaimSchema.forgetRefusal) {
      self.text($0, 1, feature)
      self.blob($0, 2, bytes)
    }
    run("COMMIT TRANSACTION")
  }

  private func run(
    _ sql: String, bind: (OpaquePointer) -> Void = { _ in }, row: (OpaquePointer) -> Void = { _ in }
  ) {
    var statement = statements[sql]
    if statement == nil {
      guard
        sqlite3_prepare_v3(database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
          == SQLITE_OK
      else { fatalError("\(sql): \(String(cString: sqlite3_errmsg(database)))") }
      statements[sql] = statement
    }
    guard let statement else { return }
    bind(statement)
    while true {
      let code = sqlite3_step(statement)
      if code == SQLITE_ROW {
        row(statement)
      } else if code == SQLITE_DONE {
        break
      } else {
        fatalError("\(sql): \(String(cString: sqlite3_errmsg(database)))")
      }
    }
    sqlite3_reset(statement)
  }

  private func blob(_ statement: OpaquePointer, _ place: Int32, _ bytes: [UInt8]) {
    sqlite3_bind_blob(statement, place, bytes, Int32(bytes.count), lk_sqlite_transient())
  }

  private func text(_ statement: OpaquePointer, _ place: Int32, _ text: String) {
    sqlite3_bind_text(statement, place, text, -1, lk_sqlite_transient())
  }
}
