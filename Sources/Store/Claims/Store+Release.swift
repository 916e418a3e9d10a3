import Foundation
import GRDB
import Model

/// A release that is refused.
package enum ReleaseError: Error, CustomStringConvertible, Equatable {
  case notHeld(String)
  case changedInLane(String)
  /// The claim was granted anew since the caller got its generation.
  case otherGeneration(String, held: Int64, given: Int64)

  package var description: String {
    switch self {
    case .notHeld(let path): "\(path) is not claimed by you; `lanekeeper claims` shows who holds it"
    case .changedInLane(let path):
      "\(path) was changed in the lane, so its claim lasts until the feature lands; "
        + "hand the whole feature back with `lanekeeper abandon`"
    case .otherGeneration(let path, let held, let given):
      "\(path) was claimed again meanwhile (generation \(held), not \(given)); nothing was released"
    }
  }
}

extension Store {
  /// Gives paths back, all or nothing; whoever waits for them is woken.
  ///
  /// - Parameters:
  ///   - generations: what the caller was told when it claimed; a claim that was granted anew since is
  ///     not its own any more.
  ///   - changed: the paths that the owner's lane has changed, committed or not.
  /// - Throws: ``ReleaseError``; then nothing is released.
  package func release(
    _ paths: [ClaimPath], owner: ClaimOwner, generations: [ClaimPath: Int64] = [:],
    changed: [[UInt8]] = []
  ) throws {
    try write { db in
      let naming = try db.ledger.naming()
      let changed = changed.map { ClaimPath(file: $0, naming: naming) }
      for asked in paths {
        let path = asked.named(by: naming)
        let row = try db.ledger.claims(at: [path.bytes]).first {
          $0.path.isSubtree == path.isSubtree && $0.owner == owner
        }
        guard let row else { throw ReleaseError.notHeld(asked.description) }
        if let given = generations[asked] ?? generations[path], given != row.generation {
          throw ReleaseError.otherGeneration(asked.description, held: row.generation, given: given)
        }
        let isChanged = changed.contains { file in
          file.bytes == path.bytes
            || (path.isSubtree && file.bytes.starts(with: path.bytes + [0x2f]))
        }
        guard !isChanged, !row.isPinned else {
          throw ReleaseError.changedInLane(asked.description)
        }
        try db.ledger.remove(path, of: owner)
      }
      try append(
        db, .claimsReleased, feature: owner.kind == .feature ? owner.id : nil,
        ["paths": .texts(paths.map(\.description))])
      try wakeWaiters(db, holder: owner)
    }
  }

  /// Gives back all that an owner holds.
  package func releaseAll(owner: ClaimOwner) throws {
    try write { try releaseAll($0, owner: owner) }
  }

  func releaseAll(_ db: Database, owner: ClaimOwner) throws {
    if owner.kind == .feature { try bequeath(db, from: owner.id) }
    try db.ledger.removeAll(of: owner)
    let released = db.changesCount
    if owner.kind == .feature {
      try db.run("DELETE FROM refusals WHERE feature = ?", [owner.id])
      try db.run("DELETE FROM waits WHERE feature = ?", [owner.id])
    }
    if released > 0 {
      try append(
        db, .claimsReleased, feature: owner.kind == .feature ? owner.id : nil,
        ["count": .integer(Int64(released))])
    }
    try wakeWaiters(db, holder: owner)
  }

  /// Keeps of a feature's claims only those that cover a changed path, and pins these.
  func keepClaims(_ db: Database, of feature: String, covering changed: [[UInt8]]) throws {
    let naming = try db.ledger.naming()
    let paths = changed.map { ClaimPath(file: $0, naming: naming) }
    var released: [String] = []
    for row in try db.ledger.claims(of: .feature(feature)) {
      let isUsed = paths.contains { path in
        ClaimRule.covers(row, ClaimRequest(path: path, mode: row.mode))
      }
      if isUsed {
        try db.ledger.pin(row.path, of: row.owner)
      } else {
        try db.ledger.remove(row.path, of: row.owner)
        released.append(row.path.description)
      }
    }
    if !released.isEmpty {
      try append(db, .claimsReleased, feature: feature, ["paths": .texts(released)])
      try wakeWaiters(db, holder: .feature(feature))
    }
  }

  /// Makes ready again what waited for the owner's claims.
  func wakeWaiters(_ db: Database, holder: ClaimOwner) throws {
    let waiting = try String.fetchAll(
      db.cachedStatement(
        sql: "SELECT id FROM features WHERE state = 'waiting' AND waiting_for = ?"),
      arguments: [holder.text])
    for id in waiting {
      let isOpen =
        try !openDependencies(db, of: id).isEmpty && stackBase(db, of: id) == nil
      try transition(
        db, id, to: isOpen ? .pending : .ready, detail: "what it waited for is free")
    }
  }
}
