import Engine
import Foundation
import Git
import Store
import TestSupport
import Testing

/// Branches, tags and files that are named as the branches of lanes are, or lie in their way.
@Suite(.bounded) struct BranchObstacleTests {
  private func repository(_ change: (TestRepository) throws -> Void) throws -> (
    test: TestRepository, repository: Repository
  ) {
    let test = try TestRepository()
    try test.write("a.txt", "1\n")
    try test.commit("base")
    try change(test)
    return (test, try Repository(opening: test.path, environment: test.environment))
  }

  private let branch = "refs/heads/lane/1-one"

  @Test(arguments: [true, false])
  func aBranchThatIsADirectoryOfOursIsNamed(packed: Bool) throws {
    let (test, repository) = try repository {
      try $0.git("branch", "lane")
      if packed { try $0.git("pack-refs", "--all") }
    }
    let found = try #require(try BranchName.obstacle(to: branch, repository))
    #expect(found.found == "refs/heads/lane" && found.isBranch)
    #expect(found.description.contains("`git branch -m lane lane-old`"))
    #expect(try BranchName.obstacleToAll(repository) != nil)
    // What it says to do helps.
    try test.git("branch", "-m", "lane", "lane-old")
    #expect(try BranchName.obstacle(to: branch, repository) == nil)
    #expect(try BranchName.obstacleToAll(repository) == nil)
  }

  @Test(arguments: [true, false])
  func aBranchBelowOneOfOursMakesUsTakeAnotherName(packed: Bool) throws {
    let (test, repository) = try repository {
      try $0.git("branch", "lane/1-one/sub/x")
      if packed { try $0.git("pack-refs", "--all") }
    }
    let found = try #require(try BranchName.obstacle(to: branch, repository))
    #expect(found.found == "refs/heads/lane/1-one/sub/x")
    #expect(try BranchName.obstacleToAll(repository) == nil)
    let name = try BranchName.of(feature: "1", title: "One") {
      try BranchName.obstacle(to: $0, repository) == nil
    }
    #expect(name == "refs/heads/lane/1-feature-one")
    let tip = try #require(repository.head().commit)
    try repository.createReference(name, target: tip, message: "")
    #expect(try test.git("rev-parse", name) == tip.hex)
  }

  @Test func aStrayFileIsNamedAndTagsAndEmptyDirectoriesAreNoObstacle() throws {
    let (test, repository) = try repository {
      try $0.git("tag", "lane/1-one")
      try $0.git("branch", "lane/1-one-more")
      let directory = $0.path + "/.git/refs/heads/lane/1-one/empty"
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true)
    }
    #expect(try BranchName.obstacle(to: branch, repository) == nil)
    try repository.createReference(
      branch, target: try #require(repository.head().commit), message: "")
    try repository.deleteReference(branch, expecting: nil)
    try FileManager.default.createDirectory(
      atPath: test.path + "/.git/refs/heads/lane/1-one", withIntermediateDirectories: true)
    try Data().write(
      to: URL(fileURLWithPath: test.path + "/.git/refs/heads/lane/1-one/a.lock"))
    let found = try #require(try BranchName.obstacle(to: branch, repository))
    #expect(!found.isBranch && found.description.contains("1-one/a.lock is in the way"))
  }
}
