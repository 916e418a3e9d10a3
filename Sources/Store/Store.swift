import Foundation
import GRDB
import Model

// Store: the one place that knows what is true between processes. Features, attempts, lanes,
// claims and landings stand in one SQLite file in the git common directory, so that any number of
// processes agree on them, and every change appends to the event log in the same transaction.

/// The state of one repository, shared by every process that works on it.
///
/// All methods are synchronous, short, and may be called from any thread.
package final class Store: Sendable {
  /// The failure that a write must survive.
  ///
  /// In WAL mode a transaction always survives the death of the process. `synchronous=FULL`
  /// adds an fsync, so that it survives a power cut too. That is needed where git is changed on
  /// the strength of what was written: the journal of a landing, and the states around it.
  /// Everything else is rebuilt by recovery from branches and worktrees after a power cut (claims
  /// from each unlanded branch's diff, attempts from their locks), so `NORMAL` is enough there; it
  /// can lose the last transactions at a power cut, never order or consistency.
  package enum Durability { case process, powerCut }

  private let pool: DatabasePool
  /// The state file.
  package let path: String
  let clock: StoreClock
  let clockOffset = ClockOffset()

  /// Opens the state file, makes it where it is absent and brings it up to date.
  ///
  /// - Parameters:
  ///   - path: the file; its directory is made where absent.
  ///   - clock: milliseconds since 1970, for events and times in rows; `nil` for the machine's, whose jumps
  ///     are followed.
  ///   - busySeconds: for how long a transaction waits for those of others before it fails.
  /// - Throws: ``StoreError``.
  package convenience init(
    path: String, clock: (@Sendable () -> Int64)? = nil, busySeconds: Double = 20
  ) throws {
    try self.init(
      path: path, clocks: clock.map { StoreClock(wall: $0) } ?? .machine, busySeconds: busySeconds)
  }

  /// The same, by the clocks that are handed in.
  package init(path: String, clocks: StoreClock, busySeconds: Double = 20) throws {
    clock = clocks
    self.path = path
    var configuration = Configuration()
    configuration.busyMode = .timeout(busySeconds)
    configuration.maximumReaderCount = 2
    configuration.prepareDatabase { db in
      try db.execute(sql: "PRAGMA synchronous = NORMAL")
    }
    do {
      try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      // Several processes may open a new state file at once; one of them makes it, the others wait.
      let lock = open(path + ".open", O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      defer { if lock >= 0 { Foundation.close(lock) } }
      while lock >= 0, flock(lock, LOCK_EX) != 0, errno == EINTR {}
      pool = try DatabasePool(path: path, configuration: configuration)
      let version = try pool.read { try Int.fetchOne($0, sql: "PRAGMA user_version") ?? 0 }
      guard version <= ClaimSchema.version else {
        throw StoreError.newerSchema(found: version, known: ClaimSchema.version)
      }
      let migrator = Schema.migrator
      guard try !pool.read(migrator.hasBeenSuperseded) else {
        throw StoreError.newerSchema(found: version, known: ClaimSchema.version)
      }
      if try version < ClaimSchema.version || !pool.read(migrator.hasCompletedMigrations) {
        try migrator.migrate(pool)
      }
    } catch let error as StoreError {
      throw error
    } catch {
      throw StoreError.unreadable(path: path, reason: "\(error)")
    }
  }

  /// The time of a transaction that is going on: all that it writes has the same, and it is the one by which the clock
  /// was looked after, should that be set meanwhile.
  private struct TransactionTime: Sendable {
    var store: ObjectIdentifier
    var wall: Int64
  }

  @TaskLocal private static var transaction: TransactionTime?

  /// Milliseconds since 1970, by the clock that was handed in.
  package var now: Int64 {
    if let time = Self.transaction, time.store == ObjectIdentifier(self) { return time.wall }
    return clock.wall()
  }

  /// Runs one `BEGIN IMMEDIATE` transaction.
  @discardableResult
  func write<T>(_ durability: Durability = .process, _ body: (Database) throws -> T) throws -> T {
    try pool.writeWithoutTransaction { db in
      if durability == .powerCut { try db.execute(sql: "PRAGMA synchronous = FULL") }
      defer {
        if durability == .powerCut { try? db.execute(sql: "PRAGMA synchronous = NORMAL") }
      }
      let (result, offset) = try immediately(db) {
        let time = TransactionTime(store: ObjectIdentifier(self), wall: clock.wall())
        return try Self.$transaction.withValue(time) {
          let offset = try followClock(db)
          return (try body(db), offset)
        }
      }
      if let offset { clockOffset.keep(offset) }
      return result
    }
  }

  /// Runs a transaction whose own statements are compiled once: to compile them each time takes longer than
  /// to run them.
  private func immediately<T>(_ db: Database, _ body: () throws -> T) throws -> T {
    try db.cachedStatement(sql: "BEGIN IMMEDIATE TRANSACTION").execute()
    do {
      let result = try body()
      try db.cachedStatement(sql: "COMMIT TRANSACTION").execute()
      return result
    } catch {
      // SQLite itself has rolled back after some errors.
      if db.isInsideTransaction { try? db.execute(sql: "ROLLBACK TRANSACTION") }
      throw error
    }
  }

  /// Reads one consistent snapshot.
  func read<T>(_ body: (Database) throws -> T) throws -> T {
    if let held = HeldSnapshot.current, held.store == ObjectIdentifier(self) {
      return try body(held.database)
    }
    return try pool.read(body)
  }

  /// Appends to the event log.
  func append(
    _ db: Database, _ name: EventName, feature: String? = nil, agent: String? = nil,
    _ data: [String: JSON] = [:]
  ) throws {
    try db.ledger.append(name, feature: feature, agent: agent, .sorted(data), now: now)
  }

  /// Writes the log back into the main file and closes it; for the end of a program.
  package func close() throws { try pool.close() }
}
