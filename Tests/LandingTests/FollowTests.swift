import Engine
import Foundation
import Git
import Store
import TestSupport
import Testing

@Suite(.bounded) struct FollowTests {
  @Test func p6_heldOffWhileAMergeIsOpenOrAFileIsInTheWay() async throws {
    let fixture = try LandingFixture()
    try fixture.queue("1", ["one.txt": "1\n"])
    try fixture.test.write("one.txt", "mine\n")
    #expect(try await fixture.land().held.first?.contains("one.txt") == true)
    #expect(try fixture.test.read("one.txt") == "mine\n")
    try FileManager.default.removeItem(atPath: fixture.test.path + "/one.txt")
    let head = try fixture.test.git("rev-parse", "HEAD")
    try fixture.test.write(".git/MERGE_HEAD", head + "\n")
    #expect(try await fixture.land().held.first?.contains("a merge") == true)
    try FileManager.default.removeItem(atPath: fixture.test.path + "/.git/MERGE_HEAD")
    try fixture.test.write(".git/index.lock", "")
    #expect(try await fixture.land().held.first?.contains("index.lock") == true)
    try FileManager.default.removeItem(atPath: fixture.test.path + "/.git/index.lock")
    #expect(try await fixture.land().landed == ["1"])
    #expect(try fixture.test.read("one.txt") == "1\n")
  }

  @Test func p6_whatDoesNotTouchDirtyPathsGoesOn() async throws {
    let fixture = try LandingFixture(
      gate: LandingFixture.noting, window: .size(4), files: ["b.txt": "b\n", "c/d.txt": "d\n"])
    try fixture.queue("1", ["a.txt": "one\n"])
    try fixture.queue("2", ["b.txt": "two\n"])
    try fixture.queue("3", ["c/d.txt": nil, "c": "a file now\n"].filter { $0.key == "c/d.txt" })
    try fixture.queue("4", ["new/deep/x.txt": "x\n"])
    try fixture.queue("5", ["five.txt": "5\n"])
    try fixture.test.write("b.txt", "changed by hand\n")
    try fixture.test.write("new", "a file where a directory belongs\n")
    let result = try await fixture.land()
    #expect(result.landed == ["1", "3", "5"])
    #expect(result.progress == .held)
    #expect(result.held.contains { $0.contains("b.txt is changed") })
    #expect(result.held.contains { $0.contains("untracked file new") })
    // What can't land now costs no gate.
    #expect(try fixture.runs() == 1)
    #expect(try fixture.test.read("b.txt") == "changed by hand\n")
    #expect(try fixture.test.git("status", "--porcelain") == " M b.txt\n?? new")
    try fixture.test.git("checkout", "-q", "b.txt")
    try FileManager.default.removeItem(atPath: fixture.test.path + "/new")
    #expect(try await fixture.land().landed == ["2", "4"])
    #expect(try fixture.test.git("status", "--porcelain") == "")
  }

  @Test func p6_neverLeavesTheCheckoutAlone() async throws {
    let fixture = try LandingFixture { $0.landing.follow = "never" }
    try fixture.queue("1", ["one.txt": "1\n"])
    #expect(try await fixture.land().landed == ["1"])
    #expect(!fixture.test.root.exists("repo/one.txt"))
    let command = try #require(try fixture.lander.catchUpCommand())
    _ = try TestProgram.run(
      ["sh", "-c", command], directory: fixture.test.root.path,
      environment: fixture.test.environment)
    #expect(try fixture.test.git("status", "--porcelain") == "")
    #expect(try fixture.test.read("one.txt") == "1\n")
  }

  @Test func aLinkedWorktreeOnTheTargetFollows() async throws {
    let fixture = try LandingFixture()
    try fixture.queue("1", ["one.txt": "1\n", "a.txt": nil])
    try fixture.test.git("switch", "-q", "-c", "elsewhere")
    let other = fixture.test.root.path("other")
    try fixture.test.git("worktree", "add", "-q", other, "main")
    #expect(try await fixture.land().landed == ["1"])
    #expect(try fixture.test.git("status", "--porcelain", at: other) == "")
    #expect(fixture.test.root.exists("other/one.txt"))
    #expect(!fixture.test.root.exists("repo/one.txt"))
  }

  @Test func aTargetThatMovesDuringTheGateIsMergedAndGatedAgain() async throws {
    let fixture = try LandingFixture(
      gate: """
        if ! test -e "$PWD/../../moved"; then touch "$PWD/../../moved"
        git -C "$PWD/../../repo" commit -q --allow-empty -m 'a person commits'; fi
        """ + "\n" + LandingFixture.noting, window: .size(4))
    try fixture.queue("1", ["one.txt": "1\n"])
    try fixture.queue("2", ["bad.txt": "2\n"])
    let result = try await fixture.land()
    #expect(result.landed == ["1"])
    #expect(result.sentBack == ["2"])
    #expect(
      try fixture.test.git("log", "--first-parent", "--format=%s", "main").contains("a person"))
    #expect(try fixture.test.git("status", "--porcelain") == "")
  }
}

