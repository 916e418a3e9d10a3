import Model
import Store

/// What a claim is checked against besides the claims of others.
package struct ClaimChecks: Sendable {
  /// How to tell which paths are stale on a feature's branch; `nil` where it has none.
  package var stale: @Sendable (_ feature: String, _ branch: String?) -> StaleCheck?
  /// How to tell that the holder of a claim is dead and has left nothing.
  package var expiry: @Sendable () -> ExpiryCheck
  /// Looks whether an agent has moved the target past the hooks, and writes it down; the words for
  /// it, `nil` where there is nothing.
  package var look: @Sendable () throws -> String?

  package init(
    stale: @escaping @Sendable (_ feature: String, _ branch: String?) -> StaleCheck?,
    expiry: @escaping @Sendable () -> ExpiryCheck,
    look: @escaping @Sendable () throws -> String?
  ) {
    self.stale = stale
    self.expiry = expiry
    self.look = look
  }

  /// Looks at the target, and tells how to find out whether a path is stale for an owner.
  func staleCheck(_ owner: ClaimOwner, _ store: Store) throws -> StaleCheck? {
    _ = try look()
    guard owner.kind == .feature else { return nil }
    return stale(owner.id, try store.feature(owner.id)?.branch)
  }
}
