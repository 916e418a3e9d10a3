/// The policy of `claims.paths` in `lanekeeper.yml` for a path.
package enum PathPolicy: Equatable, Sendable {
  /// One owner at a time; the default.
  case strict
  /// Needs no claim.
  case free
  /// No lane may touch it.
  case frozen
  /// Several may change it; the strategy merges it: `union`, or `regenerate: <command>`.
  case shared(strategy: String)

  /// Reads a policy as the state file has it; an unknown one is strict.
  package init(name: String, argument: String?) {
    self =
      switch name {
      case "free": .free
      case "frozen": .frozen
      case "shared": .shared(strategy: argument ?? "union")
      default: .strict
      }
  }

  /// The policy's name in the state file and in `lanekeeper.yml`.
  package var name: String {
    switch self {
    case .strict: "strict"
    case .free: "free"
    case .frozen: "frozen"
    case .shared: "shared"
    }
  }

  /// The argument stored beside the policy's name.
  package var argument: String? { if case .shared(let strategy) = self { strategy } else { nil } }

  /// Whether several may change the path at a time.
  package var isShared: Bool { if case .shared = self { true } else { false } }
}

/// The policies of a repository, and its way of naming files.
package struct PathPolicies: Sendable {
  package let naming: PathNaming
  private let exact: [ClaimPath: PathPolicy]
  private let subtrees: [[UInt8]: PathPolicy]
  private let frozen: [[UInt8]]

  /// Takes the policies in any order; the longest path that matches decides.
  package init(_ entries: [(ClaimPath, PathPolicy)], naming: PathNaming = .exact) {
    self.naming = naming
    // Most repositories have none, and the hook starts often.
    guard !entries.isEmpty else {
      exact = [:]
      subtrees = [:]
      frozen = []
      return
    }
    var exact: [ClaimPath: PathPolicy] = [:]
    var subtrees: [[UInt8]: PathPolicy] = [:]
    for (path, policy) in entries {
      let path = path.named(by: naming)
      exact[path] = policy
      if path.isSubtree { subtrees[path.bytes] = policy }
    }
    self.exact = exact
    self.subtrees = subtrees
    frozen = exact.filter { $0.value == .frozen }.map(\.key.bytes)
  }

  /// Whether any path may be changed by several at a time.
  package var hasShared: Bool { exact.values.contains(where: \.isShared) }

  /// Returns the policy of a path; a subtree is frozen where anything frozen lies below it.
  package func policy(for path: ClaimPath) -> PathPolicy {
    if exact.isEmpty { return .strict }
    if path.isSubtree {
      let below = path.bytes + [0x2f]
      if frozen.contains(where: { $0.starts(with: below) }) { return .frozen }
    }
    for isSubtree in [path.isSubtree, !path.isSubtree] {
      if let policy = exact[ClaimPath(stored: path.bytes, isSubtree: isSubtree)] { return policy }
    }
    guard !subtrees.isEmpty else { return .strict }
    for directory in path.ancestors.reversed() {
      if let policy = subtrees[directory] { return policy }
    }
    return .strict
  }
}
