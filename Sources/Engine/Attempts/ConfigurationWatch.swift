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
  ///
  /// A failure to read or restore the configuration becomes an event; the attempt goes on.
  package func begin(_ feature: FeatureRecord, _ attempt: AttemptRecord) {
    noting(feature, attempt) {
      try store.record(
        configuration.begin(Self.name(attempt), lane: lane(attempt), running: running()),
        of: attempt)
    }
  }

  /// Is called once nothing of the agent runs any more, before its work is put away. Blocks; what goes wrong is told
  /// by an event.
  package func end(_ feature: FeatureRecord, _ attempt: AttemptRecord) {
    let words = "feature #\(feature.id) (attempt \(attempt.number))"
    noting(feature, attempt) {
      try store.record(
        configuration.end(
          Self.name(attempt), lane: lane(attempt), words: words, running: running()),
        of: attempt)
    }
  }

  private func lane(_ attempt: AttemptRecord) throws -> String? {
    try store.lane(attempt.lane)?.name
  }

  private func noting(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, _ body: () throws -> Void
  ) {
    do {
      try body()
    } catch {
      try? store.record(
        .configurationError, feature: feature.id, agent: attempt.agent,
        [
          "attempt": .integer(Int64(attempt.number)),
          "detail": .string(
            "the configuration that attempts share with your checkout can't be looked after: \(error)"
          ),
        ])
    }
  }

  private static func name(_ attempt: AttemptRecord) -> String {
    "\(attempt.feature)-\(attempt.number)"
  }

  private func running() throws -> Set<String> {
    Set(try store.runningAttempts().map(Self.name))
  }
}
