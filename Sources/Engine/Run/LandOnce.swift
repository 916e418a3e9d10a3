import Foundation
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

  /// - Parameter undosOnly: leaves features in the queue and lands reversals only.
  /// - Returns: the exit status: 0, 1 where a feature was sent back, 75 where one was held off.
  package func run(
    undosOnly: Bool = false, stop: StopSignal, report: @escaping @Sendable (RunEvent) -> Void
  ) async throws -> Int32 {
    let id = "land-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    let own = try FileLock.tryAcquire(project.state.participantLock(id))
    let board = WaitBoard(store, participant: id)
    board.follow(stop) { report(.note($0)) }
    defer {
      board.close()
      own?.release()
      unlink(project.state.participantLock(id))
    }
    return try await Programs.$stop.withValue(stop) {
      try await land(undosOnly: undosOnly, stop: stop, report: report)
    }
  }

  private func land(
    undosOnly: Bool, stop: StopSignal, report: @escaping @Sendable (RunEvent) -> Void
  ) async throws -> Int32 {
    guard let lock = try FileLock.tryAcquire(project.state.landingLock) else {
      throw Failure("a run is landing already; `lanekeeper status` shows it", status: 75)
    }
    defer { lock.release() }
    _ = try HelperPrograms.path("lanekeeper-guard")
    let lander = project.lander(store)
    if try !store.openLandings().isEmpty {
      try await BlockingQueue.run { try lander.recover() }
    }
    try lander.freeLostSlots()
    try store.setSlots(project.configuration.slots)
    if !undosOnly {
      for feature in try store.features(in: [.approved]) {
        try store.transition(feature.id, from: [.approved], to: .queued)
      }
    }
    if try store.isLandingPaused() {
      throw Failure(
        "landing is paused; `lanekeeper resume --landing` lets it go on", status: 75)
    }
    if let backlog = try? project.backlog() {
      _ = try store.setPriorities(
        Dictionary(
          backlog.features.map { ($0.id, $0.priority) }, uniquingKeysWith: { first, _ in first }))
    }
    let tally = Tally()
    let target = project.configuration.target
    var progress: LandingProgress
    repeat {
      progress = try await lander.landNext(undosOnly: undosOnly, stop: stop) { outcome in
        await tally.add(outcome)
        if let event = RunEvent(outcome, target: target) { report(event) }
      }
    } while progress == .progressed
    if let command = try? lander.catchUpCommand() {
      report(.note("your checkout was left as it was; it catches up by `\(command)`"))
    }
    if progress == .stopped { return 130 }
    if await tally.hasFailed { return 1 }
    if progress == .held || progress == .heldByMachine { return 75 }
    if await tally.isEmpty {
      let waiting = try store.features(in: [.inReview]).map { "#\($0.id)" }
      report(
        .note(
          "nothing is ready to land"
            + (waiting.isEmpty ? "" : "; waiting for a review: \(waiting.joined(separator: ", "))"))
      )
    }
    return 0
  }

  /// Counts the outcomes for the exit status.
  private actor Tally {
    private(set) var isEmpty = true
    private(set) var hasFailed = false

    func add(_ outcome: LandingOutcome) {
      isEmpty = false
      switch outcome {
      case .sentBack, .undoFailed: hasFailed = true
      default: break
      }
    }
  }
}

extension RunEvent {
  /// Makes the event that shows an outcome; `nil` where there is nothing to show.
  init?(_ outcome: LandingOutcome, target: String) {
    switch outcome {
    case .landed(let feature, let commit):
      self = .landed(feature: feature, target: target, commit: commit)
    case .undone(let feature, let commit):
      self = .undone(feature: feature, target: target, commit: commit)
    case .sentBack(let feature, let detail):
      self = .failed(agent: nil, feature: feature, detail: detail, retryWith: nil)
    case .toReview(let feature, let detail): self = .waiting(feature: feature, detail: detail)
    case .undoFailed(let feature, let detail):
      self = .note("feature #\(feature) is not undone: \(detail)")
    case .held(let feature, let reason): self = .held(feature: feature, reason: reason)
    case .log(let path, let lines): self = .log(path: path, lines: lines)
    case .note(let text): self = .note(text)
    case .stopped: return nil
    }
  }
}
