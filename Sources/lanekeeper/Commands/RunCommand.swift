import ArgumentParser
import Backlog
import Engine
import Foundation
import Planning
import Processes
import Store

/// The main job.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Build the backlog with several agents at once.",
    discussion: """
      Example: lanekeeper run --parallel 3 --preset balanced

      Exit status: 0 all landed; 1 a feature failed or is blocked; 64 wrong usage; 65 bad input file;
      75 something waits for a review, a claim or a limit, or is paused; 130 stopped.
      """)

  @OptionGroup var project: ProjectOptions
  @OptionGroup var models: ModelOptions
  @Option(help: "Agents at once, 1 to 5 (limits.max_parallel raises the bound).")
  var parallel: Int?
  @Option(help: "The agent, by its name in lanekeeper.yml.")
  var agent: String?
  @Option(parsing: .upToNextOption, help: "Only these features.")
  var feature: [String] = []
  @Option(
    name: .customLong("max-cost"),
    help: ArgumentHelp(
      "US dollars that the run may cost; over limits.max_cost_usd.", valueName: "usd"))
  var maxCost: Double?
  @Flag(
    help: "Gates and set-up commands share as many jobs as there are cores, also their own make -j."
  )
  var jobserver = false
  @Flag(help: "Serve the web page during the run; its link is printed.") var ui = false
  @OptionGroup(title: "With --ui") var place: PagePlace
  @Flag(name: .customLong("show-presets"), help: "Show the presets and end.")
  var showPresets = false

  func validate() throws {
    guard ui || place.isUsual else {
      throw ValidationError("--listen and --unencrypted need --ui")
    }
  }

  mutating func run() async throws {
    if showPresets { return PresetsCommand.show() }
    if ui {
      try PersonOnly.check("run --ui", self.project)
      try place.check()
    }
    var project = try project.project()
    if let maxCost, !NumberRange.dollars.contains(maxCost) {
      throw Failure(
        "--max-cost must be a number above 0 and up to 1000000, such as 12.50", status: 64)
    }
    var options = RunOptions(
      kind: .run, parallel: parallel ?? project.configuration.parallel, wish: try models.wish(),
      agent: agent, only: feature.isEmpty ? nil : Set(feature))
    options.maxCostUSD = maxCost
    if jobserver, MakeCall.current.jobServer == nil {
      let count = ProcessInfo.processInfo.activeProcessorCount
      project = try project.sharing(
        try JobServer.make(tokens: count), count: "-j\(count)", takesTokens: true)
    } else {
      project = try MakeCall.current.shared(project, takesTokens: true)
    }
    let page = ui ? try UiBesideRun(project, place) : nil
    defer { page?.end() }
    try await RunDriver.run(project, options)
  }
}

/// Runs a supervisor with signals and output.
enum RunDriver {
  /// - Throws: `ExitCode` with the contract's status unless that is 0.
  static func run(
    _ project: Project, _ options: RunOptions, store: Store? = nil, isRecipe: Bool = false
  ) async throws {
    let stop = StopSignal()
    let end = EndWatch(stop)
    defer { end.finish() }
    let watcher = SignalWatcher([SIGINT, SIGTERM, SIGHUP])
    let signals = Task {
      for await _ in watcher.signals { stop.set(forced: stop.isSet) }
    }
    signal(SIGPIPE, SIG_IGN)
    let live =
      Terminal.isTerminal && Terminal.hasColour && !isRecipe ? LiveTable(project: project) : nil
    let together = isRecipe ? OutputTogether(MakeCall.current.flags) : nil
    defer { together?.flush() }
    let supervisor = Supervisor(project: project, options: options, store: store, stop: stop) {
      event in
      if isRecipe, case .initialized = event { return }
      if let together { return together.add(RunLines.lines(event), event) }
      let lines = RunLines.lines(event)
      if let live { live.print(lines) } else { for line in lines { Terminal.line(line) } }
    }
    live?.start()
    defer { signals.cancel() }
    let summary: RunSummary
    do {
      summary = try await supervisor.run()
    } catch {
      live?.end()
      await options.token?.close { stop.isForced }
      throw error
    }
    live?.end()
    together?.flush()
    await options.token?.close { stop.isForced }
    for line in isRecipe ? RunLines.recipeEnd(summary) : RunLines.summary(summary) {
      Terminal.line(line)
    }
    if summary.status != 0 { throw ExitCode(summary.status) }
  }
}
