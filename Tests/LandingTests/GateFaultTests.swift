import Engine
import Foundation
import Processes
import Store
import TestSupport
import Testing

/// Gates that behave badly. What the target holds, what agents wrote and what the next start finds must
/// be right all the same.
@Suite(.bounded) struct GateFaultTests {
  /// What holds at the end whatever the gate did.
  private func check(
    _ fixture: LandingFixture, since start: String, lost: [String] = [],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try fixture.checkP3(since: start, sourceLocation: sourceLocation)
    #expect(
      try fixture.test.git("status", "--porcelain") == "", sourceLocation: sourceLocation)
    #expect(try fixture.store.openLandings().isEmpty, sourceLocation: sourceLocation)
    #expect(
      try fixture.test.git("fsck", "--no-dangling", "--no-progress") == "",
      sourceLocation: sourceLocation)
    for feature in try fixture.store.features() where feature.state != .landed {
      let branch = try #require(feature.branch)
      #expect(
        try fixture.test.git("log", "-1", "--format=%s", branch) == "work \(feature.id)",
        sourceLocation: sourceLocation)
    }
    #expect(
      OrphanProcesses.find(standingIn: fixture.test.root.path("lanes")).isEmpty,
      sourceLocation: sourceLocation)
  }

  @Test func p7_aRoomThatWasCutOffIsMadeAgainAndAForeignOneIsLeft() async throws {
    let fixture = try LandingFixture(gate: "test -e one.txt")
    try fixture.queue("1", ["one.txt": "1\n"])
    #expect(try await fixture.land().landed == ["1"])
    // Killed between the end of the registration and of the directory.
    let admin = fixture.test.path + "/.git/worktrees/integration"
    try FileManager.default.removeItem(atPath: admin)
    try fixture.queue("2", ["two.txt": "2\n"])
    #expect(try await fixture.land().landed == ["2"])
    // Killed while it was made: registered, and in the directory only a link that has no name yet.
    try FileManager.default.removeItem(atPath: admin + "/index")
    try Data("being made".utf8).write(to: URL(fileURLWithPath: admin + "/locked"))
    try FileManager.default.removeItem(atPath: fixture.test.root.path("lanes/integration"))
    try fixture.test.root.write("lanes/integration/.git-being-written", "gitdir:")
    try fixture.queue("4", ["four.txt": "4\n"])
    #expect(try await fixture.land().landed == ["4"])
    try FileManager.default.removeItem(atPath: admin)
    try fixture.test.root.write("lanes/integration/.git", "gitdir: /elsewhere\n")
    try fixture.queue("3", ["three.txt": "3\n"])
    let held = try await fixture.land()
    #expect(held.progress == .heldByMachine && held.landed == [])
    #expect(fixture.test.root.exists("lanes/integration/one.txt"))
  }

  private func landBoth(
    _ bad: String, configure: (inout LandingSettings) -> Void = { _ in }
  ) async throws -> (LandingFixture, LandingFixture.Landed) {
    let fixture = try LandingFixture(
      gate: "if test -e evil.txt; then\n\(bad)\nfi\n" + LandingFixture.noting)
    let start = try fixture.test.git("rev-parse", "main")
    try fixture.queue("1", ["evil.txt": "e\n"])
    try fixture.queue("2", ["two.txt": "2\n"])
    let result = try await fixture.land(fixture.again(configure))
    try check(fixture, since: start)
    return (fixture, result)
  }

  @Test func p3_p5_aGateThatHangsIsEndedInTime() async throws {
    let (fixture, result) = try await landBoth("trap '' TERM; setsid sleep 600 & sleep 600") {
      $0.gate.timeoutMinutes = 0.01
    }
    #expect(result.landed == ["2"])
    #expect(result.details.first?.contains("took longer than 0.01 minutes") == true)
    #expect(try fixture.state("1") == .ready)
  }

  @Test func p3_p5_aGateThatKillsItsParentIsRed() async throws {
    let (fixture, result) = try await landBoth("setsid sleep 600 & kill -9 $PPID; sleep 600")
    #expect(result.landed == ["2"])
    #expect(result.details.first?.contains("killed the process that supervises it") == true)
    #expect(try fixture.state("1") == .ready)
  }

  @Test func aGateReadsNothingFromWhoRunsIt() async throws {
    let (_, result) = try await landBoth("[ \"$(wc -c)\" = 0 ] || exit 1")
    #expect(result.landed == ["1", "2"])
  }

  @Test func p3_p5_aGateThatLeavesProcessesDoesNotKeepThem() async throws {
    let (_, result) = try await landBoth(
      "setsid sleep 600 & (setsid sh -c 'trap \"\" TERM HUP; sleep 600' &) ; sleep 0.05")
    #expect(result.landed == ["1", "2"])
  }

  @Test func p3_aGateThatCommitsAndMovesTheTargetItselfLandsNothingUngated() async throws {
    let fixture = try LandingFixture(
      gate: """
        if test -e evil.txt; then git update-ref refs/heads/main HEAD; exit 1; fi
        """ + "\n" + LandingFixture.noting, window: .size(2)
    ) { $0.landing.follow = "never" }
    try fixture.queue("1", ["two.txt": "2\n"])
    try fixture.queue("2", ["evil.txt": "e\n"])
    let result = try await fixture.land()
    // The target is where somebody else put it; nobody is blamed for what stands on it, and nothing of
    // ours goes on top while the gate is red there.
    #expect(result.progress == .held || result.landed.sorted() == ["1", "2"])
    #expect(try fixture.store.openLandings().isEmpty)
  }

  @Test func p3_p7_aSupervisorThatTheGateKillsIsTakenUpAgain() throws {
    let fixture = try LandingFixture(gate: "")
    let start = try fixture.test.git("rev-parse", "main")
    try fixture.queue("1", ["one.txt": "1\n"])
    let gate = """
      if ! test -e "$PWD/../../killed"; then touch "$PWD/../../killed"
      kill -9 $(ps -o ppid= -p $PPID); sleep 600; fi
      """ + "\n" + LandingFixture.noting
    let probe = Probe(fixture, gate: gate)
    #expect(try probe.land().status == 128 + SIGKILL)
    #expect(try fixture.state("1") == .landing)
    #expect(try probe.land().status == 0)
    #expect(try fixture.trailers() == ["1"])
    try check(fixture, since: start)
  }

  @Test(.enabled(if: SmallDisk.isPossible))
  func p3_p4_p7_aGateThatFillsTheDiskIsItsOwnFault() throws {
    let fixture = try LandingFixture(gate: "")
    let start = try fixture.test.git("rev-parse", "main")
    try fixture.queue("1", ["evil.txt": "e\n"])
    try fixture.queue("2", ["two.txt": "2\n"])
    let gate = """
      if test -e evil.txt; then dd if=/dev/zero of=big bs=64k 2>/dev/null || exit 9; fi
      """ + "\n" + LandingFixture.noting
    let probe = Probe(fixture, gate: gate)
    let result = try probe.land(smallDisk: true)
    #expect(result.status == 0, "\(result.text)\(result.error)")
    #expect(try fixture.trailers() == ["2"], "\(result.text)\(result.error)")
    #expect(try fixture.state("1") == .ready)
    #expect(try fixture.store.feature("1")?.rework?.contains("exited 9") == true)
    try check(fixture, since: start)
  }

  @Test(.enabled(if: SmallDisk.isPossible))
  func p3_p4_p7_aDiskThatOthersFillHoldsTheQueue() throws {
    let fixture = try LandingFixture(gate: "")
    let start = try fixture.test.git("rev-parse", "main")
    try fixture.queue("1", ["one.txt": "1\n"])
    let gate = "dd if=/dev/zero of=../other bs=64k 2>/dev/null || exit 9\n" + LandingFixture.noting
    let result = try Probe(fixture, gate: gate).land(smallDisk: true)
    #expect(result.text.contains("is full"), "\(result.text)\(result.error)")
    #expect(try fixture.state("1") == .queued)
    #expect(try fixture.store.feature("1")?.failures == 0)
    try check(fixture, since: start)
    #expect(try Probe(fixture, gate: LandingFixture.noting).land().status == 0)
    #expect(try fixture.trailers() == ["1"])
  }
}

/// A file system of a few megabytes over the directory of the lanes, for one process.
enum SmallDisk {
  static let script = """
    mkdir -p "$0" && mount -t tmpfs -o size=4m none "$0" && exec "$@"
    """

  static let isPossible: Bool = {
    guard let scratch = try? TemporaryDirectory() else { return false }
    let result = try? TestProgram.run(
      ["unshare", "-rm", "sh", "-c", script, scratch.path("m"), "true"],
      directory: scratch.path, environment: TestProgram.environment(home: scratch.path))
    return result?.status == 0
  }()
}
