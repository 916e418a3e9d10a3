import Foundation
import Integration
import Planning
import Processes
import Store

/// The merge stage by itself: lands what is queued and ends.
package struct LandOnce: Sendable {
  private let project: Project
  private let store: Store

  package init(project: Project, store: Store) {
    self.project = project
    self.store = store
  }

  /// - Returns: the exit status: 0, 1 where a feature was sent back, 75 where one was held off.
  package func run(
    stop: StopSignal, report: @escaping @Sendable (RunEvent) -> Void
  ) async throws -> Int32 {
    guard let lock = try FileLock.tryAcquire(project.state.landingLock) else {
      throw Failure("a run is landing already; `lanekeeper status` shows it", status: 75)
    }
    defer { lock.release() }
    let lander = project.lander(store, guardProgram: try HelperPrograms.path("lanekeeper-guard"))
    if try !store.openLandings().isEmpty {
      Strays.end(mark: nil, directories: [lander.settings.worktree])
      try await Offload.run { try lander.recover() }
    }
    for feature in try store.features(in: [.approved]) {
      try store.transition(feature.id, from: [.approved], to: .queued)
    }
    guard try !store.features(in: [.queued]).isEmpty else {
      report(.note("nothing is ready to land"))
      return 0
    }
    let order: @Sendable (FeatureRecord, FeatureRecord) -> Bool = {
      ($1.priority, $0.position) < ($0.priority, $1.position)
    }
    var status: Int32 = 0
    defer {
      if let command = try? lander.catchUpCommand() {
        report(.note("your checkout was left as it was; it catches up by `\(command)`"))
      }
    }
    while let outcome = try await lander.landNext(order: order, stop: stop) {
      switch outcome {
      case .landed(let feature, let commit):
        report(.landed(feature: feature, target: project.configuration.target, commit: commit))
      case .sentBack(let feature, let detail):
        status = 1
        report(.failed(agent: nil, feature: feature, detail: detail, retryWith: nil))
      case .held(let feature, let reason):
        report(.held(feature: feature, reason: reason))
        return status == 0 ? 75 : status
      case .stopped: return 130
      }
    }
    return status
  }
}
