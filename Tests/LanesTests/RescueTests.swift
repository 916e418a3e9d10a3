import Foundation
import Git
import Processes
import Store
import TestSupport
import Testing

@testable import Engine

/// Whatever state a lane is left in, what was written in it stays reachable (P4).
@Suite(.bounded) struct RescueTests {
  private let identity = Signature(name: "T", email: "t@example.org", time: 0)

  private func lane(_ files: [String: String] = [:]) throws -> (
    LaneTests.Fixture, LaneRecord, Repository
  ) {
    let fixture = try LaneTests.Fixture(files: files)
    let lane = try fixture.pool.take(commit: fixture.tip)
    try fixture.pool.enter(lane, branch: "refs/heads/lane/x", commit: fixture.tip)
    return (
      fixture, lane, try Repository(opening: lane.path, environment: fixture.test.environment)
    )
  }

  /// The texts of all files on all references.
  private func everything(_ test: TestRepository) throws -> Set<String> {
    let ids = try test.git("rev-list", "--objects", "--all", "--filter=object:type=blob")
    return try Set(
      ids.split(separator: "\n").compactMap { $0.split(separator: " ").first }.map {
        try test.git("cat-file", "-p", String($0))
      })
  }

  /// What an agent does to HEAD of its lane.
  enum Strange: String, CaseIterable {
    case orphan = "git checkout -q --orphan gh-pages"
    case emptied = "git checkout -q --orphan pages; git rm -rfq --cached ."
    case unborn = "git symbolic-ref HEAD refs/heads/nowhere"
    case detached = "git checkout -q --detach"
    case elsewhere = "git checkout -q -b mine"
    case garbage = "echo rubbish > $(git rev-parse --git-path HEAD)"
    case broken =
      "echo zzz > $(git rev-parse --git-common-dir)/refs/heads/bad; git symbolic-ref HEAD refs/heads/bad"
    case noCommit =
      "echo 1234567890123456789012345678901234567890 > $(git rev-parse --git-path HEAD)"
    case gone = "rm $(git rev-parse --git-path HEAD)"
    case noIndex = "rm -f $(git rev-parse --git-path index)"
    case corrupt = "echo DIRC-rubbish > $(git rev-parse --git-path index)"
    case split = "git update-index --split-index"
    case versionFour = "git update-index --index-version 4"
    case locked = "touch $(git rev-parse --git-path index.lock)"
  }

