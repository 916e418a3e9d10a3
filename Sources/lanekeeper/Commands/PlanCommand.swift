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
      do {
        return (try Import.read(text: try InputFile.read(backlog), file: backlog).backlog, nil)
      } catch let problems as InputProblems {
        throw Failure(problems.description, status: 65)
      }
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

/// Shows the graph.
struct GraphCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graph", abstract: "Show the graph of dependencies.",
    discussion: "Example: lanekeeper graph --format make > lanes.mk && make -j3 -f lanes.mk lanes")
  enum Format: String, ExpressibleByArgument, CaseIterable { case text, dot, mermaid, make, json }
  @OptionGroup var project: ProjectOptions
  @OptionGroup var source: BacklogOptions
  @Option(help: "text, dot, mermaid, make or json.") var format = Format.text
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    let (backlog, _) = try source.read(project)
    switch json ? .json : format {
    case .text: Terminal.line(GraphText.text(backlog))
    case .dot: Terminal.line(GraphText.dot(backlog))
    case .mermaid: Terminal.line(GraphText.mermaid(backlog))
    case .make: Terminal.line(GraphText.make(backlog))
    case .json:
      let nodes = backlog.features.map { feature -> JSONValue in
        [
          "id": .string(feature.id), "title": .string(feature.title),
          "category": .string(feature.category),
          "depends_on": .texts(feature.dependencies.map(\.id)),
        ]
      }
      Terminal.line((["features": .array(nodes)] as JSONValue).text)
    }
  }
}
