import Foundation
import TestSupport
import Testing

@testable import Git

/// An empty worktree is filled without git; what comes out must be what git writes.
@Suite(.bounded) struct FillEmptyTests {
  private static let names = [
    "a", "a.b", "a-b", "b", "B", "ü", "two words", "-dash", "q\"uote", "new\nline", "back\\slash",
    "tab\t",
    ".gitignore", ".github", "~tilde", "日本",
  ]

  /// Makes a commit of files, links, programs, submodules and odd names.
  private static func commit(_ test: TestRepository, _ random: inout SplitMix64) throws -> ObjectID
  {
    let repository = try test.open()
    var files: [[UInt8]: TreeEntry] = [:]
    for _ in 0..<(20 + random.below(400)) {
      let depth = 1 + random.below(4)
      var path = bytes(
        (0..<depth).map { _ in names[random.below(names.count)] }.joined(separator: "/"))
      if random.oneIn(20) { path += [0xff, 0xfe] }
      if random.oneIn(2) { path += bytes("-\(random.below(500))") }
      files = files.filter { other, _ in
        !other.starts(with: path + [0x2f]) && !path.starts(with: other + [0x2f])
      }
      switch random.below(10) {
      // What git or another file system may take for `.git` is left to git where it is a link.
      case 0 where !path.contains(0x7e) && !String(decoding: path, as: UTF8.self).contains(".git"):
        let target = try repository.writeBlob(bytes(["nowhere", "../a", "/x y"][random.below(3)]))
        files[path] = TreeEntry(mode: 0o120000, id: target)
      case 1:
        files[path] = TreeEntry(
          mode: 0o160000, id: ObjectID(bytes: [UInt8](repeating: 7, count: 20)))
      default:
        let size = [0, 1, 63, 64, 300, 5000, 70_000][random.below(7)]
        let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ random.below(3)) }
        files[path] = TreeEntry(
          mode: random.oneIn(5) ? 0o100755 : 0o100644, id: try repository.writeBlob(content))
      }
    }
    let tree = try repository.writeTree(changing: nil, files.map { ($0.key, $0.value) })
    let commit = try test.commitTree(tree)
    if random.oneIn(2) {
      try test.git("update-ref", "refs/heads/kept", commit.hex)
      try test.git("repack", "-a", "-d", "-q")
    }
    return commit
  }

  /// Adds a worktree that has no index and no files yet.
  private static func empty(_ test: TestRepository, _ commit: ObjectID) throws -> Repository {
    let path = test.root.path("lane")
    try test.open().addWorktree(
      name: "lane-1", path: path, commit: commit, branch: nil, checkout: false)
    return try test.open(path)
  }

  /// Every file with its mode and content; a link's content is its target.
  private static func files(below directory: String) throws -> [String: String] {
    var found: [String: String] = [:]
    let result = try TestProgram.run(
      ["find", ".", "-path", "./.git", "-prune", "-o", "-printf", "%P\\0%M\\0%l\\0%s\\0\\0"],
      directory: directory, environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C"])
    for record in String(decoding: result.output, as: UTF8.self).components(separatedBy: "\0\0") {
      let parts = record.components(separatedBy: "\0")
      guard parts.count >= 3 else { continue }
      let isDirectory = parts[1].hasPrefix("d")
      found[parts[0]] = parts[1] + " " + parts[2] + (isDirectory ? "" : parts.last ?? "")
    }
    return found
  }

  /// The index as git reads it, without what differs between two checkouts: times and inodes.
  private static func entries(_ test: TestRepository, _ lane: String) throws -> [String] {
    try test.git("ls-files", "--stage", "--debug", at: lane).split(separator: "\n")
      .map(String.init).filter { line in
        !["  ctime:", "  mtime:", "  dev:"].contains { line.hasPrefix($0) }
      }
  }

  @Test(arguments: 1...12) func p6_writesWhatGitWrites(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let test = try TestRepository()
    let commit = try Self.commit(test, &random)
    let ours = try Self.empty(test, commit)
    let lane = test.root.path("lane")
    #expect(try ours.fillEmpty(try ours.commit(commit).tree))
    #expect(!FileManager.default.fileExists(atPath: ours.gitDirectory + "/index.lock"))
    // Before git has looked at a file: the facts in the index are those of the files.
    #expect(try test.git("diff-files", "--name-only", at: lane) == "")
    let facts = try test.git("ls-files", "--debug", "-z", at: lane)
    let summary = try #require(IndexSummary(path: ours.gitDirectory + "/index"))
    #expect(try summary.tree == ours.commit(commit).tree && !summary.hidesFiles)

    let theirs = test.root.path("theirs")
    try test.git("worktree", "add", "-q", "--detach", theirs, commit.hex)
    #expect(try Self.entries(test, lane) == Self.entries(test, theirs))
    #expect(try Self.files(below: lane) == Self.files(below: theirs))
    #expect(try test.git("status", "--porcelain=v2", at: lane) == "")
    #expect(try test.git("status", "--porcelain=v2", at: theirs) == "")
    // git read the index again, compared every file that it was in doubt about, and changed no fact.
    #expect(try test.git("ls-files", "--debug", "-z", at: lane) == facts)
    let extensions = try [ours.gitDirectory, test.open(theirs).gitDirectory].map { place in
      let index = try #require(FileManager.default.contents(atPath: place + "/index"))
      return index.range(of: Data("TREE".utf8), options: .backwards)
        .map { index[$0.lowerBound..<(index.count - 20)] }
    }
    #expect(extensions[0] == extensions[1] && extensions[0] != nil)
    #expect(try test.git("fsck", "--strict", "--no-progress", "--no-dangling", at: lane) == "")
  }

  @Test func harmlessAttributesAndBigFilesAreNoHindrance() throws {
    let test = try TestRepository()
    try test.write(
      ".gitattributes", "* text=auto eol=lf\n*.png binary -diff\n*.lock merge=union linguist-x\n")
    try test.write("d/big", String(repeating: "0123456789\n", count: 20_000))
    try test.git("config", "core.bigFileThreshold", "1k")
    try test.git("config", "core.autocrlf", "input")
    let commit = try #require(ObjectID(hex: test.commit("one")))
    let lane = try Self.empty(test, commit)
    #expect(try lane.fillEmpty(lane.commit(commit).tree))
    #expect(try test.git("status", "--porcelain", at: test.root.path("lane")) == "")
    #expect(try test.root.read("lane/d/big") == test.read("d/big"))
  }

  /// What is left to git, and so comes out as git has it.
  enum Odd: String, CaseIterable {
    case filter, encoding, crlf, ident, nestedAttributes, infoAttributes, ownAttributes
    case autocrlf, eol, noSymlinks, sparse, manyFiles, splitIndex
  }

  /// What lands is the object itself, so that is what lanes and gates have.
  @Test func p3_replacementsAreNotFollowed() throws {
    let test = try TestRepository()
    try test.write("a.txt", "one\n")
    let commit = try #require(ObjectID(hex: test.commit("one")))
    let other = try test.git(["hash-object", "-w", "--stdin"], input: bytes("other\n"))
    try test.git("replace", "HEAD:a.txt", other)
    let lane = try Self.empty(test, commit)
    if try !lane.fillEmpty(lane.commit(commit).tree) {
      try lane.switchWorktree(to: commit, branch: nil)
    }
    #expect(try test.root.read("lane/a.txt") == "one\n")
    #expect(try test.git("status", "--porcelain", at: test.root.path("lane")) == "")
  }

  @Test(arguments: Odd.allCases) func p6_leavesToGitWhatIsNotPlain(odd: Odd) throws {
    let test = try TestRepository()
    try test.write("a.txt", "one\ntwo $Id$\n")
    try test.write("d/b.txt", "three\n")
    var settings: [[String]] = []
    switch odd {
    case .filter:
      settings = [["filter.up.smudge", "tr a-z A-Z"], ["filter.up.clean", "tr A-Z a-z"]]
      try test.write(".gitattributes", "*.txt filter=up\n")
    case .encoding: try test.write(".gitattributes", "d/*.txt text working-tree-encoding=UTF-8\n")
    case .crlf: try test.write(".gitattributes", "*.txt text eol=crlf\n")
    case .ident: try test.write(".gitattributes", "a.txt ident\n")
    case .nestedAttributes: try test.write("d/.gitattributes", "[attr]x -diff eol=crlf\nb.txt x\n")
    case .infoAttributes: try test.write(".git/info/attributes", "*.txt text eol=crlf\n")
    case .ownAttributes:
      try test.root.write("home/.config/git/attributes", "*.txt text eol=crlf\n")
    case .autocrlf: settings = [["core.autocrlf", "true"]]
    case .eol:
      settings = [["core.eol", "crlf"]]
      try test.write(".gitattributes", "* text=auto\n")
    case .noSymlinks: settings = [["core.symlinks", "false"]]
    case .sparse: settings = [["core.sparseCheckout", "true"]]
    case .manyFiles: settings = [["feature.manyFiles", "true"]]
    case .splitIndex: settings = [["core.splitIndex", "true"]]
    }
    let commit = try #require(ObjectID(hex: test.commit("one")))
    for setting in settings { try test.git(["config"] + setting) }
    let lane = try Self.empty(test, commit)
    #expect(try !lane.fillEmpty(lane.commit(commit).tree))
    try lane.switchWorktree(to: commit, branch: nil)
    let theirs = test.root.path("theirs")
    try test.git("worktree", "add", "-q", "--detach", theirs, commit.hex)
    for name in ["a.txt", "d/b.txt"] {
      #expect(try test.root.read("lane/" + name) == test.root.read("theirs/" + name), "\(name)")
    }
    #expect(
      try test.git("status", "--porcelain", at: test.root.path("lane"))
        == test.git("status", "--porcelain", at: theirs))
  }

  @Test(arguments: [".GIT", ".git ", "git~1", ".git.", ".gıt"])
  func p6_takesNoNameThatCouldBeGits(name: String) throws {
    let isFine = name == ".gıt"
    let test = try TestRepository()
    let blob = try test.git(["hash-object", "-w", "--stdin"], input: bytes("x\n"))
    let tree = try test.git(["mktree", "-z"], input: bytes("100644 blob \(blob)\t\(name)\0"))
    let commit = try test.commitTree(#require(ObjectID(hex: tree)))
    let lane = try Self.empty(test, commit)
    #expect(try lane.fillEmpty(lane.commit(commit).tree) == isFine)
    #expect(test.root.exists("lane/" + name) == isFine)
  }

  @Test func aDamagedObjectIsLeftToGitToTell() throws {
    let test = try TestRepository()
    try test.write("a.txt", String(repeating: "text \n", count: 50))
    try test.write("b.txt", "b\n")
    let commit = try #require(ObjectID(hex: test.commit("one")))
    let id = try test.id("HEAD:a.txt").hex
    let object = test.path + "/.git/objects/\(id.prefix(2))/\(id.dropFirst(2))"
    chmod(object, 0o644)
    try Data("no object".utf8).write(to: URL(fileURLWithPath: object))
    let lane = try Self.empty(test, commit)
    #expect(try !lane.fillEmpty(lane.commit(commit).tree))
    #expect(!FileManager.default.fileExists(atPath: lane.gitDirectory + "/index.lock"))
    #expect(!FileManager.default.fileExists(atPath: lane.gitDirectory + "/index"))
    #expect(throws: GitProgramError.self) { try lane.switchWorktree(to: commit, branch: nil) }
  }

  @Test func aLockOrAnIndexIsLeftAlone() throws {
    let test = try TestRepository()
    try test.write("a.txt", "a\n")
    let commit = try #require(ObjectID(hex: test.commit("one")))
    let lane = try Self.empty(test, commit)
    let tree = try lane.commit(commit).tree
    let lock = lane.gitDirectory + "/index.lock"
    try Data("another's".utf8).write(to: URL(fileURLWithPath: lock))
    #expect(try !lane.fillEmpty(tree))
    #expect(FileManager.default.contents(atPath: lock) == Data("another's".utf8))
    unlink(lock)
    #expect(try lane.fillEmpty(tree))
    #expect(try !lane.fillEmpty(tree))
  }

  @Test func digests() {
    for (text, digest) in [
      ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
      ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
      (String(repeating: "a", count: 1_000_000), "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
    ] {
      let found = bytes(text).withUnsafeBytes { SHA1.digest($0) }
      #expect(ObjectID(bytes: found).hex == digest)
    }
  }
}
