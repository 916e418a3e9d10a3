import Foundation
import Git
import Processes
import Store

/// Lands what is queued: merges it as a chain, gates the chain's end, finds out who is at fault where
/// that is red, and moves the target to a tree that passed.
///
/// One process lands at a time; callers hold ``StateDirectory/landingLock``.
package struct Lander: Sendable {
  package let context: RepositoryContext
  package let settings: LandingSettings
  let store: Store
  let observe: @Sendable (LandingStep) -> Void
  let memory = LanderMemory()

  /// - Parameter observe: is called at each step between a gate that passed and claims that are
  ///   released.
  package init(
    _ context: RepositoryContext, settings: LandingSettings, store: Store,
    observe: @escaping @Sendable (LandingStep) -> Void = { _ in }
  ) {
    self.context = context
    self.settings = settings
    self.store = store
    self.observe = observe
  }

  var state: StateDirectory { context.state }
  var gate: Gate { Gate(context: context, settings: settings, store: store, observe: observe) }
  var hasGate: Bool { !settings.gate.command.isEmpty }
  var targetName: String { BranchName.short(context.target) }
  /// Looks whether the target is where landings and persons have left it.
  package var watch: TargetWatch {
    TargetWatch(
      target: context.target, store: store, commonDirectory: state.commonDirectory,
      environment: context.environment)
  }

  private var catchUp: CatchUp { CatchUp(context: context, settings: settings, store: store) }

  /// Returns the command by which a checkout that does not follow (`landing.follow: never`) catches
  /// up with what has landed; `nil` where nothing is behind.
  package func catchUpCommand() throws -> String? { try catchUp.command(common: try open()) }

  func noteBehind(before: ObjectID, _ repository: Repository) throws {
    try catchUp.note(before: before, common: repository)
  }

  func open() throws -> Repository {
    _ = try? repairConfiguration()
    return try context.repository()
  }

  /// Restores the shared configuration where an agent that is at work has changed how git merges and checks out, and
  /// records the changes.
  ///
  /// - Returns: whether nothing had to be restored.
  @discardableResult
  package func repairConfiguration() throws -> Bool {
    let changes = try SharedConfiguration(state: state, environment: context.environment).look()
    try store.record(changes)
    return !changes.contains { $0.isRestored }
  }

  /// Merges as `claims.paths` says.
  func policyMerge(_ repository: Repository) -> PolicyMerge {
    PolicyMerge(
      repository: repository, policies: context.policies,
      commands: MergeCommands(
        scratch: (settings.worktree as NSString).deletingLastPathComponent,
        guardProgram: context.guardProgram))
  }

  /// Something that ends a round without anybody's fault: the target moved, a feature left the queue.
  struct Overtaken: Error {}

  /// Lands one chain from the queue's head, or sends away what keeps it from landing.
  ///
  /// - Parameters:
  ///   - undosOnly: leaves features where they are and lands reversals only.
  ///   - report: is told what happens, as it happens.
  package func landNext(
    undosOnly: Bool = false, stop: StopSignal,
    report: @escaping @Sendable (LandingOutcome) async -> Void
  ) async throws -> LandingProgress {
    let held = HeldNotes()
    let progress = try await landRound(undosOnly: undosOnly, stop: stop) { outcome in
      if case .held(let feature, let reason) = outcome { held.add(feature, reason) }
      await report(outcome)
    }
    if progress != .stopped { try store.setHeldLandings(held.reasons) }
    return progress
  }

  private func landRound(
    undosOnly: Bool, stop: StopSignal,
    report: @escaping @Sendable (LandingOutcome) async -> Void
  ) async throws -> LandingProgress {
    let lander = self
    if stop.isSet { return .stopped }
    if let reason = try await BlockingQueue.run({ try lander.unfinished() }) {
      await report(.held(feature: reason.feature, reason: reason.text))
      return .held
    }
    if let hold = try await BlockingQueue.run({ try lander.watch.look() }) {
      guard let first = try lander.candidates(undosOnly: undosOnly).first else { return .idle }
      await report(
        .held(feature: first.id, reason: TargetWatch.text(hold, target: targetName)))
      return .held
    }
    try await BlockingQueue.run { try lander.sweep() }
    for outcome in try await BlockingQueue.run({ try lander.reconcile() }) { await report(outcome) }
    if try store.isLandingPaused() {
      guard let first = try lander.candidates(undosOnly: undosOnly).first else { return .idle }
      await report(
        .held(
          feature: first.id, reason: "landing is paused; `lanekeeper resume --landing` goes on"))
      return .held
    }
    let assembly: Assembly
    do {
      assembly = try await BlockingQueue.run { try lander.assemble(undosOnly: undosOnly) }
    } catch is Overtaken {
      return .progressed
    } catch StoreError.stateChanged {
      return .progressed
    }
    for outcome in assembly.outcomes { await report(outcome) }
    guard let chain = assembly.chain else {
      for outcome in assembly.held { await report(outcome) }
      if !assembly.outcomes.isEmpty { return .progressed }
      return assembly.held.isEmpty ? .idle : .held
    }
    return try await land(chain, stop: stop, report: report)
  }

  private func land(
    _ chain: Chain, stop: StopSignal, report: @escaping @Sendable (LandingOutcome) async -> Void
  ) async throws -> LandingProgress {
    let lander = self
    var judgement = GateDecision.settle(land: chain.links.count, blamed: nil)
    if hasGate { judgement = try await judge(chain, stop: stop, report: report) }
    let count: Int
    let blamed: Blame?
    switch judgement {
    case .stopped:
      try release(chain.links, of: chain, detail: "stopped during the gate")
      await report(.stopped(feature: chain.links[0].feature.id))
      return .stopped
    case .overtaken:
      try release(chain.links, of: chain, detail: "the target moved")
      return .progressed
    case .held(let reason), .impossible(let reason):
      try release(chain.links, of: chain, detail: reason)
      await report(.held(feature: chain.links[0].feature.id, reason: reason))
      return if case .impossible = judgement { .heldByMachine } else { .held }
    case .settle(let land, let who): (count, blamed) = (land, who)
    }
    if stop.isForced {
      try release(chain.links, of: chain, detail: "stopped before the swap")
      await report(.stopped(feature: chain.links[0].feature.id))
      return .stopped
    }
    observe(.chosen)
    var landing = Landing.landed(note: nil)
    if count > 0 { landing = try await BlockingQueue.run { try lander.move(chain, count) } }
    var progress = LandingProgress.progressed
    var rest = Array(chain.links[count...])
    switch landing {
    case .landed(let note):
      for link in chain.links[..<count] { await report(link.outcome) }
      if let note { await report(.note(note)) }
    case .lost:
      try release(chain.links, of: chain, detail: "the target moved")
      return .progressed
    case .held(let reason):
      try release(Array(chain.links[..<count]), of: chain, detail: reason)
      await report(.held(feature: chain.links[0].feature.id, reason: reason))
      progress = .held
    case .unfit(let place, let reason):
      await report(try sendBackUnfit(chain.links[place], reason))
      let others = chain.links[..<count].enumerated().filter { $0.offset != place }.map(\.element)
      try release(others, of: chain, detail: "another of the chain can't be checked out")
    }
    if let blamed {
      rest.removeFirst()
      await report(try blame(chain.links[count], blamed))
      if !blamed.log.isEmpty {
        await report(.log(path: blamed.log, lines: GateLog.tail(blamed.log, lines: 10)))
      }
      progress = .progressed
    }
    try release(rest, of: chain, detail: "what was before it in the queue has been settled")
    if case .landed = landing, hasGate, count > 0, progress == .progressed, try isColdGateDue {
      progress = try await coldGate(stop: stop, report: report) ? .progressed : .held
    }
    return progress
  }

  /// Puts links back into the queue; nothing is wrong with them.
  private func release(_ links: [Chain.Link], of chain: Chain, detail: String) throws {
    if !links.isEmpty { try store.requeue(links.map(\.record), detail: detail) }
    try open().deleteReference(landingReference(chain.id), expecting: nil)
  }

  func landingReference(_ id: Int64) -> String { "refs/lanekeeper/landing/\(id)" }
}

