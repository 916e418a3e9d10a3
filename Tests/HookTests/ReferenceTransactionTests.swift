import Foundation
import TestSupport
import Testing

@Suite(.bounded) struct ReferenceTransactionTests {
  /// Until it is known under its new name a person's moves of a renamed target are noted all the same.
  @Test func aRenamedTargetIsStillWatched() throws {
    let lane = try HookFixture()
    try lane.test.git("config", "core.hooksPath", lane.hooks)
    func moves() throws -> [[String]] {
      try lane.table.run(
        """
        SELECT lower(hex(old)), lower(hex(new)) FROM target_moves
        WHERE old NOT NULL AND hex(new) NOT LIKE '0000%' AND old <> new
        """)
    }
    try lane.test.git("switch", "-q", "-c", "side")
    try lane.test.write("side.txt", "1\n")
    try lane.test.commit("on another branch")
    try lane.test.git("switch", "-q", "main")
    #expect(try moves() == [])
    let base = try lane.test.git("rev-parse", "main")
    try lane.test.git("branch", "-m", "main", "trunk")
    try lane.test.write("b.txt", "1\n")
    try lane.test.commit("a person's")
    let tip = try lane.test.git("rev-parse", "trunk")
    #expect(try moves() == [[base, tip]])
    // Of an agent nothing is noted, for it may not.
    try lane.write("a.txt", "agent\n")
    #expect(try lane.commitAsAgent().status == 0)
    _ = try lane.git("update-ref", "refs/heads/trunk", lane.tip())
    #expect(try lane.test.git("rev-parse", "trunk") == tip)
    #expect(try moves() == [[base, tip]])
  }

  @Test func aLaneMovesItsOwnReferencesOnly() throws {
    let lane = try HookFixture()
    try lane.test.git("branch", "lane/2-two")
    try lane.test.git("branch", "feature")
    try lane.test.git("tag", "old")
    try lane.write("a.txt", "2\n")
    #expect(try lane.commit().status == 0)
    let tip = try lane.tip()
    let before = try lane.test.git("for-each-ref")
    for arguments in [
      ["update-ref", "refs/heads/main", tip], ["branch", "-f", "lane/2-two", tip],
      ["branch", "-D", "feature"], ["branch", "other", tip],
      ["update-ref", "-d", "refs/heads/lane/1-one"],
      ["tag", "-f", "old", tip], ["update-ref", "refs/stash", tip],
      ["update-ref", "refs/lanekeeper/rescue/x/1", tip],
    ] {
      let result = try lane.test.runGit(arguments, at: lane.lane)
      #expect(result.status != 0, "\(arguments) passed")
      #expect(result.error.contains("lanekeeper"), "\(result.error)")
    }
    // Also where the references are packed.
    try lane.test.git("pack-refs", "--all")
    #expect(try lane.git("branch", "-D", "feature").status != 0)
    #expect(try lane.git("push", "-q", ".", "HEAD:main").status != 0)
    #expect(try lane.test.git("for-each-ref") == before)
    for arguments in [
      ["tag", "new"], ["checkout", "-q", "--detach"], ["checkout", "-q", "lane/1-one"],
      ["update-ref", "refs/remotes/origin/x", tip], ["update-ref", "refs/worktree/mine", tip],
      ["reset", "-q", "--hard", "HEAD"], ["fetch", "-q", ".", "main"],
    ] {
      let result = try lane.test.runGit(arguments, at: lane.lane)
      #expect(result.status == 0, "\(arguments): \(result.error)")
    }
  }

  @Test func theStashIsRefusedBecauseAllWorktreesShareIt() throws {
    let lane = try HookFixture()
    try lane.write("a.txt", "2\n")
    #expect(try lane.git("stash").status != 0)
    #expect(try lane.test.root.read("lane-1/a.txt") == "2\n")
  }

