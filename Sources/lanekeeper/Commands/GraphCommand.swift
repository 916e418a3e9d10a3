import ArgumentParser
import Backlog
import Engine
import Planning
import Store

/// Shows the graph.
struct GraphCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graph", abstract: "Show the graph of dependencies.",
    discussion: """
      Example: lanekeeper graph --format make > rules.mk && make -j3 -f rules.mk features
               lanekeeper graph --format svg > backlog.svg

      Detected edges are dashed, discovered ones dotted; colours show the state of a feature.
      """)
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, dot, mermaid, svg, make, json
  }
  @OptionGroup var project: ProjectOptions
  @OptionGroup var source: BacklogOptions
  @Option(help: "text, dot, mermaid, svg, make or json.") var format = Format.text
  @Option(
    help: ArgumentHelp(
      "With --format make: one line, with this text for the ends of lines, for $(eval) in a makefile.",
      valueName: "text"))
  var joined: String?
  @OptionGroup var detection: DetectionOptions
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    var (backlog, project) = try source.read(project)
    let store = try project?.existingStore()
    let states = Dictionary(
      (try store?.features() ?? []).map { ($0.id, $0.state) },
      uniquingKeysWith: { first, _ in first })
    let outcome = try detection.detection(
      project?.detectionKind ?? .none, project, onlyCached: detection.detect == nil
    ).find(backlog)
    // What make reads must not be disturbed by a question that went wrong.
    if detection.detect != nil { for note in outcome.notes { Terminal.error(note) } }
    backlog = backlog.adding(outcome.result.edges)
    let style = GraphStyle(looks: states.mapValues(GraphView.look))
    switch json ? .json : format {
    case .text: Terminal.line(GraphText.text(backlog, style: style))
    case .dot: Terminal.line(GraphText.dot(backlog, style: style))
    case .mermaid: Terminal.line(GraphText.mermaid(backlog, style: style))
    case .svg: Terminal.line(GraphSVG.svg(backlog, style: style))
    case .make:
      let rules = GraphText.make(
        backlog, landed: Set(states.filter { $0.value == .landed }.keys),
        left: Set(states.filter { [.undone, .abandoned].contains($0.value) }.keys),
        isFragment: joined != nil)
      Terminal.line(joined.map { rules.replacingOccurrences(of: "\n", with: $0) } ?? rules)
    case .json:
      Terminal.line(GraphView(backlog, states: states, hints: outcome.result.hints).json.text)
    }
  }
}