/// The features that one round of landing holds.
private final class HeldNotes: @unchecked Sendable {
  private let lock = NSLock()
  private var found: [String: String] = [:]
  var reasons: [String: String] { lock.withLock { found } }

  func add(_ feature: String, _ reason: String) {
    lock.withLock { found[feature] = found[feature] ?? reason }
  }
}

/// One process's memory of its landings.
final class LanderMemory: @unchecked Sendable {
  private let lock = NSLock()
  private var redBases: Set<String> = []
  private var hasSwept = false

  /// Tells, once, that nothing was swept yet.
  func isFirstSweep() -> Bool {
    lock.withLock {
      defer { hasSwept = true }
      return !hasSwept
    }
  }

  /// Notes that the gate was found red on a tree without any landing.
  func noteRedBase(_ tree: ObjectID) { lock.withLock { _ = redBases.insert(tree.hex) } }

  /// Returns whether this process itself has seen the gate red on a tree.
  func hasSeenRed(_ tree: ObjectID) -> Bool { lock.withLock { redBases.contains(tree.hex) } }
}

extension Chain.Link {
  /// The message to report once it is on the target.
  var outcome: LandingOutcome {
    switch record.kind {
    case .feature: .landed(feature: feature.id, commit: commit.hex)
    case .undo: .undone(feature: feature.id, commit: commit.hex)
    }
  }
}
