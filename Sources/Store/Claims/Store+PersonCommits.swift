import GRDB
import Model

extension Store {
  /// Returns what persons have committed in a lane to a feature's branch: its tip before, where it had one,
  /// and after, in hex.
  package func personCommits(of feature: String) throws -> [(from: String?, to: String)] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT json_extract(data, '$.from') AS a, json_extract(data, '$.to') AS b FROM events
          WHERE feature = ? AND type = \(EventName.personCommitted.sql) ORDER BY seq
          """,
        arguments: [feature]
      ).compactMap { row in
        (row["b"] as String?).map { (row["a"] as String?, $0) }
      }
    }
  }
}
