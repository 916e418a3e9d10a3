/// The lock table in one transaction, as ``ClaimRule`` asks for it.
package final class LedgerTable<Connection: SQLConnection>: LockTable {
  package typealias Failure = Connection.Failure

  /// Two commits, and how to find out which paths differ between them.
  package struct Pair {
    /// The merge base of the owner's branch with the target.
    package var base: [UInt8]
    /// The target's tip.
    package var tip: [UInt8]
    package var differing: () throws(Failure) -> [[UInt8]]

    package init(
      base: [UInt8], tip: [UInt8], differing: @escaping () throws(Failure) -> [[UInt8]]
    ) {
      self.base = base
      self.tip = tip
      self.differing = differing
    }
  }

  /// Whether what is found out for the first time can be written down; else it counts as stale.
  private let mayWrite: Bool
  /// The claims that were looked at by their paths.
  package private(set) var rows: [ClaimRow] = []
  private let ledger: ClaimLedger<Connection>
  private let naming: PathNaming
  private let readPair: () throws(Failure) -> Pair?
  /// Read at the first path that is asked for.
  private var pair: Pair??

  /// - Parameter pair: called once, and only where it is asked whether a path is stale; `nil` where none is.
  package init(
    _ ledger: ClaimLedger<Connection>, naming: PathNaming, mayWrite: Bool = true,
    pair: @escaping () throws(Failure) -> Pair?
  ) {
    self.ledger = ledger
    self.naming = naming
    self.mayWrite = mayWrite
    readPair = pair
  }

  /// The table for an owner that has no branch, so that no path is stale.
  package convenience init(_ ledger: ClaimLedger<Connection>, naming: PathNaming) {
    self.init(ledger, naming: naming) { () throws(Failure) in nil }
  }

  package func claims(at paths: [[UInt8]]) throws(Failure) -> [ClaimRow] {
    let found = try ledger.claims(at: paths)
    rows += found
    return found
  }

  package func claims(below path: [UInt8]) throws(Failure) -> [ClaimRow] {
    try ledger.claims(below: path)
  }

  package func kin(of owner: ClaimOwner) throws(Failure) -> Set<ClaimOwner> {
    try ledger.kin(of: owner)
  }

  package func isStale(_ path: ClaimPath) throws(Failure) -> Bool {
    if pair == nil { pair = .some(try readPair()) }
    guard case .some(.some(let pair)) = pair, pair.base != pair.tip else { return false }
    if try !ledger.isCompared(pair.base, pair.tip) {
      guard mayWrite else { return true }
      var paths = try pair.differing()
      for index in paths.indices { paths[index] = naming.key(paths[index]) }
      try ledger.noteCompared(pair.base, pair.tip, differing: paths)
    }
    return try ledger.differs(path, pair.base, pair.tip)
  }
}
