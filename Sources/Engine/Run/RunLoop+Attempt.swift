import Backlog
import Foundation
import Git
import Model
import Processes
import Store

// One attempt, from the choice of its agent to its settled end; runs beside the loop.
extension RunLoop {
  func attempt(_ id: String) async {
    let ended = Once { [post] in post.yield(.agentEnded(id)) }
    defer {
      ended.run()
      post.yield(.attemptEnded(id))
    }
    var part = RunPart.start(feature: id)
    do {
      guard let feature = try store.feature(id) else { return }
      let begun = try await begin(feature)
      take(.slotsTaken(id))
      take(.works(part))
      guard let started = begun else { return }
      part = .attempt
      let runner = AttemptRunner(
        context.project.attemptContext, settings: context.attemptSettings, pool: context.pool,
        store: store)
      let ending = try await runner.run(
        started.feature, started.attempt, lane: started.lane, branch: started.branch,
        definition: started.definition, prepared: started.prepared, allowance: started.allowance,
        stop: stop,
        mayStart: { [weak self] in await self?.state.mayStartAgent ?? false },
        agentEnded: { ended.run() })
      // It may land while its lane is filled again.
      ringLanding.yield()
      part = .note(feature: id)
      if let attempt = try store.attempt(id, started.attempt.number) {
        let report = try store.agentReport(id, attempt.number)
        take(
          .judged(
            .init(
              attempt, agent: started.definition.name, ending: ending,
              errorKey: report?.errorKey ?? attempt.detail)))
      }
      tellConfiguration()
      try tell(started.attempt)
      let tip = try? context.project.repository().reference(context.project.target)
      await warmLanes.giveBack(
        started.lane, store: store, tip: state.isStopping ? nil : tip ?? nil, need: startable)
    } catch StoreError.stateChanged {
      // Another was first, or the backlog has changed: its state tells what comes next.
    } catch {
      if part != .attempt { take(.backOff(id, .brief)) }
      take(.fails(part, trouble(error)))
    }
  }

  /// Returns whether an agent's program is logged in, as far as its definition can tell: asked once in a run, before its
  /// first start. Where it is not, nothing starts; where others have worked already, it rests.
  private func isLoggedIn(_ definition: AgentDefinition) async throws -> Bool {
    let name = definition.name
    guard definition.check != nil else { return true }
    // Each feature of a make has a process of its own.
    let key = "logged_in:\(name)"
    let isShort = context.options.kind != .run
    if isShort, let seen = Int64(try store.value(key) ?? ""), store.now - seen < 600_000 {
      return true
    }
    if logins[name] == nil {
      let (directory, environment) = (context.project.directory, context.project.environment)
      logins[name] = Task {
        try await BlockingQueue.run {
          LoginCheck.obstacle(definition, directory: directory, environment: environment)
        }
      }
    }
    guard let words = try await logins[name]?.value else {
      if isShort { try store.setValue(key, String(store.now)) }
      return true
    }
    guard toldLogins.insert(name).inserted else { return false }
    if tally.attempts == 0 {
      take(.agentRefused(words))
    } else {
      try store.pause(
        agent: name, kind: UsageLimit.login.rawValue, until: nil, detail: words, backOff: nil)
    }
    return false
  }

  private struct Started: Sendable {
    var feature: FeatureRecord
    var attempt: AttemptRecord
    var lane: LaneRecord
    var branch: String
    var definition: AgentDefinition
    var prepared: ObjectID?
    var allowance: Double?
  }

  /// Takes a lane, claims the feature with its paths, and tells.
  private func begin(_ feature: FeatureRecord) async throws -> Started? {
    let target = context.project.target
    let repository = try context.project.repository()
    guard let tip = try repository.reference(target) else {
      throw Failure(try context.project.lostTarget(store))
    }
    let choice = try context.tier(for: feature)
    let definition: AgentDefinition
    let allowance: Double?
    switch try context.selector.choose(feature, tier: choice.tier) {
    case .start(let found, let dollars): (definition, allowance) = (found, dollars)
    case .wait(let words):
      report(.waiting(feature: feature.id, detail: words))
      return nil
    }
    guard try await isLoggedIn(definition) else { return nil }
    let branch = try branch(for: feature, repository)
    guard let (lane, prepared) = try await lane(for: feature, tip: tip) else { return nil }
    guard state.mayStartAgent else {
      await warmLanes.putBack(lane, prepared)
      return nil
    }
    let environment = context.project.environment
    let directory = context.project.directory
    let start: (String) throws -> String = { place in
      let repository = try Repository(opening: directory, environment: environment)
      guard let below = try repository.reference(place) else { return tip.hex }
      guard let own = try repository.reference(branch) else { return below.hex }
      return (try repository.mergeBase(own, below) ?? below).hex
    }
    let started: AttemptStart
    do {
      started = try store.startAttempt(
        AttemptRequest(
          feature: feature.id, participant: context.participant, lane: lane.number, branch: branch,
          tier: choice.tier,
          modelName: definition.modelName(choice.tier), choice: choice.reason,
          mark: "\(context.participant)-\(feature.id)-\(feature.attempts + 1)",
          claims: try BranchDamage.naming(branch, of: feature.id, beyond: target, repository) {
            try requests(feature, branch, tip, repository)
          },
          policies: context.project.pathPolicies, expiry: context.project.expiryCheck()),
        above: start, base: { try start(target) })
    } catch let damage as BranchDamage {
      await warmLanes.putBack(lane, prepared)
      let words = "\(damage); \(damage.advice)"
      try store.refuse(feature.id, words)
      report(.note("feature #\(feature.id) failed: \(words)"))
      return nil
    } catch {
      await warmLanes.putBack(lane, prepared)
      throw error
    }
    switch started {
    case .notReady, .noSlot:
      await warmLanes.putBack(lane, prepared)
      return nil
    case .refused(let conflicts):
      await warmLanes.putBack(lane, prepared)
      report(
        .waiting(
          feature: feature.id,
          detail: RefusalText.grouped(
            conflicts, target: context.project.configuration.target, titleOf: { _ in nil }
          ).joined(separator: "; ")))
      return nil
    case .started(let attempt):
      showLife()
      tally.attempts += 1
      report(
        .started(
          agent: attempt.agentID, feature: feature.id, title: feature.title,
          category: feature.category, tier: choice.tier))
      if state.running < context.options.parallel || shouldMakeSpare {
        Task { await warmLanes.makeSpare(tip: tip) }
      }
      let fresh = try store.feature(feature.id) ?? feature
      return Started(
        feature: fresh, attempt: attempt, lane: try store.lane(lane.number) ?? lane,
        branch: branch, definition: definition, prepared: prepared, allowance: allowance)
    }
  }

