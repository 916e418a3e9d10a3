import Backlog
import Foundation
import Git
import Lanes
import Processes
import Store

/// Runs the gate on trees, in one worktree that is kept warm, and remembers the results.
struct Gate: Sendable {
  let settings: LandingSettings
  let store: Store
  let state: StateDirectory

  /// What the gate said; `nil` when it was stopped.
  struct Verdict {
    var result: GateResult
    var isRemembered: Bool
  }

  /// Tells whether the tree of a commit passes.
  ///
  /// - Parameters:
  ///   - name: names the log.
  ///   - afresh: runs the gate even where its result is known.
  ///   - cold: starts without ignored files, such as build caches.
  func run(
    _ commit: ObjectID, tree: ObjectID, name: String, afresh: Bool = false, cold: Bool = false,
    stop: StopSignal
  ) async throws -> Verdict? {
    let key = environmentKey
    if !afresh,
      let known = try store.gateResult(
        tree: tree.hex, command: settings.gate.command, environment: key)
    {
      return Verdict(result: known, isRemembered: true)
    }
    let gate = self
    try await Offload.run { try gate.restore(commit, cold: cold) }
    guard !stop.isSet else { return nil }
    let log = state.gateLog(name)
    try? FileManager.default.removeItem(atPath: log)
    let start = store.now
    let process = try GuardedProcess.start(
      GuardedCommand(
        guardProgram: settings.guardProgram, lockPath: state.gateLock, logPath: log,
        inputPath: nil, directory: settings.worktree,
        argv: ["/bin/sh", "-c", settings.gate.command],
        environment: GitProgram.clean(settings.environment), mark: "gate-\(name)-\(getpid())",
        wallSeconds: settings.gate.timeoutMinutes * 60))
    let stopper = Task {
      await stop.wait()
      process.stop()
      await stop.waitForced()
      process.kill()
    }
    let ending = await process.ending()
    stopper.cancel()
    if ending == .stopped || ending == .guardLost || ending == .locked { return nil }
    let result = GateResult(
      passed: ending == .exited(0), status: words(ending),
      seconds: Double(store.now - start) / 1000, log: log)
    try store.remember(
      result, tree: tree.hex, command: settings.gate.command, environment: key)
    return Verdict(result: result, isRemembered: false)
  }

  private func words(_ ending: Ending) -> String {
    switch ending {
    case .exited(let status): "exited \(status)"
    case .signalled(let number): "was ended by signal \(number)"
    case .timedOut: "took longer than \(settings.gate.timeoutMinutes) minutes"
    case .couldNotStart(let code): "could not be started: \(String(cString: strerror(code)))"
    default: "did not end by itself"
    }
  }

  /// The named variables and their values, which are part of what a result is remembered by.
  private var environmentKey: String {
    settings.gate.environment.sorted().map { "\($0)=\(settings.environment[$0] ?? "")" }
      .joined(separator: "\n")
  }

  /// Makes the integration worktree an exact checkout of a commit; ignored caches stay unless the
  /// gate is to run cold.
  private func restore(_ commit: ObjectID, cold: Bool) throws {
    let common = try Repository(opening: state.commonDirectory, environment: settings.environment)
    let name = "integration"
    let registered = common.worktree(named: name)
    if registered == nil || registered?.valid == false {
      if registered != nil {
        try common.unlockWorktree(name: name)
        try common.pruneWorktree(name: name)
      }
      try FileManager.default.createDirectory(
        atPath: (settings.worktree as NSString).deletingLastPathComponent,
        withIntermediateDirectories: true)
      do {
        try common.addWorktree(name: name, path: settings.worktree, commit: commit, branch: nil)
      } catch WorktreeError.directoryInTheWay(let path) {
        throw LaneError.directoryInTheWay(path)
      }
      try common.lockWorktree(name: name, reason: "the gate of lanekeeper runs here")
      return
    }
    let worktree = try Repository(opening: settings.worktree, environment: settings.environment)
    StaleLocks.removeOwn(gitDirectory: worktree.gitDirectory)
    try worktree.switchWorktree(to: commit, branch: nil, removeUntracked: true)
    if cold { _ = try worktree.git(["clean", "-f", "-d", "-x", "-q"]) }
  }
}
