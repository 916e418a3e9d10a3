import Engine
import Foundation
import Git
import Store
import TestSupport
import Testing

@Suite(.bounded) struct LaneTests {
  struct Fixture {
    let test: TestRepository
    let store: Store
    let state: StateDirectory
    let context: RepositoryContext
    let pool: LanePool
    let tip: ObjectID

    init(copy: [String] = [], setup: String? = nil, files: [String: String] = [:]) throws {
      test = try TestRepository()
      try test.write("a.txt", "1\n")
      try test.write(".gitignore", "*.ignored\nbuild/\n")
      for (name, text) in files { try test.write(name, text) }
      tip = ObjectID(hex: try test.commit("one"))!
      let repository = try Repository(opening: test.path, environment: test.environment)
      state = StateDirectory(commonDirectory: repository.commonDirectory)
      try state.create()
      store = try Store(path: state.stateFile)
      context = RepositoryContext(
        directory: test.path, state: state, environment: test.environment,
        guardProgram: BuiltPrograms.path("lanekeeper-guard"),
        identity: { Signature(name: "T", email: "t@example.org", time: 0, offsetMinutes: 0) })
      pool = LanePool(
        context,
        settings: LaneSettings(
          directory: test.root.path("lanes"), copy: copy, setup: setup, litter: []),
        store: store)
    }

    /// The same lanes under other settings.
    func pool(copy: [String] = [], setup: String? = nil) -> LanePool {
      LanePool(
        context,
        settings: LaneSettings(
          directory: test.root.path("lanes"), copy: copy, setup: setup, litter: []),
        store: store)
    }
  }

  /// A lane whose part of the git directory was broken is whole again when the next feature gets it, with what was in it.
  @Test(arguments: [
    "commondir", "gitdir", "HEAD", "index", "locked", "logs/HEAD", "config.worktree",
  ])
  func p4_aLaneWithBrokenLinksIsMendedBeforeItIsUsed(name: String) throws {
    let fixture = try Fixture()
    let lane = try fixture.pool.take(commit: fixture.tip)
    let path = fixture.state.commonDirectory + "/worktrees/lane-1/" + name
    for (place, thing) in ["gone", "pipe", "directory", "empty"].enumerated() {
      try fixture.pool.enter(lane, branch: "refs/heads/lane/\(place)", commit: fixture.tip)
      try fixture.test.root.write("lanes/1/left.txt", "\(thing)\n")
      try? FileManager.default.removeItem(atPath: path)
      switch thing {
      case "pipe": #expect(mkfifo(path, 0o600) == 0)
      case "directory": #expect(mkdir(path, 0o700) == 0)
      case "empty": try Data().write(to: URL(fileURLWithPath: path))
      default: break
      }
      _ = try GitSpecials(state: fixture.state).clear()
      try fixture.pool.enter(lane, branch: "refs/heads/lane/\(place)-next", commit: fixture.tip)
      #expect(!fixture.test.root.exists("lanes/1/left.txt"), "\(thing)")
      let kept = try fixture.test.git(
        "for-each-ref", "--format=%(objectname)", "refs/lanekeeper/rescue")
      let has = try kept.split(separator: "\n").contains {
        try fixture.test.runGit(["show", "\($0):left.txt"]).text.hasPrefix(thing)
      }
      #expect(has, "\(thing)")
      let head = try fixture.test.git("symbolic-ref", "HEAD", at: lane.path)
      #expect(head.hasSuffix("\(place)-next"))
    }
  }

  @Test func p4_aRecycledLaneKeepsWhatWasLeftAndItsCaches() throws {
    let fixture = try Fixture()
    let lane = try fixture.pool.take(commit: fixture.tip)
    try fixture.pool.giveBack(lane)
    try fixture.test.root.write("lanes/1/left.txt", "work\n")
    try fixture.test.root.write("lanes/1/build/cache", "warm\n")
    try fixture.test.write("a.txt", "2\n")
    let second = ObjectID(hex: try fixture.test.commit("two"))!
    let again = try fixture.pool.take(commit: second)
    #expect(again.number == lane.number)
    try fixture.pool.enter(again, branch: "refs/heads/lane/x", commit: second)
    #expect(try fixture.test.root.read("lanes/1/a.txt") == "2\n")
    #expect(!fixture.test.root.exists("lanes/1/left.txt"))
    #expect(try fixture.test.root.read("lanes/1/build/cache") == "warm\n")
    let rescues = try fixture.test.git(
      "for-each-ref", "--format=%(refname)", "refs/lanekeeper/rescue/lane-1")
    #expect(try fixture.test.git("show", rescues + ":left.txt") == "work")
    #expect(try fixture.test.git("rev-parse", "HEAD", at: again.path) == second.hex)
  }

  @Test func aMissingLaneIsMadeAgain() throws {
    let fixture = try Fixture()
    let lane = try fixture.pool.take(commit: fixture.tip)
    try FileManager.default.removeItem(atPath: lane.path)
    try fixture.pool.enter(lane, branch: nil, commit: fixture.tip)
    #expect(try fixture.test.root.read("lanes/1/a.txt") == "1\n")
    #expect(try fixture.test.git("worktree", "list").split(separator: "\n").count == 2)
  }

