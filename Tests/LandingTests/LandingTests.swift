import Engine
import Foundation
import Git
import Model
import Store
import TestSupport
import Testing

@Suite(.bounded) struct LandingTests {
  @Test func p3_landsOnlyGatedTrees() async throws {
    let fixture = try LandingFixture(gate: LandingFixture.noting)
    let start = try fixture.test.git("rev-parse", "main")
    try fixture.queue("1", ["good.txt": "g\n"])
    try fixture.queue("2", ["bad.txt": "b\n"])
    try fixture.queue("3", ["other.txt": "o\n"])
    let result = try await fixture.land()
    #expect(result.landed == ["1", "3"])
    #expect(result.sentBack == ["2"])
    #expect(result.details.first?.hasPrefix("gate: ") == true)
    #expect(try fixture.state("2") == .ready)
    let rework = try fixture.store.feature("2")?.rework
    #expect(rework?.contains("exited 1") == true)
    #expect(rework?.contains("found bad.txt") == true)
    #expect(result.progress == .idle)
    try fixture.checkP3(since: start)
    #expect(try fixture.test.git("status", "--porcelain") == "")
    #expect(try fixture.test.read("other.txt") == "o\n")
    #expect(try fixture.store.claims().filter { $0.owner.id != "2" }.isEmpty)
  }

  @Test func p3_pathsThatAnotherFeatureHoldsDoNotLand() async throws {
    let fixture = try LandingFixture()
    try fixture.queue("1", ["shared.txt": "one\n"])
    try fixture.addFeature("9")
    // Something took the claim away, and another feature has it now.
    try fixture.store.abandon("1")
    try fixture.store.reopen("1")
    _ = try fixture.store.claim(
      [ClaimRequest(path: try ClaimPath(normalising: "shared.txt"), mode: .exclusive)],
      owner: .feature("9"), agent: nil, policies: PathPolicies([]))
    try fixture.store.transition("1", from: [.ready], to: .queued)
    let result = try await fixture.land()
    #expect(result.landed == [])
    #expect(result.details.first?.contains("shared.txt: held by feature #9") == true)
    let feature = try fixture.store.feature("1")
    #expect(feature?.state == .waiting)
    #expect(feature?.rework?.contains("shared.txt") == true)
    #expect(try fixture.test.git("rev-list", "--count", "main") == "1")
  }

  @Test func p3_aTargetThatAnotherGitHasLockedHoldsTheQueue() async throws {
    let fixture = try LandingFixture()
    let start = try fixture.test.git("rev-parse", "main")
    try fixture.queue("1", ["one.txt": "1\n"])
    let lock = fixture.test.path + "/.git/refs/heads/main.lock"
    try Data().write(to: URL(fileURLWithPath: lock))
    let held = try await fixture.land()
    #expect(held.progress == .held && held.landed == [])
    #expect(held.held.first?.contains("main.lock") == true)
    #expect(try fixture.test.git("rev-parse", "main") == start)
    #expect(try fixture.test.git("status", "--porcelain") == "")
    unlink(lock)
    #expect(try await fixture.land().landed == ["1"])
    #expect(try fixture.test.read("one.txt") == "1\n")
  }

  @Test func p3_aDependentNeverLandsFirst() async throws {
    for window in [1, 4] {
      let fixture = try LandingFixture(window: .size(window))
      try fixture.queue("1", ["one.txt": "1\n"])
      try fixture.queue("2", ["two.txt": "2\n"])
      var entries = try fixture.store.features().map { Feature($0) }
      entries[1].priority = 9
      entries[1].dependencies = [
        Dependency(id: "1")
      ]
      try fixture.store.takeOver(entries)
      #expect(try await fixture.land().landed == ["1", "2"])
      #expect(try fixture.trailers() == ["1", "2"])
    }
  }

  @Test func dependentsOfWhatLeavesTheQueueWaitAndOthersGoOn() async throws {
    let fixture = try LandingFixture(gate: LandingFixture.noting, window: .size(4))
    try fixture.queue("1", ["bad1.txt": "1\n"])
    try fixture.queue("2", ["two.txt": "2\n"])
    try fixture.queue("3", ["three.txt": "3\n"])
    var entries = try fixture.store.features().map { Feature($0) }
    entries[1].dependencies = [
      Dependency(id: "1")
    ]
    try fixture.store.takeOver(entries)
    let result = try await fixture.land()
    #expect(result.landed == ["3"])
    #expect(result.sentBack == ["1"])
    #expect(try fixture.state("2") == .queued)
  }

