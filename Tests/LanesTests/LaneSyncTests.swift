import Foundation
import Git
import Model
import Store
import TestSupport
import Testing

@testable import Engine

/// A repository with one lane of feature 1 in which an attempt is at work, hooks included.
private struct SyncFixture {
  let test: TestRepository
  let store: Store
  let lane: LaneRecord
  let hooks: [String: String]
  var policies: [(ClaimPath, PathPolicy)]

  init(
    _ files: [String: String] = [:], policies: [(String, PathPolicy)] = []
  ) throws {
    test = try TestRepository()
    for (name, text) in ["a.txt": "1\n2\n3\n4\n5\n", "b.txt": "b\n"].merging(
      files, uniquingKeysWith: { $1 })
    {
      try test.write(name, text)
    }
    let base = try test.commit("base")
    self.policies = try policies.map { (try ClaimPath(normalising: $0.0), $0.1) }
    let common = try Repository(opening: test.path, environment: test.environment)
    let state = StateDirectory(commonDirectory: common.commonDirectory)
    try state.create()
    store = try Store(path: state.stateFile)
    try store.setClaimSettings(
      target: "refs/heads/main", policy: "auto", humans: "off", policies: self.policies)
    try store.takeOver(
      ["1", "2"].map { id in
        Feature(id: id, title: "Feature \(id)", category: "b")
      })
    let path = test.root.path("lanes/1")
    try FileManager.default.createDirectory(
      atPath: test.root.path("lanes"), withIntermediateDirectories: true)
    try common.addWorktree(
      name: "lane-1", path: path, commit: ObjectID(hex: base)!, branch: "refs/heads/lane/1")
    let made = try store.addLane { _ in path }
    guard
      case .started = try store.startAttempt(
        AttemptRequest(
          feature: "1", participant: "p", lane: made.number, branch: "refs/heads/lane/1",
          tier: .haiku, modelName: "haiku", choice: "", mark: "m", claims: [],
          policies: PathPolicies([])), base: { base })
    else { throw Failed() }
    lane = try store.lane(made.number)!
    let installation = HookInstallation(
      state: state, repository: test.path, program: BuiltPrograms.path("lanekeeper-hook"),
      environment: test.environment)
    try installation.refresh()
    hooks = installation.variables(addingTo: test.environment)
  }

  struct Failed: Error {}

  func repository() throws -> Repository {
    try Repository(opening: lane.path, environment: test.environment)
  }

  func sync() throws -> LaneSync.Outcome {
    try LaneSync(
      repository: try repository(), lane: lane, feature: "1", branch: "refs/heads/lane/1",
      target: "refs/heads/main", store: store, policies: PathPolicies(policies),
      identity: Signature(name: "L", email: "l@example.org", time: 1),
      commands: MergeCommands(
        scratch: test.root.path("lanes"), guardProgram: BuiltPrograms.path("lanekeeper-guard"))
    ).run()
  }

  /// git in the lane, with our hooks.
  @discardableResult
  func git(_ arguments: String...) throws -> TestProgramResult {
    try TestProgram.run(
      ["git"] + arguments, directory: lane.path,
      environment: test.environment.merging(hooks) { $1 })
  }

  func write(_ name: String, _ text: String) throws { try test.root.write("lanes/1/" + name, text) }
  func read(_ name: String) throws -> String { try test.root.read("lanes/1/" + name) }

  /// Moves the target.
  func advance(_ files: [String: String]) throws -> String {
    for (name, text) in files { try test.write(name, text) }
    return try test.commit("target moves")
  }

  func hold(_ path: String, by feature: String) throws {
    let outcome = try store.claim(
      [ClaimRequest(path: try ClaimPath(normalising: path), mode: .exclusive)],
      owner: .feature(feature), agent: nil, policies: PathPolicies([]))
    guard case .granted = outcome else { throw Failed() }
  }

  func status() throws -> String {
    String(decoding: try git("status", "--porcelain").output, as: UTF8.self)
  }

  /// Whatever a sync leaves only while it is under way.
  func scraps() throws -> [String] {
    let git = try repository().gitDirectory
    return try FileManager.default.contentsOfDirectory(atPath: git).filter {
      $0.hasPrefix("lanekeeper-sync") || $0 == "index.lock"
    } + FileManager.default.contentsOfDirectory(atPath: scratch)
  }

