import TestSupport
import Testing

@testable import Git

@Suite(.bounded) struct MergeTests {
  static func reference(_ test: TestRepository, _ one: ObjectID, _ two: ObjectID) throws -> String?
  {
    let result = try test.runGit(
      ["-c", "merge.directoryRenames=false", "merge-tree", "--write-tree", one.hex, two.hex])
    return result.status == 0 ? result.text : nil
  }

  @Test func leavesToGitWhatBothSidesTouched() throws {
    let test = try TestRepository()
    let repository = try test.open()
    func tree(_ files: [String: String]) throws -> ObjectID {
      try repository.writeTree(
        changing: nil,
        files.map {
          (bytes($0.key), TreeEntry(mode: 0o100644, id: try repository.writeBlob(bytes($0.value))))
        })
    }
    let base = try tree(["d/a": "1", "d/b": "1", "e": "1"])
    let same = try tree(["d/a": "2", "d/b": "1", "e": "1"])
    #expect(
      try repository.mergeTrees(base: base, ours: same, theirs: same).bothTouched == [bytes("d/a")])
    let gone = try tree(["e": "1"])
    let added = try tree(["d/a": "1", "d/b": "1", "d/c": "1", "e": "1"])
    #expect(
      try repository.mergeTrees(base: base, ours: gone, theirs: added).tree
        == tree(["d/c": "1", "e": "1"]))
    let file = try tree(["d": "1", "e": "1"])
    #expect(
      try repository.mergeTrees(base: base, ours: file, theirs: added).bothTouched == [bytes("d")])
    #expect(
      try repository.mergeTrees(base: base, ours: gone, theirs: tree(["d/a": "1", "d/b": "1"])).tree
        == Repository.emptyTree)
  }

  @Test func refusesAFileAndADirectoryOfOneName() throws {
    let test = try TestRepository()
    let repository = try test.open()
    func tree(_ files: [String: String]) throws -> ObjectID {
      try repository.writeTree(
        changing: nil,
        files.map {
          (bytes($0.key), TreeEntry(mode: 0o100644, id: try repository.writeBlob(bytes($0.value))))
        })
    }
    let base = try tree(["a.b": "1", "z": "1"])
    let file = try tree(["a": "1", "a.b": "1", "z": "1"])
    let directory = try tree(["a/x": "1", "a.b": "1", "z": "1"])
    #expect(
      try repository.mergeTrees(base: base, ours: file, theirs: directory).bothTouched
        == [bytes("a")])
    // The file takes the place of a directory to which the other side adds something.
    let grown = try tree(["a/x": "1", "a/y": "1", "a.b": "1", "z": "1"])
    #expect(
      try repository.mergeTrees(base: directory, ours: file, theirs: grown).bothTouched
        == [bytes("a")])
    #expect(
      try repository.mergeTrees(base: directory, ours: file, theirs: directory).tree == file)
  }

  @Test func leavesModesOfAncientProgramsToGit() throws {
    let test = try TestRepository()
    let blob = try test.git(["hash-object", "-w", "--stdin"], input: bytes("1"))
    func tree(_ names: [String]) throws -> ObjectID {
      let content = names.flatMap { name in
        bytes("100664 \(name)") + [0] + ObjectID(hex: blob)!.bytes
      }
      return try ObjectID(
        hex: test.git(
          ["hash-object", "-t", "tree", "--literally", "-w", "--stdin"], input: content))!
    }
    let base = try tree(["m"])
    let (ours, theirs) = (try tree(["a", "m"]), try tree(["m", "z"]))
    let repository = try test.open()
    let root = try test.commitTree(base)
    let (one, two) = (
      try test.commitTree(ours, parents: [root]), try test.commitTree(theirs, parents: [root])
    )
    let expected = try #require(try Self.reference(test, one, two).flatMap { ObjectID(hex: $0) })
    #expect(try repository.merge(ours: one, theirs: two) == .clean(expected))
    #expect(try repository.changes(from: base, to: ours).map(\.path) == [bytes("a")])
  }

  @Test func followsARenameWithGit() throws {
    let test = try TestRepository()
    let text = (0..<20).map { "line \($0)\n" }.joined()
    try test.write("old", text)
    try test.commit("base")
    try test.git("checkout", "-q", "-b", "lane")
    try test.git("mv", "old", "new")
    let ours = try #require(ObjectID(hex: test.commit("rename")))
    try test.git("checkout", "-q", "main")
    try test.write("old", text + "more\n")
    let theirs = try #require(ObjectID(hex: test.commit("edit")))
    let repository = try test.open()
    guard case .clean(let tree) = try repository.merge(ours: ours, theirs: theirs) else {
      Issue.record("the rename met a conflict")
      return
    }
    let entry = try #require(try repository.entry(at: bytes("new"), inTree: tree))
    #expect(try repository.blob(entry.id) == bytes(text + "more\n"))
    #expect(try repository.entry(at: bytes("old"), inTree: tree) == nil)
  }

  @Test func mergesCrissCrossHistories() throws {
    let test = try TestRepository()
    let repository = try test.open()
    func commit(_ files: [String: String], _ parents: [ObjectID]) throws -> ObjectID {
      let tree = try repository.writeTree(
        changing: nil,
        files.map {
          (bytes($0.key), TreeEntry(mode: 0o100644, id: try repository.writeBlob(bytes($0.value))))
        })
      return try repository.createCommit(
        tree: tree, parents: parents, message: "x", author: .test, committer: .test)
    }
    let root = try commit(["a": "1\n", "b": "1\n"], [])
    let left = try commit(["a": "2\n", "b": "1\n"], [root])
    let right = try commit(["a": "1\n", "b": "2\n"], [root])
    let one = try commit(["a": "2\n", "b": "2\n", "c": "1\n"], [left, right])
    let two = try commit(["a": "2\n", "b": "2\n", "d": "1\n"], [right, left])
    #expect(try repository.mergeBases(one, two).count == 2)
    let expected = try #require(try Self.reference(test, one, two).flatMap { ObjectID(hex: $0) })
    #expect(try repository.merge(ours: one, theirs: two) == .clean(expected))
  }

  @Test func refusesUnrelatedHistories() throws {
    let test = try TestRepository()
    let repository = try test.open()
    let one = try #require(ObjectID(hex: test.commit("one")))
    let two = try repository.createCommit(
      tree: repository.commit(one).tree, parents: [], message: "two", author: .test,
      committer: .test)
    let error = #expect(throws: GitProgramError.self) {
      try repository.merge(ours: one, theirs: two)
    }
    #expect(error?.message.contains("unrelated") == true)
  }

  @Test func namesThePathsInConflict() throws {
    let test = try TestRepository()
    try test.write("d/one", "base\n")
    try test.write("two", "base\n")
    try test.commit("base")
    try test.git("checkout", "-q", "-b", "lane")
    try test.write("d/one", "ours\n")
    try test.write("two", "ours\n")
    let ours = try #require(ObjectID(hex: test.commit("ours")))
    try test.git("checkout", "-q", "main")
    try test.write("d/one", "theirs\n")
    try test.write("two", "theirs\n")
    let theirs = try #require(ObjectID(hex: test.commit("theirs")))
    let repository = try test.open()
    for merge in [
      try repository.merge(ours: ours, theirs: theirs),
      try repository.mergeWithLibgit2(ours: ours, theirs: theirs),
    ] {
      guard case .conflicts(let paths, let message) = merge else {
        Issue.record("merged what conflicts")
        continue
      }
      #expect(paths == [bytes("d/one"), bytes("two")])
      #expect(!message.isEmpty)
    }
  }

  @Test func libgit2StandsInForAnOlderGit() throws {
    let test = try TestRepository()
    let text = (0..<20).map { "line \($0)\n" }.joined()
    try test.write("f", text)
    try test.commit("base")
    try test.git("checkout", "-q", "-b", "lane")
    try test.write("f", "first\n" + text)
    let ours = try #require(ObjectID(hex: test.commit("ours")))
    try test.git("checkout", "-q", "main")
    try test.write("f", text + "last\n")
    let theirs = try #require(ObjectID(hex: test.commit("theirs")))
    let repository = try test.open()
    let expected = try #require(
      try Self.reference(test, ours, theirs).flatMap { ObjectID(hex: $0) })
    #expect(try repository.mergeWithLibgit2(ours: ours, theirs: theirs) == .clean(expected))
  }

  @Test func honoursUnionAttributes() throws {
    let test = try TestRepository()
    try test.write(".gitattributes", "notes merge=union\n")
    try test.write("notes", "a\n")
    try test.commit("base")
    try test.git("checkout", "-q", "-b", "lane")
    try test.write("notes", "a\nours\n")
    let ours = try #require(ObjectID(hex: test.commit("ours")))
    try test.git("checkout", "-q", "main")
    try test.write("notes", "a\ntheirs\n")
    let theirs = try #require(ObjectID(hex: test.commit("theirs")))
    let repository = try test.open()
    guard case .clean(let tree) = try repository.merge(ours: ours, theirs: theirs) else {
      Issue.record("union met a conflict")
      return
    }
    let entry = try #require(try repository.entry(at: bytes("notes"), inTree: tree))
    #expect(try repository.blob(entry.id) == bytes("a\nours\ntheirs\n"))
  }
}
