import Attempts
import Foundation
import Git
import Lanes
import Model
import Processes
import Store

/// What the tools need of the repository that they serve.
package struct Workplace: Sendable {
  /// The person's own checkout.
  package var directory: String
  package var environment: [String: String]
  /// `refs/heads/…` of the target.
  package var target: String
  package var policies: PathPolicies
  package var checks: ClaimChecks
  package var state: StateDirectory
  package var pool: LanePool
  package var attempts: AttemptSettings
  package var identity: @Sendable () -> Signature
  /// Brings the target into the lane with this top.
  package var sync: @Sendable (_ lane: String) throws -> SyncReport
  /// Takes over the backlog where its file has changed.
  package var refresh: @Sendable (Store) throws -> Void
  /// Takes up what killed processes have left, so that what they held is free.
  package var recover: @Sendable (Store) throws -> Void
  /// Returns the seconds of the longest chain that starts with each feature.
  package var remaining: @Sendable () -> [String: Double]

  package init(
    directory: String, environment: [String: String], target: String, policies: PathPolicies,
    checks: ClaimChecks, state: StateDirectory, pool: LanePool, attempts: AttemptSettings,
    identity: @escaping @Sendable () -> Signature,
    sync: @escaping @Sendable (_ lane: String) throws -> SyncReport,
    refresh: @escaping @Sendable (Store) throws -> Void = { _ in },
    recover: @escaping @Sendable (Store) throws -> Void = { _ in },
    remaining: @escaping @Sendable () -> [String: Double] = { [:] }
  ) {
    self.directory = directory
    self.environment = environment
    self.target = target
    self.policies = policies
    self.checks = checks
    self.state = state
    self.pool = pool
    self.attempts = attempts
    self.identity = identity
    self.sync = sync
    self.refresh = refresh
    self.recover = recover
    self.remaining = remaining
  }

  func repository() throws -> Repository {
    try Repository(opening: directory, environment: environment)
  }

  /// The target's tip.
  func tip() throws -> ObjectID {
    guard let tip = try repository().reference(target) else {
      throw ToolFailure("the target \(BranchName.short(target)) is gone")
    }
    return tip
  }
}

/// What became of bringing the target into a lane.
package struct SyncReport: Sendable, Equatable {
  /// True where the lane has all of the target now.
  package var isSynced: Bool
  /// What happened, for the agent: what to resolve, or that there was nothing to do.
  package var detail: String

  package init(isSynced: Bool, detail: String) {
    self.isSynced = isSynced
    self.detail = detail
  }
}

/// Work that could not be done, told to the agent as the result of its call.
package struct ToolFailure: Error, CustomStringConvertible, Equatable {
  package var description: String
  package init(_ description: String) { self.description = description }
}
