import Engine
import Git
import TestSupport
import Testing

@Suite(.bounded) struct ReviewDigestTests {
  private func digest(_ repository: TestRepository, _ base: String, _ tip: String) throws -> String
  {
    try ReviewDigest.of(
      base: ObjectID(hex: base), tip: ObjectID(hex: tip)!,
      try Repository(opening: repository.path, environment: repository.environment))
  }

  @Test func staysTheSameUnderAMoveAndNoOtherChange() throws {
    let repository = try TestRepository()
    func text(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }
    let lines = (1...30).map { "line \($0)" }
    try repository.write("a", text(lines))
    let base = try repository.commit("base")
    var changed = lines
    changed[20] = "changed"
    try repository.write("a", text(changed))
    let tip = try repository.commit("change")
    let first = try digest(repository, base, tip)
    // The same change ten lines further down, on another base.
    let more = (1...10).map { "more \($0)" }
    try repository.write("a", text(more + lines))
    let otherBase = try repository.commit("other base")
    try repository.write("a", text(more + changed))
    let otherTip = try repository.commit("the same change")
    #expect(try digest(repository, otherBase, otherTip) == first)
    for (name, content, mode) in [
      ("a", text(more + changed + ["x"]), false),
      ("a", text(more + changed.map { $0 + " " }), false),
      ("b", "new\n", false), ("a", text(more + changed), true),
    ] {
      try repository.git("reset", "-q", "--hard", otherTip)
      try repository.write(name, content, executable: mode)
      #expect(try digest(repository, otherBase, repository.commit("more")) != first)
    }
    try repository.git("reset", "-q", "--hard", otherTip)
  }

  @Test func seesBinaryFilesAndFilesThatAttributesHide() throws {
    let repository = try TestRepository()
    try repository.write(".gitattributes", "*.bin -diff\n")
    let base = try repository.commit("base")
    var seen: Set<String> = []
    for content in ["one\n", "two\n", "\u{0}\u{1}", "\u{0}\u{2}"] {
      try repository.write("a.bin", content)
      seen.insert(try digest(repository, base, repository.commit("x")))
    }
    #expect(seen.count == 4)
  }

  @Test func whatTheGateIsMadeOf() {
    let files = GateFiles(command: "sh ./scripts/gate.sh && make -C tests check")
    for path in [
      "Makefile", "lib/Makefile", "rules.mk", ".gitattributes", ".github/workflows/ci.yml",
      "scripts/gate.sh", "lanekeeper.yml", "sub/package.json",
    ] {
      #expect(files.contain(path), "\(path)")
    }
    for path in ["src/main.c", "scripts/other.sh", "docs/Makefile.md", "gate.sh"] {
      #expect(!files.contain(path), "\(path)")
    }
  }
}
