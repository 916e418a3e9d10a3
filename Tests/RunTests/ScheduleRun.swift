import Backlog
import Engine
import Foundation
import Git
import Model
import Processes
import Store
import TestSupport
import Testing

/// A random schedule: 20 features edit 30 files with 5 agents, in an order that a seed decides.
///
/// Everything is real but the agents: store, worktrees, `git commit` through our hook, sync, landing.
/// An agent claims at the edit, or only by its commit; where a file is held it waits, or ends.
final class ScheduleRun {
  struct Edit {
    var file: String
    /// The line of the base that the new line goes behind.
    var line: Int
    var tag: String
  }

  struct Result {
    var landed = 0
    var conflictsAtLanding = 0
    var lostEdits = 0
    var isStuck = false
    var deadlocksBroken = 0
    var refusals = 0
    var syncs = 0
    var attempts = 0
    var problems: [String] = []
  }

  private final class Agent {
    let feature: String
    let lane: LaneRecord
    let number: Int
    let repository: Repository
    let claimsAtEdit: Bool
    var hasUncommitted = false
    var waitsFor: [ClaimRequest] = []

    init(
      feature: String, lane: LaneRecord, number: Int, repository: Repository, claimsAtEdit: Bool
    ) {
      self.feature = feature
      self.lane = lane
      self.number = number
      self.repository = repository
      self.claimsAtEdit = claimsAtEdit
    }
  }

  private let usesClaims: Bool
  private var random: SplitMix64
  private let test: TestRepository
  private let store: Store
  private let state: StateDirectory
  private let lander: Lander
  private let hooks: [String: String]
  private let wishes: [String: [Edit]]
  private var agents: [Agent] = []
  private var freeLanes: [LaneRecord] = []
  private(set) var result = Result()
  private let target = "refs/heads/main"
  private let policies = PathPolicies([])
  private static let agentsAtOnce = 5

  init(seed: UInt64, usesClaims: Bool, features: Int = 20, files: Int = 30) throws {
    self.usesClaims = usesClaims
    var random = SplitMix64(seed: seed)
    test = try TestRepository()
    let base = (1...8).map { "base \($0)\n" }.joined()
    for number in 0..<files { try test.write("f\(number).txt", base) }
    try test.commit("base")
    let common = try Repository(opening: test.path, environment: test.environment)
    state = StateDirectory(commonDirectory: common.commonDirectory)
    try state.create()
    store = try Store(path: state.stateFile)
    try store.setClaimSettings(
      target: target, policy: usesClaims ? "auto" : "off", humans: "off", policies: [])
    var wishes: [String: [Edit]] = [:]
    for id in (1...features).map(String.init) {
      wishes[id] = (0..<(1 + random.below(4))).map { number in
        Edit(
          file: "f\(random.below(files)).txt", line: 1 + random.below(8),
          tag: "feature \(id) edit \(number)")
      }
    }
    self.wishes = wishes
    self.random = random
    try store.takeOver(
      (1...features).map { number in
        Feature(id: "\(number)", title: "Feature \(number)", category: "b")
      })
    try store.addParticipant(
      ParticipantRecord(
        id: "p", kind: .run, pid: 1, state: "running", parallel: Self.agentsAtOnce, preset: nil,
        models: [], startedAt: 0))
    var configuration = Configuration(repositoryName: "repo")
    configuration.landing.follow = "never"
    configuration.gate.command = ""
    lander = Lander(
      RepositoryContext(
        directory: test.path, state: state, environment: test.environment, target: target,
        policies: policies, guardProgram: BuiltPrograms.path("lanekeeper-guard"),
        identity: { Signature(name: "L", email: "l@example.org", time: 1) }),
      settings: LandingSettings(
        gate: configuration.gate, landing: configuration.landing, attempts: 1000,
        claimPolicy: usesClaims ? "auto" : "off", keepBranches: true,
        worktree: test.root.path("lanes/integration")),
      store: store)
    let installation = HookInstallation(
      state: state, repository: test.path, program: BuiltPrograms.path("lanekeeper-hook"),
      environment: test.environment)
    try installation.refresh()
    hooks = usesClaims ? installation.variables(addingTo: test.environment) : [:]
    let tip = try common.reference(target)!
    try FileManager.default.createDirectory(
      atPath: test.root.path("lanes"), withIntermediateDirectories: true)
    // One that waits lends its place, so there are more lanes than agents.
    for number in 1...8 {
      let lane = try store.addLane { test.root.path("lanes/\($0)") }
      try common.addWorktree(name: "lane-\(number)", path: lane.path, commit: tip, branch: nil)
      freeLanes.append(lane)
    }
  }

