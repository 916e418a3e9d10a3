import Backlog
import Model
import TestSupport
import Testing

@testable import Planning

@Suite(.bounded) struct PlanningTests {
  private func backlog(_ edges: [String: [String]], _ ids: [String]) -> Backlog {
    Backlog(
      features: ids.map { id in
        Feature(id: id, title: id, dependencies: (edges[id] ?? []).map { Dependency(id: $0) })
      })
  }

  @Test func wavesAndCriticalPath() {
    let graph = DependencyGraph(
      backlog(["b": ["a"], "c": ["a"], "d": ["b", "c"]], ["d", "c", "b", "a", "e"]))
    #expect(graph.waves == [["a", "e"], ["c", "b"], ["d"]])
    #expect(graph.criticalPath { $0 == "b" ? 5 : 1 } == ["a", "b", "d"])
    #expect(graph.closureCount(of: "a") == 3 && graph.closureCount(of: "d") == 0)
  }

  @Test func impliedEdgesAreLeftOut() {
    let graph = DependencyGraph(backlog(["b": ["a"], "c": ["a", "b"]], ["a", "b", "c"]))
    #expect(graph.reducedEdges.map { "\($0.feature)<\($0.dependsOn)" } == ["b<a", "c<b"])
  }

  @Test func makespanLiesBetweenTheBounds() {
    var state: UInt64 = 7
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1
      return Int((state >> 33) % UInt64(bound))
    }
    for _ in 0..<50 {
      let ids = (0..<20).map(String.init)
      var edges: [String: [String]] = [:]
      for number in 1..<20 {
        edges[String(number)] = (0..<number).filter { _ in next(6) == 0 }.map(String.init)
      }
      let weights = Dictionary(uniqueKeysWithValues: ids.map { ($0, Double(1 + next(9))) })
      let graph = DependencyGraph(backlog(edges, ids))
      let total = weights.values.reduce(0, +)
      let longest = graph.remainingPath { weights[$0]! }.values.max()!
      for agents in 1...5 {
        let span = ListSchedule.makespan(graph, agents: agents) { weights[$0]! }
        #expect(span >= max(longest, total / Double(agents)) - 1e-9)
        // Graham's bound for list scheduling.
        #expect(span <= total / Double(agents) + longest * (1 - 1 / Double(agents)) + 1e-9)
      }
      #expect(ListSchedule.makespan(graph, agents: 1) { weights[$0]! } == total)
    }
  }

  @Test func priorityGoesFirstThenTheLongerPath() {
    var value = backlog(["z": ["y"]], ["x", "y", "z", "w"])
    value.features[3].priority = 5
    let rank = DependencyGraph(value).ranks { _ in 1 }
    let order = zip(rank, value.features.map(\.id)).sorted { $0.0 < $1.0 }.map(\.1)
    #expect(order == ["w", "y", "x", "z"])
  }

  @Test func planPredictsTheSpeedup() {
    let plan = Plan(backlog([:], (1...10).map(String.init)), agents: 3) { _ in 60 }
    #expect(plan.predicted.sequential == 600 && plan.predicted.parallel == 240)
    #expect(plan.predicted.speedup == 2.5 && plan.edges.isEmpty)
  }

  @Test func graphTexts() {
    let value = backlog(["2": ["1"]], ["1", "2"])
    #expect(GraphText.dot(value).contains("\"1\" -> \"2\""))
    #expect(GraphText.mermaid(value).contains("-->"))
    let make = GraphText.make(value)
    #expect(make.contains("feature-2: feature-1\nfeature-2: ; +@\"$(LANEKEEPER)\" work "))
    #expect(make.contains("features lanes: $(lanekeeper_features)"))
    let later = GraphText.make(value, landed: ["1"], left: ["2"], isFragment: true)
    #expect(later.hasPrefix("lanekeeper_features := feature-1\n"))
    #expect(!later.contains("work $(LANEKEEPER_WORK) -- 1") && !later.contains("features:"))
  }
}
