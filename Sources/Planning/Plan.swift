import Backlog

/// What `lanekeeper plan` tells: the edges, what could run at once, and how long it should take.
package struct Plan: Sendable, Encodable {
  package struct Edge: Sendable, Encodable {
    package var feature: String
    package var dependsOn: String
    package var source: String
    package var confidence: Double?
    package var reason: String?

    enum CodingKeys: String, CodingKey {
      case feature, source, confidence, reason
      case dependsOn = "depends_on"
    }
  }

  /// Seconds with one agent, with all, and the quotient.
  package struct Prediction: Sendable, Encodable {
    package var sequential: Double
    package var parallel: Double
    package var speedup: Double

    enum CodingKeys: String, CodingKey {
      case sequential = "sequential_s"
      case parallel = "parallel_s"
      case speedup
    }
  }

  package var edges: [Edge]
  package var waves: [[String]]
  package var criticalPath: [String]
  package var predicted: Prediction

  enum CodingKeys: String, CodingKey {
    case edges, waves, predicted
    case criticalPath = "critical_path"
  }

  /// Plans a backlog without a cycle for a number of agents.
  ///
  /// - Parameter seconds: how long a feature is expected to take.
  package init(_ backlog: Backlog, agents: Int, seconds: (String) -> Double) {
    let graph = DependencyGraph(backlog)
    edges = backlog.features.flatMap { feature in
      feature.dependencies.map {
        Edge(
          feature: feature.id, dependsOn: $0.id, source: $0.source.rawValue,
          confidence: $0.confidence, reason: $0.reason)
      }
    }
    waves = graph.waves
    criticalPath = graph.criticalPath(seconds: seconds)
    let sequential = backlog.features.map { seconds($0.id) }.reduce(0, +)
    let parallel = ListSchedule.makespan(graph, agents: agents, seconds: seconds)
    predicted = Prediction(
      sequential: sequential, parallel: parallel,
      speedup: parallel > 0 ? sequential / parallel : 1)
  }
}
