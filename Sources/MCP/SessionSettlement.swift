import Engine
import Foundation
import Git
import Processes
import Store

/// Ends attempts of sessions: by completion, by handing back, or because the lease has run out.
struct SessionSettlement: Sendable {
  let project: Project
  let store: Store
  let settings: AttemptSettings

  /// Returns the reason that keeps an attempt from being completed; `nil` for none.
  func obstacle(_ attempt: AttemptRecord) async throws -> String? {
    guard let lane = try store.lane(attempt.lane), lane.feature == attempt.feature else {
      return
        "nothing was done yet: open_lane makes the lane to work in; release_features hands it back"
    }
    if let open = try refusals(attempt.feature) { return open }
    let (project, branch) = (project, try store.feature(attempt.feature)?.branch)
    return try await BlockingQueue.run {
      let repository = try Repository(opening: lane.path, environment: project.environment)
      let status = try repository.status()
      let conflicted = status.filter(\.isConflicted)
      guard conflicted.isEmpty else {
        return "the merge is not resolved in "
          + conflicted.map { String(decoding: $0.path, as: UTF8.self) }.joined(separator: ", ")
      }
      guard status.isEmpty, let tip = try branch.flatMap({ try repository.reference($0) }),
        let target = try repository.reference(project.target)
      else { return nil }
      return try repository.branchChanges(tip: tip, target: target).changes.isEmpty
        ? "nothing was changed in the lane; release_features hands the feature back" : nil
    }
  }

  /// Names claims that were refused and not granted since.
  func refusals(_ feature: String) throws -> String? {
    let open = try store.refusals(of: feature).filter { $0.reason != "frozen" }
    guard !open.isEmpty else { return nil }
    return
      "you were refused \(open.map(\.path.description).joined(separator: ", ")) and have not got it "
      + "since: wait_for_file gets it; or hand the feature back (in a run: end here) and it goes on "
      + "after the holder"
  }

  /// Commits what is uncommitted, and moves the feature to review or to the queue.
  func complete(_ attempt: AttemptRecord) async throws { try await settle(attempt, .exited(0)) }

  /// Keeps the work on the branch and makes the feature ready again.
  func handBack(_ attempt: AttemptRecord) async throws { try await settle(attempt, .stopped) }

  private func settle(_ attempt: AttemptRecord, _ ending: Ending) async throws {
    try await BlockingQueue.run { try settleBlocking(attempt, ending) }
  }

  private func settleBlocking(_ attempt: AttemptRecord, _ ending: Ending) throws {
    guard let lane = try store.lane(attempt.lane), let feature = try store.feature(attempt.feature),
      let branch = feature.branch
    else {
      try store.endAttempt(
        attempt.feature, attempt.number, .interrupted(.handedBack, detail: "handed back"), tip: nil,
        changed: [])
      return
    }
    let settler = AttemptSettler(project.attemptContext, settings: settings, store: store)
    try settler.settle(feature, attempt, lane: lane, branch: branch, ending: ending)
  }

  /// Ends a session's attempts whose lease has run out. Blocks.
  ///
  /// Changes in the lane, or a process that works in it, keep the lease.
  func endLapsed() throws {
    for session in try store.lapsedSessions() {
      var isKept = false
      for attempt in try store.sessionAttempts(session.agent) {
        if try isAtWork(attempt) {
          isKept = true
        } else {
          try settleBlocking(attempt, .stopped)
        }
      }
      if isKept { try store.renewSession(session.agent) }
    }
  }

  private func isAtWork(_ attempt: AttemptRecord) throws -> Bool {
    guard let lane = try store.lane(attempt.lane), lane.feature == attempt.feature,
      FileManager.default.fileExists(atPath: lane.path)
    else { return false }
    let path = URL(fileURLWithPath: lane.path).resolvingSymlinksInPath().path
    if !OrphanProcesses.find(standingIn: path).isEmpty { return true }
    return try !LaneChanges.paths(
      lane: lane.path, target: project.target, environment: project.environment
    ).isEmpty
  }
}

extension Coordinator {
  /// Ends the attempts of sessions whose lease has run out.
  func endLapsedSessions() throws {
    try settlement.endLapsed()
  }
}