  @Test func rebaseCherryPickAndAmendAreJudged() throws {
    let lane = try HookFixture()
    try lane.write("a.txt", "2\n")
    #expect(try lane.commit().status == 0)
    #expect(try lane.git("commit", "-q", "--amend", "-m", "better").status == 0)
    try lane.test.write("person.txt", "1\n")
    try lane.test.commit("a person's commit")
    let rebase = try lane.git("rebase", "-q", "main")
    #expect(rebase.status == 0, "\(rebase.error)")
    #expect(try lane.git("rev-list", "--count", "main..lane/1-one").text == "1")
    // A commit from elsewhere that touches what another feature holds.
    try lane.test.git("checkout", "-q", "-b", "side")
    try lane.test.write("dir/b.txt", "side\n")
    let side = try lane.test.commit("side")
    try lane.hold("dir/b.txt")
    let before = try lane.tip()
    #expect(try lane.git("cherry-pick", side).status != 0)
    _ = try lane.git("cherry-pick", "--abort")
    #expect(try lane.git("merge", "-q", "--no-edit", "side").status != 0)
    _ = try lane.git("merge", "--abort")
    #expect(try lane.tip() == before)
  }

  @Test func whatChangedBetweenCheckAndCommitIsJudgedAgain() throws {
    let lane = try HookFixture()
    try lane.hold("dir/b.txt")
    // The user's own hook stages something after our check.
    try lane.test.write(
      ".git/hooks/pre-commit", "#!/bin/sh\necho sneaked > dir/b.txt\ngit add dir/b.txt\n",
      executable: true)
    let before = try lane.tip()
    try lane.write("a.txt", "2\n")
    let result = try lane.commit()
    #expect(result.status != 0 && result.error.contains("dir/b.txt: held by"), "\(result.error)")
    #expect(try lane.tip() == before)
  }

  @Test func upkeepPasses() throws {
    let lane = try HookFixture()
    try lane.write("a.txt", "2\n")
    #expect(try lane.commit().status == 0)
    for arguments in [["gc", "-q"], ["pack-refs", "--all"], ["reflog", "expire", "--all"]] {
      let result = try lane.test.runGit(arguments, at: lane.lane)
      #expect(result.status == 0, "\(arguments): \(result.error)")
    }
    try lane.write("a.txt", "3\n")
    #expect(try lane.commit().status == 0)
    #expect(try lane.test.git("fsck", "--no-dangling", "--no-progress") == "")
  }

  @Test func aPersonIsWarnedAndNotHeldUp() throws {
    let lane = try HookFixture()
    try lane.hold("a.txt")
    try lane.test.git("config", "core.hooksPath", lane.hooks)
    try lane.test.write("a.txt", "mine\n")
    try lane.test.git("add", "a.txt")
    let warned = try lane.test.runGit(["commit", "-q", "-m", "mine"])
    #expect(warned.status == 0 && warned.error.contains("a.txt: held by feature #2"))
    try lane.table.run("INSERT INTO meta VALUES ('claims.humans', 'deny')")
    try lane.test.write("a.txt", "again\n")
    #expect(try lane.test.runGit(["commit", "-q", "-a", "-m", "mine"]).status == 1)
    try lane.table.run("UPDATE meta SET value = 'off' WHERE key = 'claims.humans'")
    let quiet = try lane.test.runGit(["commit", "-q", "-a", "-m", "mine"])
    #expect(quiet.status == 0 && quiet.error == "")
  }

  @Test func broken_inputIsAnErrorAndNoCrash() throws {
    let lane = try HookFixture()
    let program = BuiltPrograms.path("lanekeeper-hook")
    var environment = lane.test.environment
    environment["GIT_DIR"] = lane.test.path + "/.git/worktrees/lane-1"
    for input in ["nonsense\n", "a b c\n", "\n", String(repeating: "x", count: 100_000)] {
      let result = try TestProgram.run(
        [lane.hooks + "/reference-transaction", "prepared"], directory: lane.lane,
        environment: environment, input: Array(input.utf8))
      #expect(result.status == 0 || result.status == 1, "\(result.status)")
    }
    let version = try TestProgram.run(
      [program, "--version"], directory: lane.lane, environment: environment)
    #expect(version.status == 0)
    for garbage in [
      [UInt8](), Array("DIRC".utf8), (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 31) },
    ] {
      let index = lane.test.root.path("index")
      try Data(garbage).write(to: URL(fileURLWithPath: index))
      environment["GIT_INDEX_FILE"] = index
      let result = try TestProgram.run(
        [lane.hooks + "/pre-commit"], directory: lane.lane, environment: environment)
      #expect(result.status == 0 || result.status == 1, "\(result.status) \(result.error)")
    }
  }
}
