import Git
import TestSupport
import Testing

@Suite(.bounded) struct TreeTests {
  /// Takes names that are no UTF-8, links, executables and submodules.
  static func oddTree(_ repository: Repository) throws -> ObjectID {
    let file = try repository.writeBlob(bytes("a\n"))
    let link = try repository.writeBlob(bytes("target"))
    return try repository.writeTree(
      changing: nil,
      [
        (bytes("bad\u{0}").dropLast() + [0xff], TreeEntry(mode: 0o100644, id: file)),
        (bytes("dir/run"), TreeEntry(mode: 0o100755, id: file)),
        (bytes("dir/link"), TreeEntry(mode: 0o120000, id: link)),
        (bytes("dir.x"), TreeEntry(mode: 0o100644, id: file)),
        (bytes("dir0"), TreeEntry(mode: 0o100644, id: file)),
        (
          bytes("module"),
          TreeEntry(mode: 0o160000, id: ObjectID(bytes: [UInt8](repeating: 9, count: 20)))
        ),
        (bytes("new\nline"), TreeEntry(mode: 0o100644, id: file)),
      ])
  }

  @Test func writesTreesThatGitAccepts() throws {
    let test = try TestRepository()
    let repository = try test.open()
    let tree = try Self.oddTree(repository)
    let listing = try test.runGit(["ls-tree", "-r", "-z", tree.hex]).output
    let remade = try test.git(
      ["mktree", "-z", "--missing"], input: try test.runGit(["ls-tree", "-z", tree.hex]).output)
    #expect(remade == tree.hex)
    #expect(listing.split(separator: 0).count == 7)
    #expect(listing.contains(0xff))
    let commit = try test.commitTree(tree)
    try test.git("update-ref", "refs/heads/main", commit.hex)
    try test.git("fsck", "--strict")

    #expect(try repository.entry(at: bytes("bad") + [0xff], inTree: tree)?.mode == 0o100644)
    #expect(try repository.entry(at: bytes("dir/run"), inTree: tree)?.mode == 0o100755)
    #expect(try repository.entry(at: bytes("dir/link"), inTree: tree)?.isLink == true)
    #expect(try repository.entry(at: bytes("module"), inTree: tree)?.isSubmodule == true)
    #expect(try repository.entry(at: bytes("dir"), inTree: tree)?.isTree == true)
    #expect(try repository.entry(at: [], inTree: tree) == TreeEntry(mode: 0o040000, id: tree))
    #expect(try repository.entry(at: bytes("dir/none"), inTree: tree) == nil)
    #expect(try repository.entry(at: bytes("dir0/none"), inTree: tree) == nil)
    let run = try #require(try repository.entry(at: bytes("dir/run"), inTree: tree))
    #expect(try repository.blob(run.id) == bytes("a\n"))
  }

  @Test func changesATree() throws {
    let test = try TestRepository()
    let repository = try test.open()
    let a = TreeEntry(mode: 0o100644, id: try repository.writeBlob(bytes("a")))
    let b = TreeEntry(mode: 0o100755, id: try repository.writeBlob(bytes("b")))
    let base = try repository.writeTree(
      changing: nil, [(bytes("d/e/f"), a), (bytes("d/g"), a), (bytes("h"), a)])
    func list(_ changes: [([UInt8], TreeEntry?)]) throws -> [String] {
      let tree = try repository.writeTree(changing: base, changes)
      return try test.git("ls-tree", "-r", "--name-only", tree.hex)
        .split(separator: "\n").map(String.init)
    }
    #expect(try list([(bytes("d/e/f"), nil)]) == ["d/g", "h"])
    #expect(try list([(bytes("d"), nil)]) == ["h"])
    #expect(try list([(bytes("d"), b)]) == ["d", "h"])
    #expect(try list([(bytes("h"), nil), (bytes("h/i"), b)]) == ["d/e/f", "d/g", "h/i"])
    #expect(try list([(bytes("none/x"), nil)]) == ["d/e/f", "d/g", "h"])
    #expect(
      try repository.writeTree(changing: base, [(bytes("d"), nil), (bytes("h"), nil)])
        == Repository.emptyTree)
    #expect(try repository.writeTree(changing: base, []) == base)
  }

  @Test func listsTheChangesThatGitLists() throws {
    let test = try TestRepository()
    let repository = try test.open()
    var random = SplitMix64(seed: 11)
    for _ in 0..<60 {
      let old = try RandomTrees.tree(repository, &random)
      let new = try RandomTrees.edited(old, repository, &random, edits: 6)
      let found = try repository.changes(from: old.id, to: new.id)
      let expected = try test.runGit(
        ["diff-tree", "-r", "-z", "--no-renames", "--name-only", old.id.hex, new.id.hex])
      let paths = Set(expected.output.split(separator: 0).map(Array.init))
      #expect(Set(found.map(\.path)) == paths)
      #expect(found.count == paths.count)
      #expect(found.map(\.path) == found.map(\.path).sorted { $0.lexicographicallyPrecedes($1) })
      let back = try repository.writeTree(changing: old.id, found.map { ($0.path, $0.new) })
      #expect(back == new.id)
    }
  }

  @Test func judgesABranchFromItsMergeBase() throws {
    let test = try TestRepository()
    try test.write("a", "a\n")
    let base = try #require(ObjectID(hex: test.commit("base")))
    try test.git("checkout", "-q", "-b", "lane")
    try test.write("b", "b\n")
    let tip = try #require(ObjectID(hex: test.commit("lane")))
    try test.git("checkout", "-q", "main")
    try test.write("a", "other\n")
    let target = try #require(ObjectID(hex: test.commit("target")))
    let repository = try test.open()
    let found = try repository.branchChanges(tip: tip, target: target)
    #expect(found.base == base)
    #expect(found.changes.map(\.path) == [bytes("b")])
    #expect(found.changes.first?.old == nil)
    let whole = try repository.changes(from: nil, to: repository.commit(tip).tree)
    #expect(whole.map(\.path) == [bytes("a"), bytes("b")])
  }
}
