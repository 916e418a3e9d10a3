import ClaimRules
import HookInputs

/// The lock table inside the hook's transaction.
struct HookLockTable: LockTable {
  let database: LockDatabase
  /// The merge base of the lane and the target, in hex.
  let base: String?
  /// The target's tip, in hex.
  let tip: String?
  let naming: PathNaming

  func claims(at paths: [[UInt8]]) throws -> [ClaimRow] {
    var rows: [ClaimRow] = []
    for path in paths {
      rows += try database.query(ClaimSchema.selectAt, [.blob(path)]) { $0.claim }
    }
    return rows
  }

  func claims(below path: [UInt8]) throws -> [ClaimRow] {
    try database.query(
      ClaimSchema.selectBelow, [.blob(path + [0x2f]), .blob(path + [0x30])]
    ) { $0.claim }
  }

  func isStale(_ path: ClaimPath) throws -> Bool {
    guard let base, let tip, base != tip, let from = Hex.bytes(base), let to = Hex.bytes(tip)
    else { return false }
    let pair: [LockDatabase.Value] = [.blob(from), .blob(to)]
    let isKnown = try !database.query(
      "SELECT 1 FROM stale_pairs WHERE base = ? AND tip = ?", pair
    ).isEmpty
    if !isKnown {
      guard let changed = GitCommand.changedPaths(base, tip) else {
        throw StateFileError(reason: "git can't compare \(base) with \(tip)")
      }
      for path in changed {
        try database.query(
          "INSERT OR IGNORE INTO stale_paths(base, tip, path) VALUES (?, ?, ?)",
          pair + [.blob(naming.key(path))])
      }
      try database.query("INSERT OR IGNORE INTO stale_pairs(base, tip) VALUES (?, ?)", pair)
    }
    if try !database.query(
      "SELECT 1 FROM stale_paths WHERE base = ? AND tip = ? AND path = ?",
      pair + [.blob(path.bytes)]
    ).isEmpty {
      return true
    }
    guard path.isSubtree else { return false }
    return try !database.query(
      "SELECT 1 FROM stale_paths WHERE base = ? AND tip = ? AND path > ? AND path < ? LIMIT 1",
      pair + [.blob(path.bytes + [0x2f]), .blob(path.bytes + [0x30])]
    ).isEmpty
  }
}
