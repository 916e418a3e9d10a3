import Backlog
import Engine
import Foundation
import Git
import Model
import Processes
import Store
import TestSupport
import Testing

/// A repository with features whose branches are made by hand and stand in the queue.
struct LandingFixture {
  let test: TestRepository
  let store: Store
  let state: StateDirectory
  let lander: Lander

  /// - Parameter configure: changes the configuration, whose window is 1 and whose gate is empty.
  init(
    gate: String = "", style: String = "merge", window: Configuration.Window = .size(1),
    files: [String: String] = [:], environment: [String: String] = [:],
    configure: (inout Configuration) -> Void = { _ in }
  ) throws {
    test = try TestRepository()
    try test.write("a.txt", "1\n2\n3\n4\n5\n6\n7\n")
    for (name, text) in files { try test.write(name, text) }
    try test.commit("base")
    let repository = try Repository(opening: test.path, environment: test.environment)
    state = StateDirectory(commonDirectory: repository.commonDirectory)
    try state.create()
    store = try Store(path: state.stateFile)
    var configuration = Configuration(repositoryName: "repo")
    configuration.gate.command = gate
    configuration.landing.style = style
    configuration.landing.window = window
    configure(&configuration)
    lander = Self.lander(
      test, store, state, configuration, test.environment.merging(environment) { $1 })
  }

  private static func lander(
    _ test: TestRepository, _ store: Store, _ state: StateDirectory,
    _ configuration: Configuration, _ environment: [String: String]
  ) -> Lander {
    Lander(
      RepositoryContext(
        directory: test.path, state: state, environment: environment,
        guardProgram: BuiltPrograms.path("lanekeeper-guard"),
        identity: { Signature(name: "T", email: "t@example.org", time: 1, offsetMinutes: 0) }),
      settings: LandingSettings(
        gate: configuration.gate, landing: configuration.landing,
        attempts: configuration.limits.attempts, claimPolicy: configuration.claims.policy,
        keepBranches: configuration.lanes.keepBranches,
        worktree: test.root.path("lanes/integration")),
      store: store)
  }

  /// The same queue in another process's eyes.
  func again(
    adding variables: [String: String] = [:],
    _ configure: (inout LandingSettings) -> Void = { _ in }
  ) -> Lander {
    var settings = lander.settings
    configure(&settings)
    var context = lander.context
    context.environment.merge(variables) { $1 }
    return Lander(context, settings: settings, store: store)
  }

  /// Makes a branch from main with these files and puts its feature into the queue.
  ///
  /// - Parameters:
  ///   - files: `nil` removes a file.
  ///   - below: the branch of an unlanded feature that this one stands on.
  func queue(
    _ id: String, _ files: [String: String?], needs: [String] = [], priority: Int = 0,
    from start: String = "main", below: String? = nil, review: Bool = false
  ) throws {
    try addFeature(id, needs: needs, priority: priority)
    let branch = "lane/\(id)"
    if try test.runGit(["rev-parse", "-q", "--verify", branch]).status != 0 {
      try test.git("branch", branch, below ?? start)
    }
    let work = test.root.path("work-\(id)")
    try test.git("worktree", "add", "-q", "-f", work, branch)
    for (name, text) in files {
      if let text {
        try test.root.write("work-\(id)/\(name)", text)
      } else {
        try FileManager.default.removeItem(atPath: work + "/" + name)
      }
    }
    try test.git("add", "-A", at: work)
    try test.git("commit", "-q", "--allow-empty", "-m", "work \(id)", at: work)
    let tip = try test.git("rev-parse", branch)
    try test.git("worktree", "remove", "--force", work)
    try attempt(id, tip: tip, changed: Array(files.keys), below: below, review: review)
  }

  /// Plays an attempt that is completed at a tip.
  func attempt(
    _ id: String, tip: String, changed: [String], below: String? = nil, review: Bool = false
  ) throws {
    let lane = try store.reserveLane() ?? store.addLane { "lane-\($0)" }
    let start = try store.startAttempt(
      AttemptRequest(
        feature: id, participant: "p", lane: lane.number, branch: "refs/heads/lane/\(id)",
        tier: .haiku, modelName: "haiku", choice: "", mark: "m",
        claims: changed.map {
          ClaimRequest(path: ClaimPath(file: Array($0.utf8)), mode: .exclusive)
        },
        policies: PathPolicies([])),
      above: below.map { branch in { _ in try test.git("rev-parse", branch) } }
    ) { tip }
    guard case .started(let attempt) = start else { throw Failed("\(start)") }
    try store.endAttempt(
      id, attempt.number, .completed(review: review), tip: tip,
      changed: changed.map { Array($0.utf8) })
  }

