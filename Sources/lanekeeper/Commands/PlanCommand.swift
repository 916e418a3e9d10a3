import ArgumentParser
import Backlog
import Engine
import Foundation
import Model
import Planning

/// Reads the backlog of a plan or a graph: the repository's, or a file of its own.
struct BacklogOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A backlog file; works outside any repository.", valueName: "file"))
  var backlog: String?

  func read(_ project: ProjectOptions) throws -> (Backlog, Project?) {
    if let backlog {
      return (try BacklogSource.read(path: backlog).backlog, nil)
    }
    let project = try project.project()
    return (try project.addingDiscoveries(to: project.backlog()), project)
  }
}

/// Shows what could run when.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Show dependencies, waves, critical path and expected time.",
    discussion: "Example: lanekeeper plan --parallel 5")
  @OptionGroup var project: ProjectOptions
  @OptionGroup var source: BacklogOptions
  @Option(help: "Agents at once.") var parallel: Int?
  @Flag(name: .customLong("ignore-declared"), help: "Leave the declared dependencies out.")
  var ignoreDeclared = false
  @OptionGroup var detection: DetectionOptions
  @Option(help: ArgumentHelp("Weights of Tools/train-dependencies.", valueName: "file"))
  var weights: String?
  @Flag(
    help: """
      Record what was detected in the backlog's file; with --detect none, remove what was detected before.
      """)
  var write = false
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    var (backlog, project) = try source.read(project)
    if ignoreDeclared {
      for index in backlog.features.indices {
        backlog.features[index].dependencies.removeAll { $0.source == .declared }
      }
    }
    let undoes = write && detection.detect == DetectionKind.none
    if undoes {
      for index in backlog.features.indices {
        backlog.features[index].dependencies.removeAll { $0.source == .detected }
      }
    }
    let outcome = try detected(backlog, project)
    let found = outcome.result
    for note in outcome.notes { Terminal.error(note) }
    backlog = backlog.adding(found.edges)
    if write { try record(found.edges, project, undoes: undoes) }
    let agents = parallel ?? project?.configuration.parallel ?? 3
    guard (1...1000).contains(agents) else {
      throw Failure("--parallel must be from 1 to 1000, not \(agents)", status: 64)
    }
    let times = try PastTimes.model(project.flatMap { try $0.existingStore() })
    let seconds = times.seconds(backlog)
    let policies = project?.pathPolicies
    func isExclusive(_ path: String) -> Bool {
      guard let policies, let path = try? ClaimPath(normalising: path) else { return true }
      return !policies.policy(for: path).isShared
    }
    let plan = Plan(
      backlog, agents: agents, slots: project?.configuration.slots ?? [:], isExclusive: isExclusive
    ) {
      seconds[$0] ?? DurationModel.standard
    }
    let footprints =
      project.map { ProjectFootprints.read($0, backlog) } ?? Footprint.declared(backlog)
    let choice = try project?.models(nil)
    let tiers = try choice.map {
      try TierForecast.of(backlog, $0, footprints, store: try project?.existingStore())
    }
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      let full = FullPlan(
        plan: plan, hints: found.hints.map(Plan.Edge.init), models: tiers ?? [],
        footprints: footprints.filter { !$0.paths.isEmpty }, attempts: times.count)
      return Terminal.line(String(decoding: try encoder.encode(full), as: UTF8.self))
    }
    let text = PlanText(
      plan: plan, backlog: backlog, footprints: footprints, attempts: times.count, agents: agents)
    for line in text.lines { Terminal.line(line) }
    if choice?.byDifficulty == true { show(tiers ?? []) }
    show(outcome)
  }

  /// The plan with what the repository's past adds to it, in one object.
  private struct FullPlan: Encodable {
    let plan: Plan
    let hints: [Plan.Edge]
    let models: [TierForecast]
    let footprints: [Footprint]
    let attempts: Int

    private enum Keys: String, CodingKey { case hints, models, footprints, attempts }

    func encode(to encoder: any Encoder) throws {
      try plan.encode(to: encoder)
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode(hints, forKey: .hints)
      try container.encode(models, forKey: .models)
      try container.encode(footprints, forKey: .footprints)
      try container.encode(attempts, forKey: .attempts)
    }
  }

  private func detected(
    _ backlog: Backlog, _ project: Project?
  ) throws -> DependencyDetection.Outcome {
    let configured = project?.detectionKind ?? .none
    let usual = configured == .none && (write || weights != nil) ? .learned : configured
    return try detection.detection(usual, weights: weights, project).find(backlog)
  }

  /// - Parameter undoes: takes what was detected before out of the file again; what is declared stays.
  private func record(
    _ edges: [Detector.Finding], _ project: Project?, undoes: Bool
  ) throws {
    guard !ignoreDeclared else {
      throw Failure("--write and --ignore-declared exclude each other", status: 64)
    }
    guard let project else {
      throw Failure(
        "--write records in a repository's features.yml, not with --backlog", status: 64)
    }
    let before = try project.backlog().features.flatMap(\.dependencies)
    try BacklogFile(project).change { old in
      do {
        let old = old ?? ""
        var wanted = try BacklogReader.read(text: old, file: "features.yml").adding(edges)
        if undoes {
          for index in wanted.features.indices {
            wanted.features[index].dependencies.removeAll { $0.source == .detected }
          }
        }
        return try BacklogEdit.text(old, holding: wanted, file: "features.yml")
      } catch let problems as InputProblems {
        throw Failure(problems.description, status: 65)
      }
    }
    guard !json else { return }
    Terminal.line(
      undoes
        ? "\(before.count { $0.source == .detected }) detected dependencies removed from \(project.backlogFile)"
        : "\(edges.count) detected dependencies recorded in \(project.backlogFile)")
  }

  private func show(_ tiers: [TierForecast]) {
    Terminal.line("Models by expected difficulty and past results:")
    for forecast in tiers.prefix(60) {
      Terminal.line(
        "   #\(forecast.feature) \(forecast.tier.rawValue) (\(Terminal.visibleLine(forecast.reason)))"
      )
    }
    if tiers.count > 60 { Terminal.line("   … and \(tiers.count - 60) more; --json shows all") }
  }

  private func show(_ outcome: DependencyDetection.Outcome) {
    let found = outcome.result
    let detected = outcome.by.map {
      "Detected by \(Terminal.visibleLine($0)), to be looked through (--write records them)"
    }
    for (title, findings) in [
      (detected ?? "Detected", found.edges), ("Perhaps, not held", found.hints),
    ] where !findings.isEmpty {
      Terminal.line("\(title):")
      for finding in findings.sorted(by: { $0.confidence > $1.confidence }) {
        Terminal.line(
          "   #\(finding.feature) after #\(finding.dependsOn) "
            + "(\(String(format: "%.2f", finding.confidence))): \(Terminal.visibleLine(finding.reason))"
        )
      }
    }
  }
}
