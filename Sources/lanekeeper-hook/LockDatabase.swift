import CSQLite
import GitFormats
import Glibc
import Model

/// A failure of the state file, in words.
struct StateFileError: Error {
  let reason: String
}

/// The state file, through SQLite's C interface. It is closed by the end of the process, which takes less
/// time than giving all memory back.
final class LockDatabase {
  private var handle: OpaquePointer?
  // A few; a dictionary takes longer to set up than to look through these.
  private var statements: [(sql: String, pointer: OpaquePointer)] = []

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
    let version = try query("PRAGMA user_version", []) { Int($0.integer(0)) }.first ?? 0
    guard version == ClaimSchema.version else {
      throw StateFileError(
        reason: version > ClaimSchema.version
          ? "it was written by a newer lanekeeper; install that version here, too"
          : "it has no tables")
    }
  }

  /// Runs a statement without values.
  func run(_ sql: String) throws(StateFileError) {
    guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure }
  }

  /// Runs `body`, which only reads, on one state of the file.
  func reading<T>(_ body: () throws(StateFileError) -> T) throws(StateFileError) -> T {
    try run("BEGIN")
    let result = try body()
    try run("COMMIT")
    return result
  }

  /// Runs `body` as one transaction that takes the write lock at its start; rolls back when it
  /// throws.
  func transaction<T>(_ body: () throws(StateFileError) -> T) throws(StateFileError) -> T {
    // A commit's claims need not survive a power cut: the landing checks the real diff again.
    try run("PRAGMA synchronous = NORMAL")
    try run("BEGIN IMMEDIATE")
    do {
      let result = try body()
      try run("COMMIT")
      return result
    } catch {
      sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
      throw error
    }
  }

  /// Runs a statement and returns its rows.
  @discardableResult
  func query<T>(
    _ sql: String, _ values: [Value], _ row: (Row) -> T = { _ in () }
  ) throws(StateFileError) -> [T] {
    let statement = try prepared(sql)
    defer { sqlite3_reset(statement) }
    for (position, value) in values.enumerated() {
      value.bind(statement, Int32(position + 1))
    }
    var rows: [T] = []
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW: rows.append(row(Row(statement: statement)))
      case SQLITE_DONE: return rows
      default: throw failure
      }
    }
  }

  private func prepared(_ sql: String) throws(StateFileError) -> OpaquePointer {
    if let known = statements.first(where: { $0.sql == sql }) { return known.pointer }
    var statement: OpaquePointer?
    guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK, let statement else {
      throw failure
    }
    statements.append((sql, statement))
    return statement
  }

  private var failure: StateFileError {
    StateFileError(reason: String(cString: sqlite3_errmsg(handle)))
  }

  /// A value that is bound to a statement.
  enum Value {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])

    func bind(_ statement: OpaquePointer?, _ position: Int32) {
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
  struct Row {
    let statement: OpaquePointer?

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

    func text(_ column: Int32) -> String? {
      guard let pointer = sqlite3_column_text(statement, column) else { return nil }
      return String(cString: pointer)
    }

    func blob(_ column: Int32) -> [UInt8]? {
      guard sqlite3_column_type(statement, column) != SQLITE_NULL else { return nil }
      let count = Int(sqlite3_column_bytes(statement, column))
      guard count > 0, let pointer = sqlite3_column_blob(statement, column) else { return [] }
      return Array(UnsafeRawBufferPointer(start: pointer, count: count))
    }

    /// Reads the columns of ``ClaimSchema/selectAt``.
    var claim: ClaimRow {
      ClaimRow(
        path: ClaimPath(stored: blob(0) ?? [], isSubtree: integer(1) != 0, spelled: blob(10)),
        mode: ClaimMode(rawValue: text(2) ?? "") ?? .exclusive,
        owner: ClaimOwner(
          kind: ClaimOwner.Kind(rawValue: text(3) ?? "") ?? .feature, id: text(4) ?? ""),
        agent: text(5), generation: integer(6), acquiredAt: integer(7),
        expiresAt: sqlite3_column_type(statement, 8) == SQLITE_NULL ? nil : integer(8),
        isPinned: integer(9) != 0)
    }
  }
}
