import GitFormats
import Model

/// The lock table inside the hook's transaction.
final class HookLockTable: LockTable {
  let policies: PathPolicies
  /// Tells that what is found out for the first time can be written down; else it counts as stale.
  var mayWrite = true
  /// The claims that were looked at.
  private(set) var rows: [ClaimRow] = []
  /// What went wrong.
  private(set) var failure: StateFileError?
  private let database: LockDatabase
  private let base: String?
  private let tip: String?
  private let changes: Changes

  /// - Parameters:
  ///   - base: the merge base of the lane and the target, in hex.
  ///   - tip: the target's tip, in hex.
  init(
    database: LockDatabase, base: String?, tip: String?, policies: PathPolicies, changes: Changes
  ) {
    self.database = database
    self.base = base
    self.tip = tip
    self.policies = policies
    self.changes = changes
  }

  func claims(at paths: [[UInt8]]) throws -> [ClaimRow] {
    try noting { () throws(StateFileError) in
      var found: [ClaimRow] = []
      for path in paths {
        found += try database.query(ClaimSchema.selectAt, [.blob(path)]) { $0.claim }
      }
      rows += found
      return found
    }
  }

  func claims(below path: [UInt8]) throws -> [ClaimRow] {
    try noting { () throws(StateFileError) in
      try database.query(
        ClaimSchema.selectBelow, [.blob(path + [0x2f]), .blob(path + [0x30])]
      ) { $0.claim }
    }
  }

  func kin(of owner: ClaimOwner) throws -> Set<ClaimOwner> {
    guard owner.kind == .feature else { return [] }
    return Set(
      try database.query(ClaimSchema.selectKin, [.text(owner.id)]) {
        ClaimOwner(kind: .feature, id: $0.text(0) ?? "")
      })
  }

  func isStale(_ path: ClaimPath) throws -> Bool {
    try noting { () throws(StateFileError) in try lookForStale(path) }
  }

  private func lookForStale(_ path: ClaimPath) throws(StateFileError) -> Bool {
    guard let base, let tip, base != tip, let from = Hex.bytes(base), let to = Hex.bytes(tip)
    else { return false }
    let pair: [LockDatabase.Value] = [.blob(from), .blob(to)]
    let isKnown = try !database.query(
      "SELECT 1 FROM stale_pairs WHERE base = ? AND tip = ?", pair
    ).isEmpty
    if !isKnown {
      guard mayWrite else { return true }
      try findOut(base, tip, pair)
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

  private func findOut(
    _ base: String, _ tip: String, _ pair: [LockDatabase.Value]
  ) throws(StateFileError) {
    guard let changed = changes.between(base, tip) else {
      throw StateFileError(reason: "git can't compare \(base) with \(tip)")
    }
    for path in changed {
      try database.query(
        "INSERT OR IGNORE INTO stale_paths(base, tip, path) VALUES (?, ?, ?)",
        pair + [.blob(policies.naming.key(path))])
    }
    try database.query("INSERT OR IGNORE INTO stale_pairs(base, tip) VALUES (?, ?)", pair)
  }

  /// The rule passes errors on without their type.
  private func noting<T>(_ body: () throws(StateFileError) -> T) throws(StateFileError) -> T {
    do {
      return try body()
    } catch {
      failure = error
      throw error
    }
  }
}
