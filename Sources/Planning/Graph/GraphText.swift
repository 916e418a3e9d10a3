import Backlog

/// The graph in the forms that people and other programs read.
package enum GraphText {
  /// Returns an indented list: each feature below the first that it waits for.
  package static func text(_ backlog: Backlog, style: GraphStyle = GraphStyle()) -> String {
    let graph = DependencyGraph(backlog)
    let features = Dictionary(
      backlog.features.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var lines: [String] = []
    for (number, wave) in graph.waves.enumerated() {
      lines.append("wave \(number + 1)")
      for id in wave {
        let feature = features[id]
        let needs = (feature?.dependencies ?? []).map { edge in
          "#\(edge.id)" + (edge.source == .declared ? "" : " (\(edge.source.rawValue))")
        }
        let look = style.looks[id].map { " [\($0.rawValue)]" } ?? ""
        lines.append(
          "  #\(id) \(plain(feature?.title ?? ""))\(look)"
            + (needs.isEmpty ? "" : "  (after \(needs.joined(separator: ", ")))"))
      }
    }
    return lines.joined(separator: "\n")
  }

  /// A title on one line.
  static func plain(_ text: String, most: Int = 200) -> String {
    String(
      text.prefix(most).map { character in
        character.unicodeScalars.contains { $0.properties.generalCategory == .control }
          ? " " : character
      })
  }

  /// Returns the graph for Graphviz.
  package static func dot(_ backlog: Backlog, style: GraphStyle = GraphStyle()) -> String {
    func quoted(_ text: String) -> String {
      "\""
        + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing(
          "\n", with: " ")
        + "\""
    }
    var lines = [
      "digraph backlog {", "  rankdir=LR;", "  node [shape=box, style=filled];",
    ]
    for feature in backlog.features {
      let colours = GraphStyle.colours(style.look(feature.id))
      lines.append(
        "  \(quoted(feature.id)) [label=\(quoted("#\(feature.id) \(plain(feature.title))")), "
          + "fillcolor=\"\(colours.fill)\", color=\"\(colours.line)\", fontcolor=\"#202124\"];")
    }
    for edge in backlog.drawnEdges() {
      let look =
        switch edge.source {
        case .declared: ""
        case .detected: " [style=dashed]"
        case .discovered: " [style=dotted]"
        }
      lines.append("  \(quoted(edge.dependsOn)) -> \(quoted(edge.feature))\(look);")
    }
    return (lines + ["}"]).joined(separator: "\n")
  }

  /// Returns the graph for Mermaid.
  package static func mermaid(_ backlog: Backlog, style: GraphStyle = GraphStyle()) -> String {
    let numbers = Dictionary(
      backlog.features.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    func node(_ id: String) -> String { "f\(numbers[id] ?? 0)" }
    var lines = ["graph LR"]
    for feature in backlog.features {
      let title = plain(feature.title).replacing("&", with: "#amp;").replacing("\"", with: "#quot;")
        .replacing("<", with: "#lt;").replacing(">", with: "#gt;")
      lines.append("  \(node(feature.id))[\"#\(feature.id) \(title)\"]")
    }
    for edge in backlog.drawnEdges() {
      let arrow =
        switch edge.source {
        case .declared: "-->"
        case .detected: "-.->"
        case .discovered: "==>"
        }
      lines.append("  \(node(edge.dependsOn)) \(arrow) \(node(edge.feature))")
    }
    for look in GraphStyle.Look.allCases {
      let nodes = backlog.features.filter { style.looks[$0.id] == look }.map { node($0.id) }
      guard !nodes.isEmpty else { continue }
      let colours = GraphStyle.colours(look)
      lines.append(
        "  classDef \(look.rawValue) fill:\(colours.fill),stroke:\(colours.line),color:#202124")
      lines.append("  class \(nodes.joined(separator: ",")) \(look.rawValue)")
    }
    return lines.joined(separator: "\n")
  }

  /// Returns make rules, a target `feature-ID` for each feature: `make -j3 -f RULES features` builds
  /// the backlog.
  ///
  /// - Parameters:
  ///   - landed: features that need no work any more; their targets have no recipe.
  ///   - left: features that nobody is to build, such as those that were undone; `features` does not
  ///     ask for them.
  ///   - isFragment: leaves out what the makefile that they are put into says itself.
  package static func make(
    _ backlog: Backlog, landed: Set<String> = [], left: Set<String> = [], isFragment: Bool = false
  ) -> String {
    let graph = DependencyGraph(backlog)
    let remaining = graph.remainingPath { _ in DurationModel.standard }
    // make starts what it can in this order.
    let places = backlog.features.enumerated().map { position, feature in
      (feature.id, (feature.priority, remaining[feature.id] ?? 0, position))
    }
    let order = places.sorted { ScheduleOrder.isBefore($0.1, $1.1) }.map(\.0)
    var lines: [String] = []
    let wanted = order.filter { !left.contains($0) }
    lines.append("lanekeeper_features := " + wanted.map { "feature-\($0)" }.joined(separator: " "))
    if !isFragment {
      lines += [
        "LANEKEEPER ?= lanekeeper", ".PHONY: features lanes",
        "features lanes: $(lanekeeper_features)",
      ]
    }
    for id in order {
      let needs = graph.dependencies(of: id).map { " feature-\($0)" }.joined()
      lines.append(".PHONY: feature-\(id)")
      lines.append("feature-\(id):\(needs)")
      if landed.contains(id) { continue }
      // The whole recipe is marked: then make hands the job server on, and touches nothing under -t.
      lines.append("feature-\(id): ; +@\"$(LANEKEEPER)\" work $(LANEKEEPER_WORK) -- \(id)")
    }
    return lines.joined(separator: "\n")
  }
}
