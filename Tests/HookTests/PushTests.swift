import Foundation
import TestSupport
import Testing

/// What a lane may push, and what a shared repository takes.
@Suite(.bounded) struct PushTests {
  @Test func aLanePushesItsOwnBranchAndNewTags() throws {
    let lane = try HookFixture()
    let remote = lane.test.root.path("remote.git")
    try lane.test.git("init", "-q", "--bare", "-b", "main", remote)
    try lane.test.git("remote", "add", "origin", remote)
    try lane.test.git("push", "-q", "origin", "main")
    try lane.write("a.txt", "2\n")
    #expect(try lane.commit().status == 0)
    try lane.test.git("tag", "mine", at: lane.lane)
    for words in [
      ["push", "-q", "origin", "HEAD"], ["push", "-q", "-u", "origin", "lane/1-one"],
      ["push", "-q", "origin", "mine"],
    ] {
      let result = try lane.test.runGit(words, at: lane.lane)
      #expect(result.status == 0, "\(words): \(result.error)")
    }
    let before = try lane.test.git("for-each-ref", at: remote)
    for words in [
      ["push", "origin", "HEAD:main"], ["push", "-f", "origin", "HEAD:main"],
      ["push", "origin", "HEAD:refs/heads/other"], ["push", "origin", "--delete", "main"],
      ["push", "origin", ":lane/1-one"], ["push", "--mirror", "origin"],
    ] {
      let result = try lane.test.runGit(words, at: lane.lane)
      #expect(
        result.status != 0 && result.error.contains("lanekeeper: "), "\(words) \(result.error)")
    }
    #expect(try lane.test.git("for-each-ref", at: remote) == before)
    // A commit that never passed a hook does not leave by the back door.
    try lane.hold("dir/b.txt")
    try lane.write("dir/b.txt", "2\n")
    try lane.test.git("-c", "core.hooksPath=/dev/null", "commit", "-qam", "x", at: lane.lane)
    let result = try lane.git("push", "origin", "HEAD")
    #expect(result.status != 0 && result.error.contains("dir/b.txt: held by"), "\(result.error)")
    #expect(try lane.test.git("for-each-ref", at: remote) == before)
  }

  /// A bare repository with our hooks, and two clones of it.
  private struct Shared {
    let test: TestRepository
    let server: String
    let table: LockTableFile

    init(humans: String = "warn") throws {
      test = try TestRepository()
      try test.write("a.txt", "1\n")
      try test.write("dir/b.txt", "1\n")
      try test.commit("base")
      server = test.root.path("server.git")
      try test.git("clone", "-q", "--bare", test.path, server)
      let hooks = server + "/lanekeeper/person-hooks"
      try FileManager.default.createDirectory(atPath: hooks, withIntermediateDirectories: true)
      for name in ["pre-receive", "reference-transaction"] {
        try FileManager.default.createSymbolicLink(
          atPath: hooks + "/" + name, withDestinationPath: BuiltPrograms.path("lanekeeper-hook"))
      }
      try FileManager.default.createSymbolicLink(
        atPath: hooks + "/user", withDestinationPath: server + "/hooks")
      try test.git("config", "core.hooksPath", hooks, at: server)
      table = try LockTableFile(server + "/lanekeeper/state.sqlite")
      try table.run(
        """
        INSERT INTO meta VALUES ('target', 'refs/heads/main'), ('claims.policy', 'auto'),
          ('claims.humans', '\(humans)')
        """)
      for name in ["one", "two"] { try test.git("clone", "-q", server, test.root.path(name)) }
    }

    /// Commits on a branch of a clone and pushes it.
    func push(_ clone: String, _ branch: String, _ file: String, _ text: String) throws
      -> TestProgramResult
    {
      let path = test.root.path(clone)
      _ =
        try test.runGit(["checkout", "-q", branch], at: path).status == 0
        ? "" : try test.git("checkout", "-q", "-b", branch, "origin/main", at: path)
      try test.root.write(clone + "/" + file, text)
      try test.git("add", "-A", at: path)
      try test.git("commit", "-q", "-m", "x", at: path)
      return try test.runGit(["push", "-q", "origin", branch], at: path)
    }
  }

  @Test func p2_aSharedRepositoryTakesOneFeatureAtATimeForAPath() throws {
    let shared = try Shared()
    #expect(try shared.push("one", "lane/1-one", "a.txt", "one\n").status == 0)
    let refused = try shared.push("two", "lane/2-two", "a.txt", "two\n")
    #expect(
      refused.status != 0 && refused.error.contains("a.txt: held by feature #1-one"),
      "\(refused.error)")
    #expect(
      try shared.test.runGit(["rev-parse", "-q", "--verify", "lane/2-two"], at: shared.server)
        .status
        != 0)
    // Another path is free, and its own branch goes on.
    #expect(try shared.push("two", "lane/3-three", "dir/b.txt", "three\n").status == 0)
    #expect(try shared.push("one", "lane/1-one", "a.txt", "more\n").status == 0)
    // Once it has landed, the path is free; the other brings the target in first.
    let path = shared.test.root.path("one")
    try shared.test.git("push", "-q", "origin", "lane/1-one:main", at: path)
    let stale = try shared.push("two", "lane/2-two", "a.txt", "again\n")
    #expect(stale.status != 0 && stale.error.contains("sync"), "\(stale.error)")
    let two = shared.test.root.path("two")
    try shared.test.git("fetch", "-q", at: two)
    _ = try shared.test.runGit(["merge", "-q", "-X", "ours", "--no-edit", "origin/main"], at: two)
    let landed = try shared.test.runGit(["push", "-q", "origin", "lane/2-two"], at: two)
    #expect(landed.status == 0, "\(landed.error)")
  }

  @Test func p2_whatBranchesOfFeaturesBeginWithCanBeSet() throws {
    let shared = try Shared()
    // Pushed before the setting was changed.
    #expect(try shared.push("one", "lane/1-one", "a.txt", "one\n").status == 0)
    try shared.table.run(
      "INSERT INTO meta VALUES ('branches.prefixes', 'refs/heads/feature/' || char(10) || 'refs/heads/lane/')"
    )
    let held = try shared.push("two", "feature/2-two", "a.txt", "two\n")
    #expect(held.status != 0 && held.error.contains("held by feature #1-one"), "\(held.error)")
    #expect(try shared.push("two", "feature/3-three", "dir/b.txt", "three\n").status == 0)
    let second = try shared.push("one", "feature/4-four", "dir/b.txt", "four\n")
    #expect(second.status != 0 && second.error.contains("held by feature #3-three"))
    #expect(try shared.push("one", "side/5", "dir/b.txt", "five\n").status == 0)
  }

  @Test func aPushToTheTargetIsWarnedOrDeniedWhereAFeatureHoldsIt() throws {
    let warned = try Shared()
    #expect(try warned.push("one", "lane/1-one", "a.txt", "one\n").status == 0)
    let result = try warned.push("two", "main", "a.txt", "person\n")
    #expect(result.status == 0 && result.error.contains("a.txt: held by"), "\(result.error)")
    let denied = try Shared(humans: "deny")
    #expect(try denied.push("one", "lane/1-one", "a.txt", "one\n").status == 0)
    #expect(try denied.push("two", "main", "a.txt", "person\n").status != 0)
    #expect(try denied.push("two", "side", "a.txt", "person\n").status == 0)
    // Landing the feature itself is no conflict.
    let path = denied.test.root.path("one")
    let landing = try denied.test.runGit(["push", "-q", "origin", "lane/1-one:main"], at: path)
    #expect(landing.status == 0, "\(landing.error)")
    let own = try denied.test.runGit(["push", "origin", "HEAD:refs/lanekeeper/x/1"], at: path)
    #expect(own.status != 0 && own.error.contains("Lanekeeper's own"), "\(own.error)")
  }

  @Test func theServersOwnHookStillRunsWithItsInput() throws {
    let shared = try Shared()
    let log = shared.test.root.path("log")
    try shared.test.root.write(
      "server.git/hooks/pre-receive", "#!/bin/sh\ncat >> '\(log)'\n[ ! -e '\(log).refuse' ]\n",
      executable: true)
    #expect(try shared.push("one", "lane/1-one", "a.txt", "one\n").status == 0)
    #expect(try shared.test.root.read("log").contains("refs/heads/lane/1-one"))
    try shared.test.root.write("log.refuse", "")
    #expect(try shared.push("one", "lane/1-one", "a.txt", "two\n").status != 0)
  }
}
