import Engine
import Foundation
import TestSupport
import Testing

@Suite(.bounded) struct LanesExclusionTests {
  @Test(arguments: [".worktrees", "deep/er/lanes", "odd *[x]\\ name ", "#hash"])
  func lanesInsideACheckoutAreNoFilesOfIt(_ name: String) throws {
    let test = try TestRepository()
    try test.write("a", "1")
    try test.commit("one")
    let lanes = test.path + "/" + name
    let note = try #require(LanesExclusion.ensure(lanes, environment: test.environment))
    #expect(note.contains(test.path))
    try FileManager.default.createDirectory(atPath: lanes, withIntermediateDirectories: true)
    try test.git("worktree", "add", "-q", "--detach", lanes + "/1")
    #expect(try test.git("status", "--porcelain", "-uall") == "")
    // Once is enough, and nothing else is left out.
    #expect(LanesExclusion.ensure(lanes, environment: test.environment) == nil)
    try test.write("other", "1")
    try test.write("odd", "1")
    #expect(try test.git("status", "--porcelain") == "?? odd\n?? other")
  }

  @Test func lanesBesideTheRepositoryNeedNothing() throws {
    let test = try TestRepository()
    try test.write("a", "1")
    try test.commit("one")
    #expect(
      LanesExclusion.ensure(test.root.path("repo.lanes"), environment: test.environment) == nil)
    try test.write(".gitignore", "/lanes/\n")
    #expect(LanesExclusion.ensure(test.path + "/lanes", environment: test.environment) == nil)
    #expect(!test.root.exists("repo/.git/info/exclude"))
  }

  @Test func lanesOfASubmoduleAreLeftOutOfItsSuperproject() throws {
    let (test, source) = (try TestRepository(), try TestRepository())
    try source.commit("one")
    try test.commit("one")
    try test.git(
      "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", source.path, "libs/sub")
    #expect(
      LanesExclusion.ensure(test.path + "/libs/sub.lanes", environment: test.environment) != nil)
    #expect(try test.root.read("repo/.git/info/exclude").contains("/libs/sub.lanes/\n"))
  }
}
