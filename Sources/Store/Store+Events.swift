import GRDB
import Model

extension Store {
  /// Appends one event that changes no state, such as output of an agent.
  package func record(
    _ name: EventName, feature: String? = nil, agent: String? = nil, _ data: [String: JSON] = [:]
  ) throws {
    try write { try append($0, name, feature: feature, agent: agent, data) }
  }

  /// Returns the events after `seq`, oldest first, at most `limit`.
  package func events(after seq: Int64, limit: Int = 10_000) throws -> [EventRecord] {
    try read {
      try EventRecord.fetchAll(
        $0.cachedStatement(sql: "SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT ?"),
        arguments: [seq, limit])
    }
  }

  /// Returns the newest event of a name that concerns a feature.
  package func lastEvent(_ name: EventName, of feature: String) throws -> EventRecord? {
    try read {
      try EventRecord.fetchOne(
        $0, sql: "SELECT * FROM events WHERE type = ? AND feature = ? ORDER BY seq DESC LIMIT 1",
        arguments: [name.rawValue, feature])
    }
  }

  /// Returns the number of the newest event; 0 before the first.
  package func lastEvent() throws -> Int64 {
    try read {
      try Int64.fetchOne($0.cachedStatement(sql: "SELECT MAX(seq) FROM events")) ?? 0
    }
  }

  /// Returns a remembered value.
  package func value(_ key: String) throws -> String? {
    try read {
      try String.fetchOne(
        $0.cachedStatement(sql: "SELECT value FROM meta WHERE key = ?"), arguments: [key])
    }
  }

  /// Remembers a value; `nil` forgets it.
  package func setValue(_ key: String, _ value: String?) throws {
    try write { try Self.setValue($0, key, value) }
  }

  static func setValue(_ db: Database, _ key: String, _ value: String?) throws {
    if let value {
      try db.execute(
        sql: """
          INSERT INTO meta(key, value) VALUES (?, ?)
          ON CONFLICT(key) DO UPDATE SET value = excluded.value WHERE value <> excluded.value
          """,
        arguments: [key, value])
    } else {
      try db.execute(sql: "DELETE FROM meta WHERE key = ?", arguments: [key])
    }
  }
}
