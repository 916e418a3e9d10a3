import Backlog
import Model
import Planning
import Store

/// The graph of dependencies with how far each feature is.
package struct GraphView {
  package let backlog: Backlog
  package let states: [String: FeatureState]
  /// Likely dependencies that do not hold.
  package let hints: [Detector.Finding]

  package init(
    _ backlog: Backlog, states: [String: FeatureState], hints: [Detector.Finding] = []
  ) {
    self.backlog = backlog
    self.states = states
    self.hints = hints
  }

  /// As `graph --format json` gives it.
  package var json: JSON {
    ["features": .array(backlog.features.map(node)), "hints": .array(hints.map(hint))]
  }

  private func hint(_ finding: Detector.Finding) -> JSON {
    [
      "feature": .string(finding.feature), "depends_on": .string(finding.dependsOn),
      "confidence": .number(finding.confidence), "reason": .string(finding.reason),
      "by": .text(finding.by),
    ]
  }

  private func node(_ feature: Feature) -> JSON {
    [
      "id": .string(feature.id), "title": .string(feature.title),
      "category": .string(feature.category),
      "state": .text(states[feature.id]?.rawValue),
      "depends_on": .texts(feature.dependencies.map(\.id)),
      "discovered": .texts(feature.dependencies.filter { $0.source == .discovered }.map(\.id)),
      "edges": .array(
        feature.dependencies.map { edge in
          [
            "depends_on": .string(edge.id), "source": .string(edge.source.rawValue),
            "confidence": edge.confidence.map { .number($0) } ?? .null,
            "reason": .text(edge.reason), "by": .text(edge.by),
          ]
        }),
    ]
  }

  /// How a drawing shows a state.
  package static func look(_ state: FeatureState) -> GraphStyle.Look {
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
