import Backlog
import Engine
import Foundation
import Git
import Processes
import Store
import TestSupport
import Testing

@Suite(.bounded) struct GateTests {
  @Test func aRedTargetBlamesNobody() async throws {
    let fixture = try LandingFixture(gate: LandingFixture.noting, files: ["bad.txt": "b\n"])
    try fixture.queue("1", ["one.txt": "1\n"])
    try fixture.queue("2", ["two.txt": "2\n"])
    let result = try await fixture.land()
    #expect(result.progress == .held)
    #expect(result.held.first?.contains("red on main itself") == true)
    #expect(try fixture.state("1") == .queued)
    #expect(try fixture.store.features().allSatisfy { $0.failures == 0 })
    let runs = try fixture.runs()
    // The same process does not ask again and again.
    #expect(try await fixture.land().progress == .held)
    #expect(try fixture.runs() == runs)
    // A feature that repairs the target lands.
    try fixture.queue("3", ["bad.txt": nil], priority: 9)
    #expect(try await fixture.land().landed == ["3", "1", "2"])
  }

  @Test func aRedTargetIsAskedAgainByTheNextProcess() async throws {
    let fixture = try LandingFixture(gate: "test -e \"$PWD/../../allowed\"")
    try fixture.queue("1", ["one.txt": "1\n"])
    #expect(try await fixture.land().progress == .held)
    try fixture.test.root.write("allowed", "")
    #expect(try await fixture.land().progress == .held)
    #expect(try await fixture.land(fixture.again()).landed == ["1"])
  }

  @Test func aRedIsConfirmedColdBeforeAnybodyIsBlamed() async throws {
    // What a stale cache says is not what the tree says.
    let fixture = try LandingFixture(
      gate: "test \"$(cat cache 2>/dev/null || cp source cache; cat cache)\" = \"$(cat source)\"",
      files: [".gitignore": "cache\n", "source": "1\n"])
    try fixture.queue("1", ["one.txt": "1\n"])
    #expect(try await fixture.land().landed == ["1"])
    try fixture.queue("2", ["source": "2\n"])
    let result = try await fixture.land()
    #expect(result.landed == ["2"])
    #expect(result.sentBack == [])
    #expect(result.notes.contains { $0.contains("flaky") && $0.contains("#2") })
    let tree = try fixture.test.git("rev-parse", "main^{tree}")
    let known = try fixture.store.gateResult(
      tree: tree, command: fixture.lander.settings.gate.command, environment: "")
    #expect(known?.passed == true)
    #expect(known?.isFlaky == true)
    #expect(known?.isCold == true)
    #expect(try fixture.store.events(after: 0).contains { $0.type == "gate_flaky" })
  }

  @Test func aRedIsConfirmedAsOftenAsItIsSet() async throws {
    for retries in [0, 2] {
      let fixture = try LandingFixture(gate: LandingFixture.noting) { $0.gate.retries = retries }
      try fixture.queue("1", ["one.txt": "1\n"])
      try fixture.queue("2", ["bad.txt": "1\n"])
      #expect(try await fixture.land().sentBack == ["2"])
      #expect(try fixture.runs() == 2 + retries)
    }
  }

  @Test func theWorktreeIsRestoredBeforeEachGate() async throws {
    let fixture = try LandingFixture(
      gate: """
        test "$(git status --porcelain)" = "" || exit 1
        test "$(cat a.txt)" = "1" || exit 2
        test ! -e untracked || exit 3
        test -e ../seen && { test -e kept.cache || exit 4; }
        echo 2 > a.txt; git add a.txt; mkdir untracked; echo x > untracked/x; echo c > kept.cache
        git init -q untracked/inner; rm b.txt; touch ../seen
        chmod 500 untracked; echo locked > "$(git rev-parse --git-dir)/index.lock"
        """, files: ["a.txt": "1\n", "b.txt": "b\n", ".gitignore": "*.cache\n"])
    for number in 1...3 { try fixture.queue("\(number)", ["f\(number).txt": "x\n"]) }
    let result = try await fixture.land()
    #expect(result.landed == ["1", "2", "3"], "\(result)")
  }