  @Test(arguments: Strange.allCases) func p4_keepsWorkWhereverHeadAndIndexAre(
    strange: Strange
  ) throws {
    let (fixture, lane, _) = try lane()
    let done = try TestProgram.run(
      [
        "sh", "-c",
        "echo one > new.txt; echo two > a.txt; echo three > only.txt; git add only.txt; rm only.txt; "
          + "cp new.txt kept.txt; \(strange.rawValue)",
      ], directory: lane.path, environment: fixture.test.environment)
    #expect(done.status == 0, "\(done)")
    try fixture.pool.enter(lane, branch: "refs/heads/lane/y", commit: fixture.tip)
    #expect(try fixture.test.git("status", "--porcelain", at: lane.path) == "")
    // git lists nothing while a reference is broken.
    try? FileManager.default.removeItem(atPath: fixture.test.path + "/.git/refs/heads/bad")
    let kept = try everything(fixture.test)
    #expect(kept.isSuperset(of: ["one", "two"]))
    if ![.noIndex, .corrupt, .emptied].contains(strange) { #expect(kept.contains("three")) }
  }

  /// A free lane may stand on a commit of which a power cut has damaged objects.
  @Test(arguments: ["HEAD", "HEAD^{tree}", "HEAD:new.txt"])
  func p4_keepsWorkOnACommitThatCantBeRead(spoiled: String) throws {
    let (fixture, lane, _) = try lane()
    let test = fixture.test
    try test.root.write("lanes/1/new.txt", "committed\n")
    try test.git("add", "-A", at: lane.path)
    try test.git("commit", "-qm", "new", at: lane.path)
    try test.git("checkout", "-q", "--detach", at: lane.path)
    try test.root.write("lanes/1/a.txt", "uncommitted\n")
    let id = try test.git("rev-parse", spoiled, at: lane.path)
    let object = test.path + "/.git/objects/\(id.prefix(2))/\(id.dropFirst(2))"
    chmod(object, 0o644)
    truncate(object, 0)
    try fixture.pool.giveBack(lane)
    #expect(try fixture.pool.leaveDamagedCommits(target: "refs/heads/main") == [lane.number])
    #expect(try test.git("rev-parse", "HEAD", at: lane.path) == fixture.tip.hex)
    #expect(try fixture.pool.leaveDamagedCommits(target: "refs/heads/main") == [])
    try fixture.pool.enter(lane, branch: "refs/heads/lane/y", commit: fixture.tip)
    #expect(try test.git("status", "--porcelain", at: lane.path) == "")
    let rescue = try test.git(
      "for-each-ref", "--format=%(refname)", "refs/lanekeeper/rescue/lane-1")
    #expect(try test.git("show", "\(rescue):new.txt") == "committed")
    #expect(try test.git("show", "\(rescue):a.txt") == "uncommitted")
  }

  /// How an agent keeps git from seeing an edit of `a.txt`.
  @Test(arguments: [
    "git update-index --assume-unchanged a.txt; echo hidden > a.txt",
    "git update-index --skip-worktree a.txt; echo hidden > a.txt",
    "git config core.ignoreStat true; git update-index --refresh; echo x >> .gitignore; git add -A; "
      + "echo hidden > a.txt",
    "git config core.trustctime false; git config core.checkStat minimal; "
      + "touch -r a.txt ../stamp; echo h > a.txt; touch -r ../stamp a.txt; echo hidden > new.txt",
    "git update-index --split-index; git update-index --assume-unchanged a.txt; echo hidden > a.txt",
    "git update-index --index-version 4; git update-index --skip-worktree a.txt; echo hidden > a.txt",
    "git config status.showUntrackedFiles no; echo hidden > new.txt",
  ]) func p4_keepsEditsThatGitIsToldNotToSee(script: String) throws {
    let (fixture, lane, _) = try lane()
    let done = try TestProgram.run(
      ["sh", "-c", script], directory: lane.path, environment: fixture.test.environment)
    #expect(done.status == 0, "\(done)")
    try fixture.pool.enter(lane, branch: "refs/heads/lane/y", commit: fixture.tip)
    #expect(try everything(fixture.test).contains("hidden"))
    #expect(try fixture.test.root.read("lanes/1/a.txt") == "1\n")
  }

  @Test func p4_anIndexThatLiesAboutItsTreeIsNotBelieved() throws {
    let (fixture, lane, repository) = try lane()
    let test = fixture.test
    let old = try test.git("rev-parse", "HEAD^{tree}", at: lane.path)
    try test.root.write("lanes/1/a.txt", "hidden\n")
    try test.git("add", "a.txt", at: lane.path)
    let new = try test.git("write-tree", at: lane.path)
    let index = URL(fileURLWithPath: repository.gitDirectory + "/index")
    var bytes = try Data(contentsOf: index).dropLast(20)
    let place = try #require(bytes.range(of: Data(ObjectID(hex: new)!.bytes)))
    bytes.replaceSubrange(place, with: ObjectID(hex: old)!.bytes)
    // A git that skips the checksum takes zeros for it.
    try (bytes + Data(count: 20)).write(to: index)
    try fixture.pool.enter(lane, branch: "refs/heads/lane/y", commit: fixture.tip)
    #expect(try everything(test).contains("hidden"))
    #expect(try test.root.read("lanes/1/a.txt") == "1\n")
  }

  @Test func p4_whatGitRefusesKeepsNothingElseFromBeingKept() throws {
    let (fixture, lane, repository) = try lane()
    let done = try TestProgram.run(
      [
        "sh", "-c",
        "mkdir fe other; git init -q fe; echo inner > fe/index.js; echo top > top.txt; mkfifo pipe; "
          + "git init -q other; cd other; git config user.name T; git config user.email t@example.org; "
          + "echo history > h; git add h; git commit -qm h; echo later > l",
      ], directory: lane.path, environment: fixture.test.environment)
    #expect(done.status == 0, "\(done)")
    let kept = try Rescue.snapshot(
      repository, reference: "refs/lanekeeper/rescue/1/1", message: "m", identity: identity)
    #expect(kept.reference == "refs/lanekeeper/rescue/1/1" && kept.left.isEmpty)
    #expect(try everything(fixture.test).contains("top"))
    try fixture.pool.enter(lane, branch: "refs/heads/lane/y", commit: fixture.tip)
    #expect(
      try everything(fixture.test).isSuperset(of: ["top", "inner", "history", "later"]))
    // The next feature finds nothing of it.
    #expect(!fixture.test.root.exists("lanes/1/fe") && !fixture.test.root.exists("lanes/1/other"))
    #expect(try fixture.test.git("fsck", "--no-dangling") == "")
  }