  func run() async throws -> Result {
    var idle = 0
    while result.landed < wishes.count {
      let ready = try store.features(in: [.ready])
      let queued = try store.features(in: [.queued])
      result.landed = try store.features(in: [.landed]).count
      let lent = try store.lentPlaces("p")
      let mayStart = !ready.isEmpty && agents.count - lent < Self.agentsAtOnce && !freeLanes.isEmpty
      if agents.isEmpty, ready.isEmpty, queued.isEmpty {
        if result.landed < wishes.count { result.isStuck = true }
        break
      }
      // Nothing but waits, turn after turn: nobody goes on by itself.
      if !mayStart, queued.isEmpty, agents.allSatisfy({ !$0.waitsFor.isEmpty }) {
        idle += 1
        if idle > 200 {
          result.isStuck = true
          break
        }
      } else {
        idle = 0
      }
      switch random.below(6) {
      case 0 where !queued.isEmpty: try await land()
      case 1 where mayStart: try start(ready[random.below(ready.count)])
      default:
        if agents.isEmpty {
          if mayStart { try start(ready[random.below(ready.count)]) } else { try await land() }
        } else {
          try step(agents[random.below(agents.count)])
        }
      }
    }
    try judge()
    return result
  }

  // MARK: agents

  private func git(_ agent: Agent, _ arguments: [String]) throws -> TestProgramResult {
    try TestProgram.run(
      ["git"] + arguments, directory: agent.lane.path,
      environment: test.environment.merging(hooks) { $1 })
  }

  private func staleCheck(_ branch: String) -> StaleCheck {
    let (path, environment, target) = (test.path, test.environment, target)
    return StaleCheck(
      pair: {
        let repository = try Repository(opening: path, environment: environment)
        guard let tip = try repository.reference(target),
          let own = try repository.reference(branch), let base = try repository.mergeBase(own, tip)
        else { return nil }
        return StaleCheck.Pair(base: base.hex, tip: tip.hex)
      },
      differing: { base, tip in
        let repository = try Repository(opening: path, environment: environment)
        return try repository.changes(
          from: try repository.commit(ObjectID(hex: base)!).tree,
          to: try repository.commit(ObjectID(hex: tip)!).tree
        ).map(\.path)
      })
  }

  private func branch(_ feature: String) -> String { "refs/heads/lane/\(feature)" }

  private func start(_ feature: FeatureRecord) throws {
    let lane = freeLanes.removeFirst()
    let repository = try Repository(opening: lane.path, environment: test.environment)
    let branch = branch(feature.id)
    let tip = try repository.reference(target)!
    var changed: [[UInt8]] = []
    if let own = try repository.reference(branch) {
      changed = try repository.branchChanges(tip: own, target: tip).changes.map(\.path)
    }
    let started = try store.startAttempt(
      AttemptRequest(
        feature: feature.id, participant: "p", lane: lane.number, branch: branch, tier: .haiku,
        modelName: "haiku", choice: "", mark: "m",
        claims: usesClaims
          ? changed.map { ClaimRequest(path: ClaimPath(file: $0), mode: .exclusive) } : [],
        policies: policies)
    ) {
      guard let own = try repository.reference(branch) else { return tip.hex }
      return (try repository.mergeBase(own, tip) ?? tip).hex
    }
    guard case .started(let attempt) = started else {
      freeLanes.append(lane)
      return
    }
    result.attempts += 1
    let present = try repository.reference(branch)
    try repository.switchWorktree(to: present ?? tip, branch: branch, removeUntracked: true)
    let agent = Agent(
      feature: feature.id, lane: try store.lane(lane.number)!, number: attempt.number,
      repository: repository, claimsAtEdit: random.below(2) == 0)
    agents.append(agent)
    if present != nil { try sync(agent) }
  }

