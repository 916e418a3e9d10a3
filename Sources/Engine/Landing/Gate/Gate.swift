import Backlog
import Foundation
import Git
import Processes
import Store

/// Runs the gate on trees and remembers the results.
struct Gate: Sendable {
  let context: RepositoryContext
  let settings: LandingSettings
  let store: Store
  let observe: @Sendable (LandingStep) -> Void

  var state: StateDirectory { context.state }

  /// The outcome of a run.
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
  ///   - isTarget: whether the commit is the target's; then what the gate leaves that git does not ignore is
  ///     remembered as litter.
  func run(
    _ commit: ObjectID, tree: ObjectID, cold: Bool, room number: Int = 0, isTarget: Bool = false,
    stop: StopSignal
  ) async throws -> Verdict {
    let room =
      cold
      ? GateWorktree.cold(settings, context) : GateWorktree.warm(settings, context, number: number)
    // A gate that a killed process left behind is ending, and is ended where it does not.
    guard try await BlockingQueue.run({ OrphanProcesses.endHolder(ofLock: room.lock) }) else {
      return .impossible(
        unready(room, "a gate that was cut off still holds \(room.lock) and can't be ended"))
    }
    let (isCold, need): (Bool, Provision.Need?)
    let provision = settings.provision
    do {
      (isCold, need) = try await BlockingQueue.run {
        try room.restore(commit, cold: cold, provision: provision)
      }
    } catch  where stop.isSet {
      return .stopped
    } catch let LaneError.commandFailed(command, detail) {
      // It is this tree that names what can't be had.
      let log = state.gateLog("\(store.now)-\(tree.short)-setup")
      try? Data("\(detail)\n".utf8).write(to: URL(fileURLWithPath: log))
      return .result(
        try remember(
          tree, passed: false, status: "did not start: `\(command)` failed", seconds: 0, log: log,
          isCold: cold))
    } catch let error as GitProgramError where !DiskSpace.isFull(room.directory) {
      return .unready(Follow.words(error))
    } catch {
      return .impossible(unready(room, "\(error)"))
    }
    guard !stop.isSet else { return .stopped }
    if let need, let provision {
      switch try await setUp(room, commit, provision, need, stop: stop) {
      case nil: break
      case .failed(let words, let log):
        return .result(
          try remember(
            tree, passed: false, status: words, seconds: 0, log: log, isCold: isCold))
      case .ended(let verdict): return verdict
      }
    }
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
    if isTarget, let left = try? await BlockingQueue.run({ try room.untracked() }) {
      try GateLitter.remember(left, store)
    }
    try? await BlockingQueue.run { try room.clean(ignored: false) }
    if !passed, isFull(room) {
      // What it left ignored may be what fills the disk.
      try? await BlockingQueue.run { try room.clean(ignored: true) }
      if isFull(room) {
        return .impossible("the disk of \(room.path) is full")
      }
    }
    let result = try remember(
      tree, passed: passed, status: words(ending), seconds: seconds, log: log, isCold: isCold)
    if passed { observe(.gateRemembered) }
    return .result(result)
  }

  private func remember(
    _ tree: ObjectID, passed: Bool, status: String, seconds: Double, log: String, isCold: Bool
  ) throws -> GateResult {
    let before = try known(tree)
    let reds = (before.map { $0.passed ? 0 : $0.reds } ?? 0) + (passed ? 0 : 1)
    let result = GateResult(
      passed: passed, status: status, seconds: seconds, log: log, isCold: isCold,
      reds: reds, isFlaky: before?.isFlaky == true || (passed && before?.passed == false))
    try store.remember(
      result, tree: tree.hex, command: settings.gate.command, environment: environmentKey)
    return result
  }

  /// The failure of a set-up command.
  private enum SetUpFailure {
    /// It failed on this tree, as a gate would.
    case failed(words: String, log: String)
    case ended(Verdict)
  }

