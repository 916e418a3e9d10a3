import Backlog

/// The graph in the forms that people and other programs read.
package enum GraphText {
  /// Returns an indented list: each feature below the first that it waits for.
  package static func text(_ backlog: Backlog) -> String {
    let graph = DependencyGraph(backlog)
    var lines: [String] = []
    let found = discovered(backlog)
    for (number, wave) in graph.waves.enumerated() {
      lines.append("wave \(number + 1)")
      for id in wave {
        let title = backlog.features.first { $0.id == id }?.title ?? ""
        let needs = graph.dependencies(of: id).map {
          "#\($0)" + (found[id]?.contains($0) == true ? " discovered" : "")
        }.joined(separator: ", ")
        lines.append("  #\(id) \(title)" + (needs.isEmpty ? "" : "  (after \(needs))"))
      }
    }
    return lines.joined(separator: "\n")
  }

  /// The dependencies that came to light during a run, by feature; they are drawn dashed.
  private static func discovered(_ backlog: Backlog) -> [String: Set<String>] {
    Dictionary(
      backlog.features.map { feature in
        (feature.id, Set(feature.dependencies.filter { $0.source == .discovered }.map(\.id)))
      }, uniquingKeysWith: { $0.union($1) })
  }

  /// Returns the graph for Graphviz.
  package static func dot(_ backlog: Backlog) -> String {
    func quoted(_ text: String) -> String {
      "\""
        + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing(
          "\n", with: " ")
        + "\""
    }
    var lines = ["digraph backlog {", "  rankdir=LR;", "  node [shape=box];"]
    for feature in backlog.features {
      lines.append("  \(quoted(feature.id)) [label=\(quoted("#\(feature.id) \(feature.title)"))];")
    }
    let found = discovered(backlog)
    for edge in DependencyGraph(backlog).reducedEdges {
      let style = found[edge.feature]?.contains(edge.dependsOn) == true ? " [style=dashed]" : ""
      lines.append("  \(quoted(edge.dependsOn)) -> \(quoted(edge.feature))\(style);")
    }
    return (lines + ["}"]).joined(separator: "\n")
  }

  /// Returns the graph for Mermaid.
  package static func mermaid(_ backlog: Backlog) -> String {
    let numbers = Dictionary(
      backlog.features.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    func node(_ id: String) -> String { "f\(numbers[id] ?? 0)" }
    var lines = ["graph LR"]
    for feature in backlog.features {
      let title = feature.title.replacing("\"", with: "#quot;").replacing("\n", with: " ")
      lines.append("  \(node(feature.id))[\"#\(feature.id) \(title)\"]")
    }
    let found = discovered(backlog)
    for edge in DependencyGraph(backlog).reducedEdges {
      let arrow = found[edge.feature]?.contains(edge.dependsOn) == true ? "-.->" : "-->"
      lines.append("  \(node(edge.dependsOn)) \(arrow) \(node(edge.feature))")
    }
    return lines.joined(separator: "\n")
  }

  /// Returns make rules: `make -j3 -f - lanes` builds every feature with `lanekeeper work`.
  package static func make(_ backlog: Backlog) -> String {
    let graph = DependencyGraph(backlog)
    let targets = backlog.features.map { "lane-\($0.id)" }
    var lines = [
      "LANEKEEPER ?= lanekeeper", ".PHONY: lanes \(targets.joined(separator: " "))",
      "lanes: \(targets.joined(separator: " "))",
    ]
    for feature in backlog.features {
      let needs = graph.dependencies(of: feature.id).map { " lane-\($0)" }.joined()
      lines.append("lane-\(feature.id):\(needs)")
      lines.append("\t+$(LANEKEEPER) work \(feature.id)")
    }
    return lines.joined(separator: "\n")
  }
}
