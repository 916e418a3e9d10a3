import Backlog
import Git
import Planning
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

  /// Returns what this repository's completed attempts tell of times.
  package static func model(_ store: Store?) throws -> DurationModel {
    guard let store else { return DurationModel() }
    let features = Dictionary(
      try store.features().map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    return DurationModel(
      try store.attempts().compactMap { attempt in
        guard attempt.state == .completed, let end = attempt.endedAt,
          let feature = features[attempt.feature]
        else { return nil }
        return AttemptDuration(
          category: feature.category, tier: attempt.tier, steps: feature.steps.count,
          seconds: Double(end - attempt.startedAt) / 1000)
      })
  }
}

/// Which paths the features of a backlog will touch.
package enum ProjectFootprints {
  /// Returns declared and foretold paths; declared ones alone where `schedule.footprints` is off or the
  /// history can't be read.
  package static func read(_ project: Project, _ backlog: Backlog) -> [Footprint] {
    guard project.configuration.schedule.footprints,
      let repository = try? project.repository(),
      let tip = try? repository.reference(project.target),
      let model = try? HistoryReading.model(repository, tip: tip), model.changeCount >= 10
    else { return Footprint.declared(backlog) }
    return Footprint.of(backlog, model)
  }
}
