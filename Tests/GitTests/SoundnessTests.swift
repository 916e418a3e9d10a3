import Foundation
import Git
import TestSupport
import Testing

/// What a branch brings is taken as a server with `receive.fsckObjects` would take it.
@Suite(.bounded) struct SoundnessTests {
  private let test: TestRepository
  private let base: String

  init() throws {
    test = try TestRepository()
    try test.write("d/f", "1\n")
    try test.write("g", "2\n")
    try test.commit("base")
    base = try test.git("rev-parse", "HEAD")
  }

  private func bytes(_ hex: String) throws -> [UInt8] { try #require(ObjectID(hex: hex)).bytes }

  /// Stores a directory as it is given: mode, name, id.
  private func tree(_ entries: [(String, [UInt8], String)]) throws -> String {
    var content: [UInt8] = []
    for (mode, name, id) in entries {
      content += Array(mode.utf8) + [0x20]
      content += name + [0]
      content += try bytes(id)
    }
    return try test.git(
      ["hash-object", "-t", "tree", "-w", "--literally", "--stdin"], input: content)
  }

  private func found(_ tip: String) throws -> [UnsoundObject] {
    let repository = try Repository(opening: test.path, environment: test.environment)
    return try repository.unsoundObjects(
      from: try #require(ObjectID(hex: tip)), beyond: [try #require(ObjectID(hex: base))])
  }

  private func commit(_ tree: String) throws -> String {
    try test.git("commit-tree", "-p", base, "-m", "made by hand", tree)
  }

  enum Fault: String, CaseIterable {
    case duplicates, fileAndDirectory, unsorted, padded, dotGit, dotGitOfNTFS, dotGitOfHFS, dots,
      slash
    case emptyName, nullID, linkedModules, linkedModulesOfNTFS, kind, deep, endless
  }

  @Test(arguments: Fault.allCases) func aTreeThatGitRefusesIsFound(fault: Fault) throws {
    let file = try test.git("rev-parse", "HEAD:g")
    let directory = try test.git("rev-parse", "HEAD:d")
    func name(_ text: String) -> [UInt8] { Array(text.utf8) }
    let made: String
    switch fault {
    case .duplicates: made = try tree([("100644", name("a"), file), ("100755", name("a"), file)])
    case .fileAndDirectory:
      made = try tree([
        ("120000", name("a"), file), ("100644", name("a.b"), file), ("40000", name("a"), directory),
      ])
    case .unsorted: made = try tree([("100644", name("z"), file), ("100644", name("a"), file)])
    case .padded: made = try tree([("040000", name("z"), directory)])
    case .dotGit: made = try tree([("40000", name(".GIT"), directory)])
    case .dotGitOfNTFS: made = try tree([("40000", name("git~1"), directory)])
    case .dotGitOfHFS: made = try tree([("40000", name(".g\u{200c}it"), directory)])
    case .dots: made = try tree([("40000", name(".."), directory)])
    case .slash: made = try tree([("100644", name("a/b"), file)])
    case .emptyName: made = try tree([("100644", [], file)])
    case .nullID: made = try tree([("100644", name("a"), String(repeating: "0", count: 40))])
    case .linkedModules: made = try tree([("120000", name(".gitmodules"), file)])
    case .linkedModulesOfNTFS: made = try tree([("120000", name("gitmod~1"), file)])
    case .kind: made = try tree([("100644", name("a"), directory)])
    case .deep:
      let inner = try tree([("100644", name("b"), file), ("100644", name("b"), file)])
      made = try tree([("40000", name("deep"), inner)])
    case .endless:
      let repository = try Repository(opening: test.path, environment: test.environment)
      let id = try #require(ObjectID(hex: file))
      let path = Array(String(repeating: "d/", count: 600).utf8) + name("f")
      made = try repository.writeTree(
        changing: nil, [(path, TreeEntry(mode: 0o100644, id: id))]
      ).hex
    }
    let objects = try found(try commit(made))
    #expect(objects.count == 1)
    if fault == .deep { #expect(objects.first?.path == name("deep")) }
    // An ancestor counts like the tip.
    let repaired = try test.git(
      "commit-tree", "-p", try commit(made), "-m", "repaired",
      try test.git("rev-parse", "HEAD^{tree}"))
    #expect(try !found(repaired).isEmpty)
  }

  @Test func whatGitTakesIsTaken() throws {
    let names = [
      ".gitignore", ".github/x", ".gitkeep", "git", "a~1", "back\\slash", "new\nline", "tab\t", "ü",
      "..a",
      "\u{201c}quoted\u{201d}", ".gitattributes", "sub/.gitmodules", " ", "-", "a.b", "a/b",
    ]
    for name in names { try test.write(name, "*.x text\n") }
    try test.write(
      ".gitmodules", "[submodule \"a\"]\n\tpath = a1\n\turl = https://example.org/a\n")
    try FileManager.default.createSymbolicLink(
      atPath: test.path + "/.link", withDestinationPath: "g")
    #expect(try found(try test.commit("names")) == [])
  }

  @Test func aCommitThatGitRefusesIsFound() throws {
    let tree = try test.git("rev-parse", "HEAD^{tree}")
    let who = "T <t@example.org> 1 +0000"
    for header in [
      "author T t@example.org 1 +0000\ncommitter \(who)",
      "author T <t@example.org> 01 +0000\ncommitter \(who)",
      "author \(who)\nauthor \(who)\ncommitter \(who)", "author \(who)",
      "author T <t@example.org> 99999999999999999999 +0000\ncommitter \(who)",
    ] {
      let made = try test.git(
        ["hash-object", "-t", "commit", "-w", "--literally", "--stdin"],
        input: Array("tree \(tree)\nparent \(base)\n\(header)\n\nwords\n".utf8))
      #expect(try !found(made).isEmpty, "\(header)")
    }
  }

  @Test func whatModulesNameIsChecked() throws {
    try test.write(
      ".gitmodules", "[submodule \"../x\"]\n\tpath = x\n\turl = https://example.org/x\n")
    #expect(try !found(try test.commit("a name that leaves")).isEmpty)
  }

  @Test func whatWasThereBeforeIsNoBranchsFault() throws {
    let bad = try tree([("040000", Array("d".utf8), try test.git("rev-parse", "HEAD:d"))])
    try test.git("update-ref", "HEAD", try commit(bad))
    let old = try test.git("rev-parse", "HEAD")
    let file = try test.git("rev-parse", "HEAD:d/f")
    let next = try test.git(
      "commit-tree", "-p", old, "-m", "next", try tree([("100644", Array("h".utf8), file)]))
    let repository = try Repository(opening: test.path, environment: test.environment)
    #expect(
      try repository.unsoundObjects(
        from: try #require(ObjectID(hex: next)), beyond: [try #require(ObjectID(hex: old))]) == [])
  }
}