  /// Adds a feature to the backlog that nobody has worked on.
  func addFeature(_ id: String, needs: [String] = [], priority: Int = 0) throws {
    var entries = try store.features().map { Feature($0) }
    guard !entries.contains(where: { $0.id == id }) else { return }
    let known = try store.dependencies()
    for index in entries.indices { entries[index].dependencies = known[entries[index].id] ?? [] }
    var entry = Feature(
      FeatureRecord(id: id, position: 0, title: "F \(id)", category: "b", state: .ready))
    entry.priority = priority
    entry.dependencies = needs.map {
      Dependency(id: $0)
    }
    try store.takeOver(entries + [entry])
  }

  /// Lands until nothing more can; returns what happened and how it ended.
  @discardableResult
  func land(_ other: Lander? = nil) async throws -> Landed {
    let log = OutcomeLog()
    var progress: LandingProgress
    repeat {
      progress = try await (other ?? lander).landNext(stop: StopSignal()) { await log.add($0) }
    } while progress == .progressed
    return Landed(outcomes: await log.outcomes, progress: progress)
  }

  struct Landed {
    var outcomes: [LandingOutcome]
    var progress: LandingProgress
    /// The features that landed, in order.
    var landed: [String] {
      outcomes.compactMap { if case .landed(let id, _) = $0 { id } else { nil } }
    }
    var sentBack: [String] {
      outcomes.compactMap { if case .sentBack(let id, _) = $0 { id } else { nil } }
    }
    var held: [String] {
      outcomes.compactMap { if case .held(_, let reason) = $0 { reason } else { nil } }
    }
    var notes: [String] {
      outcomes.compactMap { if case .note(let text) = $0 { text } else { nil } }
    }
    var details: [String] {
      outcomes.compactMap {
        switch $0 {
        case .sentBack(_, let detail), .undoFailed(_, let detail): detail
        default: nil
        }
      }
    }
  }

  func state(_ id: String) throws -> FeatureState? { try store.feature(id)?.state }

  /// The `Feature:` trailers on the target's first-parent line, in the order of landing.
  func trailers(_ ref: String = "main") throws -> [String] {
    try test.git(
      "log", "--first-parent", "--reverse", "--format=%(trailers:key=Feature,valueonly)", ref
    ).split(separator: "\n").map(String.init)
  }

  /// The trees that the gate passed, where the gate notes them by ``noting``.
  func gated() throws -> Set<String> {
    guard test.root.exists("gated") else { return [] }
    return Set(try test.root.read("gated").split(separator: "\n").map(String.init))
  }

  /// A gate that fails where `bad*` exists, counts its runs in `runs` and notes the trees that pass.
  static let noting = """
    root="$(git rev-parse --git-common-dir)/../.."; echo . >> "$root/runs"
    for f in bad*; do test -e "$f" && { echo "found $f"; exit 1; }; done
    git rev-parse 'HEAD^{tree}' >> "$root/gated"
    """

  /// How often the gate has run.
  func runs() throws -> Int {
    guard test.root.exists("runs") else { return 0 }
    return try test.root.read("runs").split(separator: "\n").count
  }

  /// Checks P3 on the history: every tree that the target has had since a commit passed the gate.
  func checkP3(since start: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let gated = try gated()
    // The reflog knows each place where the target stood.
    for tip in try test.git("reflog", "--format=%H", "main").split(separator: "\n") {
      let isOld = try test.runGit(["merge-base", "--is-ancestor", String(tip), start]).status == 0
      if isOld { continue }
      let tree = try test.git("rev-parse", "\(tip)^{tree}")
      #expect(gated.contains(tree), "\(tip) was never gated", sourceLocation: sourceLocation)
    }
  }

  struct Failed: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
  }
}

/// Collects outcomes.
actor OutcomeLog {
  private(set) var outcomes: [LandingOutcome] = []
  func add(_ outcome: LandingOutcome) { outcomes.append(outcome) }
}

extension Feature {
  init(_ record: FeatureRecord) {
    self.init(
      id: record.id, title: record.title, category: record.category,
      description: record.description, steps: record.steps, touches: record.touches,
      priority: record.priority, model: record.model, agent: record.agent)
  }
}