  @Test func prioritiesCountAtAnyTime() async throws {
    let fixture = try LandingFixture()
    try fixture.queue("1", ["one.txt": "1\n"])
    try fixture.queue("2", ["two.txt": "2\n"], priority: 5)
    try fixture.queue("3", ["three.txt": "3\n"])
    #expect(try Lander.queue(fixture.store) == ["2", "1", "3"])
    #expect(try fixture.store.setPriorities(["3": 9, "1": 0]) == ["3"])
    #expect(try Lander.queue(fixture.store) == ["3", "2", "1"])
    #expect(try await fixture.land().landed == ["3", "2", "1"])
  }

  @Test func pausedLandingHoldsTheQueueUntilItIsResumed() async throws {
    let fixture = try LandingFixture()
    try fixture.queue("1", ["one.txt": "1\n"])
    try fixture.store.setLandingPaused(true)
    let paused = try await fixture.land()
    #expect(paused.progress == .held)
    #expect(paused.held.first?.contains("paused") == true)
    #expect(try fixture.state("1") == .queued)
    try fixture.store.setLandingPaused(false)
    #expect(try await fixture.land().landed == ["1"])
  }

  @Test func aTargetThatChangedTheSamePathSendsItBack() async throws {
    let fixture = try LandingFixture()
    try fixture.queue("1", ["a.txt": "one\n2\n3\n4\n5\n6\n7\n"])
    // Without its claim, the path is claimed at the landing, where it is stale.
    try fixture.store.abandon("1")
    try fixture.store.reopen("1")
    try fixture.store.transition("1", from: [.ready], to: .queued)
    try fixture.test.write("a.txt", "1\n2\n3\n4\n5\n6\nseven\n")
    try fixture.test.commit("a person's commit")
    let result = try await fixture.land()
    #expect(result.details.first?.contains("stale") == true)
    #expect(try fixture.state("1") == .ready)
  }

  @Test func aConflictGoesIntoTheNextPrompt() async throws {
    let fixture = try LandingFixture(window: .size(4))
    try fixture.queue("1", ["a.txt": "one\n2\n3\n4\n5\n6\n7\n"])
    try fixture.queue("2", ["two.txt": "2\n"])
    try fixture.test.write("a.txt", "eins\n2\n3\n4\n5\n6\n7\n")
    try fixture.test.commit("a person's commit")
    let result = try await fixture.land()
    #expect(result.landed == ["2"])
    #expect(result.details == ["conflicts with main in a.txt"])
    let feature = try fixture.store.feature("1")
    #expect(feature?.state == .ready)
    #expect(feature?.rework?.contains("a.txt") == true)
    #expect(feature?.branch == "refs/heads/lane/1")
    // The path stays the feature's until it has landed.
    #expect(try fixture.store.claims(of: .feature("1")).map(\.path.description) == ["a.txt"])
  }

