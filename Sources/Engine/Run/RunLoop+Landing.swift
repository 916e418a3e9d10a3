import Foundation
import Git
import Processes
import Store

// Works on the landing queue, one round at a time; runs beside the loop.
extension RunLoop {
  func landAll() async {
    do {
      let undos = try store.undoRequests()
      let built = try store.features(in: [.queued, .landing])
      guard try !undos.isEmpty || !built.isEmpty || !store.roomsWithSlots().isEmpty else {
        return take(.landing(.nothing))
      }
      let queue = built.filter { $0.state == .queued }.map(\.id) + undos.map(\.feature)
      guard state.mayLand(queue, at: now) else { return }
      // Whoever holds the lock lands for all; what became of it is looked at soon.
      guard let lock = try FileLock.tryAcquire(context.project.state.landingLock) else {
        return take(.landing(.atAnother))
      }
      take(.landing(.began))
      defer {
        take(.landing(.ended))
        lock.release()
        // The loop looks whether the run ends.
        post.yield(.wake)
      }
      // An attempt that is at work may have changed by whom landings are signed.
      let lander = context.lander
      do {
        try await BlockingQueue.run { _ = try lander.repairConfiguration() }
      } catch {
        tellOnce("the configuration that attempts share with your checkout can't be read: \(error)")
      }
      tellConfiguration()
      if try !store.openLandings().isEmpty {
        // The process that landed before was killed.
        try await BlockingQueue.run { try lander.recover() }
      }
      try context.lander.freeLostSlots()
      while !state.isStopping {
        let progress = try await context.lander.landNext(stop: stop) { await self.tell($0) }
        take(.landing(.progress(progress, queue: queue)))
        // Under make each process lands its own feature, and ends: its token is waited for.
        guard progress == .progressed, try !hasWhatItIsFor() else { break }
      }
      take(.works(.landing))
    } catch {
      take(.fails(.landing, trouble(error)))
    }
  }

  /// Returns whether there is nothing left to do on what this process was asked for.
  private func hasWhatItIsFor() throws -> Bool {
    guard let only = context.options.only, context.options.kind == .work else { return false }
    return try only.allSatisfy { try store.feature($0)?.state == .landed }
  }

  /// Tells what became of something in the landing queue.
  func tell(_ outcome: LandingOutcome) {
    switch outcome {
    case .landed(let feature, let commit):
      take(.landing(.landed))
      tally.landed.insert(feature)
      report(
        .landed(feature: feature, target: context.project.configuration.target, commit: commit))
      // What depends on it may start.
      post.yield(.wake)
      if let tip = ObjectID(hex: commit) {
        let need = startable
        Task { await warmLanes.refresh(tip: tip, need: need) }
      }
    case .sentBack(let id, let detail):
      if let feature = try? store.feature(id) {
        if feature.state == .waiting {
          report(.waiting(feature: id, detail: detail))
        } else {
          let attempt = try? store.attempts(of: id).last { $0.state != .running }
          report(
            .failed(
              agent: attempt?.agentID, feature: id, detail: detail,
              retryWith: (try? retryTier(feature)) ?? nil))
        }
      }
      post.yield(.wake)
    case .held(let feature, let reason):
      take(.landing(.held(feature: feature, reason: reason)))
    case .undone, .undoFailed, .toReview, .log, .note, .stopped:
      if let event = RunEvent(outcome, target: context.project.configuration.target) {
        report(event)
      }
    }
  }

  /// Runs the gate once more without caches, where something has landed since that was done.
  func gateColdAtTheEnd() async {
    guard context.options.kind == .run, !state.isEnding else { return }
    do {
      // A program that is being started may hold our own lock for a moment longer.
      var lock = try FileLock.tryAcquire(context.project.state.landingLock)
      for _ in 0..<100 where lock == nil {
        try await Task.sleep(for: .milliseconds(20))
        lock = try FileLock.tryAcquire(context.project.state.landingLock)
      }
      guard let lock else { return }
      defer { lock.release() }
      guard try store.openLandings().isEmpty else { return }
      isColdRed = try await !context.lander.coldGate(stop: stop) { await self.tell($0) }
    } catch {
      take(.fails(.coldGate, trouble(error)))
    }
  }
}
