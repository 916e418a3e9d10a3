import ArgumentParser
import Backlog
import Orchestrator
import Planning
import Store

/// Shows the graph.
struct GraphCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graph", abstract: "Show the graph of dependencies.",
    discussion: """
      Example: lanekeeper graph --format make > rules.mk && make -j3 -f rules.mk features
               lanekeeper graph --format svg > backlog.svg

      Detected edges are dashed, discovered ones dotted; colours tell how far a feature is.
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
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    var (backlog, project) = try source.read(project)
    let store = try project?.existingStore()
    let states = Dictionary(
      (try store?.features() ?? []).map { ($0.id, $0.state) },
      uniquingKeysWith: { first, _ in first })
    if let store { try addDiscovered(store, to: &backlog) }
    let style = GraphStyle(looks: states.mapValues(Self.look))
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
      let nodes = backlog.features.map { feature -> JSONValue in
        [
          "id": .string(feature.id), "title": .string(feature.title),
          "category": .string(feature.category),
          "state": .text(states[feature.id]?.rawValue),
          "depends_on": .texts(feature.dependencies.map(\.id)),
          "discovered": .texts(
            feature.dependencies.filter { $0.source == .discovered }.map(\.id)),
          "edges": .array(
            feature.dependencies.map { edge in
              [
                "depends_on": .string(edge.id), "source": .string(edge.source.rawValue),
                "confidence": edge.confidence.map { .number($0) } ?? .null,
                "reason": .text(edge.reason),
              ]
            }),
        ]
      }
      Terminal.line((["features": .array(nodes)] as JSONValue).text)
    }
  }

  /// What a run found out stands in the state alone.
  private func addDiscovered(_ store: Store, to backlog: inout Backlog) throws {
    let edges = try store.dependencies()
    let known = Set(backlog.features.map(\.id))
    for index in backlog.features.indices {
      for edge in edges[backlog.features[index].id] ?? []
      where edge.source == "discovered" && known.contains(edge.dependsOn)
        && !backlog.features[index].dependencies.contains(where: { $0.id == edge.dependsOn })
      {
        backlog.features[index].dependencies.append(
          Dependency(id: edge.dependsOn, source: .discovered, reason: edge.reason))
      }
    }
  }

  private static func look(_ state: FeatureState) -> GraphStyle.Look {
    switch state {
    case .pending, .undone: .open
    case .ready: .ready
    case .running, .waiting, .changesRequested, .gateFailed: .working
    case .completed, .inReview, .approved, .queued, .landing: .review
    case .landed: .landed
    case .failed, .blocked, .abandoned: .failed
    }
  }
}
