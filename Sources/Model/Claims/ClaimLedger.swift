/// Reads and writes the claims, the refusals and what is known of stale paths. The program and the git hook share it;
/// whoever uses it holds a transaction open, and says what time it is.
package struct ClaimLedger<Connection: SQLConnection> {
  package typealias Failure = Connection.Failure
  private let connection: Connection

  package init(_ connection: Connection) { self.connection = connection }

  // MARK: settings

  /// Returns how the repository's file system names files.
  package func naming() throws(Failure) -> PathNaming {
    PathNaming(
      text: try connection.text(
        "SELECT value FROM meta WHERE key = ?", [.text(ClaimSchema.namingKey)]))
  }

  /// Returns the policies of the repository's paths.
  package func policies() throws(Failure) -> PathPolicies {
    PathPolicies(
      try connection.rows("SELECT path, subtree, policy, argument FROM path_policies") { row in
        (
          ClaimPath(stored: row.blob(0), isSubtree: row.integer(1) != 0),
          PathPolicy(name: row.text(2) ?? "", argument: row.text(3))
        )
      }, naming: try naming())
  }

  /// Replaces the policies of the repository's paths.
  package func setPolicies(_ policies: [(ClaimPath, PathPolicy)]) throws(Failure) {
    try connection.run("DELETE FROM path_policies")
    for (path, policy) in policies {
      try connection.run(
        "INSERT OR REPLACE INTO path_policies(path, subtree, policy, argument) VALUES (?, ?, ?, ?)",
        [.blob(path.bytes), .bool(path.isSubtree), .text(policy.name), .text(policy.argument)])
    }
  }

  // MARK: reading claims

  /// Returns the claims on exactly these paths, files and subtrees alike.
  package func claims(at paths: [[UInt8]]) throws(Failure) -> [ClaimRow] {
    let statement = try connection.statement(ClaimSchema.selectAt)
    var rows: [ClaimRow] = []
    for path in paths { try statement.run([.blob(path)]) { rows.append(ClaimRow($0)) } }
    return rows
  }

  /// Returns the claims on anything below a directory.
  package func claims(below path: [UInt8]) throws(Failure) -> [ClaimRow] {
    try connection.rows(
      ClaimSchema.selectBelow, [.blob(path + [0x2f]), .blob(path + [0x30])]
    ) { ClaimRow($0) }
  }

  /// Returns every claim, by path.
  package func claims() throws(Failure) -> [ClaimRow] {
    try connection.rows(ClaimSchema.select + " ORDER BY path, subtree, owner", []) { ClaimRow($0) }
  }

  /// Returns the claims of one owner, by path.
  package func claims(of owner: ClaimOwner) throws(Failure) -> [ClaimRow] {
    try connection.rows(
      ClaimSchema.select + " WHERE owner_kind = ? AND owner = ? ORDER BY path", owner.values
    ) { ClaimRow($0) }
  }

  /// Returns the claims whose lease is over at `now`, in milliseconds since 1970.
  package func expiredClaims(now: Int64) throws(Failure) -> [ClaimRow] {
    try connection.rows(
      ClaimSchema.select + " WHERE expires_at IS NOT NULL AND expires_at <= ? AND pinned = 0",
      [.integer(now)]
    ) { ClaimRow($0) }
  }

  /// Returns the owners that count as one with an owner, since they are stacked on one another.
  package func kin(of owner: ClaimOwner) throws(Failure) -> Set<ClaimOwner> {
    guard owner.kind == .feature else { return [] }
    return Set(
      try connection.rows(ClaimSchema.selectKin, [.text(owner.id)]) { .feature($0.text(0) ?? "") })
  }

  // MARK: stale paths

  /// Returns whether it is known which paths differ between two commits.
  func isCompared(_ base: [UInt8], _ tip: [UInt8]) throws(Failure) -> Bool {
    try connection.hasRows(
      "SELECT 1 FROM stale_pairs WHERE base = ? AND tip = ?", [.blob(base), .blob(tip)])
  }

  /// Writes down which paths differ between two commits.
  func noteCompared(
    _ base: [UInt8], _ tip: [UInt8], differing: [[UInt8]]
  ) throws(Failure) {
    for path in differing {
      try connection.run(
        "INSERT OR IGNORE INTO stale_paths(base, tip, path) VALUES (?, ?, ?)",
        [.blob(base), .blob(tip), .blob(path)])
    }
    try connection.run(
      "INSERT OR IGNORE INTO stale_pairs(base, tip) VALUES (?, ?)", [.blob(base), .blob(tip)])
  }

  /// Returns whether a path, or anything below it where it is a subtree, differs between two commits.
  func differs(
    _ path: ClaimPath, _ base: [UInt8], _ tip: [UInt8]
  ) throws(Failure) -> Bool {
    let pair: [SQLValue] = [.blob(base), .blob(tip)]
    let sql = "SELECT 1 FROM stale_paths WHERE base = ? AND tip = ? AND "
    if try connection.hasRows(sql + "path = ?", pair + [.blob(path.bytes)]) { return true }
    guard path.isSubtree else { return false }
    return try connection.hasRows(
      sql + "path > ? AND path < ? LIMIT 1",
      pair + [.blob(path.bytes + [0x2f]), .blob(path.bytes + [0x30])])
  }

  // MARK: writing claims

  /// Writes what ``ClaimRule`` has granted, under one new generation.
  ///
  /// - Parameters:
  ///   - expired: the rows of others that make room for it.
  ///   - expiresAt: milliseconds since 1970 for a lease; `nil` holds until it is released.
  /// - Returns: the new rows; empty where nothing is new, and then nothing is written of it.
  @discardableResult
  package func grant(
    _ new: [ClaimRequest], replacing expired: [ClaimRow], to owner: ClaimOwner, agent: String?,
    expiresAt: Int64? = nil, now: Int64
  ) throws(Failure) -> [ClaimRow] {
    for row in expired { try remove(row.path, of: row.owner) }
    guard !new.isEmpty else { return [] }
    let generation = try connection.rows(ClaimSchema.nextGeneration) { $0.integer(0) }.first ?? 1
    let insert = try connection.statement(ClaimSchema.insertClaim)
    var rows: [ClaimRow] = []
    rows.reserveCapacity(new.count)
    for request in new {
      try insert.run([
        .blob(request.path.bytes), .bool(request.path.isSubtree), .text(request.mode.rawValue),
        .text(owner.kind.rawValue), .text(owner.id), .text(agent), .integer(generation),
        .integer(now), .integer(expiresAt), .bool(false),
        request.path.spelled.map { .blob($0) } ?? .null,
      ]) { _ in }
      rows.append(
        ClaimRow(
          path: request.path, mode: request.mode, owner: owner, agent: agent,
          generation: generation, acquiredAt: now, expiresAt: expiresAt, isPinned: false))
    }
    try append(
      .claimsGranted, owner: owner, agent: agent,
      ["generation": .integer(generation), "paths": .texts(new.map(\.path.description))], now: now)
    return rows
  }

  /// Removes one claim.
  package func remove(_ path: ClaimPath, of owner: ClaimOwner) throws(Failure) {
    try connection.run(
      ClaimSchema.deleteClaim, [.blob(path.bytes), .bool(path.isSubtree)] + owner.values)
  }

  /// Removes all claims of an owner.
  package func removeAll(of owner: ClaimOwner) throws(Failure) {
    try connection.run("DELETE FROM claims WHERE owner_kind = ? AND owner = ?", owner.values)
  }

  /// Marks one claim: a path that a commit changes can't be released, and does not expire.
  package func pin(_ path: ClaimPath, of owner: ClaimOwner) throws(Failure) {
    try connection.run(
      """
      UPDATE claims SET pinned = 1, expires_at = NULL
      WHERE path = ? AND subtree = ? AND owner_kind = ? AND owner = ?
      """, [.blob(path.bytes), .bool(path.isSubtree)] + owner.values)
  }

  /// Marks the claims of a feature that cover these files.
  package func pin(files: [[UInt8]], of feature: String) throws(Failure) {
    guard !files.isEmpty else { return }
    let naming = try naming()
    let statement = try connection.statement(
      """
      UPDATE claims SET pinned = 1, expires_at = NULL WHERE path = ? AND pinned = 0
        AND owner_kind = 'feature' AND owner = ? AND (subtree = 1 OR ?)
      """)
    for file in files {
      let path = ClaimPath(file: file, naming: naming)
      for candidate in [path.bytes] + path.ancestors {
        try statement.run(
          [.blob(candidate), .text(feature), .bool(candidate.count == path.bytes.count)]
        ) { _ in }
      }
    }
  }

  // MARK: refusals

  /// Writes down what was refused, so that a feature waits for the holders.
  ///
  /// - Parameter shared: the paths that were asked for together with others.
  package func refuse(
    _ conflicts: [ClaimConflict], shared: Set<ClaimPath> = [], to owner: ClaimOwner,
    agent: String?, now: Int64
  ) throws(Failure) {
    // What is held by nobody has only not been claimed beforehand (`claims.policy: strict`).
    for conflict in conflicts
    where owner.kind == .feature && (conflict.holder != nil || conflict.reason != .held) {
      let holder = conflict.holder.flatMap { $0.owner.kind == .feature ? $0.owner.id : nil }
      let mode = shared.contains(conflict.path) ? ClaimMode.shared : .exclusive
      try connection.run(
        """
        INSERT OR REPLACE INTO refusals(feature, path, subtree, reason, holder, at, mode)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        [
          .text(owner.id), .blob(conflict.path.bytes), .bool(conflict.path.isSubtree),
          .text(conflict.reason.rawValue), .text(holder), .integer(now), .text(mode.rawValue),
        ])
    }
    try append(
      .claimRefused, owner: owner, agent: agent,
      [
        "paths": .texts(conflicts.map(\.path.description)),
        "reasons": .texts(conflicts.map(\.reason.rawValue)),
      ], now: now)
  }

  /// Forgets that paths were refused to a feature.
  package func forgetRefusals(of paths: [[UInt8]], to feature: String) throws(Failure) {
    guard !paths.isEmpty else { return }
    let statement = try connection.statement(ClaimSchema.forgetRefusal)
    for path in paths { try statement.run([.text(feature), .blob(path)]) { _ in } }
  }

  // MARK: events

  /// Appends to the event log.
  package func append(
    _ name: EventName, feature: String?, agent: String?, _ facts: JSON, now: Int64
  ) throws(Failure) {
    try connection.run(
      ClaimSchema.appendEvent,
      [
        .integer(now), .text(name.rawValue), .text(feature), .text(agent), .text(facts.text),
      ])
  }

  private func append(
    _ name: EventName, owner: ClaimOwner, agent: String?, _ facts: JSON, now: Int64
  ) throws(Failure) {
    try append(
      name, feature: owner.kind == .feature ? owner.id : nil, agent: agent, facts, now: now)
  }
}

extension ClaimRow {
  /// Reads the columns of ``ClaimSchema/select``.
  fileprivate init(_ row: some SQLRow) {
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
}

extension ClaimOwner {
  fileprivate var values: [SQLValue] { [.text(kind.rawValue), .text(id)] }
}
