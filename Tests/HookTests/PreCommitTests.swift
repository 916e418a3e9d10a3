import Foundation
import TestSupport
import Testing

@Suite(.bounded) struct PreCommitTests {
  @Test func claimsWhatIsStagedAndPinsIt() throws {
    let lane = try HookFixture()
    try lane.write("a.txt", "2\n")
    try lane.write("new/c.txt", "1\n")
    let result = try lane.commit()
    #expect(result.status == 0, "\(result.error)")
    #expect(try lane.claims() == ["a.txt!", "new/c.txt!"])
    let types = try lane.table.run("SELECT type FROM events").map { $0[0] }
    #expect(types == ["claims_granted"])
  }

  @Test func p2_refusesAllOrNothingAndSaysWhatToDo() throws {
    let lane = try HookFixture()
    try lane.hold("dir/")
    let before = try lane.tip()
    try lane.write("a.txt", "2\n")
    try lane.write("dir/b.txt", "2\n")
    let result = try lane.commit()
    #expect(result.status == 1)
    #expect(
      result.error.contains(
        "dir/b.txt: held by feature #2 \"Two\" (agent-2) through its claim on dir/"))
    #expect(result.error.contains("What you can do"))
    #expect(try lane.claims() == [] && lane.tip() == before)
    #expect(
      try lane.table.run("SELECT path, reason, holder FROM refusals") == [
        ["dir/b.txt", "held", "2"]
      ])
    // The free one alone passes.
    try lane.test.git("reset", "-q", "--", "dir/b.txt", at: lane.lane)
    #expect(try lane.git("commit", "-q", "-m", "work").status == 0)
    #expect(try lane.claims() == ["a.txt!"])
  }

  @Test func titlesAndNamesSteerNoTerminal() throws {
    let lane = try HookFixture()
    let title = "x\u{1b}[2J\u{9b}31m\u{202e}\n\rlanekeeper: go on"
    try lane.table.run("UPDATE features SET title = '\(title)' WHERE id = '2'")
    for name in ["e\u{1b}[2Jx", "n\nl", "t\u{7}", "--help", "$(touch pwned)"] {
      try lane.write("dir/" + name, "1\n")
    }
    try lane.hold("dir/")
    let result = try lane.commit()
    #expect(result.status == 1)
    #expect(
      result.error.contains("held by feature #2 \"x\\x1b[2J\\x9b31m<U+202e> "), "\(result.error)")
    for scalar in result.error.unicodeScalars where scalar != "\n" {
      #expect(
        scalar.value >= 0x20 && !(0x7f...0x9f).contains(scalar.value) && scalar != "\u{202e}")
    }
    #expect(!result.error.split(separator: "\n").contains { $0.hasPrefix("lanekeeper: go on") })
  }

  @Test func p2_everyWayToCommitIsSeen() throws {
    let lane = try HookFixture()
    try lane.hold("a.txt")
    let before = try lane.tip()
    try lane.write("a.txt", "2\n")
    #expect(try lane.git("commit", "-q", "-a", "-m", "x").status == 1)
    #expect(try lane.git("commit", "-q", "-m", "x", "a.txt").status == 1)
    #expect(try lane.git("commit", "-q", "-a", "--amend", "-m", "x").status == 1)
    // --no-verify passes pre-commit by; reference-transaction sees it.
    let skipped = try lane.git("commit", "-q", "-a", "--no-verify", "-m", "x")
    #expect(skipped.status != 0 && skipped.error.contains("a.txt: held by feature #2"))
    // So does plumbing.
    let tree = try lane.git("write-tree").text
    let commit = try lane.test.git(["commit-tree", "-m", "x", "-p", "HEAD", tree], at: lane.lane)
    _ = commit
    try lane.test.git("add", "a.txt", at: lane.lane)
    let staged = try lane.git("write-tree").text
    let loose = try lane.test.git(["commit-tree", "-m", "x", "-p", "HEAD", staged], at: lane.lane)
    #expect(try lane.git("update-ref", "refs/heads/lane/1-one", loose).status != 0)
    #expect(try lane.git("reset", "-q", "--soft", loose).status != 0)
    #expect(try lane.tip() == before)
  }

  @Test func renamesDeletesModesAndLinksNeedTheirPaths() throws {
    for (held, change): (String, (HookFixture) throws -> Void) in [
      ("a.txt", { try $0.test.git("mv", "a.txt", "moved.txt", at: $0.lane) }),
      ("moved.txt", { try $0.test.git("mv", "a.txt", "moved.txt", at: $0.lane) }),
      ("dir/b.txt", { try $0.test.git("rm", "-q", "dir/b.txt", at: $0.lane) }),
      ("a.txt", { chmod($0.lane + "/a.txt", 0o755) }),
      (
        "a.txt",
        {
          try FileManager.default.removeItem(atPath: $0.lane + "/a.txt")
          try FileManager.default.createSymbolicLink(
            atPath: $0.lane + "/a.txt", withDestinationPath: "dir/b.txt")
        }
      ),
    ] {
      let lane = try HookFixture()
      try lane.hold(held)
      try change(lane)
      let result = try lane.commit()
      #expect(
        result.status == 1 && result.error.contains("\(held): held by"), "\(held): \(result.error)")
    }
  }

  @Test func stalePathsAreRefusedUntilTheTargetIsBroughtIn() throws {
    let lane = try HookFixture()
    try lane.test.write("a.txt", "person\n")
    try lane.test.commit("a person's commit")
    try lane.write("a.txt", "agent\n")
    let refused = try lane.commit()
    #expect(refused.status == 1 && refused.error.contains("lanekeeper sync"), "\(refused.error)")
    // What the target did not change is free.
    try lane.test.git("reset", "-q", "--hard", at: lane.lane)
    try lane.write("dir/b.txt", "agent\n")
    #expect(try lane.commit().status == 0)
    // After a merge of the target the path is free to be changed.
    let merge = try lane.git("merge", "-q", "--no-edit", "main")
    #expect(merge.status == 0, "\(merge.error)")
    try lane.write("a.txt", "agent\n")
    let result = try lane.commit()
    #expect(result.status == 0, "\(result.error)")
    #expect(try lane.claims() == ["a.txt!", "dir/b.txt!"])
  }

  @Test func frozenAndFreePaths() throws {
    let lane = try HookFixture()
    try lane.table.run(
      """
      INSERT INTO path_policies VALUES (CAST('key' AS BLOB), 0, 'frozen', NULL),
        (CAST('free' AS BLOB), 1, 'free', NULL)
      """)
    try lane.write("free/x", "1")
    #expect(try lane.commit().status == 0)
    #expect(try lane.claims() == [])
    try lane.write("key", "1")
    let result = try lane.commit()
    #expect(result.status == 1 && result.error.contains("key: frozen"))
  }

  @Test func p2_sharedPathsAreChangedBySeveral() throws {
    let lane = try HookFixture(files: ["notes.md": "1\n", "lock/one": "1\n"])
    try lane.table.run(
      """
      INSERT INTO path_policies VALUES (CAST('notes.md' AS BLOB), 0, 'shared', 'union'),
        (CAST('lock' AS BLOB), 1, 'shared', 'regenerate: make lock')
      """)
    for path in ["notes.md", "lock/one"] { try lane.hold(path) }
    try lane.table.run("UPDATE claims SET mode = 'shared'")
    try lane.write("notes.md", "2\n")
    try lane.write("lock/one", "2\n")
    let both = try lane.commit()
    #expect(both.status == 0, "\(both.error)")
    #expect(try lane.claims() == ["lock/one!", "notes.md!"])
    let modes = try lane.table.run("SELECT DISTINCT mode FROM claims WHERE owner = '1'")
    #expect(modes == [["shared"]])
    // A claim on the directory above does not reach what is shared below it; beside it, it does.
    try lane.hold("dir/")
    try lane.table.run(
      "INSERT INTO path_policies VALUES (CAST('dir/b.txt' AS BLOB), 0, 'shared', 'union')")
    try lane.write("dir/b.txt", "2\n")
    #expect(try lane.commit().status == 0)
    try lane.write("dir/c.txt", "2\n")
    let refused = try lane.commit()
    #expect(refused.status == 1 && refused.error.contains("dir/c.txt"), "\(refused.error)")
  }

  @Test func policyStrictAndOff() throws {
    let lane = try HookFixture()
    try lane.table.run("UPDATE meta SET value = 'strict' WHERE key = 'claims.policy'")
    try lane.write("a.txt", "2\n")
    let refused = try lane.commit()
    #expect(refused.status == 1 && refused.error.contains("lanekeeper claim"), "\(refused.error)")
    try lane.hold("a.txt", owner: "1")
    #expect(try lane.commit().status == 0)
    try lane.table.run("UPDATE meta SET value = 'off' WHERE key = 'claims.policy'")
    try lane.write("dir/b.txt", "2\n")
    #expect(try lane.commit().status == 0)
    #expect(try lane.claims() == ["a.txt!"])
  }

  @Test func oddRepositoriesAndNames() throws {
    for prepare: (TestRepository) throws -> Void in [
      { try $0.git("gc", "-q") }, { try $0.git("config", "index.version", "4") },
      { try $0.git("config", "core.splitIndex", "true") },
      { try $0.git("config", "index.skipHash", "true") },
      { try $0.git("pack-refs", "--all") },
    ] {
      let lane = try HookFixture(prepare: prepare)
      try lane.hold("dir/b.txt")
      try lane.write("sp ace/ü\"x.txt", "1")
      let good = try lane.commit()
      #expect(good.status == 0, "\(good.error)")
      #expect(try lane.claims() == ["sp ace/ü\"x.txt!"])
      try lane.write("dir/b.txt", "2\n")
      #expect(try lane.commit().status == 1)
    }
  }

  @Test func whatIsMeantToBeAddedIsNotStaged() throws {
    let lane = try HookFixture()
    try lane.hold("later.txt")
    try lane.write("later.txt", "1")
    try lane.test.git("add", "-N", "later.txt", at: lane.lane)
    try lane.write("a.txt", "2\n")
    try lane.test.git("add", "a.txt", at: lane.lane)
    let result = try lane.git("commit", "-q", "-m", "x")
    #expect(result.status == 0, "\(result.error)")
    #expect(try lane.claims() == ["a.txt!"])
  }

  @Test func aLargeTreeWithOneChange() throws {
    var files: [String: String] = [:]
    for number in 0..<600 { files["many/d\(number % 20)/f\(number)"] = "\(number)" }
    let lane = try HookFixture(files: files)
    try lane.write("many/d7/f7", "changed")
    #expect(try lane.commit().status == 0)
    #expect(try lane.claims() == ["many/d7/f7!"])
  }

  @Test func theUsersHookRunsAfterOurs() throws {
    let lane = try HookFixture()
    let log = lane.test.root.path("log")
    try lane.test.write(
      ".git/hooks/pre-commit", "#!/bin/sh\necho \"pre $0\" >> '\(log)'\n", executable: true)
    try lane.test.write(
      ".git/hooks/commit-msg", "#!/bin/sh\necho \"msg $(cat \"$1\")\" >> '\(log)'\n",
      executable: true)
    try lane.test.write(
      ".git/hooks/reference-transaction",
      "#!/bin/sh\nread -r old new name && echo \"ref $1 $name\" >> '\(log)'\n", executable: true)
    try lane.write("a.txt", "2\n")
    #expect(try lane.commit().status == 0)
    let text = try lane.test.root.read("log")
    #expect(text.contains("pre \(lane.test.path)/.git/hooks/pre-commit") || text.contains("pre "))
    #expect(text.contains("msg work") && text.contains("ref prepared HEAD"))
    #expect(text.contains("ref committed"))
    // Its refusal counts; ours comes first.
    try lane.test.write(".git/hooks/pre-commit", "#!/bin/sh\nexit 7\n", executable: true)
    try lane.write("a.txt", "3\n")
    #expect(try lane.commit().status != 0)
  }

  @Test func aStateFileThatCannotBeReadRefusesALane() throws {
    let lane = try HookFixture()
    try lane.table.run("PRAGMA user_version = 999")
    try lane.write("a.txt", "2\n")
    let newer = try lane.commit()
    #expect(newer.status == 1 && newer.error.contains("newer"), "\(newer.error)")
    let broken = try HookFixture()
    let path = broken.test.path + "/.git/lanekeeper/state.sqlite"
    for suffix in ["", "-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: path + suffix)
    }
    try Data("nonsense".utf8).write(to: URL(fileURLWithPath: path))
    try broken.write("a.txt", "2\n")
    let result = try broken.commit()
    #expect(result.status == 1 && result.error.contains("state.sqlite"), "\(result.error)")
    #expect(result.error.split(separator: "\n").count <= 3)
  }
}
