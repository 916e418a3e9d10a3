import CProcess
import Foundation
import GRDB
import Synchronization

/// The clocks that a store goes by.
package struct StoreClock: Sendable {
  /// Milliseconds since 1970, as a person may set them.
  package var wall: @Sendable () -> Int64
  /// The id of this run of the machine, and the milliseconds since it started, sleep included; `nil` where jumps
  /// of the other clock are not to be followed.
  package var boot: (@Sendable () -> (id: String, milliseconds: Int64))?

  package init(
    wall: @escaping @Sendable () -> Int64,
    boot: (@Sendable () -> (id: String, milliseconds: Int64))? = nil
  ) {
    self.wall = wall
    self.boot = boot
  }

  /// The clocks of this machine.
  package static var machine: StoreClock {
    StoreClock(
      wall: { Int64(Date().timeIntervalSince1970 * 1000) },
      boot: { (String(cString: lk_boot_id()), lk_boot_milliseconds()) })
  }
}

/// The measured offset between the two clocks.
final class ClockOffset: Sendable {
  private let known = Mutex<Int64?>(nil)

  /// Returns whether an offset, in milliseconds, is another than the one that was kept last.
  func isNew(_ offset: Int64) -> Bool {
    known.withLock { $0.map { abs($0 - offset) <= Store.clockStep } != true }
  }

  func keep(_ offset: Int64) { known.withLock { $0 = offset } }
}

extension Store {
  /// By how many milliseconds the clock may be set without being noticed.
  static let clockStep: Int64 = 2000
  private static let clockKey = "clock"

  /// Follows the machine's clock where it was set while the machine ran: what is under way (attempts, landings,
  /// runs, leases, the budget) is moved along, so that it lasts as long as it would have.
  ///
  /// Called at the begin of each transaction.
  /// - Returns: how far the clocks lie apart, to be kept once the transaction is committed; `nil` where nothing is
  ///   new.
  func followClock(_ db: Database) throws -> Int64? {
    guard let boot = clock.boot?() else { return nil }
    let offset = now - boot.milliseconds
    guard clockOffset.isNew(offset) else { return nil }
    let known = try String.fetchOne(
      db, sql: "SELECT value FROM meta WHERE key = ?", arguments: [Self.clockKey])?
      .split(separator: " ")
    if let known, known.count == 2, known[0] == boot.id, let before = Int64(known[1]) {
      guard abs(offset - before) > Self.clockStep else { return offset }
      try moveTimes(db, by: offset - before)
      try append(
        db, .clockSet, agent: nil, ["seconds": .number(Double(offset - before) / 1000)])
    }
    try Self.setValue(db, Self.clockKey, "\(boot.id) \(offset)")
    return offset
  }

  private func moveTimes(_ db: Database, by jump: Int64) throws {
    // Those that have ended in this run, too: what is told of it is told by when they began.
    try db.execute(
      sql: """
        UPDATE attempts SET started_at = started_at + :jump, ended_at = ended_at + :jump
        WHERE state = 'running' OR in_budget = 1
        """, arguments: ["jump": jump])
    for statement in [
      "UPDATE participants SET started_at = started_at + ? WHERE ended_at IS NULL",
      "UPDATE landings SET started_at = started_at + ? WHERE ended_at IS NULL",
      "UPDATE claims SET expires_at = expires_at + ? WHERE expires_at IS NOT NULL",
      "UPDATE sessions SET expires_at = expires_at + ?",
    ] {
      try db.execute(sql: statement, arguments: [jump])
    }
  }
}
