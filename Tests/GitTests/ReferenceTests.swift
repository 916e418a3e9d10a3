import Foundation
import TestSupport
import Testing

@testable import Git

@Suite(.bounded) struct ReferenceTests {
  @Test func waitsWhileAnotherGitHoldsTheLock() throws {
    let test = try TestRepository()
    let one = try #require(ObjectID(hex: test.commit("one")))
    let two = try #require(ObjectID(hex: test.commit("two")))
    let repository = try test.open()
    try repository.createReference("refs/heads/x", target: one, message: "made")
    let lock = test.path + "/.git/refs/heads/x.lock"
    try Data().write(to: URL(fileURLWithPath: lock))
    let other = Thread {
      usleep(200_000)
      unlink(lock)
    }
    other.start()
    try repository.updateReference("refs/heads/x", to: two, expecting: one, message: "moved")
    #expect(try test.id("refs/heads/x") == two)
    #expect(!FileManager.default.fileExists(atPath: lock))

    try Data().write(to: URL(fileURLWithPath: lock))
    do {
      try repository.updateReference("refs/heads/x", to: one, expecting: two, message: "back")
      Issue.record("a lock that stays was passed")
    } catch GitErrorCode.locked {}
    #expect(FileManager.default.fileExists(atPath: lock))
    unlink(lock)
    #expect(try test.id("refs/heads/x") == two)
  }

  @Test func comparesAndSwaps() throws {
    let test = try TestRepository()
    let one = try #require(ObjectID(hex: test.commit("one")))
    let two = try #require(ObjectID(hex: test.commit("two")))
    let repository = try test.open()
    let name = "refs/heads/lane/x"
    #expect(try repository.reference(name) == nil)

    try repository.createReference(name, target: one, message: "made")
    #expect(try test.id(name) == one)
    #expect(throws: ReferenceMismatch(name: name, expected: nil, found: one)) {
      try repository.createReference(name, target: two, message: "again")
    }
    #expect(throws: ReferenceMismatch(name: name, expected: two, found: one)) {
      try repository.updateReference(name, to: two, expecting: two, message: "stale")
    }
    #expect(try test.id(name) == one)
    try repository.updateReference(name, to: two, expecting: one, message: "moved")
    #expect(try test.id(name) == two)
    #expect(try test.git("reflog", "show", "-1", "--format=%gs", name) == "moved")

    #expect(throws: ReferenceMismatch(name: "refs/heads/y", expected: one, found: nil)) {
      try repository.updateReference("refs/heads/y", to: two, expecting: one, message: "absent")
    }
    #expect(throws: ReferenceMismatch(name: name, expected: one, found: two)) {
      try repository.deleteReference(name, expecting: one)
    }
    try repository.deleteReference(name, expecting: two)
    try repository.deleteReference(name, expecting: two)
    #expect(try repository.reference(name) == nil)
  }

  @Test func swapsWhatIsPacked() throws {
    let test = try TestRepository()
    let one = try #require(ObjectID(hex: test.commit("one")))
    let two = try #require(ObjectID(hex: test.commit("two")))
    try test.git("branch", "x", one.hex)
    try test.git("pack-refs", "--all")
    let repository = try test.open()
    #expect(throws: ReferenceMismatch.self) {
      try repository.updateReference("refs/heads/x", to: two, expecting: nil, message: "")
    }
    try repository.updateReference("refs/heads/x", to: two, expecting: one, message: "moved")
    #expect(try test.id("refs/heads/x") == two)
    try repository.deleteReference("refs/heads/x", expecting: two)
    #expect(try test.git("for-each-ref", "refs/heads/x").isEmpty)
  }

  @Test func oneOfManySwapsWins() async throws {
    let test = try TestRepository()
    let base = try #require(ObjectID(hex: test.commit("base")))
    let tree = try test.id("HEAD^{tree}")
    var candidates: [ObjectID] = []
    for number in 0..<8 {
      candidates.append(
        try #require(
          ObjectID(hex: test.git("commit-tree", "-m", "\(number)", "-p", base.hex, tree.hex))))
    }
    let winners = await withTaskGroup(of: ObjectID?.self) { group in
      for candidate in candidates {
        group.addTask {
          do {
            let repository = try test.open()
            try repository.updateReference(
              "refs/heads/main", to: candidate, expecting: base, message: "race")
            return candidate
          } catch {
            return nil
          }
        }
      }
      return await group.reduce(into: [ObjectID]()) { if let id = $1 { $0.append(id) } }
    }
    #expect(winners.count == 1)
    #expect(try test.id("refs/heads/main") == winners.first)
  }

  @Test func listsBelowAPrefix() throws {
    let test = try TestRepository()
    let id = try #require(ObjectID(hex: test.commit("one")))
    for name in ["lane/b", "lane/a", "lanes", "lane/deep/c"] { try test.git("branch", name) }
    try test.git("symbolic-ref", "refs/heads/lane/sym", "refs/heads/main")
    try test.git("symbolic-ref", "refs/heads/lane/dead", "refs/heads/none")
    let found = try test.open().references(prefix: "refs/heads/lane/")
    #expect(found.map(\.name) == ["a", "b", "deep/c", "sym"].map { "refs/heads/lane/" + $0 })
    #expect(found.allSatisfy { $0.target == id })
  }

  @Test func agreesWithGitOnNames() throws {
    let test = try TestRepository()
    let names = [
      "refs/heads/a", "refs/heads/a b", "refs/heads/a..b", "refs/heads/a.lock", "refs/heads/.a",
      "refs/heads/a/", "refs/heads/a~1", "refs/heads/ä", "refs/heads/a@{1}", "refs/heads/@",
      "refs/heads//a", "refs/heads/-a", "refs/heads/a\\b", "refs/heads/a:b",
    ]
    for name in names {
      let git = try test.runGit(["check-ref-format", name]).status == 0
      #expect(Repository.isValidReferenceName(name) == git, "\(name)")
    }
    #expect(try test.open().reference("refs/heads/a..b") == nil)
  }
}
