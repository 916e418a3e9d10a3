/// What the rule must be able to ask of the lock table; each is one look-up by b-tree.
package protocol LockTable {
  /// Returns the claims on exactly these paths, files and subtrees alike.
  func claims(at paths: [[UInt8]]) throws -> [ClaimRow]
  /// Returns the claims on anything below a directory.
  func claims(below path: [UInt8]) throws -> [ClaimRow]
  /// Tells whether the target changed the path since the owner's branch left it.
  func isStale(_ path: ClaimPath) throws -> Bool
}

/// The one rule of who may change what.
package enum ClaimRule {
  /// Tells whether one path is equal to, or an ancestor of, the other.
  ///
  /// A file that stands where another claim has a directory overlaps with it: git can hold only one
  /// of them.
  package static func overlap(_ a: ClaimPath, _ b: ClaimPath) -> Bool {
    if a.bytes.count == b.bytes.count { return a.bytes == b.bytes }
    let (short, long) = a.bytes.count < b.bytes.count ? (a.bytes, b.bytes) : (b.bytes, a.bytes)
    return long[short.count] == 0x2f && long.starts(with: short)
  }

  /// Tells whether a request may not be granted beside a row.
  package static func conflict(_ row: ClaimRow, _ request: ClaimRequest, owner: ClaimOwner) -> Bool
  {
    guard row.owner != owner, overlap(row.path, request.path) else { return false }
    return row.mode == .exclusive || request.mode == .exclusive
  }

  /// Tells whether a row of the same owner already gives what is asked for.
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
  ///   - table: read inside the transaction that will write the grant.
  package static func decide(
    _ requests: [ClaimRequest], owner: ClaimOwner, policies: PathPolicies, now: Int64,
    table: some LockTable
  ) throws -> ClaimDecision {
    var new: [ClaimRequest] = []
    var alreadyHeld: [ClaimRequest] = []
    var free: [ClaimRequest] = []
    var expired: [ClaimRow] = []
    var conflicts: [ClaimConflict] = []
    var seen: Set<ClaimPath> = []
    let exclusive = Set(requests.filter { $0.mode == .exclusive }.map(\.path))
    for asked in requests where seen.insert(asked.path).inserted {
      var request = asked
      if exclusive.contains(asked.path) { request.mode = .exclusive }
      switch policies.policy(for: request.path) {
      case .frozen where owner.kind != .person:
        conflicts.append(ClaimConflict(path: request.path, reason: .frozen, holder: nil))
        continue
      case .free:
        free.append(request)
        continue
      case .shared: request.mode = .shared
      case .frozen, .strict: break
      }
      var rows = try table.claims(at: request.path.ancestors + [request.path.bytes])
      rows += try table.claims(below: request.path.bytes)
      let blocking = rows.filter { conflict($0, request, owner: owner) }
      if let holder = blocking.first(where: { !$0.isExpired(now: now) }) {
        conflicts.append(ClaimConflict(path: request.path, reason: .held, holder: holder))
        continue
      }
      expired += blocking.filter { row in !expired.contains(row) }
      if rows.contains(where: { $0.owner == owner && covers($0, request) }) {
        alreadyHeld.append(request)
      } else if owner.kind == .feature, try table.isStale(request.path) {
        conflicts.append(ClaimConflict(path: request.path, reason: .staleBase, holder: nil))
      } else {
        new.append(request)
      }
    }
    return conflicts.isEmpty
      ? .granted(new: new, alreadyHeld: alreadyHeld, free: free, expired: expired)
      : .refused(conflicts)
  }
}
