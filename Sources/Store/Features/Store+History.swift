import GRDB
import Model

/// A landing as it is looked back at.
package struct LandingHistory: Sendable, FetchableRecord {
  package var landing: LandingRecord
  package var detail: String?
  /// Milliseconds since 1970.
  package var startedAt: Int64
  package var endedAt: Int64?

  package init(row: Row) throws {
    landing = try LandingRecord(row: row)
    detail = row["detail"]
    startedAt = row["started_at"]
    endedAt = row["ended_at"]
  }
}

extension Store {
  /// Returns the last landings, the newest first.
  package func landingHistory(limit: Int) throws -> [LandingHistory] {
    try read {
      try LandingHistory.fetchAll(
        $0, sql: "SELECT * FROM landings ORDER BY id DESC LIMIT ?", arguments: [limit])
    }
  }

  /// Returns the last gate runs, the newest first, with when they ended.
  package func gateHistory(limit: Int) throws -> [(tree: String, result: GateResult, at: Int64)] {
    try read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM gate_results ORDER BY at DESC LIMIT ?", arguments: [limit]
      ).map { (tree: $0["tree"], result: GateResult(row: $0), at: $0["at"]) }
    }
  }

  /// Returns the events of some names among the last `window` events, oldest first.
  package func events(named names: [EventName], window: Int64) throws -> [EventRecord] {
    try read { db in
      try EventRecord.fetchAll(
        db,
        sql: """
          SELECT * FROM events WHERE seq > (SELECT COALESCE(MAX(seq), 0) FROM events) - ?
          AND type IN (\(names.map(\.sql).joined(separator: ", "))) ORDER BY seq
          """, arguments: [window])
    }
  }

  /// Returns what an agent last told of its work, or did; `nil` where that was long ago.
  package func lastWord(of feature: String) throws -> String? {
    let names: [EventName] = [.progress, .agentMessage, .agentEdit, .agentCommand, .agentTool]
    let words = names.map(\.sql).joined(separator: ", ")
    return try read { db in
      try String.fetchOne(
        db,
        sql: """
          SELECT COALESCE(json_extract(data, '$.message'), json_extract(data, '$.text'),
            json_extract(data, '$.path'))
          FROM (SELECT * FROM events ORDER BY seq DESC LIMIT 3000)
          WHERE feature = ? AND type IN (\(words)) ORDER BY seq DESC LIMIT 1
          """, arguments: [feature])
    }
  }
}