  @Test func resultsAreRememberedByTreeCommandAndNamedEnvironment() async throws {
    let fixture = try LandingFixture(
      gate: LandingFixture.noting, environment: ["MODE": "a"]
    ) { $0.gate.environment = ["MODE"] }
    try fixture.queue("1", ["one.txt": "1\n"])
    #expect(try await fixture.land().landed == ["1"])
    #expect(try fixture.runs() == 1)
    func landAgain(
      _ variables: [String: String] = [:], _ configure: (inout LandingSettings) -> Void = { _ in }
    ) async throws {
      // The same tree once more: back to the base, and the feature again.
      try fixture.test.git("reset", "-q", "--hard", "main~1")
      _ = try await fixture.land()
      try fixture.store.reopen("1")
      try fixture.test.git("branch", "-f", "lane/1", "main")
      try fixture.queue("1", ["one.txt": "1\n"])
      let lander = fixture.again(adding: variables, configure)
      #expect(try await fixture.land(lander).landed == ["1"])
    }
    try await landAgain()
    #expect(try fixture.runs() == 1)
    try await landAgain(["OTHER": "b"])
    #expect(try fixture.runs() == 1)
    try await landAgain(["MODE": "b"])
    #expect(try fixture.runs() == 2)
    try await landAgain(["MODE": "b"]) { $0.gate.command += "\ntrue" }
    #expect(try fixture.runs() == 3)
  }

  @Test func eachRunHasALogOfItsOwn() async throws {
    let fixture = try LandingFixture(gate: "cat a.txt; echo gate $RANDOM $$; test ! -e bad.txt")
    try fixture.queue("1", ["a.txt": "first\n"])
    try fixture.queue("2", ["bad.txt": "second\n"])
    let result = try await fixture.land()
    let directory = fixture.state.gateLog("x") as NSString
    let logs = try FileManager.default.contentsOfDirectory(
      atPath: directory.deletingLastPathComponent)
    #expect(logs.count == 3)
    let last = try #require(try fixture.store.lastLanding(of: "2")?.gateLog)
    #expect(try String(contentsOfFile: last, encoding: .utf8).contains("gate"))
    let shown = result.outcomes.compactMap { outcome -> [String]? in
      if case .log(_, let lines) = outcome { lines } else { nil }
    }
    #expect(shown.count == 1)
    #expect(shown.first?.first == "first")
  }

  @Test func aColdGateCatchesWhatAWarmCacheHides() async throws {
    // The second feature breaks what only a build from nothing finds.
    let fixture = try LandingFixture(
      gate: "test -e built.cache || { test ! -e broken.txt && touch built.cache; }",
      files: [".gitignore": "*.cache\n"]
    ) { $0.gate.coldEvery = 3 }
    try fixture.queue("1", ["one.txt": "1\n"])
    try fixture.queue("2", ["broken.txt": "2\n"])
    try fixture.queue("3", ["three.txt": "3\n"])
    try fixture.queue("4", ["four.txt": "4\n"])
    let result = try await fixture.land()
    #expect(result.landed == ["1", "2", "3"])
    #expect(result.progress == .held)
    let note = result.notes.first { $0.contains("without caches") }
    #expect(note?.contains("#1, #2, #3") == true)
    // It stops the queue, and blames nobody by itself.
    let next = try await fixture.land()
    #expect(next.held.first?.contains("red on main itself") == true)
    #expect(try fixture.store.features().allSatisfy { $0.failures == 0 })
    try fixture.queue("5", ["broken.txt": nil], priority: 9, from: "main")
    #expect(try await fixture.land().landed == ["5", "4"])
  }

  @Test func theColdGateAtTheEndRunsOnceAndOnlyWhereACacheWas() async throws {
    let cached = try LandingFixture(
      gate: LandingFixture.noting + "\ntouch x.cache", files: [".gitignore": "*.cache\n"])
    try cached.queue("1", ["one.txt": "1\n"])
    try cached.queue("2", ["two.txt": "2\n"])
    try await cached.land()
    #expect(try cached.runs() == 2)
    for _ in 1...2 {
      #expect(try await cached.lander.coldGate(stop: StopSignal()) { _ in })
      #expect(try cached.runs() == 3)
    }
    let plain = try LandingFixture(gate: LandingFixture.noting)
    try plain.queue("1", ["one.txt": "1\n"])
    try await plain.land()
    #expect(try await plain.lander.coldGate(stop: StopSignal()) { _ in })
    #expect(try plain.runs() == 1)
  }
}
