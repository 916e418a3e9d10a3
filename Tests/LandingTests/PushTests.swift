import Engine
import Foundation
import Store
import TestSupport
import Testing

@Suite(.bounded) struct PushTests {
  /// A fixture whose landings are pushed to a bare repository, which has the target already.
  private func fixture(
    gate: String = LandingFixture.noting, push: String = "origin", window: Int = 4
  ) throws -> (fixture: LandingFixture, remote: String) {
    let fixture = try LandingFixture(gate: gate, window: .size(window)) { $0.landing.push = push }
    let remote = fixture.test.root.path("remote.git")
    try fixture.test.git("init", "-q", "--bare", "-b", "main", remote)
    try fixture.test.git("remote", "add", "origin", remote)
    try fixture.test.git("push", "-q", "origin", "main")
    return (fixture, remote)
  }

  /// Somebody else pushes a commit.
  private func pushByOthers(_ fixture: LandingFixture, _ remote: String, file: String) throws {
    let clone = fixture.test.root.path("clone-\(file)")
    try fixture.test.git("clone", "-q", remote, clone)
    try fixture.test.root.write("clone-\(file)/\(file)", "theirs\n")
    try fixture.test.git("add", "-A", at: clone)
    try fixture.test.git("commit", "-q", "-m", "by others: \(file)", at: clone)
    try fixture.test.git("push", "-q", "origin", "HEAD:main", at: clone)
  }

  @Test func aLandingIsPushed() async throws {
    let (fixture, remote) = try fixture()
    try fixture.queue("1", ["one.txt": "1\n"])
    try fixture.queue("2", ["two.txt": "2\n"])
    #expect(try await fixture.land().landed == ["1", "2"])
    #expect(
      try fixture.test.git("rev-parse", "main", at: remote)
        == fixture.test.git("rev-parse", "main"))
    #expect(try fixture.runs() == 1)
  }

  @Test func aNewBranchAtTheRemoteIsMade() async throws {
    let (fixture, remote) = try fixture(push: "origin/release/next")
    try fixture.queue("1", ["one.txt": "1\n"])
    #expect(try await fixture.land().landed == ["1"])
    #expect(
      try fixture.test.git("rev-parse", "release/next", at: remote)
        == fixture.test.git("rev-parse", "main"))
  }

  @Test func p3_whatOthersHavePushedIsMergedAndGatedWithIt() async throws {
    let (fixture, remote) = try fixture()
    let start = try fixture.test.git("rev-parse", "main")
    try fixture.queue("1", ["one.txt": "1\n"])
    try pushByOthers(fixture, remote, file: "theirs.txt")
    #expect(try await fixture.land().landed == ["1"])
    #expect(
      try fixture.test.git("rev-parse", "main", at: remote)
        == fixture.test.git("rev-parse", "main"))
    #expect(try fixture.test.read("theirs.txt") == "theirs\n")
    #expect(try fixture.test.git("status", "--porcelain") == "")
    // The local target never stood on what nobody gated.
    try fixture.checkP3(since: start)
  }

  @Test func p3_aPushThatComesTooLateIsGatedAgain() async throws {
    let (fixture, remote) = try fixture(
      gate: """
        if ! test -e "$PWD/../../late"; then touch "$PWD/../../late"
        sh "$PWD/../../push.sh"; fi
        """ + "\n" + LandingFixture.noting)
    let start = try fixture.test.git("rev-parse", "main")
    let clone = fixture.test.root.path("clone")
    try fixture.test.git("clone", "-q", remote, clone)
    try fixture.test.root.write(
      "push.sh",
      """
      cd "\(clone)" && echo theirs > theirs.txt && git add -A && git commit -q -m theirs \
      && git push -q origin HEAD:main
      """)
    try fixture.queue("1", ["one.txt": "1\n"])
    try fixture.queue("2", ["two.txt": "2\n"])
    #expect(try await fixture.land().landed == ["1", "2"])
    #expect(try fixture.runs() == 2)
    #expect(try fixture.test.read("theirs.txt") == "theirs\n")
    #expect(
      try fixture.test.git("rev-parse", "main", at: remote)
        == fixture.test.git("rev-parse", "main"))
    #expect(try fixture.trailers() == ["1", "2"])
    try fixture.checkP3(since: start)
  }

  @Test func aRefusedPushLeavesNothingBehind() async throws {
    let (fixture, remote) = try fixture()
    try fixture.test.root.write(
      "remote.git/hooks/pre-receive", "#!/bin/sh\necho 'main is protected'; exit 1\n",
      executable: true)
    let before = try fixture.test.git("rev-parse", "main")
    try fixture.queue("1", ["one.txt": "1\n"])
    let result = try await fixture.land()
    #expect(result.progress == .held)
    #expect(result.held.first?.contains("main is protected") == true)
    #expect(try fixture.test.git("rev-parse", "main") == before)
    #expect(try fixture.test.git("rev-parse", "main", at: remote) == before)
    #expect(!fixture.test.root.exists("repo/one.txt"))
    #expect(try fixture.state("1") == .queued)
    try FileManager.default.removeItem(atPath: remote + "/hooks/pre-receive")
    #expect(try await fixture.land().landed == ["1"])
    // The gate knows the tree already.
    #expect(try fixture.runs() == 1)
  }

  @Test func historiesThatHaveGoneApartAreAPersonsMatter() async throws {
    let (fixture, remote) = try fixture()
    try pushByOthers(fixture, remote, file: "theirs.txt")
    try fixture.queue("1", ["one.txt": "1\n"])
    try fixture.test.write("mine.txt", "mine\n")
    try fixture.test.commit("not pushed")
    let apart = try await fixture.land()
    #expect(apart.held.first?.contains("gone apart") == true)
    try fixture.test.git("pull", "-q", "--no-rebase", "--no-edit", "origin", "main")
    #expect(try await fixture.land().held.first?.contains("push them first") == true)
    try fixture.test.git("push", "-q", "origin", "main")
    #expect(try await fixture.land().landed == ["1"])
  }

  @Test func aRemoteThatIsAwayHoldsTheQueue() async throws {
    let (fixture, remote) = try fixture()
    try fixture.queue("1", ["one.txt": "1\n"])
    try FileManager.default.moveItem(atPath: remote, toPath: remote + ".away")
    #expect(try await fixture.land().held.first?.contains("git fetch origin") == true)
    try FileManager.default.moveItem(atPath: remote + ".away", toPath: remote)
    #expect(try await fixture.land().landed == ["1"])
  }
}
