import Backlog
import Engine
import Foundation
import Git
import Model
import Store
import TestSupport
import Testing

/// Names of branches under other patterns than the standard one.
@Suite(.bounded) struct LaneBranchesTests {
  private struct Fixture {
    let test: TestRepository
    let repository: Repository
    let store: Store

    init(_ ids: [String], titles: [String: String] = [:]) throws {
      test = try TestRepository()
      try test.write("a.txt", "1\n")
      try test.commit("base")
      repository = try Repository(opening: test.path, environment: test.environment)
      store = try Store(path: test.root.path("state.sqlite"))
      try store.takeOver(
        ids.map {
          Feature(id: $0, title: titles[$0] ?? "One", category: "backend")
        })
    }

    func branches(_ pattern: String, target: String = "refs/heads/main") throws -> LaneBranches {
      LaneBranches(pattern: try #require(BranchPattern(pattern)), target: target, store: store)
    }

    func branch(_ pattern: String, of id: String) throws -> String {
      try branches(pattern).branch(of: try #require(try store.feature(id)), repository)
    }
  }

  @Test func aPersonsBranchOfTheSameNameIsLeftAlone() throws {
    let fixture = try Fixture(["1"])
    try fixture.test.git("branch", "feature/1-one")
    #expect(
      try fixture.branch("feature/{id}-{slug}", of: "1") == "refs/heads/feature/1-feature-one")
    let taken = #expect(throws: LaneBranches.Taken.self) {
      try fixture.test.git("branch", "feature/1")
      _ = try fixture.branch("feature/{id}", of: "1")
    }
    #expect(taken?.description.contains("not Lanekeeper's") == true)
    // What lies in our own directory is gone on with.
    try fixture.test.git("branch", "lane/1-one")
    #expect(try fixture.branch("lane/{id}-{slug}", of: "1") == "refs/heads/lane/1-one")
  }

  @Test func theTargetAndABranchInTheWayAreNamed() throws {
    let fixture = try Fixture(["main", "1"])
    let target = #expect(throws: LaneBranches.Taken.self) { try fixture.branch("{id}", of: "main") }
    #expect(target?.description.contains("which is the target") == true)
    try fixture.test.git("branch", "feature")
    let pattern = try #require(BranchPattern("feature/{id}"))
    let found = try BranchName.obstacleToAll(fixture.repository, pattern: pattern)
    #expect(found?.description.contains("`git branch -m feature feature-old`") == true)
    #expect(throws: BranchName.Obstacle.self) { try fixture.branch("feature/{id}", of: "1") }
  }

  @Test(arguments: ["f/{id}-{slug}", "f/{slug}-{id}", "f/{id}/{slug}", "{id}.{slug}"])
  func idsThatContainEachOtherHaveNamesOfTheirOwn(pattern: String) throws {
    let titles = ["1": "2 fish", "1-2": "fish", "2-1": "fish", "fish-1": "2", "1-2-fish": ""]
    let fixture = try Fixture(titles.keys.sorted(), titles: titles)
    let names = try titles.keys.sorted().map { try fixture.branch(pattern, of: $0) }
    #expect(Set(names).count == titles.count, "\(names)")
    #expect(names.allSatisfy(Repository.isValidReferenceName))
    let valid = try #require(BranchPattern(pattern))
    #expect(
      names.map { BranchName.owner(of: $0, among: Array(titles.keys), pattern: valid) }
        == titles.keys.sorted())
  }

  /// After the loss of the state file.
  @Test func aBranchOutsideOfOurDirectoryIsFoundAgainAsItWasWrittenDown() throws {
    let fixture = try Fixture(["1", "1-2"])
    let state = StateDirectory(commonDirectory: fixture.test.path + "/.git")
    let branches = try fixture.branches("feature/{id}-{slug}")
    func lost(_ id: String) throws -> String? {
      let feature = try #require(try fixture.store.feature(id))
      return try branches.lost(of: feature, among: ["1", "1-2"], state, fixture.repository)
    }
    // A person's, of which nothing is written down.
    try fixture.test.git("branch", "feature/1-one")
    #expect(try lost("1") == nil)
    try fixture.test.git("branch", "feature/1-feature-one")
    try LaneBranches.note("refs/heads/feature/1-feature-one", of: "1", state)
    #expect(try lost("1") == "refs/heads/feature/1-feature-one" && lost("1-2") == nil)
    for name in ["refs/heads/main", "refs/heads/gone", "refs/tags/x"] {
      try LaneBranches.note(name, of: "1", state)
      #expect(try lost("1") == nil, "\(name)")
    }
    try fixture.test.git("branch", "lane/1-old-title")
    #expect(try lost("1") == "refs/heads/lane/1-old-title")
  }
}
