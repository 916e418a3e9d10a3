import ArgumentParser
import Engine
import Foundation
import Processes

extension ReplayOrder: ExpressibleByArgument {}
extension ReplayClaims: ExpressibleByArgument {}

/// Replays a repository's merged branches as features.
struct ReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract:
      "Replay a repository's merged branches as features, with claims and landings.",
    discussion: """
      Example: lanekeeper replay ../my-app --last 50 --parallel 5 --order shuffled

      REPO is a path or an address that `git clone` takes; nothing in it changes. Each merge of its
      first-parent line becomes a feature, and so do the commits between two merges. The agents repeat
      the branches' commits in lanes of a clone, with claims, hooks and landings as in any run; on
      conflicts they keep both sides. docs/replay.md explains the report.

      --order: history, one after the other, and the final tree must equal upstream's; concurrent, each
      after everything has landed that its branch originally started from; shuffled, merged branches only, all
      from the oldest base and in an order that --seed decides.

      Exit status: 0 all landed, without a conflict at a landing, and the final tree is upstream's where
      it must be; 1 otherwise; 130 stopped.
      """)
  @Argument(help: "The repository.") var repository: String
  @Option(help: "The branch; by default the one that the repository has checked out.")
  var branch: String?
  @Option(help: "At most so many merges, the newest.") var last = 50
  @Option(help: "history, concurrent or shuffled.") var order = ReplayOrder.concurrent
  @Option(help: "When agents claim: touches (with the feature), edit or commit.")
  var claims = ReplayClaims.edit
  @Option(help: "Agents at once, 1 to 64.") var parallel = 3
  @Option(help: "A command that each landing must pass; by default none.") var gate = ""
  @Option(help: ArgumentHelp("Seconds that each agent works before it writes.", valueName: "s"))
  var work = 0.2
  @Option(help: "Decides the order of --order shuffled.") var seed: UInt64 = 1
  @Flag(help: "Don't run it again without claims, to count the conflicts that they prevent.")
  var onlyClaims = false
  @Option(help: ArgumentHelp("Keep the clones in this directory, made anew.", valueName: "dir"))
  var keep: String?
  @Flag(help: "Print each event as `run` does.") var verbose = false
  @Flag(help: "As JSON.") var json = false

  func validate() throws {
    guard last >= 1 else { throw ValidationError("--last must be at least 1") }
    guard (1...64).contains(parallel) else { throw ValidationError("--parallel is 1 to 64") }
    guard work >= 0, work <= 600 else { throw ValidationError("--work is 0 to 600 seconds") }
  }

  mutating func run() async throws {
    let scratch = try scratchDirectory()
    defer { if keep == nil { try? FileManager.default.removeItem(atPath: scratch) } }
    let stop = StopSignal()
    let end = EndWatch(stop)
    defer { end.finish() }
    let watcher = SignalWatcher([SIGINT, SIGTERM, SIGHUP])
    let signals = Task { for await _ in watcher.signals { stop.set(forced: stop.isSet) } }
    defer { signals.cancel() }
    let replay = Replay(
      Replay.Options(
        source: source, branch: branch, last: last, order: order, claims: claims,
        parallel: parallel, gate: gate, workSeconds: work, seed: seed),
      scratch: scratch, environment: ProcessInfo.processInfo.environment,
      program: try HelperPrograms.path("lanekeeper"), stop: stop)
    let (plan, empty) = try replay.plan()
    var text = ReplayText(plan: plan, empty: empty)
    if !json { for line in text.opening { Terminal.line(line) } }
    let (verbose, json) = (verbose, json)
    let report: @Sendable (RunEvent) -> Void = { event in
      if verbose, !json { for line in RunLines.lines(event) { Terminal.line(line) } }
    }
    text.on = try await replay.run(plan, withClaims: true, report: report)
    if !onlyClaims, !stop.isSet {
      text.off = try await replay.run(plan, withClaims: false, report: report)
    }
    if json {
      Terminal.line(text.json.text)
    } else {
      for line in text.lines { Terminal.line(line) }
      if keep != nil { Terminal.line("The clones are kept in \(scratch).") }
    }
    if stop.isSet { throw ExitCode(130) }
    if !text.isGood { throw ExitCode(1) }
  }

  /// The source for `git clone`: a path made absolute, an address unchanged.
  private var source: String {
    FileManager.default.fileExists(atPath: repository)
      ? URL(fileURLWithPath: repository).standardizedFileURL.path : repository
  }

  private func scratchDirectory() throws -> String {
    let files = FileManager.default
    guard let keep else {
      let path = files.temporaryDirectory.path + "/lanekeeper-replay-\(getpid())"
      try files.createDirectory(atPath: path, withIntermediateDirectories: true)
      return path
    }
    let path = URL(fileURLWithPath: keep).standardizedFileURL.path
    if files.fileExists(atPath: path) {
      throw Failure("\(path) is there already; --keep makes the directory itself", status: 64)
    }
    try files.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }
}

/// The agent of a replay; only `replay` starts it.
struct ReplayAgentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay-agent", abstract: "Make a branch's commits again.", shouldDisplay: false)
  @Argument(help: "The replay's plan.") var plan: String

  func run() throws {
    guard let data = FileManager.default.contents(atPath: plan),
      let read = try? JSONDecoder().decode(ReplayPlan.self, from: data)
    else { throw Failure("\(plan) is no plan of a replay", status: 65) }
    let agent = try ReplayAgent(
      plan: read, environment: ProcessInfo.processInfo.environment,
      program: try HelperPrograms.path("lanekeeper"))
    let status = try agent.run()
    if status != 0 { throw ExitCode(status) }
  }
}
