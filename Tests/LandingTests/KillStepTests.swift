import Engine
import Foundation
import Processes
import Store
import TestSupport
import Testing

/// `kill -9` in each step between a gate that passed and claims that are released.
@Suite(.bounded) struct KillStepTests {
  /// A queue that adds, changes and removes files, beside a person's own.
  private func queue() throws -> LandingFixture {
    let fixture = try LandingFixture(files: [
      "keep/a.txt": "old\n", "keep/b.txt": "old\n", "gone/c.txt": "old\n", "mine.txt": "tracked\n",
    ])
    try fixture.queue("1", ["keep/a.txt": "new\n", "fresh/d.txt": "d\n"])
    try fixture.queue("2", ["gone/c.txt": nil, "keep/e.txt": "e\n"])
    try fixture.queue("3", ["keep/b.txt": nil, "top.txt": "t\n"])
    // What a person has under way in files that no feature touches stays as it is.
    try fixture.test.write("mine.txt", "changed by hand\n")
    try fixture.test.write("untracked.txt", "not tracked\n")
    try fixture.test.write("staged.txt", "staged\n")
    try fixture.test.git("add", "staged.txt")
    return fixture
  }

  private static let cases: [(LandingStep, Int)] =
    LandingStep.allCases.filter { $0 != .pushJournaled && $0 != .pushed }.flatMap { step in
      // Each of the files that are put in place, and each branch that goes, is a moment of its own.
      switch step {
      case .filePlaced: (1...6).map { (step, $0) }
      case .branchDropped: (1...3).map { (step, $0) }
      default: [(step, 1)]
      }
    }

  @Test(arguments: cases)
  func p3_p4_p7_killedAt(step: LandingStep, count: Int) throws {
    let fixture = try queue()
    try check(fixture, push: nil, step: step, count: count, style: "merge")
  }

  @Test(arguments: ["squash", "rebase"], [LandingStep.followJournaled, .swapJournaled, .swapped])
  func p3_p4_p7_killedInOtherStyles(style: String, step: LandingStep) throws {
    try check(try queue(), push: nil, step: step, count: 1, style: style)
  }

