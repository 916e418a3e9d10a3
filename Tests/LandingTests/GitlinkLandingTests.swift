import Engine
import Foundation
import Git
import Store
import TestSupport
import Testing

/// Pointers to commits of other repositories land where others can follow them, and hold nobody else.
@Suite(.bounded) struct GitlinkLandingTests {
  private let fixture: LandingFixture

  init() throws {
    fixture = try LandingFixture(gate: "true", window: .size(3))
    let made = try TestProgram.run(
      [
        "sh", "-ec",
        """
        git init -q -b main lib; cd lib; echo 1 > l; git add l; git commit -qm l
        cd ../repo; git -c protocol.file.allow=always submodule --quiet add ../lib sub; git commit -qm sub
        """,
      ], directory: fixture.test.root.path, environment: fixture.test.environment)
    guard made.status == 0 else { throw LandingFixture.Failed(made.text) }
  }

  /// Queues a feature whose branch a script has made, and another one.
  private func land(_ changed: String, _ script: String) async throws -> LandingFixture.Landed {
    let work = fixture.test.root.path("work")
    try fixture.test.git("worktree", "add", "-q", "-b", "lane/1", work)
    let done = try TestProgram.run(
      ["sh", "-ec", "L=\(fixture.test.root.path("lib")); \(script); git commit -qm work"],
      directory: work, environment: fixture.test.environment)
    guard done.status == 0 else { throw LandingFixture.Failed(done.text) }
    try fixture.addFeature("1")
    try fixture.attempt(
      "1", tip: try fixture.test.git("rev-parse", "lane/1"), changed: [changed, ".gitmodules"])
    try fixture.test.git("worktree", "remove", "--force", work)
    try fixture.queue("2", ["2.txt": "x\n"])
    return try await fixture.land()
  }

  @Test func p3_aMoveToACommitThatOthersGetLands() async throws {
    let result = try await land(
      "sub",
      "git -C $L commit -q --allow-empty -m two; "
        + "git update-index --cacheinfo 160000,$(git -C $L rev-parse HEAD),sub")
    #expect(result.landed.sorted() == ["1", "2"], "\(result)")
    #expect(
      try fixture.test.git("rev-parse", "main:sub")
        == fixture.test.git("rev-parse", "HEAD", at: fixture.test.root.path("lib")))
  }

  @Test(arguments: [
    ("sub", "git update-index --cacheinfo 160000,$(git rev-parse HEAD),sub"),
    ("fe", "git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),fe"),
    (
      "fe",
      "git config -f .gitmodules submodule.fe.path fe; git config -f .gitmodules submodule.fe.url $L; "
        + "git update-index --add --cacheinfo 160000,$(git -C $L rev-parse HEAD),fe; git add .gitmodules"
    ),
    ("sub", "git config -f .gitmodules submodule.sub.url $PWD; git add .gitmodules"),
  ]) func p3_whatOthersCannotFetchGoesBack(path: String, script: String) async throws {
    let before = try fixture.test.git("ls-tree", "main")
    let result = try await land(path, script)
    #expect(result.sentBack == ["1"] && result.landed == ["2"], "\(result)")
    #expect(try fixture.store.feature("1")?.rework?.contains(path) == true)
    #expect(
      try fixture.test.git("ls-tree", "main").split(separator: "\n").filter {
        !$0.hasSuffix("2.txt")
      }
      .joined(separator: "\n") == before)
  }
}
