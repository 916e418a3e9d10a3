import ArgumentParser
import Backlog
import Foundation
import Orchestrator
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
    return (try project.backlog(), project)
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
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    var (backlog, project) = try source.read(project)
    if ignoreDeclared {
      for index in backlog.features.indices {
        backlog.features[index].dependencies.removeAll { $0.source == .declared }
      }
    }
    let agents = parallel ?? project?.configuration.parallel ?? 3
    guard agents >= 1 else { throw Failure("--parallel must be at least 1", status: 64) }
    let known = try project.flatMap { try PastTimes.seconds($0) } ?? [:]
    let typical = known.isEmpty ? 600 : known.values.reduce(0, +) / Double(known.count)
    let plan = Plan(backlog, agents: agents) { known[$0] ?? typical }
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return Terminal.line(String(decoding: try encoder.encode(plan), as: UTF8.self))
    }
    let titles = Dictionary(
      backlog.features.map { ($0.id, $0.title) }, uniquingKeysWith: { first, _ in first })
    Terminal.line("\(backlog.features.count) features, \(plan.edges.count) dependencies")
    for (number, wave) in plan.waves.enumerated() {
      Terminal.line("Wave \(number + 1):")
      for id in wave {
        let needs = backlog.features.first { $0.id == id }?.dependencies.map { "#\($0.id)" } ?? []
        let after = needs.isEmpty ? "" : " (after \(needs.joined(separator: ", ")))"
        Terminal.line("   #\(id) \(Terminal.cut(titles[id] ?? "", 80))\(after)")
      }
    }
    Terminal.line("Critical path: " + plan.criticalPath.map { "#\($0)" }.joined(separator: " → "))
    let basis = known.isEmpty ? "at ten minutes each" : "by what features took here"
    Terminal.line(
      "Expected \(basis): \(Duration.text(plan.predicted.sequential)) with 1 agent, "
        + "\(Duration.text(plan.predicted.parallel)) with \(agents) (speed-up "
        + "\(String(format: "%.2f", plan.predicted.speedup)))")
  }
}