  /// Where a sync writes down what it does.
  var scratch: String { test.path + "/.git/lanekeeper/sync/lane-1" }
}

@Suite(.bounded) struct LaneSyncTests {
  @Test func mergesAndKeepsWhatIsNotCommitted() throws {
    let fixture = try SyncFixture()
    try fixture.write("own.txt", "own\n")
    try fixture.git("add", "-A")
    #expect(try fixture.git("commit", "-qm", "own").status == 0)
    // Uncommitted: an edit of a file that the target changes elsewhere, one staged, one untracked.
    try fixture.write("a.txt", "1\n2\n3\n4\n5\nlane\n")
    try fixture.write("staged.txt", "staged\n")
    try fixture.git("add", "staged.txt")
    try fixture.write("untracked.txt", "untracked\n")
    let tip = try fixture.advance(["a.txt": "target\n1\n2\n3\n4\n5\n", "new/n.txt": "n\n"])
    guard case .merged(let commit) = try fixture.sync() else {
      Issue.record("not merged")
      return
    }
    #expect(try fixture.read("a.txt") == "target\n1\n2\n3\n4\n5\nlane\n")
    #expect(try fixture.read("new/n.txt") == "n\n")
    #expect(try fixture.status() == " M a.txt\nA  staged.txt\n?? untracked.txt\n")
    #expect(try fixture.test.git("rev-parse", "lane/1") == commit.hex)
    #expect(try fixture.test.git("rev-parse", "lane/1^2") == tip)
    #expect(try fixture.test.git("show", "lane/1:a.txt") == "target\n1\n2\n3\n4\n5")
    #expect(try fixture.store.lane(1)?.base == tip)
    #expect(try fixture.scraps().isEmpty)
    // The commit that was refused before now passes.
    #expect(try fixture.git("commit", "-qam", "after the sync").status == 0)
    #expect(try fixture.sync() == .upToDate)
  }

  @Test func p7_whatAGitLeftThatWasKilledInASyncIsInNobodysWay() throws {
    let fixture = try SyncFixture()
    try FileManager.default.createDirectory(
      atPath: fixture.scratch, withIntermediateDirectories: true)
    for name in ["work", "work.lock"] {
      try Data("half".utf8).write(to: URL(fileURLWithPath: fixture.scratch + "/" + name))
    }
    _ = try fixture.advance(["a.txt": "target\n"])
    guard case .merged = try fixture.sync() else {
      Issue.record("not merged")
      return
    }
    #expect(try fixture.scraps() == [])
  }

  @Test func p9_aStaleCommitIsRefusedAndPassesAfterTheSync() throws {
    let fixture = try SyncFixture()
    _ = try fixture.advance(["a.txt": "target\n1\n2\n3\n4\n5\n"])
    try fixture.write("a.txt", "1\n2\n3\n4\n5\nlane\n")
    try fixture.git("add", "a.txt")
    let refused = try fixture.git("commit", "-qm", "stale")
    #expect(refused.status != 0 && refused.error.contains("lanekeeper sync"))
    guard case .merged = try fixture.sync() else {
      Issue.record("not merged")
      return
    }
    // Still staged, so the same command works.
    let again = try fixture.git("commit", "-qm", "fresh")
    #expect(again.status == 0, "\(again.error)")
    #expect(try fixture.test.git("show", "lane/1:a.txt") == "target\n1\n2\n3\n4\n5\nlane")
  }

