import Backlog

/// The content of `lanekeeper plan`: the edges, the waves, and the expected times.
package struct Plan: Sendable, Encodable {
  package struct Edge: Sendable, Encodable {
    package var feature: String
    package var dependsOn: String
    package var source: String
    package var confidence: Double?
    package var reason: String?
    /// The agent or model that said so.
    package var by: String?

    enum CodingKeys: String, CodingKey {
      case feature, source, confidence, reason, by
      case dependsOn = "depends_on"
    }

    package init(
      feature: String, dependsOn: String, source: String, confidence: Double?, reason: String?,
      by: String?
    ) {
      self.feature = feature
      self.dependsOn = dependsOn
      self.source = source
      self.confidence = confidence
      self.reason = reason
      self.by = by
    }

    package init(_ finding: Detector.Finding) {
      self.init(
        feature: finding.feature, dependsOn: finding.dependsOn, source: "detected",
        confidence: finding.confidence, reason: finding.reason, by: finding.by)
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

  /// The expected time for a number of agents.
  package struct Pace: Sendable, Encodable, Equatable {
    package var agents: Int
    package var seconds: Double
    package var speedup: Double
  }

  /// An edge and how much sooner all would be done without it.
  package struct CostlyEdge: Sendable, Encodable, Equatable {
    package var feature: String
    package var dependsOn: String
    package var seconds: Double

    enum CodingKeys: String, CodingKey {
      case feature
      case dependsOn = "depends_on"
      case seconds = "costs_s"
    }
  }

  package var edges: [Edge]
  package var waves: [[String]]
  package var criticalPath: [String]
  package var predicted: Prediction
  /// With 1 to 5 agents.
  package var paces: [Pace]
  /// The dearest first, at most five.
  package var costlyEdges: [CostlyEdge]

  enum CodingKeys: String, CodingKey {
    case edges, waves, predicted
    case criticalPath = "critical_path"
    case paces = "by_agents"
    case costlyEdges = "costly_edges"
  }

  /// Plans a backlog without a cycle for a number of agents.
  ///
  /// - Parameters:
  ///   - slots: how many there are of what few can use at a time.
  ///   - isExclusive: whether a path that a feature declares in `touches` is claimed by it alone.
  ///   - seconds: how long a feature is expected to take.
  package init(
    _ backlog: Backlog, agents: Int, slots: [String: Int] = [:],
    isExclusive: (String) -> Bool = { _ in true }, seconds: (String) -> Double
  ) {
    var needs = Self.touched(backlog, isExclusive)
    for feature in backlog.features where !feature.slots.isEmpty {
      needs[feature.id, default: []] += feature.slots
    }
    let slots = SlotDemand(counts: slots, needs: needs)
    let graph = DependencyGraph(backlog)
    edges = backlog.features.flatMap { feature in
      feature.dependencies.map {
        Edge(
          feature: feature.id, dependsOn: $0.id, source: $0.source.rawValue,
          confidence: $0.confidence, reason: $0.reason, by: $0.by)
      }
    }
    waves = graph.waves
    criticalPath = graph.criticalPath(seconds: seconds)
    let sequential = backlog.features.map { seconds($0.id) }.reduce(0, +)
    let parallel = ListSchedule.makespan(graph, agents: agents, slots: slots, seconds: seconds)
    predicted = Prediction(
      sequential: sequential, parallel: parallel,
      speedup: parallel > 0 ? sequential / parallel : 1)
    paces = (1...5).map { count in
      let span =
        count == agents
        ? parallel : ListSchedule.makespan(graph, agents: count, slots: slots, seconds: seconds)
      return Pace(agents: count, seconds: span, speedup: span > 0 ? sequential / span : 1)
    }
    costlyEdges = Self.costlyEdges(
      backlog, path: criticalPath, agents: agents, slots: slots, makespan: parallel,
      seconds: seconds)
  }

  /// Returns for each feature the declared paths that it holds while it runs, as slots of which there is one: its own
  /// and those below its directories.
  private static func touched(
    _ backlog: Backlog, _ isExclusive: (String) -> Bool
  ) -> [String: [String]] {
    let own = backlog.features.map { feature in
      (id: feature.id, paths: Set(feature.touches.filter(isExclusive)))
    }.filter { !$0.paths.isEmpty }
    guard own.count > 1 else { return [:] }
    let sorted = Set(own.flatMap(\.paths)).sorted()
    var result: [String: [String]] = [:]
    for (id, paths) in own {
      var held = paths
      for directory in paths where directory.hasSuffix("/") {
        var place = sorted.partitioningIndex { $0 >= directory }
        while place < sorted.count, sorted[place].hasPrefix(directory) {
          held.insert(sorted[place])
          place += 1
        }
      }
      // No name of a slot holds a slash at its start.
      result[id] = held.sorted().map { "/" + $0 }
    }
    return result
  }

  /// Leaves the edges of the critical path out one by one; only they can hold all up.
  ///
  /// At most 40 are tried, so that the plan of a very long chain stays quick.
  private static func costlyEdges(
    _ backlog: Backlog, path: [String], agents: Int, slots: SlotDemand, makespan: Double,
    seconds: (String) -> Double
  ) -> [CostlyEdge] {
    let places = Dictionary(
      backlog.features.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    var result: [CostlyEdge] = []
    let most = backlog.features.count > 2000 ? 6 : 40
    for (earlier, later) in zip(path, path.dropFirst()).prefix(most) {
      guard let place = places[later] else { continue }
      var without = backlog
      without.features[place].dependencies.removeAll { $0.id == earlier }
      let span = ListSchedule.makespan(
        DependencyGraph(without), agents: agents, slots: slots, seconds: seconds)
      if makespan - span >= max(1, makespan * 0.005) {
        result.append(CostlyEdge(feature: later, dependsOn: earlier, seconds: makespan - span))
      }
    }
    return Array(
      result.sorted { ($1.seconds, $0.feature) < ($0.seconds, $1.feature) }.prefix(5))
  }
}

extension Array {
  /// Returns the first place from which on a condition holds, in an array in which it holds from some place on.
  fileprivate func partitioningIndex(where isBehind: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
