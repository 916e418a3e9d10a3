import Foundation
import TestSupport
import Testing

/// Each form in which git makes commits, with what a lane may change and what it may not.
@Suite(.bounded) struct CommitFormsTests {
  /// Makes a commit object that changes files of the lane's tip, and leaves the lane as it was.
  private func forge(_ lane: HookFixture, _ files: [String: String]) throws -> String {
    for (name, text) in files { try lane.write(name, text) }
    try lane.test.git("add", "-A", at: lane.lane)
    let tree = try lane.test.git("write-tree", at: lane.lane)
    try lane.test.git("reset", "-q", "--hard", at: lane.lane)
    return try lane.test.git(["commit-tree", "-p", "HEAD", "-m", "forged", tree], at: lane.lane)
  }

  private func staysOut(_ lane: HookFixture, _ arguments: String...) throws {
    let before = try lane.tip()
    let result = try lane.test.runGit(arguments, at: lane.lane)
    #expect(result.status != 0, "\(arguments) passed")
    #expect(result.error.contains("held by feature #2"), "\(arguments): \(result.error)")
    #expect(try lane.tip() == before)
  }

  private func passes(_ lane: HookFixture, _ arguments: String...) throws {
    let result = try lane.test.runGit(arguments, at: lane.lane)
    #expect(result.status == 0, "\(arguments): \(result.error)")
  }

  @Test func aTemporaryIndexIsJudgedAndNotTheRealOne() throws {
    let lane = try HookFixture()
    try lane.hold("a.txt")
    try lane.write("a.txt", "2\n")
    try lane.write("dir/b.txt", "2\n")
    try lane.test.git("add", "-A", at: lane.lane)
    // What is staged besides is no part of the commit.
    try passes(lane, "commit", "-q", "-m", "x", "dir/b.txt")
    #expect(try lane.claims() == ["dir/b.txt!"])
    try staysOut(lane, "commit", "-q", "-m", "x", "a.txt")
    try staysOut(lane, "commit", "-q", "-m", "x", "-i", "dir/b.txt")
    try staysOut(lane, "commit", "-q", "-m", "x", "-o", "a.txt")
    #expect(try lane.test.root.read("lane-1/a.txt") == "2\n")
  }

  @Test func amend() throws {
    let lane = try HookFixture()
    try lane.write("a.txt", "2\n")
    #expect(try lane.commit().status == 0)
    try lane.hold("dir/b.txt")
    try passes(lane, "commit", "-q", "--amend", "-m", "better words")
    try lane.write("c.txt", "3\n")
    try lane.test.git("add", "-A", at: lane.lane)
    try passes(lane, "commit", "-q", "--amend", "--no-edit")
    #expect(try lane.claims() == ["a.txt!", "c.txt!"])
    try lane.write("dir/b.txt", "2\n")
    try staysOut(lane, "commit", "-q", "-a", "--amend", "--no-edit")
    try staysOut(lane, "commit", "-q", "-a", "--amend", "--no-edit", "--no-verify")
  }

  @Test func theFirstCommitOfAnEmptyBranch() throws {
    let lane = try HookFixture()
    try passes(lane, "commit", "-q", "--allow-empty", "-m", "nothing")
    #expect(try lane.claims() == [])
    // A history of its own is judged as a whole.
    try lane.hold("a.txt")
    try lane.test.git("checkout", "-q", "--orphan", "fresh", at: lane.lane)
    let result = try lane.git("commit", "-q", "-m", "root")
    #expect(result.status != 0 && result.error.contains("git switch lane/1-one"), "\(result.error)")
    let tree = try lane.test.git("write-tree", at: lane.lane)
    let root = try lane.test.git(["commit-tree", "-m", "root", tree], at: lane.lane)
    try lane.test.git("symbolic-ref", "HEAD", "refs/heads/lane/1-one", at: lane.lane)
    try staysOut(lane, "update-ref", "refs/heads/lane/1-one", root)
  }

  @Test func theFirstCommitOfARepositoryByAPerson() throws {
    let test = try TestRepository()
    let own = test.path + "/.git/lanekeeper"
    try FileManager.default.createDirectory(
      atPath: own + "/person-hooks", withIntermediateDirectories: true)
    for name in ["pre-commit", "reference-transaction"] {
      try FileManager.default.createSymbolicLink(
        atPath: own + "/person-hooks/" + name,
        withDestinationPath: BuiltPrograms.path("lanekeeper-hook"))
    }
    let table = try LockTableFile(own + "/state.sqlite")
    try table.run("INSERT INTO meta VALUES ('target', 'refs/heads/main')")
    try test.git("config", "core.hooksPath", own + "/person-hooks")
    try test.write("a.txt", "1\n")
    try test.commit("first")
    let moves = try table.run("SELECT hex(old), hex(new), by FROM target_moves")
    #expect(moves == [["", try test.git("rev-parse", "HEAD").uppercased(), "person"]])
  }