  @Test func p9_conflictsAreClaimedAndTheResolvingCommitPasses() throws {
    let fixture = try SyncFixture()
    try fixture.write("a.txt", "lane\n2\n3\n4\n5\n")
    #expect(try fixture.git("commit", "-qam", "lane").status == 0)
    try fixture.write("b.txt", "uncommitted\n")
    let tip = try fixture.advance(["a.txt": "target\n2\n3\n4\n5\n"])
    guard case .conflicts(let names, let message) = try fixture.sync() else {
      Issue.record("no conflict")
      return
    }
    #expect(names == ["a.txt"] && message.contains("a.txt"))
    #expect(try fixture.read("a.txt").contains("<<<<<<< "))
    #expect(try fixture.read("b.txt") == "uncommitted\n")
    #expect(try fixture.status().contains("UU a.txt"))
    #expect(
      try fixture.store.claims(of: .feature("1")).map(\.path.description).contains("a.txt"))
    // While it is open, neither a commit nor another sync goes on.
    #expect(try fixture.git("commit", "-qm", "too early").status != 0)
    guard case .notNow(let reason) = try fixture.sync() else {
      Issue.record("synced again")
      return
    }
    #expect(reason.contains("merge"))
    try fixture.write("a.txt", "lane and target\n2\n3\n4\n5\n")
    try fixture.git("add", "a.txt")
    let resolved = try fixture.git("commit", "-q", "--no-edit")
    #expect(resolved.status == 0, "\(resolved.error)")
    #expect(try fixture.test.git("rev-parse", "lane/1^2") == tip)
    #expect(try fixture.store.lane(1)?.base == tip)
    #expect(try fixture.read("b.txt") == "uncommitted\n")
    #expect(try fixture.scraps().isEmpty)
  }

  @Test func whatTheGateLeavesIsNotStagedByConflicts() throws {
    let fixture = try SyncFixture()
    try GateLitter.remember([Array("out/product".utf8), Array("b.txt".utf8)], fixture.store)
    try fixture.write("a.txt", "lane\n2\n3\n4\n5\n")
    #expect(try fixture.git("commit", "-qam", "lane").status == 0)
    try fixture.write("out/product", "made\n")
    try fixture.write("b.txt", "tracked, so work\n")
    _ = try fixture.advance(["a.txt": "target\n2\n3\n4\n5\n"])
    guard case .conflicts(["a.txt"], _) = try fixture.sync() else {
      Issue.record("no conflict")
      return
    }
    #expect(try fixture.read("out/product") == "made\n")
    let status = try fixture.status()
    #expect(status.contains("?? out/") && status.contains("b.txt"), "\(status)")
  }

  @Test func anEditThatConflictsWithTheTargetIsLeftAsAConflict() throws {
    let fixture = try SyncFixture()
    try fixture.write("a.txt", "uncommitted\n2\n3\n4\n5\n")
    _ = try fixture.advance(["a.txt": "target\n2\n3\n4\n5\n"])
    guard case .conflicts(["a.txt"], _) = try fixture.sync() else {
      Issue.record("no conflict")
      return
    }
    let text = try fixture.read("a.txt")
    #expect(text.contains("uncommitted") && text.contains("target") && text.contains("======="))
    try fixture.write("a.txt", "both\n2\n3\n4\n5\n")
    try fixture.git("add", "a.txt")
    let resolved = try fixture.git("commit", "-q", "--no-edit")
    #expect(resolved.status == 0, "\(resolved.error)")
  }

  @Test func whatOthersHoldRefusesTheSyncAndChangesNothing() throws {
    let fixture = try SyncFixture()
    try fixture.write("a.txt", "lane\n2\n3\n4\n5\n")
    #expect(try fixture.git("commit", "-qam", "lane").status == 0)
    try fixture.store.release([ClaimPath](), owner: .feature("1"))
    let before = try fixture.test.git("rev-parse", "lane/1")
    _ = try fixture.advance(["a.txt": "target\n2\n3\n4\n5\n"])
    // The lane's own claim is taken away, as after a crash, and another has the file.
    try fixture.store.releaseAll(owner: .feature("1"))
    try fixture.hold("a.txt", by: "2")
    try fixture.write("b.txt", "uncommitted\n")
    guard case .refused(let conflicts) = try fixture.sync() else {
      Issue.record("not refused")
      return
    }
    #expect(conflicts.map(\.path.description) == ["a.txt"])
    #expect(conflicts.first?.holder?.owner == .feature("2"))
    #expect(try fixture.test.git("rev-parse", "lane/1") == before)
    #expect(try fixture.status() == " M b.txt\n" && fixture.scraps().isEmpty)
  }

  @Test func sharedPathsAreMergedByTheirStrategy() throws {
    let fixture = try SyncFixture(
      ["CHANGELOG.md": "# Log\n"], policies: [("CHANGELOG.md", .shared(strategy: "union"))])
    _ = try fixture.advance(["CHANGELOG.md": "# Log\n- target\n"])
    // Such a file is never stale, so the commit passes without a sync.
    try fixture.write("CHANGELOG.md", "# Log\n- lane\n")
    let committed = try fixture.git("commit", "-qam", "log")
    #expect(committed.status == 0, "\(committed.error)")
    try fixture.write("CHANGELOG.md", "# Log\n- lane\n- uncommitted\n")
    guard case .merged = try fixture.sync() else {
      Issue.record("not merged")
      return
    }
    let text = try fixture.read("CHANGELOG.md")
    for line in ["- target", "- lane", "- uncommitted"] { #expect(text.contains(line + "\n")) }
    #expect(!text.contains("<<<<"))
  }

  @Test func renamesDeletionsModesAndLinksComeAlong() throws {
    let fixture = try SyncFixture(["dir/x.txt": "x\n", "gone.txt": "g\n", "run.sh": "true\n"])
    try fixture.write("own.txt", "own\n")
    try fixture.git("add", "-A")
    try fixture.git("commit", "-qm", "own")
    try fixture.test.git("mv", "dir", "moved")
    try fixture.test.git("rm", "-q", "gone.txt")
    chmod(fixture.test.path + "/run.sh", 0o755)
    try FileManager.default.createSymbolicLink(
      atPath: fixture.test.path + "/link", withDestinationPath: "moved/x.txt")
    try fixture.write("keep.txt", "keep\n")
    _ = try fixture.advance(["gr\u{fc}n \"x\".txt": "odd\n"])
    guard case .merged = try fixture.sync() else {
      Issue.record("not merged")
      return
    }
    #expect(try fixture.status() == "?? keep.txt\n")
    #expect(
      !fixture.test.root.exists("lanes/1/dir") && !fixture.test.root.exists("lanes/1/gone.txt"))
    #expect(try fixture.read("moved/x.txt") == "x\n" && fixture.read("link") == "x\n")
    #expect(FileManager.default.isExecutableFile(atPath: fixture.lane.path + "/run.sh"))
  }

  @Test func anIgnoredFileInTheWayIsNotOverwritten() throws {
    let fixture = try SyncFixture([".gitignore": "cache.bin\n"])
    try fixture.write("cache.bin", "mine\n")
    try fixture.test.git("rm", "-q", "--cached", ".gitignore")
    try fixture.test.write("cache.bin", "target's\n")
    try fixture.test.git("add", "-f", "cache.bin")
    try fixture.test.git("commit", "-qm", "track it")
    guard case .notNow(let reason) = try fixture.sync() else {
      Issue.record("synced")
      return
    }
    #expect(reason.contains("cache.bin") && reason.contains("in the way"))
    #expect(try fixture.read("cache.bin") == "mine\n" && fixture.scraps().isEmpty)
  }

  @Test func anotherGitAtWorkIsWaitedFor() throws {
    let fixture = try SyncFixture()
    _ = try fixture.advance(["b.txt": "target\n"])
    let lock = try fixture.repository().gitDirectory + "/index.lock"
    try Data().write(to: URL(fileURLWithPath: lock))
    guard case .notNow(let reason) = try fixture.sync() else {
      Issue.record("synced")
      return
    }
    #expect(reason.contains("index.lock"))
    #expect(FileManager.default.fileExists(atPath: lock))
    unlink(lock)
    guard case .merged = try fixture.sync() else {
      Issue.record("not merged")
      return
    }
  }

  /// After a kill between any two steps the next start has the whole sync, or none of it.
  @Test(arguments: 0..<5) func p7_aSyncThatWasCutOffIsBroughtToItsEnd(step: Int) throws {
    let fixture = try SyncFixture()
    try fixture.write("a.txt", "1\n2\n3\n4\n5\nlane\n")
    let tip = try fixture.advance(
      ["a.txt": "target\n1\n2\n3\n4\n5\n", "new.txt": "n\n", "b.txt": "b2\n"])
    let repository = try fixture.repository()
    let steps = try SyncSteps(repository: repository, lane: fixture.lane, store: fixture.store)
    #expect(steps.takeIndexLock())
    if step > 0 {
      let work = try steps.snapshot()
      let base = ObjectID(hex: try fixture.test.git("rev-parse", "lane/1"))!
      let target = ObjectID(hex: tip)!
      let after = try repository.mergeTreesInDetail(
        base: try repository.commit(base).tree, ours: try repository.commit(target).tree,
        theirs: work
      ).tree
      try steps.begin(
        SyncJournal(
          branch: "refs/heads/lane/1", tip: base, target: target, commit: target, before: work,
          after: after, index: try repository.commit(target).tree, stages: [], staged: [],
          message: "m"))
    }
    // Some files were written, the index was, the branch was.
    if step > 1 { try fixture.write("new.txt", "n\n") }
    if step > 2 { try fixture.write("a.txt", "target\n1\n2\n3\n4\n5\nlane\n") }
    if step > 3 {
      try fixture.test.git("update-ref", "refs/heads/lane/1", tip)
    }
    if step > 0 {
      unlink(repository.gitDirectory + "/index.lock")
      let commit = try fixture.git("commit", "-qam", "half a state")
      #expect(commit.status != 0 && commit.error.contains("sync was cut off"))
    }
    try LaneSync.finishCutOff(repository, lane: fixture.lane, store: fixture.store)
    if step == 0 {
      #expect(try fixture.read("a.txt") == "1\n2\n3\n4\n5\nlane\n")
      guard case .merged = try fixture.sync() else {
        Issue.record("not merged")
        return
      }
    }
    #expect(try fixture.test.git("rev-parse", "lane/1") == tip)
    #expect(try fixture.read("a.txt") == "target\n1\n2\n3\n4\n5\nlane\n")
    #expect(try fixture.read("b.txt") == "b2\n" && fixture.read("new.txt") == "n\n")
    #expect(try fixture.status() == " M a.txt\n" && fixture.scraps().isEmpty)
    #expect(try fixture.store.lane(1)?.base == tip)
  }

  @Test func p4_anEditWhileItWasCutOffIsKept() throws {
    let fixture = try SyncFixture()
    let tip = try fixture.advance(["a.txt": "target\n1\n2\n3\n4\n5\n"])
    let repository = try fixture.repository()
    let steps = try SyncSteps(repository: repository, lane: fixture.lane, store: fixture.store)
    let work = try steps.snapshot()
    let (base, target) = (
      ObjectID(hex: try fixture.test.git("rev-parse", "lane/1"))!, ObjectID(hex: tip)!
    )
    let tree = try repository.commit(target).tree
    try steps.begin(
      SyncJournal(
        branch: "refs/heads/lane/1", tip: base, target: target, commit: target, before: work,
        after: tree, index: tree, stages: [], staged: [], message: "m"))
    try fixture.write("a.txt", "1\n2\n3\n4\n5\nedited meanwhile\n")
    try LaneSync.finishCutOff(repository, lane: fixture.lane, store: fixture.store)
    #expect(try fixture.read("a.txt") == "target\n1\n2\n3\n4\n5\nedited meanwhile\n")
    #expect(try fixture.status() == " M a.txt\n")
  }

  // MARK: what an agent can write is not trusted

  /// A journal where earlier versions had it, which an agent in a sandbox can write.
  @Test func p3_aJournalInTheLaneMovesNothing() throws {
    let fixture = try SyncFixture()
    let repository = try fixture.repository()
    let tip = try fixture.test.git("rev-parse", "main")
    try fixture.write("evil.txt", "evil\n")
    try fixture.git("add", "-A")
    #expect(try fixture.git("commit", "-qm", "evil").status == 0)
    let evil = ObjectID(hex: try fixture.test.git("rev-parse", "lane/1"))!
    let tree = try repository.commit(evil).tree
    let forged = SyncJournal(
      branch: "refs/heads/main", tip: ObjectID(hex: tip)!, target: evil, commit: evil,
      before: try repository.commit(ObjectID(hex: tip)!).tree, after: tree, index: tree,
      stages: [], staged: [], message: "m")
    let place = repository.gitDirectory + "/lanekeeper-sync"
    try JSONEncoder().encode(forged).write(to: URL(fileURLWithPath: place))
    symlink(fixture.test.root.path("made-outside"), place + ".lock")
    mkfifo(place + ".work", 0o600)
    try LaneSync.finishCutOff(repository, lane: fixture.lane, store: fixture.store)
    #expect(try fixture.sync() == .upToDate)
    #expect(try fixture.test.git("rev-parse", "main") == tip)
    #expect(!fixture.test.root.exists("made-outside"))
    #expect(try fixture.scraps() == [])
    #expect(try fixture.store.events(after: 0).filter { $0.type == "sync_ignored" }.count == 1)
    // Its commits are judged as ever.
    try fixture.write("more.txt", "more\n")
    try fixture.git("add", "-A")
    #expect(try fixture.git("commit", "-qm", "more").status == 0)
  }

  /// Of a lane that has gone on to another feature's branch.
  @Test func p3_aJournalOfAnotherBranchMovesNothing() throws {
    let fixture = try SyncFixture()
    let repository = try fixture.repository()
    let tip = ObjectID(hex: try fixture.test.git("rev-parse", "main"))!
    let next = ObjectID(hex: try fixture.advance(["b.txt": "target\n"]))!
    try fixture.test.git("branch", "other", tip.hex)
    let tree = try repository.commit(next).tree
    try SyncSteps(repository: repository, lane: fixture.lane, store: fixture.store).begin(
      SyncJournal(
        branch: "refs/heads/other", tip: tip, target: next, commit: next,
        before: try repository.commit(tip).tree, after: tree, index: tree, stages: [],
        staged: [], message: "m"))
    try LaneSync.finishCutOff(repository, lane: fixture.lane, store: fixture.store)
    #expect(try fixture.test.git("rev-parse", "other") == tip.hex)
    #expect(try fixture.read("b.txt") == "b\n" && fixture.scraps() == [])
  }

  /// A link that git ignores, in the place of a directory or of a file that the target has.
  @Test(arguments: ["build/data.txt", "build/deep/data.txt", "build"])
  func p6_nothingIsWrittenThroughALink(name: String) throws {
    let fixture = try SyncFixture([".gitignore": "build\n"])
    try FileManager.default.createDirectory(
      atPath: fixture.test.root.path("outside/deep"), withIntermediateDirectories: true)
    symlink(fixture.test.root.path("outside"), fixture.lane.path + "/build")
    try fixture.test.write(name, "landed\n")
    try fixture.test.git("add", "-f", name)
    _ = try fixture.test.commit("what is ignored")
    guard case .notNow(let reason) = try fixture.sync() else {
      Issue.record("synced")
      return
    }
    #expect(reason.hasPrefix("build is in the way"))
    #expect(!fixture.test.root.exists("outside/data.txt"))
    #expect(!fixture.test.root.exists("outside/deep/data.txt"))
    unlink(fixture.lane.path + "/build")
    guard case .merged = try fixture.sync() else {
      Issue.record("not merged")
      return
    }
    #expect(try fixture.read(name) == "landed\n")
  }

  /// A link that comes between the journal and its end.
  @Test(arguments: ["dir", "dir/inner"]) func p4_p6_aLinkThatComesMeanwhileIsPutAside(link: String)
    throws
  {
    let fixture = try SyncFixture(["dir/kept.txt": "k\n", "dir/inner/old.txt": "o\n"])
    let repository = try fixture.repository()
    let steps = try SyncSteps(repository: repository, lane: fixture.lane, store: fixture.store)
    let before = try steps.snapshot()
    let base = ObjectID(hex: try fixture.test.git("rev-parse", "lane/1"))!
    let target = ObjectID(
      hex: try fixture.advance(["dir/inner/new.txt": "n\n", "dir/inner/old.txt": "changed\n"]))!
    let tree = try repository.commit(target).tree
    try steps.begin(
      SyncJournal(
        branch: "refs/heads/lane/1", tip: base, target: target, commit: target, before: before,
        after: tree, index: tree, stages: [], staged: [], message: "m"))
    let outside = fixture.test.root.path("outside")
    try FileManager.default.moveItem(atPath: fixture.lane.path + "/" + link, toPath: outside)
    symlink(outside, fixture.lane.path + "/" + link)
    try LaneSync.finishCutOff(repository, lane: fixture.lane, store: fixture.store)
    #expect(try fixture.read("dir/inner/new.txt") == "n\n")
    var found: [String] = []
    for name in try FileManager.default.subpathsOfDirectory(atPath: outside) {
      found.append((name as NSString).lastPathComponent)
    }
    #expect(!found.contains("new.txt"))
    #expect(try fixture.test.git("rev-parse", "lane/1") == target.hex)
    let parent = fixture.lane.path + (link == "dir" ? "" : "/dir")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: parent).contains {
        $0.contains(".in-the-way-")
      })
  }
}