  private func step(_ agent: Agent) throws {
    guard agent.waitsFor.isEmpty else { return try poll(agent) }
    let next = try wishes[agent.feature]!.first { edit in
      try !test.root.read("lanes/\(agent.lane.number)/\(edit.file)").contains(edit.tag + "\n")
    }
    guard let next else {
      if agent.hasUncommitted, try !commit(agent) { return }
      return try end(agent, .completed(review: false))
    }
    if usesClaims, agent.claimsAtEdit, try !claim(agent, next.file) { return }
    let name = "lanes/\(agent.lane.number)/\(next.file)"
    let text = try test.root.read(name)
    try test.root.write(
      name, text.replacing("base \(next.line)\n", with: "base \(next.line)\n\(next.tag)\n"))
    agent.hasUncommitted = true
    if random.below(2) == 0 { _ = try commit(agent) }
  }

  /// Claims a file before it is edited; false where the agent does something else first.
  private func claim(_ agent: Agent, _ file: String) throws -> Bool {
    let requests = [ClaimRequest(path: try ClaimPath(normalising: file), mode: .exclusive)]
    let outcome = try store.claim(
      requests, owner: .feature(agent.feature), agent: nil, policies: policies,
      stale: staleCheck(branch(agent.feature)))
    guard case .refused(let conflicts) = outcome else { return true }
    result.refusals += 1
    if conflicts.contains(where: { $0.reason == .staleBase }) {
      try sync(agent)
      return false
    }
    if agent.hasUncommitted, try !commit(agent) { return false }
    guard random.below(2) == 0 else {
      try end(agent, .refusedClaim(detail: file))
      return false
    }
    let answer = try store.beginWait(
      agent.feature, for: requests, agent: nil, policies: policies,
      stale: staleCheck(branch(agent.feature)))
    switch answer {
    case .granted: agent.waitsFor = requests
    case .held(let conflicts):
      if conflicts.contains(where: { $0.holder != nil }) {
        agent.waitsFor = requests
      } else {
        try sync(agent)
      }
    case .mustYield: try end(agent, .refusedClaim(detail: file))
    }
    return false
  }

  private func poll(_ agent: Agent) throws {
    let answer = try store.pollWait(
      agent.feature, for: agent.waitsFor, agent: nil, policies: policies,
      stale: staleCheck(branch(agent.feature)))
    switch answer {
    case .granted: if try store.takePlaceAgain(agent.feature) { agent.waitsFor = [] }
    case .held(let conflicts):
      guard conflicts.allSatisfy({ $0.holder == nil }) else { return }
      // The holder has landed; the file is free once the target is brought in.
      try store.endWait(agent.feature)
      agent.waitsFor = []
      try sync(agent)
    case .mustYield: try end(agent, .refusedClaim(detail: "yields"))
    }
  }

  /// Commits through the hook; false where it was refused.
  private func commit(_ agent: Agent) throws -> Bool {
    let committed = try git(agent, ["commit", "-qam", "work on feature \(agent.feature)"])
    if committed.status == 0 {
      agent.hasUncommitted = false
      return true
    }
    result.refusals += 1
    if committed.error.contains("held by") {
      // Another was first: what is uncommitted is done again after it.
      _ = try git(agent, ["reset", "-q", "--hard"])
      agent.hasUncommitted = false
      try end(agent, .refusedClaim(detail: "refused at the commit"))
    } else if committed.error.contains("stale base") {
      try sync(agent)
    } else {
      result.problems.append("commit: \(committed.error)")
      throw Stopped()
    }
    return false
  }

  struct Stopped: Error {}

