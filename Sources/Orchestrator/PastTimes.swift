import Store

/// How long features took in this repository.
package enum PastTimes {
  /// Returns the seconds of the last completed attempt of each feature.
  package static func seconds(_ project: Project) throws -> [String: Double] {
    guard let store = try project.existingStore() else { return [:] }
    var result: [String: Double] = [:]
    for attempt in try store.attempts() where attempt.state == .completed {
      guard let end = attempt.endedAt else { continue }
      result[attempt.feature] = Double(end - attempt.startedAt) / 1000
    }
    return result
  }
}
