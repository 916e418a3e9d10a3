import Engine
import Foundation
import Model
import Processes
import Store

extension Coordinator {
  /// Waits for one path and claims it.
  ///
  /// An attempt that is run lends its place among the running ones while it waits, and has it back
  /// when the call returns. Cancelling the task ends the waiting.
  func wait(
    for path: String, seconds: Double, agentID: String?, feature: String?,
    progress: @Sendable (Double, Double?, String) -> Void
  ) async throws -> JSON {
    let batch = try batch([path], .exclusive, agentID: agentID, feature: feature)
    let start = ContinuousClock.now
    var answer = try begin(batch)
    var lastTold = -Double.infinity
    var seen = try store.lastEvent()
    var looked = start
    do {
      while case .held(let conflicts) = answer, conflicts.allSatisfy({ $0.holder != nil }) {
        let waited = (ContinuousClock.now - start).seconds
        if waited - lastTold >= 1 {
          lastTold = waited
          progress(waited, seconds, words(conflicts))
        }
        guard waited < seconds else { break }
        try await Task.sleep(for: .milliseconds(100))
        // Leases run out without an event.
        let last = try store.lastEvent()
        guard last != seen || ContinuousClock.now - looked > .seconds(1) else { continue }
        seen = last
        looked = .now
        answer = try poll(batch)
      }
    } catch {
      try? endWait(batch)
      throw error
    }
    try await takePlaceAgain(batch)
    switch answer {
    case .granted(let rows): return facts.granted(rows)
    case .held(let conflicts): return facts.refused(conflicts)
    case .mustYield(let other):
      return facts.refused(try conflicts(batch), orBecauseOf: other, batch.requests)
    }
  }

  private func begin(_ batch: Batch) throws -> WaitAnswer {
    guard let lane = batch.actor.lane else { return try plain(batch) }
    return try store.beginWait(
      lane.feature, for: batch.requests, agent: batch.actor.agent,
      policies: policies, stale: try project.staleCheck(batch.actor.owner, store),
      expiry: project.expiryCheck())
  }

  private func poll(_ batch: Batch) throws -> WaitAnswer {
    guard let lane = batch.actor.lane else {
      try store.renewSession(batch.actor.agent)
      let conflicts = try conflicts(batch)
      return conflicts.isEmpty ? try plain(batch) : .held(conflicts)
    }
    try verify(lane)
    return try store.pollWait(
      lane.feature, for: batch.requests, agent: batch.actor.agent, policies: policies,
      stale: try project.staleCheck(batch.actor.owner, store), expiry: project.expiryCheck())
  }

  /// A session has no place to lend.
  private func plain(_ batch: Batch) throws -> WaitAnswer {
    switch try claim(batch) {
    case .granted(let rows): .granted(rows)
    case .refused(let conflicts): .held(conflicts)
    }
  }

  private func endWait(_ batch: Batch) throws {
    if let lane = batch.actor.lane { try store.endWait(lane.feature) }
  }

  /// Waits until there is a place among the running attempts. Where the supervisor is gone nobody
  /// counts them.
  private func takePlaceAgain(_ batch: Batch) async throws {
    guard let lane = batch.actor.lane else { return }
    do {
      while try !store.takePlaceAgain(lane.feature) {
        guard FileLock.isHeld(project.state.participantLock(lane.participant)) else {
          return try store.endWait(lane.feature)
        }
        try await Task.sleep(for: .milliseconds(50))
      }
    } catch is CancellationError {
      try store.endWait(lane.feature)
      throw CancellationError()
    }
  }

  private func words(_ conflicts: [ClaimConflict]) -> String {
    facts.lines(conflicts).joined(separator: "; ")
  }
}

extension Duration {
  /// The duration in seconds.
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