  private func sync(_ agent: Agent) throws {
    result.syncs += 1
    guard usesClaims else { return try mergeWithoutClaims(agent) }
    let outcome = try LaneSync(
      repository: agent.repository, lane: try store.lane(agent.lane.number)!,
      feature: agent.feature, branch: branch(agent.feature), target: target, store: store,
      policies: policies, identity: Signature(name: "L", email: "l@example.org", time: 1),
      commands: MergeCommands(
        scratch: test.root.path("lanes"), guardProgram: BuiltPrograms.path("lanekeeper-guard"))
    ).run()
    switch outcome {
    case .upToDate, .merged: break
    case .conflicts(let names, _): try resolve(agent, names)
    case .refused:
      // Uncommitted work conflicts with what another holds again; it is done again after that.
      _ = try git(agent, ["reset", "-q", "--hard"])
      agent.hasUncommitted = false
      try end(agent, .refusedClaim(detail: "refused at the sync"))
    case .notNow(let reason):
      result.problems.append("sync: \(reason)")
      throw Stopped()
    }
  }

  private func mergeWithoutClaims(_ agent: Agent) throws {
    let merged = try git(agent, ["merge", "-q", "--no-edit", target])
    guard merged.status != 0 else { return }
    try resolve(
      agent,
      try git(agent, ["diff", "--name-only", "--diff-filter=U"]).text.split(separator: "\n")
        .map(String.init))
  }

  /// Keeps the lines of both sides, as a careful agent does here.
  private func resolve(_ agent: Agent, _ names: [String]) throws {
    for name in names {
      let file = "lanes/\(agent.lane.number)/\(name)"
      let lines = try test.root.read(file).split(separator: "\n").filter { line in
        !["<<<<<<<", "=======", ">>>>>>>", "|||||||"].contains { line.hasPrefix($0) }
      }
      try test.root.write(file, lines.joined(separator: "\n") + "\n")
      _ = try git(agent, ["add", name])
    }
    let committed = try git(agent, ["commit", "-q", "--no-edit"])
    guard committed.status == 0 else {
      result.problems.append("the resolving commit: \(committed.error)")
      throw Stopped()
    }
    agent.hasUncommitted = false
  }

  private func end(_ agent: Agent, _ end: AttemptEnd) throws {
    let tip = try agent.repository.reference(branch(agent.feature))
    let targetTip = try agent.repository.reference(target)!
    var changed: [[UInt8]] = []
    if let tip {
      changed = try agent.repository.branchChanges(tip: tip, target: targetTip).changes.map(\.path)
      try agent.repository.setHead(branch: nil, commit: tip)
    }
    try store.endAttempt(agent.feature, agent.number, end, tip: tip?.hex, changed: changed)
    agents.removeAll { $0 === agent }
    _ = try store.reserveLane(preferring: agent.lane.number)
    freeLanes.append(agent.lane)
  }

  // MARK: landing

  private func land() async throws {
    let outcomes = Outcomes()
    _ = try await lander.landNext(stop: StopSignal()) { outcome in outcomes.append(outcome) }
    for outcome in outcomes.all {
      if case .sentBack(_, let detail) = outcome, detail.hasPrefix("conflicts with") {
        result.conflictsAtLanding += 1
      }
    }
  }

  private final class Outcomes: @unchecked Sendable {
    private let lock = NSLock()
    private var list: [LandingOutcome] = []
    func append(_ outcome: LandingOutcome) { lock.withLock { list.append(outcome) } }
    var all: [LandingOutcome] { lock.withLock { list } }
  }

  private func judge() throws {
    for edits in wishes.values {
      for edit in edits {
        let text = try test.git("show", "main:\(edit.file)") + "\n"
        if text.components(separatedBy: edit.tag + "\n").count != 2 { result.lostEdits += 1 }
      }
    }
    result.deadlocksBroken = try store.events(after: 0, limit: .max)
      .count { $0.type == "deadlock_resolved" }
    if usesClaims, result.landed == wishes.count, try !store.claims().isEmpty {
      result.problems.append("claims are left")
    }
    if result.isStuck {
      for feature in try store.features() where feature.state != .landed {
        result.problems.append(
          "#\(feature.id) is \(feature.state.rawValue), waits for \(feature.waitingFor ?? "nothing")"
        )
      }
    }
  }
}
