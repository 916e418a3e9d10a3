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

extension Store {
  /// The lock table in a transaction, for one owner.
  func lockTable(
    _ db: Database, stale: StaleCheck?, naming: PathNaming
  ) -> LedgerTable<StoreConnection> {
    LedgerTable(db.ledger, naming: naming) {
      guard let stale, let pair = try stale.pair() else { return nil }
      return LedgerTable.Pair(base: Array(Hex.data(pair.base)), tip: Array(Hex.data(pair.tip))) {
        try stale.differing(pair.base, pair.tip)
      }
    }
  }
}
