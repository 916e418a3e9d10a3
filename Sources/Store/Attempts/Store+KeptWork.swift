import GRDB
import Model

extension Store {
  /// Returns what was kept of an attempt and does not come back by itself, with the references, as parts of sentences.
  package func keptWork(of feature: String, attempt: Int) throws -> [String] {
    try read { db in
      try String.fetchAll(
        db,
        sql: """
          SELECT json_extract(data, '$.beside') FROM events
          WHERE feature = ? AND type = \(EventName.workKept.sql) AND json_extract(data, '$.attempt') = ?
            AND json_extract(data, '$.beside') IS NOT NULL ORDER BY seq
          """,
        arguments: [feature, attempt])
    }
  }
}
