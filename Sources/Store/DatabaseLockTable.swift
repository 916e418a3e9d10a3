import ClaimRules
import Foundation
import GRDB

/// Tells which paths are stale for a lane.
package struct StaleCheck: Sendable {
  /// The merge base of the lane's branch with the target, in hex.
  package var base: String
  /// The target's tip, in hex.
  package var tip: String
  /// Lists the paths whose entry differs between two commits; called once for each pair.
  package var differing: @Sendable (_ base: String, _ tip: String) throws -> [[UInt8]]

  package init(
    base: String, tip: String,
    differing: @escaping @Sendable (_ base: String, _ tip: String) throws -> [[UInt8]]
  ) {
    self.base = base
    self.tip = tip
    self.differing = differing
  }
}

/// The lock table inside one transaction.
struct DatabaseLockTable: LockTable {
  let db: Database
  let stale: StaleCheck?

  func claims(at paths: [[UInt8]]) throws -> [ClaimRow] {
    let statement = try db.cachedStatement(sql: ClaimSchema.selectAt)
    return try paths.flatMap { path in
      try Row.fetchAll(statement, arguments: [Data(path)]).map(Self.claim)
    }
  }

  func claims(below path: [UInt8]) throws -> [ClaimRow] {
    let statement = try db.cachedStatement(sql: ClaimSchema.selectBelow)
    return try Row.fetchAll(statement, arguments: [Data(path + [0x2f]), Data(path + [0x30])])
      .map(Self.claim)
  }

  func isStale(_ path: ClaimPath) throws -> Bool {
    guard let stale, stale.base != stale.tip else { return false }
    let base = Hex.data(stale.base)
    let tip = Hex.data(stale.tip)
    let known =
      try Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM stale_pairs WHERE base = ? AND tip = ?)",
        arguments: [base, tip]) ?? false
    if !known {
      for path in try stale.differing(stale.base, stale.tip) {
        try db.execute(
          sql: "INSERT OR IGNORE INTO stale_paths(base, tip, path) VALUES (?, ?, ?)",
          arguments: [base, tip, Data(path)])
      }
      try db.execute(
        sql: "INSERT OR IGNORE INTO stale_pairs(base, tip) VALUES (?, ?)", arguments: [base, tip])
    }
    return try Bool.fetchOne(
      db,
      sql: """
        SELECT EXISTS (SELECT 1 FROM stale_paths WHERE base = :base AND tip = :tip AND path = :path)
        OR (:subtree AND EXISTS (SELECT 1 FROM stale_paths
          WHERE base = :base AND tip = :tip AND path > :from AND path < :to))
        """,
      arguments: [
        "base": base, "tip": tip, "path": Data(path.bytes), "subtree": path.isSubtree,
        "from": Data(path.bytes + [0x2f]), "to": Data(path.bytes + [0x30]),
      ]) ?? false
  }

  static func claim(_ row: Row) -> ClaimRow {
    ClaimRow(
      path: ClaimPath(
        stored: Array((row["path"] as Data?) ?? Data()), isSubtree: row["subtree"]),
      mode: ClaimMode(rawValue: row["mode"]) ?? .exclusive,
      owner: ClaimOwner(
        kind: ClaimOwner.Kind(rawValue: row["owner_kind"]) ?? .feature, id: row["owner"]),
      agent: row["agent"], generation: row["generation"], acquiredAt: row["acquired_at"],
      expiresAt: row["expires_at"], isPinned: row["pinned"])
  }
}

extension ClaimOwner {
  /// The owner that a feature is.
  package static func feature(_ id: String) -> ClaimOwner { ClaimOwner(kind: .feature, id: id) }
}
