import Model
import TestSupport
import Testing

@Suite(.bounded) struct PathReaderTests {
  /// A checkout at `/w/repo` with links, and what lies around it.
  private static let tree: [String: PathReader.Kind] = [
    "/w": .directory, "/w/repo": .directory, "/w/repo/src": .directory,
    "/w/repo/src/deep": .directory, "/w/repo/current": .link(Array("src".utf8)),
    "/w/repo/src/up": .link(Array("..".utf8)), "/w/repo/out": .link(Array("../else".utf8)),
    "/w/repo/file.link": .link(Array("src/a.c".utf8)),
    "/w/repo/absolute": .link(Array("/w/repo/src/deep".utf8)),
    "/w/repo/loop": .link(Array("loop".utf8)), "/w/repo/sub": .repository,
    "/w/else": .directory, "/alias": .link(Array("/w/repo".utf8)),
    "/w/repo/away.txt": .link(Array("/etc/passwd".utf8)),
  ]

  private func reader(
    top: String = "/w/repo", naming: PathNaming = .exact
  ) throws -> PathReader {
    try PathReader(top: Array(top.utf8), naming: naming) {
      Self.tree[String(decoding: $0, as: UTF8.self)] ?? .file
    }
  }

  private func read(
    _ text: String, from directory: String = "/w/repo", top: String = "/w/repo"
  ) throws -> [String] {
    try reader(top: top).read(Array(text.utf8), from: Array(directory.utf8)).map(\.description)
  }

  @Test(arguments: [
    ("src/a.c", ["src/a.c"]), ("current/a.c", ["src/a.c"]), ("src", ["src/"]),
    ("current", ["current", "src/"]), ("current/", ["current", "src/"]),
    ("current/../x", ["x"]), ("src/up/src/deep/../b", ["src/b"]), ("absolute/b", ["src/deep/b"]),
    ("file.link", ["file.link", "src/a.c"]), ("/w/repo/src/a.c", ["src/a.c"]),
    ("/alias/current/a.c", ["src/a.c"]), ("new/dir/", ["new/dir/"]), ("sub", ["sub"]),
    ("sub/inner/file", ["sub"]), ("../repo/src/a.c", ["src/a.c"]),
    // A link that leads away can be claimed itself; what it points to is not ours.
    ("away.txt", ["away.txt"]), ("out", ["out"]),
  ])
  func followsLinksAsTheKernelDoes(raw: String, expected: [String]) throws {
    #expect(try read(raw) == expected)
    #expect(try read(raw, from: "/alias", top: "/alias") == expected)
  }

  @Test func startsFromTheCurrentDirectory() throws {
    #expect(try read("a.c", from: "/w/repo/current") == ["src/a.c"])
    #expect(try read("../x", from: "/w/repo/src/deep") == ["src/x"])
    #expect(try read("../x", from: "/w/repo/absolute") == ["src/x"])
  }

  @Test(arguments: [
    "out/x", "../x", "/etc/passwd", "src/../../else/x", "src/up/../x", "/w/repository",
  ])
  func nothingLeavesTheRepository(raw: String) {
    #expect(throws: ClaimPathError.leavesRepository(raw)) { try read(raw) }
  }

  @Test func refusesWhatHasNoEndOrNoName() throws {
    #expect(throws: ClaimPathError.tooManyLinks("loop/x")) { try read("loop/x") }
    for raw in [".", "", "src/..", "/w/repo"] {
      #expect(throws: ClaimPathError.empty) { try read(raw) }
    }
    #expect(throws: ClaimPathError.insideGitDirectory(".git/config")) { try read(".git/config") }
    #expect(throws: ClaimPathError.insideGitDirectory("src/up/.git/x")) {
      try read("src/up/.git/x")
    }
  }

  @Test func theTopMayBeSpelledOtherwiseWhereCaseDoesNotCount() throws {
    let reader = try reader(naming: PathNaming(ignoresCase: true))
    #expect(
      try reader.read(Array("/W/Repo/SRC/a.c".utf8), from: [0x2f])
        == [ClaimPath(normalising: "src/a.c")])
  }
}
