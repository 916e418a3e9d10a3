import Backlog
import Foundation
import Git
import Model
import Processes
import Store

/// Replays the merged branches of a repository as features, in a clone of its own.
package struct Replay: Sendable {
  /// The branch that the features land on; upstream's stay as they are.
  package static let target = "replay"

  package struct Options: Sendable {
    /// A path or an address that `git clone` takes.
    package var source: String
    /// The branch whose first-parent line is replayed; `nil` for the source's own HEAD.
    package var branch: String?
    /// At most so many merges, the newest.
    package var last: Int
    package var order: ReplayOrder
    package var claims: ReplayClaims
    package var parallel: Int
    package var gate: String
    package var workSeconds: Double
    package var seed: UInt64

    package init(
      source: String, branch: String? = nil, last: Int, order: ReplayOrder, claims: ReplayClaims,
      parallel: Int, gate: String, workSeconds: Double, seed: UInt64
    ) {
      self.source = source
      self.branch = branch
      self.last = last
      self.order = order
      self.claims = claims
      self.parallel = parallel
      self.gate = gate
      self.workSeconds = workSeconds
      self.seed = seed
    }
  }

  package let options: Options
  /// An empty directory, which the replay fills.
  package let scratch: String
  private let environment: [String: String]
  private let program: String
  private let stop: StopSignal

  /// - Parameter program: the path of `lanekeeper`, which the agents run.
  package init(
    _ options: Options, scratch: String, environment: [String: String], program: String,
    stop: StopSignal
  ) {
    self.options = options
    self.scratch = scratch
    self.environment = environment
    self.program = program
    self.stop = stop
  }

  /// Reads what there is to replay.
  package func plan() throws -> (plan: ReplayPlan, empty: Int) {
    let upstream = scratch + "/upstream"
    var clone = ["clone", "-q", "--bare"]
    if let branch = options.branch { clone += ["--branch", branch] }
    let result = try GitProgram.run(
      clone + ["--", options.source, upstream], directory: scratch, environment: environment)
    guard result.status == 0 else {
      throw Failure(
        "\(options.source) can't be cloned: "
          + result.error.trimmingCharacters(in: .whitespacesAndNewlines))
    }
    let repository = try Repository(opening: upstream, environment: environment)
    guard let tip = try repository.head().commit else {
      throw Failure("\(options.source) has no commit on its HEAD; name a branch by --branch")
    }
    let history = try ReplayHistory(repository, tip: tip, last: options.last)
    let plan = try ReplayPlan(
      history, order: options.order, claims: options.claims, workSeconds: options.workSeconds,
      seed: options.seed)
    return (plan, history.empty)
  }

  /// Runs the plan once, from its start.
  ///
  /// - Parameter withClaims: `false` lets every lane change what it likes.
  package func run(
    _ plan: ReplayPlan, withClaims: Bool, report: @escaping @Sendable (RunEvent) -> Void
  ) async throws -> ReplayOutcome {
    let name = withClaims ? "claims-on" : "claims-off"
    let clone = scratch + "/" + name
    func git(_ arguments: String...) throws {
      let result = try GitProgram.run(arguments, directory: scratch, environment: environment)
      guard result.status == 0 else {
        throw Failure("git \(arguments.joined(separator: " ")): \(result.error)")
      }
    }
    try git("clone", "-q", "--no-checkout", "--shared", "upstream", name)
    // The replay's own files must not be touched, whatever the history says of such names.
    try git("-C", name, "checkout", "-q", "--no-track", "-B", Self.target, plan.start.hex)
    var own = plan
    // Without claims there is nothing to ask for, neither with the feature nor at the edit.
    if !withClaims { own.claims = .commit }
    let file = scratch + "/\(name).json"
    try JSONEncoder().encode(own).write(to: URL(fileURLWithPath: file))
    try Data(BacklogWriter.yaml(own.backlog).utf8).write(
      to: URL(fileURLWithPath: clone + "/features.yml"))
    try Data(configuration(file, withClaims: withClaims).utf8).write(
      to: URL(fileURLWithPath: clone + "/" + Project.configurationFile))
    let project = try Project.open(clone, environment: environment)
    var run = RunOptions(kind: .run, parallel: options.parallel, agent: "command")
    run.mayChangeNothing = true
    let summary = try await Supervisor(project: project, options: run, stop: stop, report: report)
      .run()
    return try ReplayOutcome(project: project, plan: plan, summary: summary)
  }

  private func configuration(_ plan: String, withClaims: Bool) -> String {
    """
    target: \(Self.target)
    gate: {command: \(JSON.quoted(options.gate)), retries: 0}
    agent: command
    parallel: \(options.parallel)
    lanes: {path: \(JSON.quoted(scratch + "/lanes-\(withClaims ? "on" : "off")"))}
    claims:
      policy: \(withClaims ? "auto" : "off")
      humans: "off"
      paths: {lanekeeper.yml: strict, features.yml: strict, .lanekeeper/: strict}
    landing: {follow: never}
    limits: {max_parallel: \(max(5, options.parallel)), attempts: 10, stagger_seconds: 0}
    agents:
      command:
        run: \(JSON.quoted("exec \(Self.word(program)) replay-agent \(Self.word(plan))"))

    """
  }

  /// A word for the shell.
  private static func word(_ text: String) -> String {
    "'" + text.replacing("'", with: "'\\''") + "'"
  }
}