  /// Runs the set-up command in the gate's worktree, where it has to run; `nil` where all is well.
  private func setUp(
    _ room: GateWorktree, _ commit: ObjectID, _ provision: Provision, _ need: Provision.Need,
    stop: StopSignal
  ) async throws -> SetUpFailure? {
    if need.runsSetUp, let text = provision.setUpCommand {
      let command = provision.setUp(text, in: room.path, name: room.name, lock: room.lock)
      var ending = try await guarded(command, stop: stop)
      if case .exited(let status) = ending, status != 0,
        let again = provision.setUpAgain(text, in: room.path, name: room.name, lock: room.lock)
      {
        ending = try await guarded(again, stop: stop)
      }
      switch ending {
      case .exited(0): break
      case .stopped: return .ended(.stopped)
      case .locked: return .ended(.impossible("another process runs a gate already"))
      case .couldNotStart(let code):
        return .ended(
          .impossible("`\(text)` could not be started: \(String(cString: strerror(code)))"))
      default:
        // The room's copy goes with the next one, and each gate has a log of its own.
        let log = state.gateLog("\(store.now)-\(commit.short)-setup")
        try? FileManager.default.copyItem(atPath: command.logPath, toPath: log)
        if isFull(room) { return .ended(.impossible("the disk of \(room.path) is full")) }
        return .failed(
          words: "did not start: `\(text)` (lanes.setup) \(ending.words)", log: log)
      }
    }
    do {
      try await BlockingQueue.run { try room.tidy(commit) }
    } catch {
      return .ended(
        .impossible("the gate's worktree \(room.path) can't be made ready: \(error)"))
    }
    try provision.finish(need, name: room.name)
    return nil
  }

  /// The words for a worktree that no tree could be put into.
  func unready(_ room: GateWorktree, _ reason: String) -> String {
    "the gate's worktree \(room.path) can't be made ready: \(reason)"
  }

  /// With less, a red says more of the disk than of the tree.
  private static let leastFreeBytes: Int64 = 1 << 20

  private func isFull(_ room: GateWorktree) -> Bool {
    DiskSpace.available(room.path).map { $0 < Self.leastFreeBytes } ?? false
  }

  /// Waits for the slots that the gate needs; `nil` where the run ends meanwhile.
  private func takeSlots(_ room: GateWorktree, stop: StopSignal) async throws -> [String: Int]? {
    let (store, names) = (store, settings.gate.slots)
    guard !names.isEmpty else { return [:] }
    while !stop.isSet {
      let held = try await BlockingQueue.run { try store.takeGateSlots(names, room: room.name) }
      if let held { return held }
      try await Task.sleep(for: .milliseconds(250))
    }
    return nil
  }

  private func execute(
    _ room: GateWorktree, slots: [String: Int], log: String, stop: StopSignal
  ) async throws -> Ending {
    var environment = GitProgram.clean(context.environment)
    environment.merge(settings.provision?.variables ?? [:]) { $1 }
    environment.merge(SlotName.variables(slots)) { $1 }
    return try await guarded(
      GuardedCommand(
        guardProgram: context.guardProgram, lockPath: room.lock, logPath: log,
        inputPath: nil, directory: room.path,
        argv: ["/bin/sh", "-c", settings.gate.command],
        environment: environment,
        mark: "gate-\((log as NSString).lastPathComponent)-\(getpid())",
        wallSeconds: settings.gate.timeoutMinutes * 60), stop: stop)
  }

  /// Runs a command on a token of the job server, and ends it where the run ends.
  private func guarded(_ command: GuardedCommand, stop: StopSignal) async throws -> Ending {
    if let jobs = context.jobs {
      guard try await BlockingQueue.run({ jobs.take { stop.isSet } }) else { return .stopped }
    }
    defer { context.jobs?.give() }
    let process = try GuardedProcess.start(command)
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
    settings.gate.environment.sorted().map { "\($0)=\(context.environment[$0] ?? "")" }
      .joined(separator: "\n")
  }
}
