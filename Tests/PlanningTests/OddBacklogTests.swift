import Backlog
import Foundation
import TestSupport
import Testing

@testable import Planning

/// Backlogs that nobody writes on purpose, from the text of `features.yml` to detection and plan.
@Suite(.bounded) struct OddBacklogTests {
  private func read(_ lines: [String]) throws -> Backlog {
    try BacklogReader.read(
      text: "features:\n" + lines.map { "  - \($0)\n" }.joined(), file: "features.yml")
  }

  private func problem(_ lines: [String]) -> String {
    do {
      _ = try read(lines)
      return ""
    } catch {
      return "\(error)"
    }
  }

  /// Detects and plans, and checks that every feature has its place.
  private func plan(_ backlog: Backlog) throws -> Plan {
    let found = try DetectorTests.detector().detect(backlog)
    let all = backlog.adding(found.edges)
    let plan = Plan(all, agents: 3) { _ in 60 }
    #expect(plan.waves.joined().count == backlog.features.count)
    return plan
  }

  @Test func aChainOfSixtyIsNoCycle() throws {
    let chain = try read(
      (1...60).map { "{id: \($0), title: Step \($0), depends_on: [\($0 > 1 ? "\($0 - 1)" : "")]}" })
    #expect(try plan(chain).waves.count == 60)
    #expect(Plan(chain, agents: 5) { _ in 60 }.criticalPath.count == 60)
  }

  @Test func aFanOfTenThousand() throws {
    let fan = try read(
      ["{id: root, title: Root}"]
        + (1...10_000).map { "{id: n\($0), title: Leaf \($0), depends_on: [root]}" })
    let plan = Plan(fan, agents: 5) { _ in 60 }
    #expect(plan.waves.map(\.count) == [1, 10_000])
    #expect(DependencyGraph(fan).closureCount(of: "root") == 10_000)
  }

  @Test func anEdgeTwiceCountsOnce() throws {
    let twice = try read(["{id: 1, title: A}", "{id: 2, title: B, depends_on: [1, 1, {id: 1}]}"])
    #expect(DependencyGraph(twice).dependencies(of: "2") == ["1"])
    #expect(try plan(twice).waves == [["1"], ["2"]])
  }

  @Test func edgesToItselfAndToNowhereAreErrorsThatNameThem() {
    #expect(problem(["{id: 1, title: A, depends_on: [1]}"]).contains("'1' depends on itself"))
    let nowhere = problem(["{id: login, title: A}", "{id: 2, title: B, depends_on: [logn]}"])
    #expect(nowhere.contains("no feature has the id 'logn'") && nowhere.contains("login"))
    let cycle = problem([
      "{id: a, title: A, depends_on: [b]}", "{id: b, title: B, depends_on: [a]}",
    ])
    #expect(cycle.contains("a -> b -> a") || cycle.contains("b -> a -> b"), "\(cycle)")
  }

  @Test func titlesInAnyScript() throws {
    let titles = ["登录页面", "Página de início", "🔐 вход", "e\u{301}tape", "שלום", "a\u{200d}b"]
    let backlog = try read(titles.enumerated().map { "{id: \($0 + 1), title: \"\($1)\"}" })
    #expect(backlog.features.map(\.title) == titles)
    _ = try plan(backlog)
    let style = GraphStyle(looks: [:])
    for text in [
      GraphText.dot(backlog, style: style), GraphText.mermaid(backlog, style: style),
      GraphSVG.svg(backlog, style: style),
    ] {
      #expect(text.contains("登录页面"))
    }
  }

  @Test func nothingToReadAndVeryMuchToRead() throws {
    let empty = try read((1...5).map { "{id: \($0), title: T, description: \"\"}" })
    _ = try plan(empty)
    var large = empty
    large.features[1].description = String(repeating: "words that go on ", count: 62_000)
    #expect(large.features[1].description.utf8.count > 1_000_000)
    large = try BacklogReader.read(text: BacklogWriter.yaml(large), file: "features.yml")
    _ = try plan(large)
    #expect(DependencyQuestion.windows(large).allSatisfy { $0.prompt.utf8.count < 10_000 })
    _ = Footprint.of(large, FootprintModel())
  }
}