  /// The feature's branch: the one that it has, or one that git can make.
  private func branch(
    for feature: FeatureRecord, _ repository: Repository
  ) throws -> String {
    do {
      return try context.project.branches(store).branch(of: feature, repository)
    } catch let obstacle as BranchName.Obstacle {
      throw Failure("feature #\(feature.id) can't begin: \(obstacle)")
    } catch let taken as LaneBranches.Taken {
      throw Failure("feature #\(feature.id) can't begin: \(taken)")
    }
  }

  /// How many features may still start, as far as is known; no more than there are lanes.
  var startable: Int {
    (try? store.count(
      in: [.ready, .pending, .waiting], limit: context.options.parallel + 1)) ?? 0
  }

  private var shouldMakeSpare: Bool {
    context.options.kind == .run && (try? store.count(in: [.ready], limit: 1)) == 1
  }

  /// The paths to claim with the feature: its declared ones, and what its branch and its rescued work
  /// change already.
  private func requests(
    _ feature: FeatureRecord, _ branch: String, _ target: ObjectID, _ repository: Repository
  ) throws -> [ClaimRequest] {
    var paths = try feature.touches.map { try ClaimPath(normalising: $0) }
    // What was rescued is taken up on the branch that it belongs to.
    guard let tip = try repository.reference(branch) else {
      return paths.map { ClaimRequest(path: $0, mode: .exclusive) }
    }
    let stands = try StackBase.find(feature.id, target: context.project.target, store)
    let place = try repository.reference(stands.reference) ?? target
    paths += try stands.changes(tip, onto: place, repository).map { ClaimPath(file: $0.path) }
    let rescue = Rescue.reference(feature.id, feature.attempts)
    if let commit = try repository.reference(rescue).map({ try repository.commit($0) }),
      let parent = commit.parents.first
    {
      paths += try repository.changes(
        from: try repository.commit(parent).tree, to: commit.tree
      ).map { ClaimPath(file: $0.path) }
    }
    return paths.map { ClaimRequest(path: $0, mode: .exclusive) }
  }

  /// Reports how an attempt ended.
  private func tell(_ started: AttemptRecord) throws {
    guard let attempt = try store.attempt(started.feature, started.number),
      let feature = try store.feature(started.feature)
    else { return }
    let seconds = Double((attempt.endedAt ?? store.now) - attempt.startedAt) / 1000
    tally.agentSeconds += seconds
    tally.costUSD += attempt.costUSD
    let agent = attempt.agentID
    switch attempt.state {
    case .completed:
      report(.completed(agent: agent, feature: feature.id))
      if let detail = attempt.detail { report(.note("feature #\(feature.id): \(detail)")) }
      if let words = GateLitter.words(
        committed: try GateLitter.committed(by: feature.id, store))
      {
        report(.note("the branch of feature #\(feature.id) \(words)"))
      }
    case .failed:
      report(
        .failed(
          agent: agent, feature: feature.id, detail: attempt.detail ?? "",
          retryWith: try retryTier(feature)))
    case .interrupted, .running:
      if feature.state == .waiting {
        report(.waiting(feature: feature.id, detail: attempt.detail ?? ""))
      } else {
        report(.interrupted(agent: agent, feature: feature.id, detail: attempt.detail ?? ""))
      }
      if attempt.interruption?.wantsRest == true { take(.backOff(feature.id, .long)) }
      if attempt.interruption == .lane { take(.backOff(feature.id, .brief)) }
    }
    report(.removed(agent: agent, feature: feature.id, seconds: seconds))
  }

  /// Takes a lane; `nil` where the disk has no room for one just now.
  private func lane(
    for feature: FeatureRecord, tip: ObjectID
  ) async throws -> (lane: LaneRecord, commit: ObjectID?)? {
    do {
      return try await warmLanes.take(
        tip: tip, preferring: try store.attempts(of: feature.id).last?.lane, extra: state.lent)
    } catch  where DiskSpace.isFull(context.project.lanesDirectory) {
      take(.backOff(feature.id, .brief))
      report(
        .note(
          "the disk of \(context.project.lanesDirectory) is full; feature #\(feature.id) starts when "
            + "there is room (\(error))"))
      return nil
    }
  }

  func retryTier(_ feature: FeatureRecord) throws -> Tier? {
    switch feature.state {
    case .ready: try context.tier(for: feature).tier
    // The next attempt has begun already.
    case .running: try store.attempts(of: feature.id).last?.tier
    default: nil
    }
  }

}

/// A call that is made at most once.
private final class Once: @unchecked Sendable {
  private let lock = NSLock()
  private var body: (@Sendable () -> Void)?

  init(_ body: @escaping @Sendable () -> Void) { self.body = body }

  func run() {
    let call = lock.withLock {
      defer { body = nil }
      return body
    }
    call?()
  }
}
