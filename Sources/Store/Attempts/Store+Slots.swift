import Foundation
import GRDB
import Model

/// One instance of a named slot that somebody holds.
package struct SlotHold: Sendable, Equatable {
  package enum Holder: Sendable, Equatable {
    case attempt(feature: String, number: Int)
    /// A gate, by the name of the worktree in which it runs.
    case gate(room: String)
  }
  package var name: String
  /// Which instance, from 1.
  package var number: Int
  package var holder: Holder
}

// Named slots: things outside the repository that few can use at a time. An attempt takes its feature's
// slots in the transaction that starts it and gives them back in the one that ends it, so that they are
// free again when, and only when, nothing of it runs. A gate takes all of its own at once, or waits;
// what it waits for no feature takes any more.
extension Store {
  static let slotTables = [
    "ALTER TABLE features ADD COLUMN slots TEXT NOT NULL DEFAULT '[]'",
    "CREATE TABLE slots(name TEXT PRIMARY KEY NOT NULL, capacity INTEGER NOT NULL) WITHOUT ROWID",
    // The key refuses that two hold one instance, whatever a program asks for.
    """
    CREATE TABLE slot_holds(name TEXT NOT NULL, number INTEGER NOT NULL CHECK(number > 0),
      feature TEXT, attempt INTEGER, room TEXT, since INTEGER NOT NULL,
      PRIMARY KEY(name, number)) WITHOUT ROWID
    """,
    """
    CREATE TABLE slot_waits(room TEXT PRIMARY KEY NOT NULL, names TEXT NOT NULL,
      seen INTEGER NOT NULL) WITHOUT ROWID
    """,
  ]

  /// Writes down how many there are of each slot. Where there are fewer now, those that are held stay so,
  /// and none is given until fewer are held than there are.
  package func setSlots(_ capacities: [String: Int]) throws {
    guard try read({ try self.capacities($0) }) != capacities else { return }
    try write { db in
      try db.execute(sql: "DELETE FROM slots")
      for (name, capacity) in capacities {
        try db.execute(
          sql: "INSERT INTO slots(name, capacity) VALUES (?, ?)", arguments: [name, capacity])
      }
    }
  }

  private func capacities(_ db: Database) throws -> [String: Int] {
    Dictionary(
      try Row.fetchAll(db, sql: "SELECT name, capacity FROM slots").map {
        ($0["name"], $0["capacity"])
      },
      uniquingKeysWith: { first, _ in first })
  }

  /// Returns who holds what, by name and number.
  package func slotHolds() throws -> [SlotHold] { try read { try slotHolds($0) } }

  private func slotHolds(_ db: Database, of name: String? = nil) throws -> [SlotHold] {
    try Row.fetchAll(
      db.cachedStatement(
        sql: "SELECT * FROM slot_holds WHERE :name IS NULL OR name = :name ORDER BY name, number"),
      arguments: ["name": name]
    ).map { row in
      let holder: SlotHold.Holder =
        if let room: String = row["room"] { .gate(room: room) } else {
          .attempt(feature: row["feature"], number: row["attempt"])
        }
      return SlotHold(name: row["name"], number: row["number"], holder: holder)
    }
  }

  /// Returns which instance of each slot somebody holds.
  package func slots(of holder: SlotHold.Holder) throws -> [String: Int] {
    var result: [String: Int] = [:]
    for hold in try slotHolds() where hold.holder == holder { result[hold.name] = hold.number }
    return result
  }

  /// Returns how many instances of each slot are free for features.
  package func freeSlots() throws -> [String: Int] {
    try read { db in
      let capacities = try capacities(db)
      guard !capacities.isEmpty else { return [:] }
      let waiting = try waitingGates(db).flatMap(\.names)
      return try capacities.reduce(into: [:]) { result, slot in
        result[slot.key] = try freeInstances(db, slot.key).count - waiting.count { $0 == slot.key }
      }
    }
  }

  /// Returns those of the slots of which none is free for a feature. What a gate waits for counts as taken.
  func missingSlots(_ db: Database, _ names: [String]) throws -> [String] {
    guard !names.isEmpty else { return [] }
    let waiting = try waitingGates(db).flatMap(\.names)
    return try names.filter { name in
      try freeInstances(db, name).count <= waiting.count { $0 == name }
    }
  }

  private func freeInstances(_ db: Database, _ name: String) throws -> [Int] {
    let capacity =
      try Int.fetchOne(
        db.cachedStatement(sql: "SELECT capacity FROM slots WHERE name = ?"), arguments: [name])
      ?? 0
    let held = try Set(slotHolds(db, of: name).map(\.number))
    guard held.count < capacity else { return [] }
    return Array((1...capacity).filter { !held.contains($0) }.prefix(capacity - held.count))
  }

  /// Takes one instance of each; that they are free was looked at in the same transaction.
  func takeSlots(_ db: Database, _ names: [String], for holder: SlotHold.Holder) throws {
    for name in names {
      guard let number = try freeInstances(db, name).first else { throw StoreError.noSlot(name) }
      let (feature, attempt, room): (String?, Int?, String?) =
        switch holder {
        case .attempt(let feature, let number): (feature, number, nil)
        case .gate(let room): (nil, nil, room)
        }
      try db.execute(
        sql: """
          INSERT INTO slot_holds(name, number, feature, attempt, room, since)
          VALUES (?, ?, ?, ?, ?, ?)
          """, arguments: [name, number, feature, attempt, room, now])
    }
  }

