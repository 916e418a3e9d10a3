import Foundation
import GRDB
import Model

extension Store {
  /// Writes down what the hook needs of the configuration.
  package func setClaimSettings(
    target: String, policy: String, humans: String, policies: [(ClaimPath, PathPolicy)],
    naming: PathNaming = .exact, stacks: Bool = false
  ) throws {
    try write { db in
      try rename(db, from: try db.ledger.naming(), to: naming)
      for (key, value) in [
        ("target", target), ("claims.policy", policy), ("claims.humans", humans),
        (ClaimSchema.namingKey, naming.text), (Self.stackKey, stacks ? "1" : "0"),
      ] {
        try db.execute(
          sql: """
            INSERT INTO meta(key, value) VALUES (?, ?)
            ON CONFLICT(key) DO UPDATE SET value = excluded.value
            """, arguments: [key, value])
      }
      try db.ledger.setPolicies(policies)
    }
  }

  /// How the repository's file system names files, as it was written down last.
  package func naming() throws -> PathNaming { try read { try $0.ledger.naming() } }

  /// Brings the claims under another way of naming; where two become one, the older stays.
  private func rename(_ db: Database, from old: PathNaming, to new: PathNaming) throws {
    guard old != new else { return }
    try db.execute(sql: "DELETE FROM stale_paths")
    try db.execute(sql: "DELETE FROM stale_pairs")
    for row in try Row.fetchAll(db, sql: "SELECT id, path, spelled FROM claims ORDER BY id") {
      let stored = Array((row["path"] as Data?) ?? Data())
      let written = (row["spelled"] as Data?).map { Array($0) } ?? stored
      let key = new.key(written)
      try db.execute(
        sql: "UPDATE OR IGNORE claims SET path = ?, spelled = ? WHERE id = ?",
        arguments: [Data(key), key == written ? nil : Data(written), row["id"] as Int64])
    }
  }
}
