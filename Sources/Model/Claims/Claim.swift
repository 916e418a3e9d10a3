/// How a path is claimed.
package enum ClaimMode: String, Sendable {
  /// Nobody else may change it.
  case exclusive
  /// Others that hold it shared may change it, too.
  case shared
}

/// Who holds a claim.
package struct ClaimOwner: Hashable, Sendable {
  package enum Kind: String, Sendable {
    /// A feature, until it lands or gives up.
    case feature
    /// A person, until `release`.
    case person
    /// An agent outside any lane: a lease in time.
    case session
  }
  package let kind: Kind
  package let id: String

  package init(kind: Kind, id: String) {
    self.kind = kind
    self.id = id
  }
}

extension ClaimOwner {
  /// The owner that a feature is.
  package static func feature(_ id: String) -> ClaimOwner { ClaimOwner(kind: .feature, id: id) }

  /// The owner as it stands in `waiting_for` and in `--json`: `feature:3`.
  package var text: String { "\(kind.rawValue):\(id)" }

  /// Reads ``text``.
  package init?(text: String) {
    let parts = text.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, let kind = Kind(rawValue: String(parts[0])) else { return nil }
    self.init(kind: kind, id: String(parts[1]))
  }
}

/// One row of the lock table.
package struct ClaimRow: Sendable, Equatable {
  package var path: ClaimPath
  package var mode: ClaimMode
  package var owner: ClaimOwner
  package var agent: String?
  /// The fencing token: grows with each grant.
  package var generation: Int64
  /// Milliseconds since 1970.
  package var acquiredAt: Int64
  /// Milliseconds since 1970; `nil` never expires.
  package var expiresAt: Int64?
  /// Whether a commit in the owner's lane changes the path.
  package var isPinned: Bool

  package init(
    path: ClaimPath, mode: ClaimMode, owner: ClaimOwner, agent: String?, generation: Int64,
    acquiredAt: Int64, expiresAt: Int64?, isPinned: Bool
  ) {
    self.path = path
    self.mode = mode
    self.owner = owner
    self.agent = agent
    self.generation = generation
    self.acquiredAt = acquiredAt
    self.expiresAt = expiresAt
    self.isPinned = isPinned
  }

  /// Returns whether the claim has run out at `now` (milliseconds since 1970).
  package func isExpired(now: Int64) -> Bool {
    guard let expiresAt, !isPinned else { return false }
    return expiresAt <= now
  }
}

/// A wish to claim one path.
package struct ClaimRequest: Hashable, Sendable {
  package var path: ClaimPath
  package var mode: ClaimMode

  package init(path: ClaimPath, mode: ClaimMode) {
    self.path = path
    self.mode = mode
  }
}

/// Why one path was refused.
package struct ClaimConflict: Sendable, Equatable {
  package enum Reason: String, Sendable {
    /// Another owner holds it, or something that overlaps it.
    case held
    /// The target changed it since the lane's branch left.
    case staleBase = "stale_base"
    /// No lane may touch it.
    case frozen
    /// Waiting for it would close a cycle.
    case deadlock
  }
  package var path: ClaimPath
  package var reason: Reason
  package var holder: ClaimRow?

  package init(path: ClaimPath, reason: Reason, holder: ClaimRow?) {
    self.path = path
    self.reason = reason
    self.holder = holder
  }
}

/// The decision on a batch of requests: all or nothing.
package enum ClaimDecision: Sendable, Equatable {
  /// `new` is to be written, `expired` rows of others make room for it; `free` needs no claim.
  case granted(
    new: [ClaimRequest], alreadyHeld: [ClaimRequest], free: [ClaimRequest], expired: [ClaimRow])
  /// Nothing is claimed.
  case refused([ClaimConflict])
}
