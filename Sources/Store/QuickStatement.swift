import CSQLite
import GRDB
import Model

/// A prepared statement that is stepped through SQLite's own interface.
///
/// Claims are the busiest thing in the store. GRDB compiles each statement once and keeps it; binding
/// and reading through its values would cost more than SQLite itself takes.
struct QuickStatement: SQLStatement {
  typealias Failure = any Error

  private let handle: OpaquePointer
  private let database: OpaquePointer?

  init(_ db: Database, _ sql: String) throws {
    handle = try db.cachedStatement(sql: sql).sqliteStatement
    database = db.sqliteConnection
  }

  /// Runs the statement and hands each row to `row`.
  func run(_ values: [SQLValue], _ row: (QuickRow) -> Void) throws {
    sqlite3_reset(handle)
    defer { sqlite3_reset(handle) }
    for (position, value) in values.enumerated() { value.bind(handle, Int32(position + 1)) }
    while true {
      switch sqlite3_step(handle) {
      case SQLITE_ROW: row(QuickRow(handle: handle))
      case SQLITE_DONE: return
      case let code:
        throw DatabaseError(
          resultCode: ResultCode(rawValue: code),
          message: sqlite3_errmsg(database).map { String(cString: $0) },
          sql: sqlite3_sql(handle).map { String(cString: $0) })
      }
    }
  }
}

extension SQLValue {
  fileprivate func bind(_ statement: OpaquePointer, _ position: Int32) {
    switch self {
    case .null: sqlite3_bind_null(statement, position)
    case .integer(let number): sqlite3_bind_int64(statement, position, number)
    case .text(var text):
      _ = text.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) {
          sqlite3_bind_text(
            statement, position, $0.baseAddress, Int32($0.count), lk_sqlite_transient())
        }
      }
    case .blob(let bytes):
      if bytes.isEmpty {
        sqlite3_bind_zeroblob(statement, position, 0)
      } else {
        sqlite3_bind_blob(statement, position, bytes, Int32(bytes.count), lk_sqlite_transient())
      }
    }
  }
}

/// A row of an answer, valid until the next one.
struct QuickRow: SQLRow {
  fileprivate let handle: OpaquePointer

  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

  func text(_ column: Int32) -> String? {
    sqlite3_column_text(handle, column).map { String(cString: $0) }
  }

  func blob(_ column: Int32) -> [UInt8] {
    let count = Int(sqlite3_column_bytes(handle, column))
    guard count > 0, let pointer = sqlite3_column_blob(handle, column) else { return [] }
    return Array(UnsafeRawBufferPointer(start: pointer, count: count))
  }
}

/// GRDB's connection as the ledger takes it.
struct StoreConnection: SQLConnection {
  fileprivate let db: Database

  func statement(_ sql: String) throws -> QuickStatement { try QuickStatement(db, sql) }
}

extension Database {
  /// The claims, in the transaction that is open.
  var ledger: ClaimLedger<StoreConnection> { ClaimLedger(StoreConnection(db: self)) }
}
