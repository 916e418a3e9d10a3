import Foundation
import Git
import TestSupport
import Testing

@Suite(.bounded) struct CheckoutTests {
  /// Makes a repository with a lane at its first commit.
  static func lane(
    _ files: [String: String], prepare: (TestRepository) throws -> Void = { _ in }
  ) throws -> (test: TestRepository, lane: String, first: ObjectID) {
    let test = try TestRepository()
    try prepare(test)
    for (name, text) in files { try test.write(name, text) }
    let first = try #require(ObjectID(hex: test.commit("one")))
    let lane = test.root.path("lane")
    try test.open().addWorktree(name: "lane-1", path: lane, commit: first, branch: nil)
    return (test, lane, first)
  }

  static func status(_ test: TestRepository, _ lane: String) throws -> String {
    try test.git("status", "--porcelain", "--ignored", at: lane)
  }

  @Test func writesOnlyTheFilesThatDiffer() throws {
    let (test, lane, first) = try Self.lane(["same": "s\n", "edit": "1\n", "d/gone": "g\n"])
    try test.write("edit", "2\n")
    try test.write("new/file", "n\n", executable: true)
    try FileManager.default.removeItem(atPath: test.root.path("repo/d"))
    let second = try #require(ObjectID(hex: test.commit("two")))
    func inode() throws -> UInt64? {
      try FileManager.default.attributesOfItem(atPath: lane + "/same")[.systemFileNumber] as? UInt64
    }
    let before = try inode()
    try test.open(lane).switchWorktree(to: second, branch: "refs/heads/lane/x")
    #expect(try inode() == before)
    #expect(try test.root.read("lane/edit") == "2\n")
    #expect(!test.root.exists("lane/d") && test.root.exists("lane/new/file"))
    #expect(try Self.status(test, lane).isEmpty)
    #expect(try test.open(lane).head() == .branch(name: "refs/heads/lane/x", tip: second))
    #expect(try test.id("HEAD") == second)
    try test.open(lane).switchWorktree(to: first, branch: nil)
    #expect(try test.open(lane).head() == .detached(first))
    #expect(try test.id("refs/heads/lane/x") == second)
    #expect(try Self.status(test, lane).isEmpty)
    #expect(try test.git("fsck", "--no-progress").isEmpty)
  }

