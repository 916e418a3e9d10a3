import Foundation
import TestSupport
import Testing

@testable import Git

/// A worktree in which nothing is changed is taken to another commit by looking at the difference alone.
@Suite struct PristineTests {
  /// What an agent may have left.
  enum Trace: CaseIterable {
    case untracked, emptyDirectory, edited, staged, removed, mode, assumed, skipped, repository,
      intended
  }

  @Test(arguments: Trace.allCases) func p4_whatWasLeftIsSeen(trace: Trace) throws {
    let (test, lane, _) = try CheckoutTests.lane([
      "a": "1\n", "d/b": "2\n", ".gitignore": "*.o\n",
    ])
    let repository = try test.open(lane)
    try test.root.write("lane/x.o", "ignored\n")
    #expect(try repository.pristineTree() == test.id("HEAD^{tree}"))
    let files = FileManager.default
    switch trace {
    case .untracked: try test.root.write("lane/new/file", "new\n")
    case .emptyDirectory:
      try files.createDirectory(atPath: lane + "/empty", withIntermediateDirectories: false)
    case .edited: try test.root.write("lane/a", "2\n")
    case .staged:
      try test.root.write("lane/a", "2\n")
      try test.git("add", "a", at: lane)
    case .removed: try files.removeItem(atPath: lane + "/d/b")
    case .mode: chmod(lane + "/a", 0o755)
    case .assumed: try test.git("update-index", "--assume-unchanged", "a", at: lane)
    case .skipped: try test.git("update-index", "--skip-worktree", "a", at: lane)
    case .repository: try test.git("init", "-q", "inner", at: lane)
    case .intended:
      try test.root.write("lane/later", "")
      try test.git("add", "-N", "later", at: lane)
    }
    #expect(try repository.pristineTree() == nil)
  }

  @Test(arguments: 1...8) func endsAsTheLongWayDoes(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let test = try TestRepository()
    let repository = try test.open()
    var tree = try RandomTrees.tree(repository, &random)
    let path = test.root.path("lane")
    try repository.addWorktree(
      name: "l", path: path, commit: test.commitTree(tree.id), branch: nil)
    let lane = try test.open(path)
    for _ in 0..<6 {
      tree = try RandomTrees.edited(tree, repository, &random, edits: 8)
      let pristine = try lane.pristineTree()
      #expect(pristine != nil)
      try lane.switchWorktree(
        to: test.commitTree(tree.id), branch: nil, removeUntracked: true, pristine: pristine)
      #expect(try test.git("status", "--porcelain", "--ignored", at: path) == "")
      #expect(try test.git("write-tree", at: path) == tree.id.hex)
      #expect(try test.git("rev-parse", "HEAD^{tree}", at: path) == tree.id.hex)
    }
  }

  /// Another commit may ignore less; what it does not ignore goes, as on the long way.
  @Test func whatIsIgnoredNoLongerIsRemoved() throws {
    let (test, lane, _) = try CheckoutTests.lane([".gitignore": "*.o\n*.log\n", "a": "1\n"])
    try test.root.write("lane/x.o", "o\n")
    try test.root.write("lane/x.log", "log\n")
    try test.write(".gitignore", "*.o\n")
    let second = try #require(ObjectID(hex: test.commit("two")))
    let repository = try test.open(lane)
    let pristine = try #require(try repository.pristineTree())
    try repository.switchWorktree(
      to: second, branch: nil, removeUntracked: true, pristine: pristine)
    #expect(!test.root.exists("lane/x.log") && test.root.exists("lane/x.o"))
  }

  /// The files may have changed since somebody looked, or somebody looked at something else.
  @Test func aWrongBeliefDoesNoHarm() throws {
    let (test, lane, first) = try CheckoutTests.lane(["a": "1\n", "b": "1\n"])
    try test.write("a", "2\n")
    try test.write("b", "2\n")
    let second = try #require(ObjectID(hex: test.commit("two")))
    try test.write("b", "1\n")
    let third = try #require(ObjectID(hex: test.commit("three")))
    let repository = try test.open(lane)
    let tree = try repository.commit(second).tree
    // The index is the first commit's, which has the third one's `b`.
    try repository.switchWorktree(to: third, branch: nil, removeUntracked: true, pristine: tree)
    #expect(try test.git("status", "--porcelain", at: lane) == "")
    #expect(try test.root.read("lane/a") == "2\n")
    try test.root.write("lane/a", "edited\n")
    try repository.switchWorktree(
      to: first, branch: nil, removeUntracked: true, pristine: repository.commit(third).tree)
    #expect(try test.root.read("lane/a") == "1\n")
    #expect(try test.git("status", "--porcelain", at: lane) == "")
  }
}