  func giveSlotsBack(_ db: Database, of holder: SlotHold.Holder) throws {
    switch holder {
    case .attempt(let feature, let number):
      try db.execute(
        sql: "DELETE FROM slot_holds WHERE feature = ? AND attempt = ?",
        arguments: [feature, number])
    case .gate(let room):
      try db.execute(sql: "DELETE FROM slot_holds WHERE room = ?", arguments: [room])
      try db.execute(sql: "DELETE FROM slot_waits WHERE room = ?", arguments: [room])
    }
  }

  // MARK: gates

  private func waitingGates(_ db: Database) throws -> [(room: String, names: [String])] {
    try Row.fetchAll(
      db.cachedStatement(
        sql: "SELECT room, names FROM slot_waits WHERE seen >= ? ORDER BY room"),
      arguments: [now - Self.deadWaitMilliseconds]
    ).map { ($0["room"], JSON.strings(in: $0["names"])) }
  }

  /// Takes all slots of a gate, or none; until it asks again, or gives up, no feature takes what it waits for.
  ///
  /// - Parameter room: the worktree in which the gate is to run. The caller knows that no other runs there.
  /// - Returns: which instance of each it holds; `nil` where one is missing. Ask again at least every second.
  package func takeGateSlots(_ names: [String], room: String) throws -> [String: Int]? {
    try write { db in
      // What a killed process took for a gate here.
      try giveSlotsBack(db, of: .gate(room: room))
      guard try names.allSatisfy({ try !freeInstances(db, $0).isEmpty }) else {
        try db.execute(
          sql: "INSERT INTO slot_waits(room, names, seen) VALUES (?, ?, ?)",
          arguments: [room, JSON.texts(names).text, now])
        for feature in try String.fetchAll(
          db, sql: "SELECT id FROM features WHERE state = 'landing'")
        { try breakCycles(db, through: feature) }
        return nil
      }
      try takeSlots(db, names, for: .gate(room: room))
      return Dictionary(
        try slotHolds(db).filter { $0.holder == .gate(room: room) }.map { ($0.name, $0.number) },
        uniquingKeysWith: { first, _ in first })
    }
  }

  /// Gives back what a gate holds or waits for.
  package func giveGateSlotsBack(room: String) throws {
    try write { try giveSlotsBack($0, of: .gate(room: room)) }
  }

  /// Returns the worktrees whose gates hold slots or wait for some.
  package func roomsWithSlots() throws -> [String] {
    try read {
      try String.fetchAll(
        $0,
        sql: """
          SELECT room FROM slot_holds WHERE room IS NOT NULL UNION SELECT room FROM slot_waits
          """)
    }
  }

  // MARK: waiting

  /// Returns the features that a ready one waits for: those whose attempts hold all of a slot that it needs
  /// and wait themselves. One that does not wait comes to its end, and so does a gate.
  func whoKeepsSlots(_ db: Database, from feature: FeatureRecord) throws -> [String] {
    let missing = try missingSlots(db, feature.slots)
    guard !missing.isEmpty else { return [] }
    var stuck = try missing.flatMap { try stuckHolders(db, of: $0) }
    // Free, but a gate waits for it, which others keep waiting.
    if try missing.contains(where: { try !freeInstances(db, $0).isEmpty }) {
      stuck += try whoKeepsGatesWaiting(db)
    }
    return Array(Set(stuck)).sorted()
  }

  /// The same for gates that wait.
  func whoKeepsGatesWaiting(_ db: Database) throws -> [String] {
    let names = try Set(waitingGates(db).flatMap(\.names))
    return try Array(Set(names.flatMap { try stuckHolders(db, of: $0) })).sorted()
  }

  private func stuckHolders(_ db: Database, of name: String) throws -> [String] {
    guard try freeInstances(db, name).isEmpty else { return [] }
    var result: [String] = []
    for hold in try slotHolds(db, of: name) {
      guard case .attempt(let feature, _) = hold.holder,
        try Bool.fetchOne(
          db, sql: "SELECT EXISTS (SELECT 1 FROM waits WHERE feature = ?)", arguments: [feature])
          == true
      else { return [] }
      result.append(feature)
    }
    return result
  }

  /// Says of features that are ready, and of those whose gate is to run, which slots they wait for:
  /// `slot:<name>`, several names with commas.
  package func tellSlotWaits(_ features: inout [FeatureRecord]) throws {
    try read { db in
      let gates = try waitingGates(db).flatMap(\.names)
      for index in features.indices {
        let feature = features[index]
        var names: [String] = []
        switch feature.state {
        case .ready: names = try missingSlots(db, feature.slots)
        case .landing: names = try Set(gates).filter { try freeInstances(db, $0).isEmpty }.sorted()
        default: break
        }
        if !names.isEmpty {
          features[index].wait = .slots(names)
        }
      }
    }
  }
}