  @Test(arguments: [LandingStep.pushJournaled, .pushed, .followJournaled, .swapped, .settled])
  func p3_p4_p7_killedWithAPush(step: LandingStep) throws {
    let fixture = try queue()
    let remote = fixture.test.root.path("remote.git")
    try fixture.test.git("init", "-q", "--bare", "-b", "main", remote)
    try fixture.test.git("remote", "add", "origin", remote)
    try fixture.test.git("push", "-q", "origin", "main")
    try check(fixture, push: "origin", step: step, count: 1, style: "merge")
    #expect(
      try fixture.test.git("rev-parse", "main", at: remote)
        == fixture.test.git("rev-parse", "main"))
  }

  @Test(arguments: [LandingStep.chosen, .followJournaled, .swapped, .settled])
  func p3_p7_killedWhileAnotherIsToBlame(step: LandingStep) throws {
    let fixture = try LandingFixture()
    let start = try fixture.test.git("rev-parse", "main")
    try fixture.queue("1", ["one.txt": "1\n"])
    try fixture.queue("2", ["bad.txt": "2\n"])
    try fixture.queue("3", ["three.txt": "3\n"])
    let probe = Probe(fixture, gate: LandingFixture.noting)
    #expect(try probe.land(killedAt: step).status == 128 + SIGKILL)
    let runs = try fixture.runs()
    let next = try probe.land()
    #expect(next.status == 0, "\(next.text)\(next.error)")
    #expect(try fixture.trailers() == ["1", "3"])
    #expect(try fixture.store.feature("2")?.failures == 1)
    #expect(try fixture.state("2") == .ready)
    // Only the third, on its new place, was asked about again.
    #expect(try fixture.runs() == runs + 1)
    try fixture.checkP3(since: start)
    #expect(try fixture.test.git("for-each-ref", "refs/lanekeeper/landing") == "")
  }

  /// A feature and one that was built on its branch, with changes to one line; killed while the first lands,
  /// or the second.
  @Test(
    arguments: ["merge", "squash", "rebase"],
    [
      (LandingStep.chosen, 1), (.swapJournaled, 1), (.swapped, 1), (.settled, 1), (.chosen, 2),
      (.swapJournaled, 2), (.swapped, 2), (.settled, 2),
    ])
  func p2_p3_p7_killedWhileAStackLands(style: String, moment: (LandingStep, Int)) throws {
    let fixture = try LandingFixture(files: ["house.txt": "plan\n"])
    try fixture.store.setClaimSettings(
      target: "refs/heads/main", policy: "auto", humans: "warn", policies: [], stacks: true)
    let start = try fixture.test.git("rev-parse", "main")
    try fixture.queue("a", ["house.txt": "ground\n", "a.txt": nil])
    try fixture.queue(
      "b", ["house.txt": "ground with walls\n", "b.txt": "b\n"], needs: ["a"], below: "lane/a")
    #expect(try fixture.store.stacks() == ["b": "a"])
    let work = try ["a", "b"].map { try fixture.test.git("rev-parse", "lane/\($0)") }
    var probe = Probe(fixture, gate: LandingFixture.noting)
    probe.style = style
    probe.window = "1"
    let killed = try probe.land(killedAt: moment.0, count: moment.1)
    #expect(killed.status == 128 + SIGKILL, "\(moment) was never reached: \(killed.text)")
    for commit in work {
      #expect(try fixture.test.git("for-each-ref", "--contains", commit) != "")
    }
    try fixture.checkP3(since: start)
    let next = try probe.land()
    #expect(next.status == 0, "\(next.text)\(next.error)")
    #expect(try fixture.trailers() == ["a", "b"], "\(next.text)")
    #expect(try fixture.test.git("show", "main:house.txt") == "ground with walls")
    #expect(
      try fixture.test.git("diff", "--name-only", "main^1", "main").split(separator: "\n")
        == ["b.txt", "house.txt"])
    #expect(try fixture.store.claims().isEmpty)
    #expect(try fixture.store.openLandings().isEmpty)
    #expect(try fixture.test.git("status", "--porcelain") == "")
    #expect(try fixture.test.git("for-each-ref", "refs/lanekeeper/landing") == "")
    try fixture.checkP3(since: start)
  }

  @Test(arguments: [LandingStep.chosen, .followJournaled, .filePlaced, .swapped, .settled])
  func p3_p7_killedWhileAFeatureIsUndone(step: LandingStep) throws {
    let fixture = try LandingFixture()
    let start = try fixture.test.git("rev-parse", "main")
    try fixture.queue("1", ["a.txt": nil, "one.txt": "1\n"])
    let probe = Probe(fixture, gate: LandingFixture.noting)
    #expect(try probe.land().status == 0)
    let landing = try #require(try fixture.store.lastLanding(of: "1"))
    try fixture.store.requestUndo([("1", try #require(landing.commit), landing.targetBefore)])
    #expect(try probe.land(killedAt: step).status == 128 + SIGKILL)
    let next = try probe.land()
    #expect(next.status == 0, "\(next.text)\(next.error)")
    #expect(try fixture.state("1") == .undone)
    #expect(try fixture.store.undoRequests().isEmpty)
    #expect(try fixture.store.claims().isEmpty)
    #expect(fixture.test.root.exists("repo/a.txt"))
    #expect(!fixture.test.root.exists("repo/one.txt"))
    #expect(try fixture.test.git("status", "--porcelain") == "")
    #expect(
      try fixture.test.git("rev-list", "--count", "--first-parent", "\(start)..main") == "2")
    try fixture.checkP3(since: start)
  }

  private func check(
    _ fixture: LandingFixture, push: String?, step: LandingStep, count: Int, style: String
  ) throws {
    let start = try fixture.test.git("rev-parse", "main")
    let work = try (1...3).map { try fixture.test.git("rev-parse", "lane/\($0)") }
    var probe = Probe(fixture, gate: LandingFixture.noting)
    probe.style = style
    probe.push = push ?? ""
    let killed = try probe.land(killedAt: step, count: count)
    #expect(killed.status == 128 + SIGKILL, "\(step) \(count) was never reached: \(killed.text)")
    // P4, at once: what the agents wrote is reachable, and so is what a person has under way.
    for commit in work {
      #expect(try fixture.test.git("for-each-ref", "--contains", commit) != "")
    }
    try checkPersonsFiles(fixture)
    // P3, at once: the target stands where it stood, or on a tree that passed.
    try fixture.checkP3(since: start)
    #expect(try fixture.test.git("fsck", "--no-dangling", "--no-progress") == "")
    let next = try probe.land()
    #expect(next.status == 0, "\(next.text)\(next.error)")
    // P7: each feature has landed exactly once, in order, and nothing of the landing is left.
    #expect(try fixture.trailers() == ["1", "2", "3"], "\(next.text)")
    for id in ["1", "2", "3"] { #expect(try fixture.state(id) == .landed) }
    #expect(try fixture.store.claims().isEmpty)
    #expect(try fixture.store.openLandings().isEmpty)
    #expect(try fixture.test.git("for-each-ref", "refs/lanekeeper/landing") == "")
    try fixture.checkP3(since: start)
    try checkPersonsFiles(fixture)
    #expect(
      try fixture.test.git("status", "--porcelain").split(separator: "\n")
        == [" M mine.txt", "A  staged.txt", "?? untracked.txt"])
    #expect(try fixture.test.read("keep/a.txt") == "new\n")
    #expect(try fixture.test.read("fresh/d.txt") == "d\n")
    #expect(!fixture.test.root.exists("repo/gone"))
    #expect(!fixture.test.root.exists("repo/keep/b.txt"))
    let git = try FileManager.default.contentsOfDirectory(atPath: fixture.state.commonDirectory)
    #expect(git.filter { $0.contains("lanekeeper-") || $0.hasPrefix("index.") } == [])
  }

  private func checkPersonsFiles(_ fixture: LandingFixture) throws {
    #expect(try fixture.test.read("mine.txt") == "changed by hand\n")
    #expect(try fixture.test.read("untracked.txt") == "not tracked\n")
    #expect(try fixture.test.read("staged.txt") == "staged\n")
  }
}
