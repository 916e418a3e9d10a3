import TestSupport
import Testing

/// `reference-transaction` judges a commit again, whatever `pre-commit` found.
@Suite(.bounded) struct SecondJudgementTests {
  /// A lane with two changed files.
  private func lane() throws -> HookFixture {
    let lane = try HookFixture()
    try lane.write("a.txt", "mine\n")
    try lane.write("dir/b.txt", "mine\n")
    return lane
  }

  private var sql: String {
    "import sqlite3, sys\nstate = sqlite3.connect(sys.argv[1])\nstate.execute(sys.argv[2])\nstate.commit()\n"
  }

  @Test func aLaneThatIsTakenAwayInBetweenIsRefused() throws {
    let lane = try lane()
    let state = lane.test.path + "/.git/lanekeeper/state.sqlite"
    try lane.test.root.write("change.py", sql)
    try lane.test.write(
      ".git/hooks/commit-msg",
      "#!/bin/sh\nexec python3 '\(lane.test.root.path("change.py"))' '\(state)' 'UPDATE lanes SET feature = NULL'\n",
      executable: true)
    let before = try lane.tip()
    let result = try lane.commitAsAgent()
    #expect(result.status != 0 && result.error.contains("not assigned"), "\(result.error)")
    #expect(try lane.tip() == before)
  }

  @Test func anotherTreeThanTheJudgedOneIsJudged() throws {
    // pre-commit runs on what is staged first; a hook of the user's then stages what another holds.
    let lane = try lane()
    try lane.hold("dir/b.txt")
    try lane.test.write(
      ".git/hooks/pre-commit", "#!/bin/sh\nexec git add dir/b.txt\n", executable: true)
    let before = try lane.tip()
    let result = try lane.commitAsAgent(staging: "a.txt")
    #expect(result.status != 0)
    #expect(result.error.contains("dir/b.txt"), "\(result.error)")
    #expect(try lane.tip() == before)
  }

  @Test func p2_theSameCommitIsJudgedAgainWhenAnotherHoldsItsPath() throws {
    let lane = try lane()
    #expect(try lane.commitAsAgent().status == 0)
    #expect(try lane.claims() == ["a.txt!", "dir/b.txt!"])
    // Another feature gets the path.
    let tree = try lane.test.git("rev-parse", "lane/1-one^{tree}")
    let base = try lane.test.git("rev-parse", "lane/1-one~1")
    _ = try lane.git("reset", "-q", "--hard", "HEAD~1")
    try lane.table.run("UPDATE claims SET owner = '2', pinned = 0")
    let again = try lane.test.git("commit-tree", "-p", base, "-m", "again", tree)
    let result = try lane.git("update-ref", "refs/heads/lane/1-one", again)
    #expect(result.status != 0 && result.error.contains("a.txt"), "\(result.error)")
    #expect(try lane.tip() == base)
  }

  @Test func aSteadyLaneWritesNothing() throws {
    let lane = try lane()
    #expect(try lane.commitAsAgent().status == 0)
    let events = try lane.table.run("SELECT count(*), max(seq) FROM events")
    let version = try lane.table.run("PRAGMA data_version")
    for turn in 0..<3 {
      try lane.write("a.txt", "turn \(turn)\n")
      #expect(try lane.commitAsAgent().status == 0)
    }
    // No other connection has written meanwhile.
    #expect(try lane.table.run("PRAGMA data_version") == version)
    #expect(try lane.table.run("SELECT count(*), max(seq) FROM events") == events)
  }

  @Test func aRepositoryWhoseObjectsArePacked() throws {
    let lane = try HookFixture(prepare: { try $0.git("gc", "-q") })
    try lane.hold("dir/b.txt")
    try lane.write("a.txt", "mine\n")
    // No git can be started from here, so the hook has read the pack by itself.
    try lane.test.git("add", "-A", at: lane.lane)
    var environment = lane.test.environment
    environment["PATH"] = "/nowhere"
    environment["GIT_DIR"] = lane.test.path + "/.git/worktrees/lane-1"
    environment["GIT_INDEX_FILE"] = lane.test.path + "/.git/worktrees/lane-1/index"
    try lane.test.git("write-tree", at: lane.lane)
    let hook = lane.hooks + "/pre-commit"
    let fine = try TestProgram.run([hook], directory: lane.lane, environment: environment)
    #expect(fine.status == 0, "\(fine.error)")
    #expect(try lane.claims() == ["a.txt!"])
    try lane.write("dir/b.txt", "mine\n")
    try lane.test.git("add", "-A", at: lane.lane)
    try lane.test.git("write-tree", at: lane.lane)
    let refused = try TestProgram.run([hook], directory: lane.lane, environment: environment)
    #expect(refused.status == 1 && refused.error.contains("dir/b.txt"), "\(refused.error)")
    // Where it does not understand the index it asks git, and without one refuses.
    try lane.test.git("update-index", "--split-index", at: lane.lane)
    let blind = try TestProgram.run([hook], directory: lane.lane, environment: environment)
    #expect(blind.status == 1 && blind.error.contains("can't tell"), "\(blind.error)")
    environment["PATH"] = lane.test.environment["PATH"]
    let asked = try TestProgram.run([hook], directory: lane.lane, environment: environment)
    #expect(asked.status == 1 && asked.error.contains("dir/b.txt"), "\(asked.error)")
  }
}