  /// A file that becomes shorter while git reads it, or whose disk has no room for its holes, is SIGBUS.
  @Test func p4_aGitThatASignalEndsAtOneFileKeepsNothingElseFromBeingKept() throws {
    let (fixture, lane, repository) = try lane()
    for name in ["a1", "bad", "z1"] {
      try Data("new\n".utf8).write(to: URL(fileURLWithPath: lane.path + "/" + name))
    }
    let index = repository.gitDirectory + "/index.test"
    let left = try StageAll(
      directory: lane.path, environment: repository.environment, lock: index + ".lock"
    ) {
      words, input in
      func run(_ arguments: [String]) throws -> GitProgram.Result {
        try GitProgram.run(
          arguments, directory: lane.path, environment: repository.environment,
          adding: ["GIT_INDEX_FILE": index], input: input)
      }
      let specs = input.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      guard words.contains("add"), specs.contains(where: { $0 == "." || $0.hasSuffix("bad") })
      else { return try run(words) }
      // It had the lock, and could not take it away.
      guard FileManager.default.createFile(atPath: index + ".lock", contents: nil) else {
        return try run(words)
      }
      return GitProgram.Result(status: 128 + SIGBUS, output: [], error: "")
    }.run()
    #expect(left == [Array("bad".utf8)])
    let taken = try GitProgram.run(
      ["ls-files", "a1", "bad", "z1"], directory: lane.path, environment: repository.environment,
      adding: ["GIT_INDEX_FILE": index])
    #expect(taken.text == "a1\nz1")
    #expect(try fixture.test.git("fsck", "--no-dangling") == "")
  }

  /// git would read a sparse file of any size from end to end.
  @Test func p4_aFileTooLargeForGitIsMovedAsideAndKeepsNothingElseFromBeingKept() throws {
    let (fixture, lane, repository) = try lane()
    let done = try TestProgram.run(
      ["sh", "-c", "mkdir d; echo new > d/new; truncate -s 20G \"$(printf 'd/big\\377')\""],
      directory: lane.path, environment: fixture.test.environment)
    #expect(done.status == 0, "\(done)")
    let large = Array("d/big".utf8) + [0xff]
    let kept = try Rescue.snapshot(
      repository, reference: "refs/lanekeeper/rescue/1/1", message: "m", identity: identity)
    #expect(kept.left == [large])
    var told: [[UInt8]] = []
    let outcome = try Leftovers.commit(
      in: repository, litter: [], message: "m", adding: [:], left: { told = $0 })
    guard case .committed = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(told == [large])
    try fixture.pool.enter(lane, branch: "refs/heads/lane/y", commit: fixture.tip)
    #expect(try everything(fixture.test).contains("new"))
    let lanes = try Root(fixture.test.root.path("lanes"))
    let aside = try lanes.walk(limit: 10_000).map(\.path)
      .first { $0.starts(with: "kept-".utf8) && $0.last == 0xff }
    #expect(try aside.flatMap { try lanes.facts($0)?.st_size } == 20 << 30)
    #expect(try Root(lane.path).facts(large) == nil)
  }

  @Test func p4_aFileOutsideOfTheSparseCheckoutIsKept() throws {
    let (fixture, lane, repository) = try lane(["b/f": "b\n", "c/f": "c\n"])
    try fixture.test.git("sparse-checkout", "set", "b", at: lane.path)
    #expect(!fixture.test.root.exists("lanes/1/c/f"))
    try fixture.test.root.write("lanes/1/c/new.txt", "outside\n")
    let kept = try Rescue.snapshot(
      repository, reference: "refs/lanekeeper/rescue/1/1", message: "m", identity: identity)
    let reference = try #require(kept.reference)
    #expect(try fixture.test.git("show", reference + ":c/new.txt") == "outside")
    #expect(try fixture.test.git("show", reference + ":c/f") == "c")
  }

