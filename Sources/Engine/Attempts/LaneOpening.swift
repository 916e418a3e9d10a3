import Git
import Model
import Store

/// Brings the lane of an agent that was not started by a run into the state in which work begins.
package struct LaneOpening {
  private let start: LaneStart

  package init(
    pool: LanePool, store: Store, target: String, policies: PathPolicies,
    hookVariables: [String: String], identity: Signature
  ) {
    start = LaneStart(
      pool: pool, store: store, target: target, policies: policies, hookVariables: hookVariables,
      identity: identity)
  }

  /// Puts the lane onto the feature's branch, brings the target in, and takes up rescued work.
  ///
  /// - Returns: what the agent has to know before it begins.
  package func open(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, lane: LaneRecord, branch: String
  ) throws -> [String] {
    try start.run(feature, attempt, lane: lane, branch: branch, prepared: nil).notes
  }
}
