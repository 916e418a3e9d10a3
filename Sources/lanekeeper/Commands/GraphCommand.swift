import ArgumentParser
import Backlog
import Foundation
import Orchestrator
import Planning

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
          "discovered": .texts(
            feature.dependencies.filter { $0.source == .discovered }.map(\.id)),
        ]
      }
      Terminal.line((["features": .array(nodes)] as JSONValue).text)
    }
  }
}
