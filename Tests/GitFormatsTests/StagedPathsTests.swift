import GitFormats
import TestSupport
import Testing

/// What the hook reads by itself is what git says.
@Suite(.bounded) struct StagedPathsTests {
  @Test(arguments: 1...4) func agreesWithGitOnRandomIndexes(seed: UInt64) throws {
    let test = try TestRepository()
    var random = SplitMix64(seed: seed)
    let blobs = try (0..<6).map {
      try test.git(["hash-object", "-w", "--stdin"], input: Array("blob \($0)\n".utf8))
    }
    var names: [[UInt8]] = []
    var head: String?
    for round in 0..<24 {
      if round % 8 == 7 {
        try test.git("update-index", "--index-version", "\([2, 3, 4][round / 8])")
      }
      let changes = (0...random.below(6)).map { _ in
        Self.change(&random, &names, blobs)
      }
      try test.git(
        ["update-index", "--replace", "-z", "--index-info"], input: Array(changes.joined()))
      let tree = try test.git("write-tree")
      let index = try #require(MappedFile(test.path + "/.git/index"))
      #expect(IndexTree.root(index.bytes) == tree)

      let objects = ObjectFiles([test.path + "/.git/objects"])
      let old = try head.map { try #require(objects.commit($0)) }
      let staged = try test.runGit([
        "diff-index", "--cached", "-z", "--no-renames", "--name-only", "--ignore-submodules=none",
        head ?? ObjectFiles.emptyTree, "--",
      ])
      #expect(try #require(objects.changedPaths(old?.tree, tree)) == Self.paths(staged.output))
      if random.oneIn(6) { continue }
      let parents = head.map { ["-p", $0] } ?? []
      head = try test.git(["commit-tree", "-m", "round \(round)", tree] + parents)
      try test.git("update-ref", "refs/heads/main", head!)
      if random.oneIn(4) { try test.git("repack", "-adq", "--depth=\(2 + random.below(20))") }
    }
    // Any two commits, in a pack whose trees are changes of one another.
    try test.git("gc", "-q")
    let commits = try test.git("rev-list", "HEAD").split(separator: "\n").map(String.init)
    let objects = ObjectFiles([test.path + "/.git/objects"])
    for _ in 0..<12 {
      let (one, other) = (
        commits[random.below(commits.count)], commits[random.below(commits.count)]
      )
      let trees = try [one, other].map { try #require(objects.commit($0)).tree }
      let diff = try test.runGit([
        "diff-tree", "-r", "-z", "--no-renames", "--name-only", one, other,
      ])
      #expect(try #require(objects.changedPaths(trees[0], trees[1])) == Self.paths(diff.output))
    }
  }

  /// A line for `update-index --index-info`: an entry that is added, changed or taken away, also where
  /// a directory or a file stood.
  private static func change(
    _ random: inout SplitMix64, _ names: inout [[UInt8]], _ blobs: [String]
  ) -> [UInt8] {
    let parts: [[UInt8]] = [
      Array("a".utf8), Array("a-b".utf8), Array("a.b".utf8), Array("b c".utf8), [0xff, 0xfe],
      Array("q\"\n".utf8), Array("ü".utf8), Array("ab".utf8),
    ]
    if !names.isEmpty, random.oneIn(4) {
      let name = names.remove(at: random.below(names.count))
      return Array("0 \(String(repeating: "0", count: 40))\t".utf8) + name + [0]
    }
    let name = Array(
      (0...random.below(4)).map { _ in parts[random.below(parts.count)] }.joined(separator: [0x2f]))
    names.append(name)
    let mode = ["100644", "100644", "100755", "120000", "160000"][random.below(5)]
    let id =
      mode == "160000" ? String(repeating: "12", count: 20) : blobs[random.below(blobs.count)]
    return Array("\(mode) \(id)\t".utf8) + name + [0]
  }

  private static func paths(_ output: [UInt8]) -> [[UInt8]] {
    output.split(separator: 0).map(Array.init)
  }

  /// In each of these git has to be asked.
  @Test(arguments: [
    ["add", "-N", "new"], ["rm", "-q", "--cached", "a/one"],
    ["update-index", "--split-index"], ["merge", "-q", "other"],
  ]) func anIndexWhoseTreeIsNotKnownSaysSo(_ words: [String]) throws {
    let test = try TestRepository()
    try test.write("a/one", "1\n")
    try test.write("two", "1\n")
    try test.commit("base")
    try test.git("switch", "-qc", "other")
    try test.write("two", "other\n")
    try test.commit("other")
    try test.git("switch", "-q", "main")
    try test.write("two", "main\n")
    try test.commit("main")
    try test.write("new", "1\n")
    try test.git("write-tree")
    let index = test.path + "/.git/index"
    #expect(MappedFile(index).flatMap { IndexTree.root($0.bytes) } != nil)
    _ = try test.runGit(words)
    #expect(MappedFile(index).flatMap { IndexTree.root($0.bytes) } == nil)
  }

  @Test func whatIsNotInTheFilesIsNotInvented() throws {
    let test = try TestRepository()
    try test.write("a/one", "1\n")
    let commit = try test.commit("base")
    let tree = try test.git("rev-parse", "HEAD^{tree}")
    let objects = ObjectFiles([test.path + "/.git/objects"])
    #expect(objects.changedPaths(nil, tree) == [Array("a/one".utf8)])
    #expect(objects.changedPaths(ObjectFiles.emptyTree, tree) == [Array("a/one".utf8)])
    #expect(objects.changedPaths(tree, tree) == [])
    // A commit is no tree, an unknown id none either, and a clone that borrows its objects has none.
    #expect(objects.changedPaths(nil, commit) == nil)
    #expect(objects.changedPaths(tree, String(repeating: "12", count: 20)) == nil)
    let clone = test.root.path("clone")
    try test.git("clone", "-q", "--shared", test.path, clone)
    #expect(ObjectFiles([clone + "/.git/objects"]).changedPaths(nil, tree) == nil)
    // A tree whose file is cut off.
    let file = test.path + "/.git/objects/\(tree.prefix(2))/\(tree.dropFirst(2))"
    let content = try #require(FileBytes.read(file))
    for count in 0..<content.count {
      #expect(GitObject(loose: Array(content.prefix(count))) == nil)
    }
  }
}
