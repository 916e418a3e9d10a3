import Backlog
import Foundation
import Git
import Lanes
import Processes
import Store

/// Runs the gate on trees and remembers the results.
struct Gate: Sendable {
  let settings: LandingSettings
  let store: Store
  let state: StateDirectory
  let observe: @Sendable (LandingStep) -> Void

  /// What became of a run.
  enum Verdict: Sendable {
    case result(GateResult)
    /// The tree can't be checked out, with git's words.
    case unready(String)
    /// The run is ending.
    case stopped
    /// The gate could not be asked, for a reason that lies in no tree.
    case impossible(String)
  }

  /// Returns what is known of a tree.
  func known(_ tree: ObjectID) throws -> GateResult? {
    try store.gateResult(
      tree: tree.hex, command: settings.gate.command, environment: environmentKey)
  }

  /// Runs the gate on the tree of a commit, whatever is known of it.
  ///
  /// - Parameters:
  ///   - cold: in a worktree without ignored files, such as build caches.
  ///   - room: the number of the worktree, where several gates run at once.
  func run(
    _ commit: ObjectID, tree: ObjectID, cold: Bool, room number: Int = 0, stop: StopSignal
  ) async throws -> Verdict {
    let room =
      cold ? GateRoom.cold(settings, state) : GateRoom.warm(settings, state, number: number)
    // A gate that a killed process left behind is ending.
    try await FileLock.acquire(room.lock).release()
    let isCold: Bool
    do {
      isCold = try await Offload.run { try room.restore(commit, cold: cold) }
    } catch let error as GitProgramError where !DiskSpace.isFull(room.directory) {
      return .unready(Follow.words(error))
    } catch {
      return .impossible(unready(room, "\(error)"))
    }
    guard !stop.isSet else { return .stopped }
    defer { if !settings.gate.slots.isEmpty { try? store.giveGateSlotsBack(room: room.name) } }
    guard let slots = try await takeSlots(room, stop: stop) else { return .stopped }
    let start = store.now
    let log = state.gateLog("\(start)-\(tree.short)\(cold ? "-cold" : "")")
    GateLog.prune((log as NSString).deletingLastPathComponent)
    let ending = try await execute(room, slots: slots, log: log, stop: stop)
    let seconds = Double(store.now - start) / 1000
    let passed = ending == .exited(0)
    if passed { observe(.gatePassed) }
    switch ending {
    case .stopped: return .stopped
    case .locked: return .impossible("another process runs a gate already")
    case .couldNotStart(let code):
      return .impossible("the gate could not be started: \(String(cString: strerror(code)))")
    default: break
    }
    try? await Offload.run { try room.clean(ignored: false) }
    if !passed, isFull(room) {
      // What it left ignored may be what fills the disk.
      try? await Offload.run { try room.clean(ignored: true) }
      if isFull(room) {
        return .impossible("the disk of \(room.path) is full")
      }
    }
    let before = try known(tree)
    let reds = (before.map { $0.passed ? 0 : $0.reds } ?? 0) + (passed ? 0 : 1)
    let result = GateResult(
      passed: passed, status: words(ending), seconds: seconds, log: log, isCold: isCold,
      reds: reds, isFlaky: before?.isFlaky == true || (passed && before?.passed == false))
    try store.remember(
      result, tree: tree.hex, command: settings.gate.command, environment: environmentKey)
    if passed { observe(.gateRemembered) }
    return .result(result)
  }

  /// The words for a worktree that no tree could be put into.
  func unready(_ room: GateRoom, _ reason: String) -> String {
    "the gate's worktree \(room.path) can't be made ready: \(reason)"
  }

  /// With less, a red says more of the disk than of the tree.
  private static let leastFreeBytes: Int64 = 1 << 20

  private func isFull(_ room: GateRoom) -> Bool {
    DiskSpace.available(room.path).map { $0 < Self.leastFreeBytes } ?? false
  }

  /// Waits for the slots that the gate needs; `nil` where the run ends meanwhile.
  private func takeSlots(_ room: GateRoom, stop: StopSignal) async throws -> [String: Int]? {
    let (store, names) = (store, settings.gate.slots)
    guard !names.isEmpty else { return [:] }
    while !stop.isSet {
      let held = try await Offload.run { try store.takeGateSlots(names, room: room.name) }
      if let held { return held }
      try await Task.sleep(for: .milliseconds(250))
    }
    return nil
  }

  private func execute(
    _ room: GateRoom, slots: [String: Int], log: String, stop: StopSignal
  ) async throws -> Ending {
    if let jobs = settings.jobs {
      guard try await Offload.run({ jobs.take { stop.isSet } }) else { return .stopped }
    }
    defer { settings.jobs?.give() }
    var environment = GitProgram.clean(settings.environment)
    environment.merge(SlotName.variables(slots)) { $1 }
    let process = try GuardedProcess.start(
      GuardedCommand(
        guardProgram: settings.guardProgram, lockPath: room.lock, logPath: log,
        inputPath: nil, directory: room.path,
        argv: ["/bin/sh", "-c", settings.gate.command],
        environment: environment,
        mark: "gate-\((log as NSString).lastPathComponent)-\(getpid())",
        wallSeconds: settings.gate.timeoutMinutes * 60))
    let stopper = Task {
      await stop.wait()
      process.stop()
      await stop.waitForced()
      process.kill()
    }
    let ending = await process.ending()
    stopper.cancel()
    if ending == .guardLost, stop.isSet { return .stopped }
    return ending
  }

  private func words(_ ending: Ending) -> String {
    switch ending {
    case .exited(let status): "exited \(status)"
    case .signalled(let number): "was ended by signal \(number)"
    case .timedOut: "took longer than \(minutes(settings.gate.timeoutMinutes)) minutes"
    case .guardLost: "killed the process that supervises it"
    default: "did not end by itself"
    }
  }

  private func minutes(_ value: Double) -> String {
    value == value.rounded() ? String(Int(value)) : String(format: "%.3g", value)
  }

  /// The named variables and their values, which are part of what a result is remembered by.
  private var environmentKey: String {
    settings.gate.environment.sorted().map { "\($0)=\(settings.environment[$0] ?? "")" }
      .joined(separator: "\n")
  }
}
