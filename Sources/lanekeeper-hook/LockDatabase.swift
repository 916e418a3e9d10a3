import CSQLite
import GitFormats
import Glibc
import Model

/// A failure of the state file, in words.
struct StateFileError: Error {
  let reason: String
}

extension StateFileError {
  /// The last failure of a connection.
  fileprivate init(of database: OpaquePointer?) {
    reason = String(cString: sqlite3_errmsg(database))
  }
}

/// The state file, through SQLite's C interface. It is closed by the end of the process, which takes less
/// time than giving all memory back.
final class LockDatabase: SQLConnection {
  private var handle: OpaquePointer?
  // A few; a dictionary takes longer to set up than to look through these.
  private var statements: [(sql: String, statement: HookStatement)] = []

  /// Opens the state file.
  ///
  /// - Parameter busyMilliseconds: how long to wait for another process that writes.
  /// - Throws: ``StateFileError`` where it can't be read or written, or is a newer program's.
  init(_ place: GitPlace, busyMilliseconds: Int32 = 10_000) throws(StateFileError) {
    guard Files.exists(place.stateFile) else { throw StateFileError(reason: "it is missing") }
    lk_sqlite_one_thread()
    let code = sqlite3_open_v2(
      place.stateFile, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nil)
    guard code == SQLITE_OK else {
      let reason = String(cString: sqlite3_errstr(code))
      sqlite3_close(handle)
      handle = nil
      throw StateFileError(reason: reason)
    }
    guard sqlite3_db_readonly(handle, "main") != 1 else {
      throw StateFileError(reason: "it is read-only")
    }
    _ = lk_sqlite_no_checkpoint_on_close(handle)
    sqlite3_busy_timeout(handle, busyMilliseconds)
    let version = try rows("PRAGMA user_version") { Int($0.integer(0)) }.first ?? 0
    guard version == ClaimSchema.version else {
      throw StateFileError(
        reason: version > ClaimSchema.version
          ? "it was written by a newer lanekeeper; install that version here, too"
          : "it has no tables")
    }
  }

  /// Runs a statement that is needed once.
  func execute(_ sql: String) throws(StateFileError) {
    guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
      throw StateFileError(of: handle)
    }
  }

  /// Runs `body`, which only reads, on one state of the file.
  func reading<T>(_ body: () throws(StateFileError) -> T) throws(StateFileError) -> T {
    try execute("BEGIN")
    let result = try body()
    try execute("COMMIT")
    return result
  }

  /// Runs `body` as one transaction that takes the write lock at its start; rolls back when it
  /// throws.
  func transaction<T>(_ body: () throws(StateFileError) -> T) throws(StateFileError) -> T {
    // A commit's claims need not survive a power cut: the landing checks the real diff again.
    try execute("PRAGMA synchronous = NORMAL")
    try execute("BEGIN IMMEDIATE")
    do {
      let result = try body()
      try execute("COMMIT")
      return result
    } catch {
      sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
      throw error
    }
  }

  /// Returns a statement, which is compiled once.
  func statement(_ sql: String) throws(StateFileError) -> HookStatement {
    if let known = statements.first(where: { $0.sql == sql }) { return known.statement }
    var pointer: OpaquePointer?
    guard sqlite3_prepare_v2(handle, sql, -1, &pointer, nil) == SQLITE_OK, let pointer else {
      throw StateFileError(of: handle)
    }
    let statement = HookStatement(handle: pointer, database: handle)
    statements.append((sql, statement))
    return statement
  }

  /// The claims, in the transaction that is open.
  var ledger: ClaimLedger<LockDatabase> { ClaimLedger(self) }

  /// Returns a remembered value.
  func setting(_ key: String) throws(StateFileError) -> String? {
    try text("SELECT value FROM meta WHERE key = ?", [.text(key)])
  }
}

/// A compiled statement.
struct HookStatement: SQLStatement {
  fileprivate let handle: OpaquePointer
  fileprivate let database: OpaquePointer?

  func run(_ values: [SQLValue], _ body: (HookRow) -> Void) throws(StateFileError) {
    defer { sqlite3_reset(handle) }
    for (position, value) in values.enumerated() { value.bind(handle, Int32(position + 1)) }
    while true {
      switch sqlite3_step(handle) {
      case SQLITE_ROW: body(HookRow(handle: handle))
      case SQLITE_DONE: return
      default: throw StateFileError(of: database)
      }
    }
  }
}

extension SQLValue {
  fileprivate func bind(_ statement: OpaquePointer?, _ position: Int32) {
    switch self {
    case .null: sqlite3_bind_null(statement, position)
    case .integer(let number): sqlite3_bind_int64(statement, position, number)
    case .text(let text):
      sqlite3_bind_text(statement, position, text, -1, lk_sqlite_transient())
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
struct HookRow: SQLRow {
  fileprivate let handle: OpaquePointer

  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

  func text(_ column: Int32) -> String? {
    sqlite3_column_text(handle, column).map { String(cString: $0) }
  }

  func blob(_ column: Int32) -> [UInt8] {
    let count = Int(sqlite3_column_bytes(handle, column))
    guard count > 0, let pointer = sqlite3_column_blob(handle, column) else { return [] }
    return Array(UnsafeRawBufferPointer(start: pointer, count: count))
  }
}
