import Foundation
import GRDB
import Model

/// Tells which paths are stale for a lane.
package struct StaleCheck: Sendable {
  /// Two commits, in hex.
  package struct Pair: Sendable, Equatable {
    /// The merge base of the lane's branch with the target.
    package var base: String
    /// The target's tip.
    package var tip: String

    package init(base: String, tip: String) {
      self.base = base
      self.tip = tip
    }
  }

  /// Reads both inside the claiming transaction, so that no landing can settle in between; `nil` where
  /// the lane has no branch.
  package var pair: @Sendable () throws -> Pair?
  /// Lists the paths whose entry differs between two commits; called once for each pair.
  package var differing: @Sendable (_ base: String, _ tip: String) throws -> [[UInt8]]

  package init(
    pair: @escaping @Sendable () throws -> Pair?,
    differing: @escaping @Sendable (_ base: String, _ tip: String) throws -> [[UInt8]]
  ) {
    self.pair = pair
    self.differing = differing
  }

  /// Takes two commits that are known already.
  package init(
    base: String, tip: String,
    differing: @escaping @Sendable (_ base: String, _ tip: String) throws -> [[UInt8]]
  ) {
    self.init(pair: { Pair(base: base, tip: tip) }, differing: differing)
  }
}

/// The lock table inside one transaction.
final class DatabaseLockTable: LockTable {
  private let db: Database
  private let stale: StaleCheck?
  private let naming: PathNaming
  /// Read at the first path that is asked for.
  private var pair: StaleCheck.Pair??

  init(db: Database, stale: StaleCheck?, naming: PathNaming) {
    self.db = db
    self.stale = stale
    self.naming = naming
  }

  func claims(at paths: [[UInt8]]) throws -> [ClaimRow] {
    let statement = try QuickStatement(db, ClaimSchema.selectAt)
    var rows: [ClaimRow] = []
    for path in paths { try statement.run([.blob(path)]) { rows.append(ClaimRow($0)) } }
    return rows
  }

  func claims(below path: [UInt8]) throws -> [ClaimRow] {
    var rows: [ClaimRow] = []
    try QuickStatement(db, ClaimSchema.selectBelow)
      .run([.blob(path + [0x2f]), .blob(path + [0x30])]) { rows.append(ClaimRow($0)) }
    return rows
  }

  func kin(of owner: ClaimOwner) throws -> Set<ClaimOwner> {
    guard owner.kind == .feature else { return [] }
    return Set(
      try String.fetchAll(
        db.cachedStatement(sql: ClaimSchema.selectKin), arguments: [owner.id]
      ).map {
        ClaimOwner(kind: .feature, id: $0)
      })
  }

  func isStale(_ path: ClaimPath) throws -> Bool {
    guard let stale else { return false }
    if pair == nil { pair = .some(try stale.pair()) }
    guard case .some(.some(let pair)) = pair, pair.base != pair.tip else { return false }
    let base = Hex.data(pair.base)
    let tip = Hex.data(pair.tip)
    let known =
      try Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM stale_pairs WHERE base = ? AND tip = ?)",
        arguments: [base, tip]) ?? false
    if !known {
      for path in try stale.differing(pair.base, pair.tip) {
        try db.execute(
          sql: "INSERT OR IGNORE INTO stale_paths(base, tip, path) VALUES (?, ?, ?)",
          arguments: [base, tip, Data(naming.key(path))])
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
}

extension ClaimRow {
  /// Reads the columns of ``ClaimSchema/selectAt``.
  init(_ row: QuickRow) {
    self.init(
      path: ClaimPath(
        stored: row.blob(0), isSubtree: row.integer(1) != 0,
        spelled: row.isNull(10) ? nil : row.blob(10)),
      mode: ClaimMode(rawValue: row.text(2) ?? "") ?? .exclusive,
      owner: ClaimOwner(
        kind: ClaimOwner.Kind(rawValue: row.text(3) ?? "") ?? .feature, id: row.text(4) ?? ""),
      agent: row.text(5), generation: row.integer(6), acquiredAt: row.integer(7),
      expiresAt: row.isNull(8) ? nil : row.integer(8), isPinned: row.integer(9) != 0)
  }

  init(_ row: Row) {
    self.init(
      path: ClaimPath(
        stored: Array((row["path"] as Data?) ?? Data()), isSubtree: row["subtree"],
        spelled: (row["spelled"] as Data?).map { Array($0) }),
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

  /// The owner as it stands in `waiting_for` and in `--json`: `feature:3`.
  package var text: String { "\(kind.rawValue):\(id)" }

  /// Reads ``text``.
  package init?(text: String) {
    let parts = text.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, let kind = Kind(rawValue: String(parts[0])) else { return nil }
    self.init(kind: kind, id: String(parts[1]))
  }
}
