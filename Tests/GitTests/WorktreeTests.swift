import Foundation
import Git
import TestSupport
import Testing

@Suite(.bounded) struct WorktreeTests {
  static func repository() throws -> (TestRepository, ObjectID) {
    let test = try TestRepository()
    try test.write("a", "a\n")
    try test.write("d/b", "b\n")
    return (test, try #require(ObjectID(hex: test.commit("one"))))
  }

  @Test func p6_addsAWorktreeThatGitIsContentWith() throws {
    let (test, commit) = try Self.repository()
    let config = try test.read(".git/config")
    let repository = try test.open()
    let lane = test.root.path("lanes/1")
    try repository.addWorktree(
      name: "lane-1", path: lane, commit: commit, branch: "refs/heads/lane/F1-x")
    try repository.addWorktree(
      name: "lane-2", path: test.root.path("lanes/2"), commit: commit, branch: nil)

    #expect(try test.read(".git/config") == config)
    #expect(try test.git("status", "--porcelain").isEmpty)
    #expect(try test.git("status", "--porcelain", "--branch", at: lane) == "## lane/F1-x")
    #expect(
      try test.git("rev-parse", "--git-dir", at: lane) == test.path + "/.git/worktrees/lane-1")
    #expect(try test.git("rev-parse", "HEAD", at: test.root.path("lanes/2")) == commit.hex)
    #expect(
      try test.git("worktree", "list", "--porcelain") == """
        worktree \(test.path)
        HEAD \(commit)
        branch refs/heads/main

        worktree \(lane)
        HEAD \(commit)
        branch refs/heads/lane/F1-x

        worktree \(test.root.path("lanes/2"))
        HEAD \(commit)
        detached
        """)
    #expect(try test.git("worktree", "prune", "-v").isEmpty)
    #expect(try test.git("fsck", "--strict", "--no-progress").isEmpty)
    try test.git("commit", "-q", "--allow-empty", "-m", "in the lane", at: lane)
    #expect(try test.id("lane/F1-x") != commit)

