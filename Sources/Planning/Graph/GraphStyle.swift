import Backlog
import Model

/// The style of a drawing of the graph.
package struct GraphStyle: Sendable {
  /// The stage of a feature, as far as a drawing distinguishes states.
  package enum Look: String, Sendable, CaseIterable {
    case open, ready, working, review, landed, failed
  }

  /// The look of each feature; those that are absent are open.
  package var looks: [String: Look]

  package init(looks: [String: Look] = [:]) { self.looks = looks }

  func look(_ id: String) -> Look { looks[id] ?? .open }

  /// Fill and line of a look, readable on white and on black.
  static func colours(_ look: Look) -> (fill: String, line: String) {
    switch look {
    case .open: ("#e8eaed", "#5f6368")
    case .ready: ("#d2e3fc", "#1967d2")
    case .working: ("#feefc3", "#b06000")
    case .review: ("#e9d2fd", "#7627bb")
    case .landed: ("#ceead6", "#137333")
    case .failed: ("#fad2cf", "#c5221f")
    }
  }
}

extension Backlog {
  /// The edges that no others imply, with where they come from.
  func drawnEdges() -> [(feature: String, dependsOn: String, source: Dependency.Source)] {
    var sources: [String: [String: Dependency.Source]] = [:]
    for feature in features {
      for dependency in feature.dependencies where sources[feature.id]?[dependency.id] == nil {
        sources[feature.id, default: [:]][dependency.id] = dependency.source
      }
    }
    return DependencyGraph(self).reducedEdges.map {
      ($0.feature, $0.dependsOn, sources[$0.feature]?[$0.dependsOn] ?? .declared)
    }
  }
}
