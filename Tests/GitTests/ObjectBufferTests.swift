import Foundation
import TestSupport
import Testing

@testable import Git

@Suite(.bounded) struct ObjectBufferTests {
  private func seen(_ test: TestRepository, _ id: ObjectID) throws -> Bool {
    try test.runGit(["cat-file", "-e", id.hex]).status == 0
  }

  private func packs(_ test: TestRepository) throws -> [String] {
    let packs = test.path + "/.git/objects/pack"
    return try FileManager.default.contentsOfDirectory(atPath: packs).sorted()
  }

  @Test func nobodyElseSeesObjectsBeforeTheyAreStored() throws {
    let test = try TestRepository()
    let repository = try test.open()
    let reader = try test.open()
    try repository.keepObjectsInMemory(visibleTo: reader)
    let blob = try repository.writeBlob(bytes("one\n"))
    let tree = try repository.writeTree(
      changing: nil, [(bytes("a/b.txt"), TreeEntry(mode: 0o100644, id: blob))])
    let commit = try repository.createCommit(
      tree: tree, parents: [], message: "m\n", author: .test, committer: .test)
    for id in [blob, tree, commit] { #expect(try !seen(test, id)) }
    // Both handles do, and what is made from them is the same as git's own.
    #expect(try repository.blob(blob) == bytes("one\n"))
    #expect(try reader.commit(commit).tree == tree)
    #expect(try reader.mergeBase(commit, commit) == commit)
    try repository.storeObjects()
    #expect(try packs(test) == [])
    #expect(try test.git("show", "\(commit.hex):a/b.txt") == "one")
    #expect(try test.commitTree(tree) != commit)
    #expect(try test.git("fsck", "--full", "--strict", "--no-dangling", "--no-progress") == "")
  }

  @Test func manyObjectsBecomeOnePack() throws {
    let test = try TestRepository()
    try test.write("old.txt", "old\n")
    try test.commit("base")
    let base = try test.id("HEAD")
    let repository = try test.open()
    try repository.keepObjectsInMemory(visibleTo: try test.open())
    var tip = base
    for number in 1...60 {
      let blob = try repository.writeBlob(bytes("\(number)\n"))
      let tree = try repository.writeTree(
        changing: try repository.commit(tip).tree,
        [(bytes("d/\(number).txt"), TreeEntry(mode: 0o100644, id: blob))])
      tip = try repository.createCommit(
        tree: tree, parents: [tip], message: "\(number)\n", author: .test, committer: .test)
    }
    #expect(try !seen(test, tip))
    try repository.storeObjects()
    #expect(try packs(test).map { ($0 as NSString).pathExtension } == ["idx", "pack"])
    let objects = try FileManager.default.contentsOfDirectory(atPath: test.path + "/.git/objects")
    #expect(objects.filter { $0.hasPrefix("tmp_") } == [])
    #expect(try test.git("rev-list", "--count", tip.hex) == "61")
    #expect(
      try test.git("ls-tree", "-r", "--name-only", tip.hex).split(separator: "\n").count == 61)
    try test.git("update-ref", "refs/heads/made", tip.hex)
    #expect(try test.git("fsck", "--full", "--strict", "--no-dangling", "--no-progress") == "")
    // It goes on from there, and a fresh handle finds everything.
    let last = try repository.createCommit(
      tree: try repository.commit(tip).tree, parents: [tip], message: "last\n", author: .test,
      committer: .test)
    try repository.storeObjects()
    #expect(try test.open().commit(last).parents == [tip])
  }

  @Test func gitFindsEverythingStored() throws {
    let test = try TestRepository()
    let repository = try test.open()
    try repository.keepObjectsInMemory(visibleTo: try test.open())
    let blob = try repository.writeBlob(bytes("one\n"))
    #expect(try repository.git(["cat-file", "-p", blob.hex]).text == "one")
    #expect(try seen(test, blob))
  }

  @Test func whatIsNotStoredLeavesNothing() throws {
    let test = try TestRepository()
    let before = try test.git("count-objects", "-v")
    do {
      let repository = try test.open()
      try repository.keepObjectsInMemory(visibleTo: try test.open())
      for number in 1...200 { _ = try repository.writeBlob(bytes("\(number)")) }
    }
    #expect(try test.git("count-objects", "-v") == before)
  }
}
