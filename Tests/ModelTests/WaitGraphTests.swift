import Model
import TestSupport
import Testing

@Suite(.bounded) struct WaitGraphTests {
  private func edge(
    _ from: String, _ to: String, _ reason: WaitGraph.Reason = .claim
  ) -> WaitGraph.Edge { WaitGraph.Edge(from: from, to: to, reason: reason) }

  private func graph(_ edges: [WaitGraph.Edge]) -> WaitGraph {
    WaitGraph { feature in edges.filter { $0.from == feature } }
  }

  private func load(
    _ feature: String, files: Int = 0, spent: Int64 = 0, begun: Int64 = 0, yielded: Bool = false
  ) -> WaitGraph.Load {
    WaitGraph.Load(
      feature: feature, changedFiles: files, spent: spent, begun: begun, hasYielded: yielded)
  }

  @Test func findsTheShortestCycleOverAllKindsOfWaiting() throws {
    let edges = [
      edge("a", "b"), edge("b", "c", .dependency), edge("c", "d", .landing), edge("d", "a", .slot),
      edge("b", "x"), edge("c", "a"),
    ]
    #expect(try graph(edges).cycle(through: "a")?.map(\.from) == ["a", "b", "c"])
    #expect(try graph(edges).cycle(through: "x") == nil)
    #expect(try graph(edges).leads(from: "d", to: "x"))
    #expect(try !graph(edges).leads(from: "x", to: "a"))
  }

  @Test func leastWorkYields() {
    let cycle = [edge("a", "b"), edge("b", "a")]
    #expect(
      WaitGraph.victim(of: cycle, loads: [load("a", files: 3), load("b", files: 1)])?.from == "b")
    #expect(
      WaitGraph.victim(of: cycle, loads: [load("a", spent: 5), load("b", spent: 9)])?.from == "a")
    // With equal work the younger one.
    #expect(
      WaitGraph.victim(of: cycle, loads: [load("a", begun: 9), load("b", begun: 1)])?.from == "a")
  }

  @Test func whoHoldsASlotYieldsToWhatIsBuilt() {
    // a holds a slot and waits for a path of b, which is built and whose gate needs the slot.
    let cycle = [edge("a", "b"), edge("b", "a", .gate)]
    #expect(
      WaitGraph.victim(of: cycle, loads: [load("a", files: 9), load("b")])?.from == "a")
    // Where b is only ready, it gives its paths up: nothing of it runs.
    let ready = [edge("a", "b"), edge("b", "a", .slot)]
    #expect(WaitGraph.victim(of: ready, loads: [load("a", files: 9), load("b")])?.from == "b")
  }

  @Test func nobodyYieldsTwiceToAYoungerOne() {
    let cycle = [edge("old", "young"), edge("young", "old")]
    let young = load("young", files: 9, begun: 2)
    #expect(
      WaitGraph.victim(of: cycle, loads: [load("old", files: 1, begun: 1), young])?.from == "old")
    #expect(
      WaitGraph.victim(of: cycle, loads: [load("old", files: 1, begun: 1, yielded: true), young])?
        .from == "young")
  }

  @Test func onlyWhoHoldsSomethingThatIsWaitedForCanYield() {
    // b waits for nothing that a could give up by yielding itself: a holds no claim that b needs.
    let cycle = [edge("a", "b"), edge("b", "a", .dependency)]
    #expect(
      WaitGraph.victim(of: cycle, loads: [load("a"), load("b", files: 9)])
        == edge("b", "a", .dependency))
    let noClaim = [edge("a", "b", .dependency), edge("b", "a", .landing)]
    #expect(WaitGraph.victim(of: noClaim, loads: []) == nil)
  }

  /// Random graphs against the closure of all pairs; breaking cycles as the victims say always ends.
  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func agreesWithTheClosureOfAllPairs(seed: UInt64) throws {
    var random = Generator(state: seed)
    let names = (0..<8).map { "f\($0)" }
    var edges: [WaitGraph.Edge] = []
    for from in names {
      for to in names where to != from && random.below(5) == 0 { edges.append(edge(from, to)) }
    }
    var reaches: Set<[String]> = Set(edges.map { [$0.from, $0.to] })
    for middle in names {
      for from in names {
        for to in names where reaches.contains([from, middle]) && reaches.contains([middle, to]) {
          reaches.insert([from, to])
        }
      }
    }
    for name in names {
      let cycle = try graph(edges).cycle(through: name)
      #expect((cycle != nil) == reaches.contains([name, name]))
      guard let cycle else { continue }
      #expect(cycle.first?.from == name && cycle.last?.to == name)
      for (one, two) in zip(cycle, cycle.dropFirst()) { #expect(one.to == two.from) }
    }
    var rounds = 0
    var yields: [String: Int] = [:]
    while let name = names.first(where: { (try? graph(edges).cycle(through: $0)) ?? nil != nil }) {
      let cycle = try #require(try graph(edges).cycle(through: name))
      let loads = names.enumerated().map {
        load($1, files: random.below(3), begun: Int64($0), yielded: (yields[$1] ?? 0) > 0)
      }
      let victim = try #require(WaitGraph.victim(of: cycle, loads: loads))
      yields[victim.from, default: 0] += 1
      // Its claims are given back, so nobody waits for them any more.
      edges.removeAll { $0.to == victim.from }
      rounds += 1
      #expect(rounds <= names.count)
    }
  }
}