/// What others do at the very moment of a landing.
@Suite(.bounded) struct LandingRaceTests {
  /// Does something once, at a step.
  private func at(
    _ step: LandingStep, _ fixture: LandingFixture, do body: @escaping @Sendable () -> Void
  ) -> Lander {
    let once = OnceOnly()
    return Lander(
      fixture.lander.context, settings: fixture.lander.settings, store: fixture.store,
      observe: { reached in if reached == step, once.isFirst() { body() } })
  }

  private final class OnceOnly: @unchecked Sendable {
    private let lock = NSLock()
    private var isDone = false
    func isFirst() -> Bool {
      lock.withLock {
        defer { isDone = true }
        return !isDone
      }
    }
  }

  @Test(
    arguments: [LandingStep.indexLocked, .followPrepared, .followJournaled, .filePlaced])
  func p6_aSaveAtThatMomentIsNotLost(step: LandingStep) async throws {
    let fixture = try LandingFixture(gate: LandingFixture.noting, files: ["z.txt": "old\n"])
    try fixture.queue("1", ["a.txt": "new\n", "z.txt": "new\n"])
    let (path, start) = (fixture.test.path + "/z.txt", try fixture.test.git("rev-parse", "main"))
    let lander = at(step, fixture) {
      // An editor writes a new file and renames it.
      try? Data("saved\n".utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    }
    let result = try await fixture.land(lander)
    #expect(result.progress == .held, "\(result)")
    #expect(try fixture.test.read("z.txt") == "saved\n")
    #expect(try fixture.test.read("a.txt") == "1\n2\n3\n4\n5\n6\n7\n")
    #expect(try fixture.test.git("rev-parse", "main") == start)
    #expect(try fixture.test.git("status", "--porcelain") == " M z.txt")
    try fixture.test.git("checkout", "-q", "z.txt")
    #expect(try await fixture.land().landed == ["1"])
    #expect(try fixture.test.read("z.txt") == "new\n")
    // The gate had said all there is to say.
    #expect(try fixture.runs() == 1)
  }

  @Test(arguments: [LandingStep.chosen, .followJournaled, .swapJournaled])
  func p3_aTargetThatMovesBeforeTheSwapIsMergedAndGatedAgain(step: LandingStep) async throws {
    let fixture = try LandingFixture(gate: LandingFixture.noting, files: ["z.txt": "old\n"])
    try fixture.queue("1", ["a.txt": nil, "new/file.txt": "new\n"])
    let start = try fixture.test.git("rev-parse", "main")
    try fixture.test.git("switch", "-q", "-c", "side")
    try fixture.test.write("z.txt", "theirs\n")
    let other = try fixture.test.commit("by somebody else")
    try fixture.test.git("switch", "-q", "main")
    let test = fixture.test
    let lander = at(step, fixture) {
      _ = try? test.git("update-ref", "refs/heads/main", other)
      // Like a push into this checkout: its file comes along with the reference.
      try? test.write("z.txt", "theirs\n")
    }
    var landed = try await fixture.land(lander).landed
    // The index of the checkout is behind the reference now, which is for whoever moved it to repair.
    try fixture.test.git("reset", "-q")
    landed += try await fixture.land(lander).landed
    #expect(landed == ["1"])
    #expect(try fixture.test.git("merge-base", "--is-ancestor", other, "main") == "")
    #expect(try fixture.test.read("new/file.txt") == "new\n")
    #expect(try fixture.test.read("z.txt") == "theirs\n")
    #expect(!fixture.test.root.exists("repo/a.txt"))
    #expect(try fixture.test.git("status", "--porcelain") == "")
    #expect(try fixture.runs() == 2)
    let tree = try fixture.test.git("rev-parse", "main^{tree}")
    #expect(try fixture.gated().contains(tree))
    #expect(try fixture.test.git("rev-list", "--count", "--first-parent", "\(start)..main") == "2")
  }

  @Test func p2_aFeatureThatIsAbandonedWhileItIsMergedDoesNotLand() async throws {
    let fixture = try LandingFixture(
      gate: LandingFixture.noting, window: .size(4))
    try fixture.queue("1", ["one.txt": "1\n"])
    try fixture.queue("2", ["two.txt": "2\n"])
    try fixture.store.abandon("2")
    #expect(try await fixture.land().landed == ["1"])
    #expect(try fixture.state("2") == .abandoned)
    // While it is landing it can't be given up half-way.
    try fixture.queue("3", ["three.txt": "3\n"])
    let store = fixture.store
    let lander = at(.chosen, fixture) { try? store.abandon("3") }
    #expect(try await fixture.land(lander).landed == ["3"])
  }
}