  @Test func p4_aReferenceIsNeverWrittenOver() throws {
    let (fixture, lane, repository) = try lane()
    var names: [String] = []
    for text in ["one", "two", "two"] {
      try fixture.test.root.write("lanes/1/new.txt", text)
      names += try [
        Rescue.snapshot(
          repository, reference: "refs/lanekeeper/rescue/1/1", message: "m", identity: identity
        ).reference
      ].compactMap(\.self)
    }
    #expect(
      names == [
        "refs/lanekeeper/rescue/1/1", "refs/lanekeeper/rescue/1/1-2",
        "refs/lanekeeper/rescue/1/1-2",
      ])
    #expect(try fixture.test.git("show", names[0] + ":new.txt") == "one")
    _ = lane
  }

  @Test func p4_keepsCommitsThatHeadHasLeft() throws {
    let (fixture, lane, repository) = try lane()
    let done = try TestProgram.run(
      [
        "sh", "-c",
        """
        c() { echo $1 > $1.txt; git add -A; git -c user.name=T -c user.email=t@example.org commit -qm $1; }
        git checkout -q --detach; c away; git checkout -q lane/x
        c amended; echo more > more.txt; git add -A
        git -c user.name=T -c user.email=t@example.org commit -q --amend -m more
        c reset; git reset -q --hard HEAD~1
        """,
      ], directory: lane.path, environment: fixture.test.environment)
    #expect(done.status == 0, "\(done)")
    #expect(try !everything(fixture.test).contains("away"))
    let kept = try LeftCommits.keep(
      repository, branch: "refs/heads/lane/x", reference: "refs/lanekeeper/rescue/1/1-left",
      message: "m", identity: identity)
    #expect(kept == "refs/lanekeeper/rescue/1/1-left")
    #expect(try everything(fixture.test).isSuperset(of: ["away", "amended", "reset"]))
    // Once they are kept there is nothing more to keep.
    #expect(
      try LeftCommits.keep(
        repository, branch: "refs/heads/lane/x", reference: "refs/lanekeeper/rescue/1/2-left",
        message: "m", identity: identity) == nil)
  }

  @Test func lanesCleanRemovesReadOnlyDirectoriesAndDeepOnes() throws {
    let (fixture, lane, _) = try lane()
    let done = try TestProgram.run(
      [
        "sh", "-c",
        "mkdir -p build/mod/x; echo x > build/mod/x/f; chmod -R a-w build; ln -s / build2.ignored",
      ], directory: lane.path, environment: fixture.test.environment)
    #expect(done.status == 0)
    #expect(try fixture.pool.remove(lane) == nil)
    #expect(try fixture.pool.removeIntegration().isEmpty)
    #expect(!fixture.test.root.exists("lanes"))
  }

  @Test func treesDeeperThanAnyPathAreRemoved() throws {
    let root = try TemporaryDirectory()
    let name = String(repeating: "d", count: 200)
    let made = try TestProgram.run(
      [
        "sh", "-c",
        "mkdir t; cd t; i=0; while [ $i -lt 30 ]; do mkdir \(name) && cd \(name) && echo $i > f; "
          + "i=$((i+1)); done; mkdir a b; chmod 0 a b",
      ], directory: root.path, environment: ["PATH": "/usr/bin:/bin"])
    #expect(made.status == 0)
    #expect(TreeRemoval.holdsLongPaths(root.path("t")))
    try TreeRemoval.remove(root.path("t"))
    #expect(!root.exists("t"))
  }

  @Test func p4_lanesCleanNamesOnlyReferencesThatAreThere() throws {
    let (fixture, lane, _) = try lane()
    try fixture.test.git("checkout", "-q", "--orphan", "gh-pages", at: lane.path)
    try fixture.test.root.write("lanes/1/page.html", "page\n")
    let note = try #require(try fixture.pool.remove(lane))
    let named = note.split(separator: " ").filter { $0.hasPrefix("refs/") }.map(String.init)
    #expect(!named.isEmpty)
    for reference in named { try fixture.test.git("rev-parse", "--verify", reference) }
    #expect(try everything(fixture.test).contains("page"))
  }

  @Test func p4_aSecondRepositoryIsRefusedTheLanesOfAnother() throws {
    let (fixture, lane, _) = try lane()
    try fixture.test.root.write("lanes/1/work.txt", "work\n")
    let other = try TestRepository()
    try other.write("a.txt", "1\n")
    let tip = ObjectID(hex: try other.commit("one"))!
    let state = StateDirectory(commonDirectory: other.path + "/.git")
    try state.create()
    let store = try Store(path: state.stateFile)
    let pool = LanePool(
      RepositoryContext(
        directory: other.path, state: state, environment: other.environment,
        identity: { Signature(name: "T", email: "t@example.org", time: 0) }),
      settings: LaneSettings(
        directory: fixture.test.root.path("lanes"), copy: [], setup: nil, litter: []),
      store: store)
    #expect(throws: LaneError.self) { try pool.take(commit: tip) }
    // Nor where it knows a lane at that place from before.
    let known = try store.addLane { _ in lane.path }
    #expect(throws: LaneError.self) { try pool.open(known, commit: tip) }
    #expect(try fixture.test.root.read("lanes/1/work.txt") == "work\n")
    #expect(try fixture.test.git("status", "--porcelain", at: lane.path) == "?? work.txt")
    // Once the first is gone its directory is free.
    try FileManager.default.removeItem(atPath: fixture.test.path)
    #expect(try pool.take(commit: tip).number > 1)
  }
}