  @Test func mergesOfTheTargetAndOfOthers() throws {
    let lane = try HookFixture()
    try lane.write("a.txt", "2\n")
    #expect(try lane.commit().status == 0)
    // The target brings a path that another holds by now; that is not the lane's change.
    try lane.test.write("dir/b.txt", "person\n")
    try lane.test.commit("a person's commit")
    try lane.hold("dir/b.txt")
    try passes(lane, "merge", "-q", "--no-ff", "--no-edit", "main")
    #expect(try lane.claims() == ["a.txt!"])
    // A merge that another path is slipped into is refused before it is committed.
    try lane.test.write("other.txt", "1\n")
    try lane.test.commit("another")
    try lane.test.git("merge", "-q", "--no-commit", "--no-ff", "main", at: lane.lane)
    try lane.write("dir/b.txt", "slipped\n")
    try lane.test.git("add", "-A", at: lane.lane)
    try staysOut(lane, "commit", "-q", "--no-edit")
    try lane.test.git("checkout", "-q", "main", "--", "dir/b.txt", at: lane.lane)
    try passes(lane, "commit", "-q", "--no-edit")
    // Somebody's branch that changes it is the lane's change.
    let side = try forge(lane, ["dir/b.txt": "side\n"])
    try lane.test.git("tag", "side", side)
    let merge = try lane.git("merge", "-q", "--no-ff", "--no-edit", "side")
    #expect(merge.status != 0 && merge.error.contains("dir/b.txt: held by"), "\(merge.error)")
    #expect(
      FileManager.default.fileExists(
        atPath: lane.test.path + "/.git/worktrees/lane-1/MERGE_HEAD"),
      "pre-merge-commit refuses, and git keeps the merge")
    try lane.test.git("merge", "--abort", at: lane.lane)
    try staysOut(lane, "merge", "-q", "--no-ff", "--no-edit", "--no-verify", "side")
    try lane.test.git("merge", "--abort", at: lane.lane)
    try staysOut(lane, "merge", "-q", "--ff-only", "side")
  }

  @Test func aConflictThatWasResolvedIsJudgedByTheMergeBaseItWillHave() throws {
    let lane = try HookFixture()
    try lane.write("a.txt", "lane\n")
    #expect(try lane.commit().status == 0)
    try lane.test.write("a.txt", "person\n")
    try lane.test.write("elsewhere.txt", "person\n")
    try lane.test.commit("a person's commit")
    try lane.hold("elsewhere.txt")
    #expect(try lane.git("merge", "-q", "--no-edit", "main").status == 1)
    try lane.write("a.txt", "both\n")
    try lane.test.git("add", "a.txt", at: lane.lane)
    try passes(lane, "commit", "-q", "--no-edit")
    #expect(try lane.claims() == ["a.txt!"])
  }

  @Test func severalAtOnceAndOctopus() throws {
    let lane = try HookFixture()
    let one = try forge(lane, ["one.txt": "1\n"])
    let two = try forge(lane, ["two.txt": "1\n"])
    try passes(lane, "merge", "-q", "--no-edit", one, two)
    #expect(try lane.claims() == ["one.txt!", "two.txt!"])
    try lane.hold("three.txt")
    let three = try forge(lane, ["three.txt": "1\n"])
    let four = try forge(lane, ["four.txt": "1\n"])
    // What comes before the refused one is there, and what is refused is not.
    let before = try lane.tip()
    let result = try lane.git("cherry-pick", four, three)
    #expect(result.status != 0 && result.error.contains("three.txt: held by"), "\(result.error)")
    #expect(try lane.test.git("rev-parse", "lane/1-one~1") == before)
    #expect(try lane.claims() == ["four.txt!", "one.txt!", "two.txt!"])
  }

  @Test func cherryPickRevertAndRebase() throws {
    let lane = try HookFixture()
    try lane.write("a.txt", "2\n")
    #expect(try lane.commit().status == 0)
    let good = try forge(lane, ["c.txt": "1\n"])
    try passes(lane, "cherry-pick", good)
    try passes(lane, "revert", "--no-edit", "HEAD")
    try lane.hold("dir/b.txt")
    let bad = try forge(lane, ["dir/b.txt": "2\n"])
    try staysOut(lane, "cherry-pick", bad)
    _ = try lane.git("cherry-pick", "--abort")
    // Rebase in all its forms, on a target that has moved.
    try lane.test.write("person.txt", "1\n")
    try lane.test.commit("a person's commit")
    try passes(lane, "rebase", "-q", "main")
    #expect(try lane.git("rev-list", "--count", "main..HEAD").text == "3")
    try lane.test.write("person.txt", "2\n")
    try lane.test.commit("another")
    try passes(lane, "rebase", "-q", "--apply", "main")
    try passes(lane, "rebase", "-q", "--force-rebase", "main")
    try passes(
      lane, "-c", "sequence.editor=sed -i -e '2,$ s/^pick/fixup/'", "rebase", "-q", "-i", "main")
    let before = try lane.tip()
    let result = try lane.git(
      "rebase", "-q", "--exec", "echo 2 > dir/b.txt; git commit -qam sneaked --no-verify", "main")
    #expect(result.status == 0 || result.error.contains("held by"), "\(result.error)")
    _ = try lane.git("rebase", "--abort")
    #expect(try lane.tip() == before)
    #expect(
      try lane.git("diff", "--name-only", "main...lane/1-one").text.contains("dir/b.txt") == false)
  }

  @Test func am() throws {
    let lane = try HookFixture()
    try lane.hold("dir/b.txt")
    let good = try forge(lane, ["c.txt": "1\n"])
    let bad = try forge(lane, ["dir/b.txt": "2\n"])
    func patch(_ commit: String) throws -> [UInt8] {
      try lane.test.runGit(["format-patch", "-1", "--stdout", commit], at: lane.lane).output
    }
    let taken = try lane.test.runGit(["am", "-q"], at: lane.lane, input: try patch(good))
    #expect(taken.status == 0, "\(taken.error)")
    #expect(try lane.claims() == ["c.txt!"])
    let before = try lane.tip()
    let refused = try lane.test.runGit(["am", "-q"], at: lane.lane, input: try patch(bad))
    #expect(refused.status != 0 && refused.error.contains("dir/b.txt: held by"), "\(refused.error)")
    _ = try lane.git("am", "--abort")
    #expect(try lane.tip() == before)
  }

  @Test func anotherBranchAndADetachedHEADAreToldAndKeepTheWork() throws {
    let lane = try HookFixture()
    try lane.write("a.txt", "2\n")
    let created = try lane.git("switch", "-q", "-c", "other")
    #expect(created.status != 0 && created.error.contains("refs/heads/other"), "\(created.error)")
    #expect(try lane.test.root.read("lane-1/a.txt") == "2\n")
    try lane.test.git("branch", "side")
    try passes(lane, "switch", "-q", "side")
    let elsewhere = try lane.git("commit", "-q", "-a", "-m", "x")
    #expect(
      elsewhere.status != 0 && elsewhere.error.contains("git switch lane/1-one"),
      "\(elsewhere.error)")
    #expect(try lane.test.root.read("lane-1/a.txt") == "2\n")
    try passes(lane, "switch", "-q", "--detach", "lane/1-one")
    let detached = try lane.git("commit", "-q", "-a", "-m", "x")
    #expect(
      detached.status == 0 && detached.error.contains("HEAD is detached"), "\(detached.error)")
    let commit = try lane.git("rev-parse", "HEAD").text
    try passes(lane, "switch", "-q", "lane/1-one")
    try passes(lane, "cherry-pick", commit)
    #expect(try lane.test.root.read("lane-1/a.txt") == "2\n")
    #expect(try lane.claims() == ["a.txt!"])
  }

  @Test func stash() throws {
    let lane = try HookFixture()
    try lane.write("a.txt", "2\n")
    let result = try lane.git("stash")
    #expect(result.status != 0 && result.error.contains("all lanes share"), "\(result.error)")
    #expect(try lane.test.root.read("lane-1/a.txt") == "2\n")
    #expect(try lane.git("stash", "push", "-u").status != 0)
    // A person's stash in the main checkout goes on as ever.
    try lane.test.git("config", "core.hooksPath", lane.hooks)
    try lane.test.write("a.txt", "mine\n")
    try lane.test.git("stash")
    try lane.test.git("stash", "pop")
    #expect(try lane.test.read("a.txt") == "mine\n")
  }

  @Test func filesDirectoriesLinksAndSubmodulesTakeEachOthersPlaces() throws {
    for (held, change): (String, String) in [
      ("dir/", "rm -r dir; echo x > dir"),
      ("dir/b.txt", "rm -r dir; ln -s a.txt dir"),
      ("a.txt", "rm a.txt; mkdir a.txt; echo x > a.txt/x"),
      ("a.txt/", "rm a.txt; mkdir a.txt; echo x > a.txt/x"),
      (
        "a.txt",
        "git rm -q a.txt; git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),a.txt"
      ),
      ("sub", "git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),sub"),
      ("sub/", "git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),sub"),
      ("dir/b.txt", "git mv dir moved"),
      ("moved/", "git mv dir moved"),
      ("link", "ln -s nowhere link"),
      ("run.sh", "printf x > run.sh; chmod +x run.sh"),
    ] {
      let lane = try HookFixture()
      try lane.hold(held)
      let before = try lane.tip()
      let isGit = change.contains("update-index")
      let command = change + (isGit ? "" : "; git add -A") + "; git commit -q -m x"
      let result = try TestProgram.run(
        ["sh", "-c", command], directory: lane.lane, environment: lane.test.environment)
      #expect(
        result.status == 1 && result.error.contains("held by feature #2"),
        "\(held), \(change): \(result.error)")
      #expect(try lane.tip() == before)
    }
  }

  @Test func aSubmoduleThatItsGitmodulesHides() throws {
    let lane = try HookFixture()
    let id = try lane.tip()
    try lane.write(
      ".gitmodules", "[submodule \"sub\"]\n\tpath = sub\n\turl = ./sub\n\tignore = all\n")
    try lane.test.git("add", ".gitmodules", at: lane.lane)
    try lane.test.git("update-index", "--add", "--cacheinfo", "160000,\(id),sub", at: lane.lane)
    try passes(lane, "commit", "-q", "-m", "x")
    #expect(try lane.claims() == [".gitmodules!", "sub!"])
    let other = try HookFixture()
    try other.hold("sub")
    try other.test.git("update-index", "--add", "--cacheinfo", "160000,\(id),sub", at: other.lane)
    try staysOut(other, "-c", "diff.ignoreSubmodules=all", "commit", "-q", "-m", "x")
  }

  @Test func bytesThatAreNoText() throws {
    let names: [[UInt8]] = [
      Array("sp ace".utf8), Array("quo\"te'`$x".utf8), Array("new\nline".utf8), Array("tab\t".utf8),
      [0xff, 0xfe, 0x41], Array("u\u{308}".utf8), Array("\u{fc}".utf8), Array("back\\slash".utf8),
      Array("-dash".utf8), Array("*?[x]".utf8), Array(":(top)x".utf8),
    ]
    let lane = try HookFixture()
    for name in names {
      let path = Array((lane.lane + "/").utf8) + name + [0]
      let descriptor = path.withUnsafeBytes {
        open($0.bindMemory(to: CChar.self).baseAddress!, O_CREAT | O_WRONLY, 0o644)
      }
      #expect(descriptor >= 0)
      close(descriptor)
    }
    #expect(try lane.commit().status == 0)
    let stored = Set(
      try lane.table.run("SELECT hex(path) FROM claims WHERE owner = '1' AND pinned = 1").map {
        $0[0]
      })
    let wanted = names.map { $0.map { byte in String(format: "%02X", byte) }.joined() }
    #expect(stored == Set(wanted))
    // Each of them is refused where another holds it, plumbing included.
    for hex in wanted {
      let other = try HookFixture()
      try other.table.run(
        """
        INSERT INTO claims(path, subtree, mode, owner_kind, owner, agent, generation, acquired_at)
        VALUES (x'\(hex)', 0, 'exclusive', 'feature', '2', 'agent-2', 1, 0)
        """)
      let commit = try lane.tip()
      try other.test.git("fetch", "-q", lane.test.path, "lane/1-one")
      try staysOut(other, "merge", "-q", "--ff-only", commit)
    }
  }

  @Test func whatIsHiddenFromAPorcelainIsSeen() throws {
    let lane = try HookFixture()
    try lane.hold("a.txt")
    try lane.write("a.txt", "2\n")
    try lane.test.git("add", "a.txt", at: lane.lane)
    for settings in [
      ["-c", "diff.renames=copies"], ["-c", "diff.relative=true"], ["-c", "core.quotePath=false"],
      ["-c", "diff.noprefix=true"], ["-c", "status.showUntrackedFiles=no"],
      ["-c", "core.fsmonitor=true"], ["-c", "diff.orderFile=/dev/null"],
    ] {
      let result = try lane.test.runGit(settings + ["commit", "-q", "-m", "x"], at: lane.lane)
      #expect(result.status == 1 && result.error.contains("a.txt: held by"), "\(settings)")
    }
  }
}