  @Test func restoresWhateverWasDoneToTrackedFiles() throws {
    let (test, lane, first) = try Self.lane([
      "edited": "1\n", "staged": "1\n", "deleted": "1\n", "mode": "1\n", "typed": "1\n",
      "dir/file": "1\n", "hidden": "1\n", "skipped": "1\n", "quiet": "1\n",
    ])
    let root = test.root
    try root.write("lane/edited", "2\n")
    try root.write("lane/staged", "2\n")
    try root.write("lane/added", "2\n")
    try test.git("add", "staged", "added", at: lane)
    try test.git("rm", "-q", "deleted", at: lane)
    chmod(lane + "/mode", 0o755)
    try FileManager.default.removeItem(atPath: lane + "/typed")
    symlink("edited", lane + "/typed")
    try FileManager.default.removeItem(atPath: lane + "/dir")
    try root.write("lane/dir", "a file\n")
    try test.git("update-index", "--assume-unchanged", "hidden", at: lane)
    try root.write("lane/hidden", "2\n")
    try test.git("update-index", "--skip-worktree", "skipped", at: lane)
    try root.write("lane/skipped", "2\n")
    var times = stat()
    stat(lane + "/quiet", &times)
    try root.write("lane/quiet", "2\n")
    var stamps = [times.st_atim, times.st_mtim]
    utimensat(AT_FDCWD, lane + "/quiet", &stamps, 0)

    try test.open(lane).switchWorktree(to: first, branch: nil)
    for name in ["edited", "staged", "deleted", "mode", "typed", "dir/file", "hidden", "skipped"] {
      #expect(try root.read("lane/" + name) == "1\n", "\(name)")
    }
    #expect(try root.read("lane/quiet") == "1\n")
    #expect(
      try test.git("ls-files", "-v", at: lane).split(separator: "\n").allSatisfy {
        $0.hasPrefix("H ")
      })
    let status = try Self.status(test, lane)
    #expect(["", "?? added"].contains(status))
    #expect(try test.git("write-tree", at: lane) == test.id("\(first)^{tree}").hex)
  }

  @Test func removesUntrackedFilesOnlyWhenTold() throws {
    let (test, lane, first) = try Self.lane([".gitignore": "cache/\n*.o\n", "a": "1\n"])
    let root = test.root
    try root.write("lane/cache/x", "kept")
    try root.write("lane/a.o", "kept")
    try root.write("lane/junk/deep/x", "junk")
    try root.write("lane/junk2", "junk")
    try test.git("init", "-q", lane + "/nested")
    try root.write("lane/nested/x", "a repository of its own")
    try test.open(lane).switchWorktree(to: first, branch: nil)
    #expect(root.exists("lane/junk/deep/x"))
    try test.open(lane).switchWorktree(to: first, branch: nil, removeUntracked: true)
    #expect(!root.exists("lane/junk") && !root.exists("lane/junk2"))
    #expect(root.exists("lane/cache/x") && root.exists("lane/a.o"))
    #expect(root.exists("lane/nested/x"))
    #expect(try test.open(lane).status().map(\.path) == [bytes("nested/")])
  }

  @Test func overwritesWhatStandsInTheWay() throws {
    let (test, lane, _) = try Self.lane([".gitignore": "out/\n", "a": "1\n"])
    try test.write("file", "tracked\n")
    try test.write("dir/file", "tracked\n")
    try test.git("add", "-A")
    try test.write("out/file", "tracked\n")
    try test.git("add", "-f", "out/file")
    let second = try #require(ObjectID(hex: test.commit("two")))
    try test.root.write("lane/file/below", "untracked")
    try test.root.write("lane/dir", "untracked")
    try test.root.write("lane/out/file", "ignored")
    try test.open(lane).switchWorktree(to: second, branch: nil)
    for name in ["file", "dir/file", "out/file"] {
      #expect(try test.root.read("lane/" + name) == "tracked\n", "\(name)")
    }
    #expect(try Self.status(test, lane).isEmpty)
  }

  @Test func p6_writesThroughNoLink() throws {
    let (test, lane, first) = try Self.lane(["a": "1\n", "d/b": "1\n", "gone/c": "1\n"])
    try test.write("d/b", "2\n")
    try test.write("new", "2\n")
    try test.write("deep/new", "2\n")
    try FileManager.default.removeItem(atPath: test.path + "/gone")
    let second = try #require(ObjectID(hex: test.commit("two")))
    for name in ["a", "b", "c", "new"] { try test.root.write("outside/" + name, "mine\n") }
    for name in ["a", "d", "gone"] {
      try FileManager.default.removeItem(atPath: lane + "/" + name)
    }
    symlink(test.root.path("outside/a"), lane + "/a")
    symlink(test.root.path("outside/new"), lane + "/new")
    for name in ["d", "gone", "deep"] { symlink(test.root.path("outside"), lane + "/" + name) }
    for commit in [second, first] {
      try test.open(lane).switchWorktree(to: commit, branch: nil, removeUntracked: true)
      #expect(try Self.status(test, lane).isEmpty)
      #expect(try test.root.read("lane/a") == "1\n")
    }
    for name in ["a", "b", "c", "new"] {
      #expect(try test.root.read("outside/" + name) == "mine\n", "\(name)")
    }
  }

  @Test func endsAnOpenMerge() throws {
    let (test, lane, first) = try Self.lane(["a": "1\n"])
    try test.write("a", "2\n")
    let second = try #require(ObjectID(hex: test.commit("two")))
    try test.root.write("lane/a", "3\n")
    try test.git("commit", "-q", "-am", "three", at: lane)
    #expect(try test.runGit(["merge", second.hex], at: lane).status == 1)
    let conflict = try test.open(lane).status()
    #expect(conflict.map(\.isConflicted) == [true])
    try test.open(lane).switchWorktree(to: first, branch: nil)
    #expect(try Self.status(test, lane).isEmpty)
    for name in ["MERGE_HEAD", "MERGE_MSG", "MERGE_MODE", "AUTO_MERGE"] {
      #expect(!test.root.exists("repo/.git/worktrees/lane-1/" + name), "\(name)")
    }
    #expect(try test.root.read("lane/a") == "1\n")
  }

  @Test func refusesABranchThatStandsElsewhereBeforeItWrites() throws {
    let (test, lane, first) = try Self.lane(["a": "1\n"])
    try test.root.write("lane/a", "mine\n")
    try test.git("branch", "x", first.hex)
    try test.write("a", "2\n")
    let second = try #require(ObjectID(hex: test.commit("two")))
    let repository = try test.open(lane)
    #expect(throws: ReferenceMismatch.self) {
      try repository.switchWorktree(to: second, branch: "refs/heads/x")
    }
    #expect(throws: WorktreeError.branchInUse(branch: "refs/heads/main", path: test.path)) {
      try repository.switchWorktree(to: second, branch: "refs/heads/main")
    }
    #expect(try test.root.read("lane/a") == "mine\n")
  }

  @Test func reportsAHeldIndex() throws {
    let (test, lane, first) = try Self.lane(["a": "1\n"])
    try test.root.write("lane/a", "2\n")
    try test.write(".git/worktrees/lane-1/index.lock", "")
    let error = #expect(throws: GitProgramError.self) {
      try test.open(lane).switchWorktree(to: first, branch: nil)
    }
    #expect(error?.message.contains("index.lock") == true)
    #expect(try test.root.read("lane/a") == "2\n")
  }

  @Test(arguments: ["true", "input", "false"]) func convertsLineEnds(_ autocrlf: String) throws {
    let files = [
      ".gitattributes": "*.dos text eol=crlf\n*.unix text eol=lf\n*.bin -text\n*.auto text=auto\n",
      "x.dos": "a\nb\n", "x.unix": "a\nb\n", "x.bin": "a\r\nb\n", "x.auto": "a\nb\n",
      "x.txt": "a\nb\n", "mixed.txt": "a\r\nb\n",
    ]
    let (test, lane, _) = try Self.lane(files)
    try test.git("config", "core.autocrlf", autocrlf)
    for name in files.keys where name != ".gitattributes" {
      try test.git(
        "update-index", "--add", "--cacheinfo",
        "100644,\(try test.git(["hash-object", "-w", "--stdin"], input: bytes("new\n"))),2\(name)")
    }
    try test.git("commit", "-q", "-m", "two")
    let second = try test.id("HEAD")
    let byGit = test.root.path("reference")
    try test.git("worktree", "add", "-q", "--detach", byGit, second.hex)
    try test.open(lane).switchWorktree(to: second, branch: nil)
    let fresh = test.root.path("fresh")
    try test.open().addWorktree(name: "fresh", path: fresh, commit: second, branch: nil)
    #expect(try Self.status(test, lane).isEmpty)
    #expect(try Self.status(test, fresh).isEmpty)
    for name in try test.git("ls-files", at: lane).split(separator: "\n") {
      let expected = FileManager.default.contents(atPath: byGit + "/" + name)
      #expect(FileManager.default.contents(atPath: fresh + "/" + name) == expected, "\(name)")
    }
  }

  @Test func carriesOddNamesModesLinksAndSubmodules() throws {
    let (test, lane, _) = try Self.lane(["a": "1\n"])
    let repository = try test.open()
    let commit = try test.commitTree(try TreeTests.oddTree(repository))
    let worktree = try test.open(lane)
    try worktree.switchWorktree(to: commit, branch: nil)
    #expect(try Self.status(test, lane).isEmpty)
    #expect(try worktree.status().isEmpty)
    #expect(access(lane + "/dir/run", X_OK) == 0)
    #expect(
      try FileManager.default.destinationOfSymbolicLink(atPath: lane + "/dir/link") == "target")
    #expect(test.root.exists("lane/module"))
    let odd = Array(lane.utf8) + bytes("/bad") + [0xff, 0]
    #expect(
      odd.withUnsafeBytes { unlink($0.baseAddress!.assumingMemoryBound(to: CChar.self)) } == 0)
    #expect(try worktree.status().map(\.path) == [bytes("bad") + [0xff]])
    #expect(try worktree.status().first?.unstaged == .deleted)
  }
}
