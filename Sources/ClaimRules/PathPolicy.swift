/// What `claims.paths` of `lanekeeper.yml` says of a path.
package enum PathPolicy: Equatable, Sendable {
  /// One owner at a time; the default.
  case strict
  /// Needs no claim.
  case free
  /// No lane may touch it.
  case frozen
  /// Several may change it; the strategy merges it: `union`, or `regenerate: <command>`.
  case shared(strategy: String)
}

/// The policies of a repository.
package struct PathPolicies: Sendable {
  private let entries: [(path: ClaimPath, policy: PathPolicy)]

  /// Takes the policies in any order; the longest path that matches decides.
  package init(_ entries: [(ClaimPath, PathPolicy)]) {
    self.entries = entries.map { (path: $0.0, policy: $0.1) }
      .sorted { $0.path.bytes.count > $1.path.bytes.count }
  }

  /// Returns the policy of a path; a subtree is frozen where anything frozen lies below it.
  package func policy(for path: ClaimPath) -> PathPolicy {
    if path.isSubtree {
      let below = path.bytes + [0x2f]
      if entries.contains(where: { $0.policy == .frozen && $0.path.bytes.starts(with: below) }) {
        return .frozen
      }
    }
    for entry in entries {
      if entry.path.bytes == path.bytes { return entry.policy }
      if entry.path.isSubtree, path.bytes.starts(with: entry.path.bytes + [0x2f]) {
        return entry.policy
      }
    }
    return .strict
  }
}