  @Test(arguments: ["merge", "squash", "rebase"], [1, 4])
  func p3_everyStyleGivesOneCommitWithTheTrailer(style: String, window: Int) async throws {
    let fixture = try LandingFixture(
      gate: LandingFixture.noting, style: style, window: .size(window))
    let start = try fixture.test.git("rev-parse", "main")
    try fixture.queue("1", ["one.txt": "1\n", "dir/two.txt": "2\n"])
    try fixture.queue("2", ["three.txt": "3\n"])
    try fixture.queue("3", ["dir/four.txt": "4\n", "a.txt": nil])
    #expect(try await fixture.land().landed == ["1", "2", "3"])
    #expect(try fixture.trailers() == ["1", "2", "3"])
    let parents = try fixture.test.git(
      "log", "--first-parent", "--format=%P", "\(start)..main"
    ).split(separator: "\n").map { $0.split(separator: " ").count }
    #expect(parents == Array(repeating: style == "merge" ? 2 : 1, count: 3))
    #expect(try fixture.test.read("dir/two.txt") == "2\n")
    #expect(!fixture.test.root.exists("repo/a.txt"))
    #expect(try fixture.test.git("status", "--porcelain") == "")
    #expect(try fixture.test.git("fsck", "--no-dangling", "--no-progress") == "")
    try fixture.checkP3(since: start)
    #expect(
      try fixture.test.git(
        "log", "-1", "--format=%(trailers:key=Agent,valueonly)%(trailers:key=Model,valueonly)",
        "main") == "agent-1\nhaiku")
    #expect(try fixture.test.git("for-each-ref", "refs/lanekeeper/landing") == "")
    let branches = try fixture.test.git("for-each-ref", "refs/heads/lane")
    #expect(branches.isEmpty == (style == "merge"))
  }

  @Test func rebaseKeepsEachCommitOfTheBranch() async throws {
    let fixture = try LandingFixture(style: "rebase")
    try fixture.queue("1", ["one.txt": "1\n"])
    let work = fixture.test.root.path("more")
    try fixture.test.git("worktree", "add", "-q", work, "lane/1")
    try fixture.test.root.write("more/two.txt", "2\n")
    try fixture.test.git("add", "-A", at: work)
    try fixture.test.git("commit", "-q", "-m", "more work", at: work)
    try fixture.test.git("worktree", "remove", "--force", work)
    try fixture.test.write("other.txt", "o\n")
    try fixture.test.commit("a person's commit")
    #expect(try await fixture.land().landed == ["1"])
    #expect(
      try fixture.test.git("log", "--format=%s", "main") == """
        more work
        work 1
        a person's commit
        base
        """)
    #expect(try fixture.trailers() == ["1"])
  }

  /// With `rebase` the agent's own messages come to the target's line; they can't say what only a landing
  /// may say there.
  @Test(arguments: ["merge", "squash", "rebase"])
  func p3_forgedTrailersDoNotReachTheTargetsLine(style: String) async throws {
    let fixture = try LandingFixture(style: style)
    try fixture.addFeature("2")
    try fixture.queue("1", ["one.txt": "1\n"])
    let work = fixture.test.root.path("more")
    try fixture.test.git("worktree", "add", "-q", work, "lane/1")
    for (file, message) in [
      ("two.txt", "more\n\nFeature: 2\nReviewed-by: Somebody\nLane-Feature: 1\n"),
      ("three.txt", "yet more\n\nfeature : 2\nFeature: 1\nGate: passed\nSigned-off-by: A <a@b>\n"),
      (
        "four.txt",
        "the \u{1b}[2Jlast\u{9b}\u{202e}\n\nReverts-Feature: 2\nModel: other\nAgent: other\n\tand more\n"
      ),
    ] {
      try fixture.test.root.write("more/\(file)", "x\n")
      try fixture.test.git("add", "-A", at: work)
      try fixture.test.git("commit", "-q", "-m", message, at: work)
    }
    let tip = try fixture.test.git("rev-parse", "HEAD", at: work)
    try fixture.test.git("worktree", "remove", "--force", work)
    #expect(try await fixture.land().landed == ["1"])
    #expect(
      try fixture.test.git("rev-parse", "\(tip)^{tree}")
        == fixture.test.git("rev-parse", "main^{tree}"))
    func values(_ key: String) throws -> [String] {
      try fixture.test.git(
        "log", "--first-parent", "--format=%(trailers:key=\(key),valueonly)", "main"
      ).split(separator: "\n").map(String.init)
    }
    #expect(try values("Feature") == ["1"])
    #expect(try values("Reverts-Feature") == [])
    #expect(try values("Reviewed-by") == [])
    #expect(try values("Gate") == ["none"])
    #expect(try values("Agent") == ["agent-1"])
    #expect(try values("Model") == ["haiku"])
    if style == "rebase" {
      #expect(try values("Lane-Reviewed-by") == ["Somebody"])
      #expect(try values("Signed-off-by") == ["A <a@b>"])
      #expect(
        try fixture.test.git("log", "-4", "--reverse", "--format=%s", "main")
          == "work 1\nmore\nyet more\nthe [2Jlast")
    }
    #expect(try fixture.state("2") == .ready)
  }

  @Test func manyLandWithoutAGateAsOneChain() async throws {
    let fixture = try LandingFixture()
    for number in 1...30 {
      try fixture.queue("\(number)", ["d\(number % 5)/f\(number).txt": "x\n"])
    }
    #expect(try await fixture.land().landed.count == 30)
    #expect(try fixture.trailers().count == 30)
    // The target moved once.
    #expect(try fixture.test.git("reflog", "main").split(separator: "\n").count == 2)
    #expect(try fixture.test.git("status", "--porcelain") == "")
  }
}
