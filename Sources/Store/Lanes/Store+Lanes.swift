import Foundation
import GRDB

extension Store {
  /// Returns the lanes by number.
  package func lanes() throws -> [LaneRecord] {
    try read { try LaneRecord.fetchAll($0, sql: "SELECT * FROM lanes ORDER BY number") }
  }

  /// Returns one lane.
  package func lane(_ number: Int) throws -> LaneRecord? {
    try read { try Self.lane(number, $0) }
  }

  static func lane(_ number: Int, _ db: Database) throws -> LaneRecord? {
    try LaneRecord.fetchOne(db, sql: "SELECT * FROM lanes WHERE number = ?", arguments: [number])
  }

  /// Takes the number of a lane that is to be made; it is `preparing` until ``finishLane(_:)``.
  ///
  /// - Parameter path: gives the worktree's directory for a number.
  package func addLane(path: (Int) -> String, from first: Int = 1) throws -> LaneRecord {
    try write { db in
      let used = try Set(Int.fetchAll(db, sql: "SELECT number FROM lanes"))
      var number = first
      while used.contains(number) { number += 1 }
      try db.execute(
        sql: "INSERT INTO lanes(number, path, state) VALUES (?, ?, 'preparing')",
        arguments: [number, path(number)])
      return try Self.lane(number, db)!
    }
  }

  /// Notes that a lane stands elsewhere.
  package func moveLane(_ number: Int, to path: String) throws {
    try write { db in
      try db.execute(
        sql: "UPDATE lanes SET path = ? WHERE number = ?", arguments: [path, number])
      try append(
        db, .laneMoved, agent: nil, ["lane": .integer(Int64(number)), "path": .string(path)])
    }
  }

  /// Marks a lane as made and free.
  package func finishLane(_ number: Int) throws {
    try write { db in
      try db.execute(
        sql: "UPDATE lanes SET state = 'free' WHERE number = ? AND state = 'preparing'",
        arguments: [number])
    }
  }

  /// Takes a free lane for the feature that is about to start; `nil` where none is free.
  ///
  /// The lane is `preparing`, so that nobody else takes it, until an attempt is started in it or
  /// it is given back with ``finishLane(_:)``.
  package func reserveLane(preferring number: Int? = nil) throws -> LaneRecord? {
    try write { db in
      guard
        let lane = try LaneRecord.fetchOne(
          db,
          sql: "SELECT * FROM lanes WHERE state = 'free' ORDER BY number = ? DESC, number LIMIT 1",
          arguments: [number ?? 0])
      else { return nil }
      try db.execute(
        sql: "UPDATE lanes SET state = 'preparing' WHERE number = ?", arguments: [lane.number])
      return lane
    }
  }

  /// Takes exactly this lane, if it is free; it is `preparing` then.
  package func reserveLane(only number: Int) throws -> LaneRecord? {
    try write { db in
      try db.execute(
        sql: "UPDATE lanes SET state = 'preparing' WHERE number = ? AND state = 'free'",
        arguments: [number])
      return db.changesCount > 0 ? try Self.lane(number, db) : nil
    }
  }

  /// Leaves a lane out that can't be used, so that no feature is given to it.
  package func leaveOutLane(_ number: Int) throws {
    try write { db in
      try db.execute(
        sql: "UPDATE lanes SET state = 'broken' WHERE number = ? AND state <> 'assigned'",
        arguments: [number])
    }
  }

  /// Frees a lane: no feature is in it any more.
  package func freeLane(_ number: Int) throws {
    try write { db in try freeLane(db, number) }
  }

  /// Frees the lanes in which no attempt runs, all in one transaction, so that none is taken for left
  /// behind in which one is just being started.
  ///
  /// - Parameters:
  ///   - preparing: frees those, too, that were being made, and those that had been left out.
  ///   - before: is called for each before it is free.
  package func freeLeftLanes(preparing: Bool, before: (LaneRecord) -> Void) throws {
    try write { db in
      let lanes = try LaneRecord.fetchAll(
        db,
        sql: """
          SELECT * FROM lanes WHERE (state = 'assigned' OR (? AND state IN ('preparing', 'broken')))
          AND number NOT IN (SELECT lane FROM attempts WHERE state = 'running') ORDER BY number
          """, arguments: [preparing])
      for lane in lanes {
        before(lane)
        try freeLane(db, lane.number)
      }
    }
  }

  func freeLane(_ db: Database, _ number: Int) throws {
    try db.execute(
      sql: """
        UPDATE lanes SET state = 'free', feature = NULL, agent = NULL, branch = NULL, base = NULL
        WHERE number = ?
        """, arguments: [number])
  }

  /// Records the merge base of a lane's branch with the target, as after a sync.
  package func setBase(_ base: String, ofLane number: Int) throws {
    try write { db in
      try db.execute(
        sql: "UPDATE lanes SET base = ? WHERE number = ?", arguments: [Hex.data(base), number])
    }
  }

  /// Forgets a lane whose worktree is gone.
  package func removeLane(_ number: Int) throws {
    try write { db in
      try db.execute(sql: "DELETE FROM lanes WHERE number = ?", arguments: [number])
    }
  }
}
