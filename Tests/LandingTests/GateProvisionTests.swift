import Engine
import Foundation
import Git
import Processes
import Store
import TestSupport
import Testing

@Suite(.bounded) struct GateProvisionTests {
  /// A landing whose gate worktrees get what lanes get.
  private func provided(
    _ fixture: LandingFixture, copy: [String] = [], setup: String? = nil
  ) -> Lander {
    let provision = Provision(
      fixture.lander.context,
      settings: LaneSettings(
        directory: fixture.test.root.path("lanes"), copy: copy, setup: setup, litter: []),
      store: fixture.store)
    return fixture.again { $0.provision = provision }
  }

  @Test func theGateHasTheCopiesWarmAndCold() async throws {
    let fixture = try LandingFixture(
      gate: "test -e deps/tool && test ! -e bad.txt && test -e \"$LANEKEEPER_REPOSITORY/a.txt\"",
      files: [".gitignore": "deps/\n", "deps/tool": "t\n"])
    let lander = provided(fixture, copy: ["deps"])
    try fixture.queue("1", ["one.txt": "1\n"])
    try fixture.queue("2", ["bad.txt": "b\n"])
    let result = try await fixture.land(lander)
    #expect(result.landed == ["1"])
    #expect(result.sentBack == ["2"])
    #expect(fixture.test.root.exists("lanes/integration/deps/tool"))
    // The second red was asked for from cold.
    #expect(fixture.test.root.exists("lanes/integration-cold/deps/tool"))
  }

  @Test func aColdGateHasNothingButTheCopies() async throws {
    let fixture = try LandingFixture(
      gate: "test -e deps/tool && test ! -e product && touch product && test ! -e bad.txt",
      files: [".gitignore": "deps/\nproduct\n", "deps/tool": "t\n"])
    try fixture.queue("1", ["bad.txt": "b\n"])
    let lander = provided(fixture, copy: ["deps"])
    #expect(try await fixture.land(lander).sentBack == ["1"])
    try fixture.queue("2", ["two.txt": "2\n"])
    // The warm worktree has the product of the gate before, the cold one has not.
    let result = try await fixture.land(lander)
    #expect(result.landed == ["2"])
  }

  @Test func whereSetUpFailsOnATreeItsFeatureIsBlamed() async throws {
    let fixture = try LandingFixture(
      gate: "test -e made", files: [".gitignore": "made\n", "uv.lock": "good\n"])
    let lander = provided(
      fixture, setup: "echo trying; grep -q good uv.lock && touch made && echo x >> a.txt")
    try fixture.queue("1", ["uv.lock": "broken\n"])
    try fixture.queue("2", ["two.txt": "2\n"])
    let result = try await fixture.land(lander)
    #expect(result.sentBack == ["1"])
    #expect(result.landed == ["2"])
    let rework = try #require(try fixture.store.feature("1")?.rework)
    #expect(rework.contains("lanes.setup") && rework.contains("trying"), "\(rework)")
  }

  @Test func p3_theGateRunsOnTheTreeAsItIsWhateverSetUpDidToIt() async throws {
    let fixture = try LandingFixture(gate: "git diff --quiet && test -z \"$(git status -s)\"")
    let lander = provided(fixture, setup: "echo more >> a.txt; echo new > b.txt")
    try fixture.queue("1", ["one.txt": "1\n"])
    #expect(try await fixture.land(lander).landed == ["1"])
  }

  @Test func theTargetIsTriedOnceAndItsGreenIsRemembered() async throws {
    let fixture = try LandingFixture(gate: LandingFixture.noting)
    #expect(try await fixture.lander.gateTarget(stop: StopSignal()) == .green)
    let runs = try fixture.runs()
    #expect(runs == 1)
    #expect(try fixture.again().isTargetGated())
    #expect(try await fixture.again().gateTarget(stop: StopSignal()) == .green)
    #expect(try fixture.runs() == runs)
  }

  @Test func aRedTargetIsConfirmedAndToldAndAskedAgain() async throws {
    let fixture = try LandingFixture(gate: "echo because; test -e \"$PWD/../../allowed\"")
    guard case .red(let words, let log) = try await fixture.lander.gateTarget(stop: StopSignal())
    else {
      Issue.record("it passed")
      return
    }
    #expect(words.contains("red on main itself"))
    #expect(Lander.gateTail(log, lines: 5).contains("because"))
    let tree = try #require(
      ObjectID(hex: try fixture.test.git("rev-parse", "main^{tree}")))
    #expect(try Lander.redWords(fixture.store, tree: tree) == words)
    try fixture.test.root.write("allowed", "")
    #expect(try await fixture.again().gateTarget(stop: StopSignal()) == .green)
    #expect(try Lander.redWords(fixture.store, tree: tree) == nil)
  }

  @Test func whatTheGateLeavesOnTheTargetIsLitter() async throws {
    let fixture = try LandingFixture(
      gate: "mkdir -p out; touch product out/deep 'with blank' ignored; exit 0",
      files: [".gitignore": "ignored\n"])
    #expect(try await fixture.lander.gateTarget(stop: StopSignal()) == .green)
    let names = try GateLitter.names(fixture.store)
    #expect(names == ["out/deep", "product", "with blank"])
    #expect(GateLitter.words(names, gate: "make test")?.contains("3 files") == true)
    #expect(GateLitter.words([], gate: "make test") == nil)
  }
}
