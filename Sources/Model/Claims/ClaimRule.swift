/// The queries that the rule makes on the lock table; each is one b-tree look-up.
package protocol LockTable<Failure> {
  associatedtype Failure: Error
  /// Returns the claims on exactly these paths, files and subtrees alike.
  func claims(at paths: [[UInt8]]) throws(Failure) -> [ClaimRow]
  /// Returns the claims on anything below a directory.
  func claims(below path: [UInt8]) throws(Failure) -> [ClaimRow]
  /// Returns whether the target changed the path since the owner's branch left it.
  func isStale(_ path: ClaimPath) throws(Failure) -> Bool
  /// Returns the owners that count as one with an owner, since they are stacked on one another.
  func kin(of owner: ClaimOwner) throws(Failure) -> Set<ClaimOwner>
}

/// The one rule of who may change what.
package enum ClaimRule {
  /// Returns whether one path is equal to, or an ancestor of, the other.
  ///
  /// A file that stands where another claim has a directory overlaps with it: git can hold only one
  /// of them.
  package static func overlap(_ a: ClaimPath, _ b: ClaimPath) -> Bool {
    if a.bytes.count == b.bytes.count { return a.bytes == b.bytes }
    let (short, long) = a.bytes.count < b.bytes.count ? (a.bytes, b.bytes) : (b.bytes, a.bytes)
    return long[short.count] == 0x2f && long.starts(with: short)
  }

  /// Returns whether a request may not be granted beside a row.
  package static func conflict(_ row: ClaimRow, _ request: ClaimRequest, owner: ClaimOwner) -> Bool
  {
    guard row.owner != owner, overlap(row.path, request.path) else { return false }
    return row.mode == .exclusive || request.mode == .exclusive
  }

  /// Returns whether a row of the same owner already gives what is asked for.
  package static func covers(_ row: ClaimRow, _ request: ClaimRequest) -> Bool {
    guard row.mode == .exclusive || request.mode == .shared else { return false }
    if row.path == request.path { return true }
    guard row.path.isSubtree else { return false }
    return row.path.bytes == request.path.bytes
      || request.path.bytes.starts(with: row.path.bytes + [0x2f])
  }

  /// Decides on a batch, all or nothing.
  ///
  /// - Parameters:
  ///   - now: milliseconds since 1970, for leases.
  ///   - committing: the paths are changed by a commit; then one that is held already is refused, too,
  ///     where somebody else has changed it on the target meanwhile.
  ///   - table: read inside the transaction that will write the grant.
  package static func decide<Table: LockTable>(
    _ requests: [ClaimRequest], owner: ClaimOwner, policies: PathPolicies, now: Int64,
    committing: Bool = false, table: Table
  ) throws(Table.Failure) -> ClaimDecision {
    var new: [ClaimRequest] = []
    var alreadyHeld: [ClaimRequest] = []
    var free: [ClaimRequest] = []
    var expired: [ClaimRow] = []
    var conflicts: [ClaimConflict] = []
    // Looked up for whom it matters: most paths that are asked for nobody holds.
    var kin: Set<ClaimOwner>?
    func isKin(_ other: ClaimOwner) throws(Table.Failure) -> Bool {
      if kin == nil { kin = try table.kin(of: owner) }
      return kin!.contains(other)
    }
    for request in named(requests, policies) {
      let policy = policies.policy(for: request.path)
      switch policy {
      case .frozen where owner.kind != .person:
        conflicts.append(ClaimConflict(path: request.path, reason: .frozen, holder: nil))
        continue
      case .free:
        free.append(request)
        continue
      case .shared, .frozen, .strict: break
      }
      var rows = try table.claims(at: request.path.ancestors + [request.path.bytes])
      rows += try table.claims(below: request.path.bytes)
      var blocking: [ClaimRow] = []
      for row in rows where conflict(row, request, owner: owner) && meets(row, policy, policies) {
        if try !isKin(row.owner) { blocking.append(row) }
      }
      if let holder = blocking.first(where: { !$0.isExpired(now: now) }) {
        conflicts.append(ClaimConflict(path: request.path, reason: .held, holder: holder))
        continue
      }
      expired += blocking.filter { row in !expired.contains(row) }
      var isHeld = false
      for row in rows where !isHeld && covers(row, request) {
        isHeld = row.owner == owner
        if !isHeld { isHeld = try isKin(row.owner) }
      }
      // What several may change is merged by its strategy, however old the lane's copy is.
      if owner.kind == .feature, !policy.isShared, committing || !isHeld,
        try table.isStale(request.path)
      {
        conflicts.append(ClaimConflict(path: request.path, reason: .staleBase, holder: nil))
      } else if isHeld {
        alreadyHeld.append(request)
      } else {
        new.append(request)
      }
    }
    return conflicts.isEmpty
      ? .granted(new: new, alreadyHeld: alreadyHeld, free: free, expired: expired)
      : .refused(conflicts)
  }

  /// Returns each path once, under the one spelling that counts, as exclusive as anything asks for, and
  /// shared where its policy says so.
  private static func named(
    _ requests: [ClaimRequest], _ policies: PathPolicies
  ) -> [ClaimRequest] {
    if requests.count == 1 {
      let path = requests[0].path.named(by: policies.naming)
      let isShared = policies.policy(for: path).isShared
      return [ClaimRequest(path: path, mode: isShared ? .shared : requests[0].mode)]
    }
    var places: [ClaimPath: Int] = [:]
    var result: [ClaimRequest] = []
    result.reserveCapacity(requests.count)
    for asked in requests {
      let path = asked.path.named(by: policies.naming)
      if let place = places[path] {
        if asked.mode == .exclusive { result[place].mode = .exclusive }
      } else {
        places[path] = result.count
        result.append(ClaimRequest(path: path, mode: asked.mode))
      }
    }
    for place in result.indices where policies.policy(for: result[place].path).isShared {
      result[place].mode = .shared
    }
    return result
  }

  /// Returns whether a claim and a request speak of the same files: what has a policy of its own below a
  /// claimed directory is not part of that claim.
  private static func meets(
    _ row: ClaimRow, _ policy: PathPolicy, _ policies: PathPolicies
  ) -> Bool {
    let other = policies.policy(for: row.path)
    return other != .free && other.isShared == policy.isShared
  }
}