    let found = repository.worktrees()
    #expect(found.map(\.name) == ["lane-1", "lane-2"])
    #expect(found.map(\.path) == [lane, test.root.path("lanes/2")])
    #expect(found.map(\.branch) == ["refs/heads/lane/F1-x", nil])
    #expect(found.allSatisfy { $0.valid && !$0.locked })
  }

  @Test func readsWorktreesThatGitMade() throws {
    let (test, _) = try Self.repository()
    let path = test.root.path("by git")
    try test.git("worktree", "add", "-q", "-b", "side", path)
    try test.git("worktree", "lock", "--reason", "on a disk", path)
    let info = try #require(try test.open().worktrees().first)
    #expect(info.path == path && info.branch == "refs/heads/side" && info.valid)
    #expect(info.lockReason == "on a disk")
  }

  @Test func refusesWhatIsInTheWayAndLeavesNothing() throws {
    let (test, commit) = try Self.repository()
    let repository = try test.open()
    func add(_ name: String, _ path: String, _ branch: String?) throws {
      try repository.addWorktree(
        name: name, path: test.root.path(path), commit: commit, branch: branch)
    }
    try test.root.write("full/file", "mine")
    #expect(throws: WorktreeError.directoryInTheWay(path: test.root.path("full"))) {
      try add("x", "full", nil)
    }
    #expect(throws: WorktreeError.branchInUse(branch: "refs/heads/main", path: test.path)) {
      try add("x", "x", "refs/heads/main")
    }
    #expect(throws: WorktreeError.badName("../x")) { try add("../x", "x", nil) }
    let other = try repository.createCommit(
      tree: repository.commit(commit).tree, parents: [commit], message: "two", author: .test,
      committer: .test)
    try repository.createReference("refs/heads/elsewhere", target: other, message: "")
    #expect(throws: ReferenceMismatch.self) { try add("x", "x", "refs/heads/elsewhere") }
    #expect(!test.root.exists("x") && !test.root.exists("repo/.git/worktrees"))
    #expect(try test.root.read("full/file") == "mine")

    try add("x", "x", "refs/heads/x")
    #expect(throws: WorktreeError.nameTaken(name: "x")) { try add("x", "y", nil) }
    #expect(throws: WorktreeError.branchInUse(branch: "refs/heads/x", path: test.root.path("x"))) {
      try add("y", "y", "refs/heads/x")
    }
    #expect(!test.root.exists("y"))
    #expect(repository.worktrees().map(\.name) == ["x"])
  }

  @Test func locksAndPrunes() throws {
    let (test, commit) = try Self.repository()
    let repository = try test.open()
    let path = test.root.path("x")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    try repository.addWorktree(name: "x", path: path, commit: commit, branch: nil, checkout: false)
    #expect(try FileManager.default.contentsOfDirectory(atPath: path) == [".git"])

    try repository.lockWorktree(name: "x", reason: "at work")
    #expect(try test.git("worktree", "list", "--porcelain").hasSuffix("locked at work"))
    #expect(throws: WorktreeError.locked(name: "x", reason: "at work")) {
      try repository.pruneWorktree(name: "x", evenIfPresent: true)
    }
    try repository.unlockWorktree(name: "x")
    try repository.unlockWorktree(name: "x")
    #expect(throws: WorktreeError.stillThere(name: "x", path: path)) {
      try repository.pruneWorktree(name: "x")
    }
    try FileManager.default.moveItem(atPath: path, toPath: path + ".trash")
    #expect(repository.worktree(named: "x")?.valid == false)
    try repository.pruneWorktree(name: "x")
    #expect(repository.worktrees().isEmpty)
    #expect(test.root.exists("x.trash/.git"))
    #expect(throws: WorktreeError.unknown(name: "x")) { try repository.pruneWorktree(name: "x") }
  }

  @Test func addsFromALaneAndToABareRepository() throws {
    let (test, commit) = try Self.repository()
    try test.open().addWorktree(name: "x", path: test.root.path("x"), commit: commit, branch: nil)
    try test.open(test.root.path("x"))
      .addWorktree(name: "y", path: test.root.path("y"), commit: commit, branch: "refs/heads/y")
    #expect(try test.git("status", "--porcelain", at: test.root.path("y")).isEmpty)

    let bare = try TestRepository(bare: true)
    try test.git("push", "-q", bare.path, "main")
    try bare.open().addWorktree(
      name: "z", path: bare.root.path("z"), commit: commit, branch: "refs/heads/z")
    #expect(try bare.git("status", "--porcelain", at: bare.root.path("z")).isEmpty)
    #expect(try bare.git("rev-parse", "HEAD", at: bare.root.path("z")) == commit.hex)
  }

  @Test func p6_takesOverASparseCheckout() throws {
    let (test, commit) = try Self.repository()
    try test.git("sparse-checkout", "set", "--no-cone", "/a")
    let config = try test.read(".git/config")
    let lane = test.root.path("lane")
    try test.open().addWorktree(name: "l", path: lane, commit: commit, branch: nil)
    #expect(test.root.exists("lane/a") && !test.root.exists("lane/d"))
    #expect(try test.git("status", "--porcelain", at: lane).isEmpty)
    #expect(try test.git("sparse-checkout", "list", at: lane) == "/a")
    #expect(try test.open(lane).status().isEmpty)
    #expect(try test.read(".git/config") == config)
  }

  @Test(arguments: [["locked"], ["locked", "gitdir"], ["locked", "commondir", "gitdir"], []])
  func aRegistrationThatWasCutOffIsMadeAgain(files: [String]) throws {
    let test = try TestRepository()
    try test.write("a", "1")
    let first = try #require(ObjectID(hex: test.commit("one")))
    for file in files {
      try test.write(".git/worktrees/lane-1/\(file)", file == "locked" ? "being made" : "x\n")
    }
    try FileManager.default.createDirectory(
      atPath: test.path + "/.git/worktrees/lane-1", withIntermediateDirectories: true)
    let path = test.root.path("lane")
    try test.open().addWorktree(name: "lane-1", path: path, commit: first, branch: nil)
    #expect(try test.git("rev-parse", "HEAD", at: path) == first.hex)
    #expect(try test.open().worktree(named: "lane-1")?.valid == true)
  }
}
