import Backlog
import Engine
import Foundation
import Git
import Model
import Processes
import Store
import TestSupport

/// A repository with two lanes at work: feature 2 holds `held.txt` and `dir/`, feature 1 tries to change
/// them. The agent of lane 1 is a shell script under the real guard, hooks are installed as
/// `hooks install` does it, and landings are the real ones.
final class Arena: Sendable {
  let test: TestRepository
  let store: Store
  let state: StateDirectory
  let lander: Lander
  let hooks: HookInstallation
  private let lanes: [Int: LaneRecord]
  /// The target before anything happened, in hex.
  let base: String

  static let held = ["held.txt", "dir/"]

  init(persons: Bool = true, prepare: (TestRepository) throws -> Void = { _ in }) throws {
    test = try TestRepository()
    try test.write("old.txt", "old\n")
    try test.commit("first")
    for name in ["held.txt", "dir/held.txt", "free.txt", "mine/free.txt"] {
      try test.write(name, "\(name)\n2\n3\n")
    }
    try prepare(test)
    base = try test.commit("base")
    let repository = try Repository(opening: test.path, environment: test.environment)
    state = StateDirectory(commonDirectory: repository.commonDirectory)
    try state.create()
    store = try Store(path: state.stateFile)
    hooks = HookInstallation(
      state: state, repository: test.path, program: BuiltPrograms.path("lanekeeper-hook"),
      environment: test.environment)
    _ = try hooks.install(forPersons: persons)
    try store.setClaimSettings(
      target: "refs/heads/main", policy: "auto", humans: "warn",
      policies: [(try ClaimPath(normalising: "lanekeeper.yml"), .frozen)])
    let configuration = Configuration(repositoryName: "repo")
    let context = RepositoryContext(
      directory: test.path, state: state, environment: test.environment,
      policies: PathPolicies([(try ClaimPath(normalising: "lanekeeper.yml"), .frozen)]),
      guardProgram: BuiltPrograms.path("lanekeeper-guard"),
      identity: { Signature(name: "T", email: "t@example.org", time: 1, offsetMinutes: 0) })
    lander = Lander(
      context,
      settings: LandingSettings(
        gate: configuration.gate, landing: configuration.landing, attempts: 3,
        claimPolicy: "auto", keepBranches: true, worktree: test.root.path("integration")),
      store: store)
    _ = try lander.watch.look()
    try store.takeOver(
      ["1", "2"].enumerated().map { position, id in
        Feature(
          id: id, title: "Feature \(id)", category: "b",
          priority: -position)
      })
    var lanes: [Int: LaneRecord] = [:]
    for number in [1, 2] {
      let path = test.root.path("lane-\(number)")
      try test.git("worktree", "add", "-q", "-b", "lane/\(number)-feature", path)
      let lane = try store.addLane { _ in path }
      try store.finishLane(lane.number)
      let claims = number == 2 ? Self.held : []
      let base = base
      let start = try store.startAttempt(
        AttemptRequest(
          feature: "\(number)", participant: "p", lane: lane.number,
          branch: "refs/heads/lane/\(number)-feature", tier: .haiku, modelName: "haiku",
          choice: "", mark: "arena-\(getpid())-\(number)-\(UInt32.random(in: 0 ... .max))",
          claims: try claims.map {
            ClaimRequest(path: try ClaimPath(normalising: $0), mode: .exclusive)
          }, policies: PathPolicies([]))
      ) { base }
      guard case .started = start else { throw NotStarted(start: "\(start)") }
      lanes[number] = try store.lane(lane.number)
    }
    self.lanes = lanes
  }

  struct NotStarted: Error { let start: String }

  func lane(_ number: Int) -> String { lanes[number]!.path }

  private func attempt(_ number: Int) throws -> AttemptRecord {
    try store.attempt("\(number)", 1)!
  }

  /// Runs a shell script as the agent of a lane, to its end and that of all its children.
  ///
  /// - Returns: what it wrote to standard output and standard error.
  func agent(_ script: String, lane number: Int = 1) async throws -> String {
    let attempt = try attempt(number)
    let log = test.root.path("log-\(number)")
    var environment = AgentEnvironment.variables(
      try store.feature("\(number)")!, attempt, lane: lanes[number]!, promptFile: "/dev/null",
      repository: test.path, base: test.environment,
      hooks: hooks.variables(addingTo: test.environment))
    environment["MAIN"] = test.path
    environment["LANE2"] = lane(2)
    environment["SCRATCH"] = test.root.path("home")
    environment["LANEKEEPER"] = BuiltPrograms.path("lanekeeper")
    environment["BASE"] = base
    let process = try GuardedProcess.start(
      GuardedCommand(
        guardProgram: BuiltPrograms.path("lanekeeper-guard"),
        lockPath: state.attemptLock("\(number)", 1), logPath: log, inputPath: nil,
        directory: lane(number), argv: ["/bin/sh", "-c", script], environment: environment,
        mark: attempt.mark, wallSeconds: 120, graceSeconds: 2))
    _ = await process.ending()
    return String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self)
  }

  /// Puts away what the agent left, as after any attempt.
  func settle(_ number: Int = 1) throws {
    let settings = AttemptSettings(
      gate: "", reviewRequired: { _ in false }, attempts: 3, attemptSeconds: 60,
      silenceSeconds: 60, litter: [], hookVariables: hooks.variables(addingTo: test.environment),
      graceSeconds: 1)
    let settler = AttemptSettler(lander.context, settings: settings, store: store)
    try settler.settle(
      try store.feature("\(number)")!, try attempt(number), lane: lanes[number]!,
      branch: "refs/heads/lane/\(number)-feature", ending: .exited(0))
  }

  /// Lands what can be landed, and tells what became of each.
  func land() async throws -> [LandingOutcome] {
    let outcomes = Outcomes()
    var progress = LandingProgress.progressed
    var rounds = 0
    while progress == .progressed, rounds < 8 {
      progress = try await lander.landNext(stop: StopSignal()) { await outcomes.add($0) }
      rounds += 1
    }
    return await outcomes.all
  }

  private actor Outcomes {
    private(set) var all: [LandingOutcome] = []
    func add(_ outcome: LandingOutcome) { all.append(outcome) }
  }

  func tip(_ branch: String) throws -> String { try test.git("rev-parse", branch) }

  /// The held paths in which two commits differ.
  func heldChanges(_ old: String, _ new: String) throws -> [String] {
    try test.git(["diff-tree", "-r", "--no-renames", "--name-only", old, new, "--"] + Self.held)
      .split(separator: "\n").map(String.init)
  }
}
