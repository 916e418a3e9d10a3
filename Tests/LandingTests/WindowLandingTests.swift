import Engine
import Foundation
import Processes
import Store
import TestSupport
import Testing

@Suite(.bounded) struct WindowLandingTests {
  @Test func aGreenChainCostsOneGate() async throws {
    let fixture = try LandingFixture(gate: LandingFixture.noting, window: .size(4))
    for number in 1...8 { try fixture.queue("\(number)", ["f\(number).txt": "x\n"]) }
    #expect(try await fixture.land().landed == (1...8).map(String.init))
    #expect(try fixture.runs() == 2)
    #expect(try fixture.trailers().count == 8)
  }

  @Test func theCulpritLeavesAndKnownResultsAreUsedAgain() async throws {
    let fixture = try LandingFixture(gate: LandingFixture.noting, window: .size(8))
    let start = try fixture.test.git("rev-parse", "main")
    for number in 1...8 {
      try fixture.queue("\(number)", [(number == 6 ? "bad" : "f") + "\(number).txt": "x\n"])
    }
    let result = try await fixture.land()
    #expect(result.sentBack == ["6"])
    #expect(result.landed == ["1", "2", "3", "4", "5", "7", "8"])
    // 8, the target itself, 4, 6, 5, and 6 again from cold; then 7 and 8 together.
    #expect(try fixture.runs() == 7)
    #expect(try fixture.store.feature("6")?.failures == 1)
    #expect(try fixture.store.features().filter { $0.id != "6" && $0.failures > 0 }.isEmpty)
    try fixture.checkP3(since: start)
  }

  @Test func aSearchThatWasCutOffGoesOnWithWhatIsKnown() async throws {
    let fixture = try LandingFixture(gate: LandingFixture.noting, window: .size(8))
    for number in 1...8 {
      try fixture.queue("\(number)", [(number == 6 ? "bad" : "f") + "\(number).txt": "x\n"])
    }
    let stop = StopAfter(runs: 3, fixture: fixture)
    let first = try await stop.land()
    #expect(first == .stopped)
    let before = try fixture.runs()
    #expect(try fixture.state("1") == .queued)
    let result = try await fixture.land()
    #expect(result.sentBack == ["6"])
    #expect(result.landed.count == 7)
    // Stopping ended one run in the middle, which is asked again.
    #expect(try fixture.runs() <= max(7, before + 5))
  }

  @Test func twoThatFailOnlyTogetherBlameTheLater() async throws {
    let fixture = try LandingFixture(
      gate: "! { test -e x.txt && test -e y.txt; }", window: .size(4))
    try fixture.queue("1", ["x.txt": "x\n"])
    try fixture.queue("2", ["y.txt": "y\n"])
    try fixture.queue("3", ["z.txt": "z\n"])
    let result = try await fixture.land()
    #expect(result.landed == ["1", "3"])
    #expect(result.sentBack == ["2"])
  }

  @Test(arguments: [nil, 2, 7] as [Int?])
  func p3_p5_severalGatesAtOnceSettleTheSame(bad: Int?) async throws {
    // Each gate waits for company: alone it would never end in time.
    let fixture = try LandingFixture(
      gate: """
        root="$(git rev-parse --git-common-dir)/../.."; mkdir -p "$root/at-work/$$"
        n=0; while [ "$(ls "$root/at-work" | wc -l)" -lt 2 ] && [ $n -lt 100 ]
        do sleep 0.02; n=$((n + 1)); done
        [ "$(ls "$root/at-work" | wc -l)" -ge 2 ] && echo . >> "$root/together"
        """ + "\n" + LandingFixture.noting, window: .size(8)
    ) { $0.landing.speculate = 3 }
    let start = try fixture.test.git("rev-parse", "main")
    for number in 1...8 {
      try fixture.queue("\(number)", [(number == bad ? "bad" : "f") + "\(number).txt": "x\n"])
    }
    let result = try await fixture.land()
    #expect(result.sentBack == (bad.map { ["\($0)"] } ?? []))
    #expect(result.landed == (1...8).filter { $0 != bad }.map(String.init))
    #expect(fixture.test.root.exists("together"))
    try fixture.checkP3(since: start)
    #expect(OrphanProcesses.find(standingIn: fixture.test.root.path("lanes")).isEmpty)
    #expect(try fixture.store.openLandings().isEmpty)
  }

  @Test func autoAdaptsToWhatItMeets() async throws {
    let fixture = try LandingFixture(gate: LandingFixture.noting, window: .auto)
    for number in 1...40 { try fixture.queue("\(number)", ["f\(number).txt": "x\n"]) }
    #expect(try await fixture.land().landed.count == 40)
    #expect(try fixture.runs() <= 6)
    #expect(try fixture.store.gateOutcomes() == Array(repeating: true, count: 40))
  }
}

/// Stops a landing once the gate has run so often.
private struct StopAfter {
  let runs: Int
  let fixture: LandingFixture

  func land() async throws -> LandingProgress {
    let stop = StopSignal()
    let (wanted, root) = (runs, fixture.test.root.path)
    let watcher = Task {
      while !Task.isCancelled {
        let text = (try? String(contentsOfFile: root + "/runs", encoding: .utf8)) ?? ""
        if text.split(separator: "\n").count >= wanted { return stop.set() }
        try? await Task.sleep(for: .milliseconds(2))
      }
    }
    defer { watcher.cancel() }
    var progress = LandingProgress.progressed
    while progress == .progressed {
      progress = try await fixture.lander.landNext(stop: stop) { _ in }
    }
    return progress
  }
}
