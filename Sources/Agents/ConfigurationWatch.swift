import Lanes
import Store

/// Notices where an attempt changes the configuration that it shares with the person's checkout.
package struct ConfigurationWatch: Sendable {
  private let store: Store
  private let configuration: SharedConfiguration

  package init(store: Store, state: StateDirectory, environment: [String: String]) {
    self.store = store
    configuration = SharedConfiguration(state: state, environment: environment)
  }

  /// Is called before the agent of an attempt starts. Blocks.
  package func begin(_ feature: FeatureRecord, _ attempt: AttemptRecord) throws {
    try tell(configuration.begin(isFirst: try !isAnotherAtWork(attempt)), feature, attempt)
  }

  /// Is called once nothing of the agent runs any more, before its work is put away. Blocks.
  package func end(_ feature: FeatureRecord, _ attempt: AttemptRecord) throws {
    let name = "feature #\(feature.id) (attempt \(attempt.number))"
    try tell(configuration.end(name, isLast: try !isAnotherAtWork(attempt)), feature, attempt)
  }

  private func isAnotherAtWork(_ attempt: AttemptRecord) throws -> Bool {
    try store.runningAttempts().contains {
      ($0.feature, $0.number) != (attempt.feature, attempt.number)
    }
  }

  private func tell(
    _ changes: [SharedConfiguration.Change], _ feature: FeatureRecord, _ attempt: AttemptRecord
  ) throws {
    for change in changes {
      try store.record(
        "configuration_changed", feature: feature.id, agent: attempt.agent,
        [
          "attempt": .integer(Int64(attempt.number)), "key": .string(change.key),
          "restored": .bool(change.isRestored), "detail": .string(change.text),
        ])
    }
  }
}