  @Test func aDirectoryThatIsNoLaneIsNotTouched() throws {
    let fixture = try Fixture()
    try fixture.test.root.write("lanes/1/mine.txt", "mine\n")
    #expect(try fixture.pool.take(commit: fixture.tip).number == 2)
    #expect(try fixture.test.root.read("lanes/1/mine.txt") == "mine\n")
    #expect(try fixture.store.lanes().map(\.state) == [.broken, .preparing])
  }

  @Test func ignoredFilesAreCopiedAndSetUpRunsOnce() throws {
    let fixture = try Fixture(
      copy: ["key.ignored"], setup: "echo x >> count.ignored", files: ["key.ignored": "k\n"])
    let lane = try fixture.pool.take(commit: fixture.tip)
    try fixture.pool.enter(lane, branch: nil, commit: fixture.tip)
    #expect(try fixture.test.root.read("lanes/1/key.ignored") == "k\n")
    #expect(try fixture.test.root.read("lanes/1/count.ignored") == "x\n")
  }

  @Test func branchNames() {
    #expect(
      BranchName.of(feature: "7", title: "User  Login (v2)!") == "refs/heads/lane/7-user-login-v2")
    #expect(BranchName.of(feature: "a.b", title: "日本") == "refs/heads/lane/a.b")
    // Of two features each has a name of its own, which tells whose it is.
    let names = [("1", "2 fish", ["1-2", "1-2-fish"]), ("1-2", "fish", ["1-2-fish"])].map {
      BranchName.of(feature: $0, title: $1, besides: $2)
    }
    #expect(names == ["refs/heads/lane/1-feature-2-fish", "refs/heads/lane/1-2-feature-fish"])
    #expect(
      names.map { BranchName.owner(of: $0, among: ["1", "1-2", "1-2-fish"]) } == ["1", "1-2"])
    let long = BranchName.of(feature: "1", title: String(repeating: "word ", count: 40))
    #expect(long.count <= "refs/heads/lane/1-".count + 40 && !long.hasSuffix("-"))
    #expect(Repository.isValidReferenceName(long))
  }

  /// What a kill leaves while a lane is being made, step by step.
  enum Leftover: CaseIterable {
    case directory, lock, place, head, link, indexLock, files
  }

  @Test(arguments: Leftover.allCases) func p7_aLaneThatWasCutOffIsMadeAgain(
    leftover: Leftover
  ) throws {
    let fixture = try Fixture(copy: [".env"], setup: "echo once >> setup.ignored")
    try fixture.test.write(".env", "KEY=1\n")
    try fixture.test.write(".git/info/exclude", ".env\n")
    let admin = ".git/worktrees/lane-1"
    let lane = try fixture.store.addLane { fixture.test.root.path("lanes/\($0)") }
    try FileManager.default.createDirectory(
      atPath: lane.path, withIntermediateDirectories: true)
    let steps = Leftover.allCases.prefix { $0 != leftover } + [leftover]
    for step in steps {
      switch step {
      case .directory: break
      case .lock: try fixture.test.write(admin + "/locked", "being made")
      case .place:
        try fixture.test.write(admin + "/commondir", "../..\n")
        try fixture.test.write(admin + "/gitdir", lane.path + "/.git\n")
      case .head: try fixture.test.write(admin + "/HEAD", fixture.tip.hex + "\n")
      case .link:
        try fixture.test.root.write(
          "lanes/1/.git", "gitdir: \(fixture.test.path)/\(admin)\n")
      case .indexLock: try fixture.test.write(admin + "/index.lock", "")
      case .files: try fixture.test.root.write("lanes/1/a.txt", "half")
      }
    }
    try fixture.store.freeLane(lane.number)
    let taken = try fixture.pool.take(commit: fixture.tip)
    try fixture.pool.enter(taken, branch: "refs/heads/lane/x", commit: fixture.tip)
    #expect(try fixture.test.root.read("lanes/1/a.txt") == "1\n")
    #expect(try fixture.test.root.read("lanes/1/.env") == "KEY=1\n")
    #expect(try fixture.test.root.read("lanes/1/setup.ignored") == "once\n")
    #expect(try fixture.test.git("fsck", "--no-dangling") == "")
  }

  @Test func p7_aLaneThatWasLeftOnABranchGivesItUp() throws {
    let fixture = try Fixture()
    let first = try fixture.pool.take(commit: fixture.tip)
    try fixture.pool.enter(first, branch: "refs/heads/lane/x", commit: fixture.tip)
    try fixture.test.root.write("lanes/1/left.txt", "work\n")
    let second = try fixture.pool.take(commit: fixture.tip)
    try fixture.pool.enter(second, branch: "refs/heads/lane/x", commit: fixture.tip)
    #expect(try fixture.test.git("branch", "--show-current", at: second.path) == "lane/x")
    #expect(try fixture.test.git("branch", "--show-current", at: first.path) == "")
    #expect(try fixture.test.root.read("lanes/1/left.txt") == "work\n")
  }

  @Test func p4_p7_aCutOffSyncAndItsLockMoveNoOtherFeaturesBranch() throws {
    let fixture = try Fixture()
    let lane = try fixture.pool.take(commit: fixture.tip)
    try fixture.pool.enter(lane, branch: "refs/heads/lane/x", commit: fixture.tip)
    try fixture.test.root.write("lanes/1/half.txt", "half\n")
    let admin = fixture.test.path + "/.git/worktrees/lane-1"
    let journal = fixture.test.path + "/.git/lanekeeper/sync/lane-1/journal"
    try FileManager.default.createDirectory(
      atPath: (journal as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data("{}".utf8).write(to: URL(fileURLWithPath: journal))
    try Data("lanekeeper sync\n".utf8).write(to: URL(fileURLWithPath: admin + "/index.lock"))
    try fixture.pool.enter(lane, branch: "refs/heads/lane/y", commit: fixture.tip)
    #expect(try fixture.test.git("branch", "--show-current", at: lane.path) == "lane/y")
    #expect(try fixture.test.git("rev-parse", "lane/x") == fixture.tip.hex)
    #expect(!FileManager.default.fileExists(atPath: journal))
    let rescue = try fixture.test.git(
      "for-each-ref", "--format=%(refname)", "refs/lanekeeper/rescue/lane-1")
    #expect(try fixture.test.git("show", rescue + ":half.txt") == "half")
  }

  @Test func p4_whatAnAgentWroteOutlivesItsDotGitFile() throws {
    let fixture = try Fixture()
    let lane = try fixture.pool.take(commit: fixture.tip)
    try fixture.test.root.write("lanes/1/work.txt", "work\n")
    try FileManager.default.removeItem(atPath: lane.path + "/.git")
    try fixture.pool.enter(lane, branch: "refs/heads/lane/x", commit: fixture.tip)
    let rescue = try fixture.test.git(
      "for-each-ref", "--format=%(refname)", "refs/lanekeeper/rescue/lane-1")
    #expect(try fixture.test.git("show", rescue + ":work.txt") == "work")
  }

  @Test func p4_whatStandsInALanesPlaceIsPutAside() throws {
    let fixture = try Fixture()
    let lane = try fixture.pool.take(commit: fixture.tip)
    let files = FileManager.default
    try files.removeItem(atPath: lane.path)
    try files.removeItem(atPath: fixture.test.path + "/.git/worktrees/lane-1")
    try fixture.test.root.write("lanes/1/notes.txt", "a person's\n")
    try fixture.pool.enter(lane, branch: "refs/heads/lane/x", commit: fixture.tip)
    let aside = try #require(
      files.contentsOfDirectory(atPath: fixture.test.root.path("lanes")).first {
        $0.hasPrefix("trash-lane-1-")
      })
    #expect(try fixture.test.root.read("lanes/\(aside)/notes.txt") == "a person's\n")
    #expect(try fixture.test.root.read("lanes/1/a.txt") == "1\n")
  }

  @Test func p5_theSetUpCommandLeavesNothingBehindAndReadsNothing() throws {
    let fixture = try Fixture(
      setup: "cat > read.ignored; (setsid sleep 3000 & echo $! > daemon.ignored)")
    let lane = try fixture.pool.take(commit: fixture.tip)
    #expect(try fixture.test.root.read("lanes/\(lane.number)/read.ignored") == "")
    let daemon = try #require(
      Int32(
        try fixture.test.root.read("lanes/\(lane.number)/daemon.ignored")
          .trimmingCharacters(in: .newlines)))
    #expect(kill(daemon, 0) != 0)
  }

  @Test func aSetUpCommandThatFailsSaysWhy() throws {
    let fixture = try Fixture(setup: "echo no compiler here >&2; exit 3")
    #expect {
      try fixture.pool.take(commit: fixture.tip)
    } throws: { error in
      "\(error)".contains("it ended with 3") && "\(error)".contains("no compiler here")
    }
  }

  @Test func aCopyOfACacheThatWasCutOffIsCompleted() throws {
    let fixture = try Fixture(
      copy: ["cache.ignored"], files: ["cache.ignored/a/one": "1\n", "cache.ignored/two": "2\n"])
    let lane = try fixture.pool.take(commit: fixture.tip)
    #expect(try fixture.test.root.read("lanes/1/cache.ignored/a/one") == "1\n")
    // As a kill in the middle would leave it: one file is there, git's lock is not.
    try fixture.test.root.write("lanes/1/cache.ignored/two", "the lane's own\n")
    try FileManager.default.removeItem(
      atPath: fixture.test.root.path("lanes/1/cache.ignored/a"))
    try fixture.test.git("worktree", "unlock", lane.path)
    _ = try fixture.pool.open(lane, commit: fixture.tip)
    #expect(try fixture.test.root.read("lanes/1/cache.ignored/a/one") == "1\n")
    #expect(try fixture.test.root.read("lanes/1/cache.ignored/two") == "the lane's own\n")
  }
}
