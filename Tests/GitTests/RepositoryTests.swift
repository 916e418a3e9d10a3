import Foundation
import TestSupport
import Testing

@testable import Git

@Suite(.bounded) struct RepositoryTests {
  @Test func knowsItsDirectories() throws {
    let test = try TestRepository()
    try test.write("sub/a", "a\n")
    try test.commit("one")
    try test.git("worktree", "add", "-q", "--detach", test.root.path("lane"))
    let link = test.root.path("link")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: test.path)

    let main = try test.open(link)
    #expect(main.gitDirectory == test.path + "/.git")
    #expect(main.commonDirectory == test.path + "/.git")
    #expect(main.workingDirectory == test.path)
    #expect(!main.isBare && !main.isLinkedWorktree && main.worktreeName == nil)
    #expect(main.mainWorktreePath == test.path)

    let lane = try test.open(test.root.path("lane"))
    #expect(lane.gitDirectory == test.path + "/.git/worktrees/lane")
    #expect(lane.commonDirectory == test.path + "/.git")
    #expect(lane.isLinkedWorktree && lane.worktreeName == "lane")
    #expect(lane.mainWorktreePath == test.path)

    #expect(try Repository.discover(from: test.root.path("repo/sub")) == test.path + "/.git")
    #expect(try Repository.discover(from: "/") == nil)
  }

  @Test func knowsABareRepository() throws {
    let test = try TestRepository(bare: true)
    let repository = try test.open()
    #expect(repository.isBare && repository.workingDirectory == nil)
    #expect(repository.mainWorktreePath == nil)
    #expect(throws: WorktreeError.self) {
      let tree = try repository.writeTree(changing: nil, [])
      let commit = try repository.createCommit(
        tree: tree, parents: [], message: "x", author: .test, committer: .test)
      try repository.switchWorktree(to: commit, branch: nil)
    }
  }

  @Test func tellsWhereHeadIs() throws {
    let test = try TestRepository()
    let repository = try test.open()
    #expect(try repository.head() == .branch(name: "refs/heads/main", tip: nil))
    let id = try #require(ObjectID(hex: test.commit("one")))
    #expect(try repository.head() == .branch(name: "refs/heads/main", tip: id))
    try test.git("checkout", "-q", "--detach")
    #expect(try repository.head() == .detached(id))
    #expect(try repository.head().commit == id)
  }

  @Test func readsConfiguration() throws {
    let test = try TestRepository()
    let repository = try test.open()
    #expect(try repository.configString("user.name") == nil)
    #expect(try repository.defaultSignature() == nil)
    try test.git("config", "user.name", "Somebody")
    try test.git("config", "user.email", "somebody@example.org")
    try test.git("config", "core.sparseCheckout", "yes")
    #expect(try repository.configString("user.name") == "Somebody")
    #expect(try repository.configBool("core.sparsecheckout"))
    #expect(try repository.defaultSignature()?.email == "somebody@example.org")
  }

  @Test func saysWhatToDoAboutAnotherOwner() {
    let error = GitError(
      code: .owner, classification: GitErrorClass(rawValue: 6),
      message: "repository path '/srv/x/' is not owned by current user",
      operation: "open the repository /srv/x")
    #expect(error.description.contains("git config --global --add safe.directory '/srv/x'"))
  }

  @Test func turnsResultCodesIntoErrors() throws {
    let test = try TestRepository()
    let repository = try test.open()
    let missing = ObjectID(bytes: [UInt8](repeating: 7, count: 20))
    let error = #expect(throws: GitError.self) { try repository.commit(missing) }
    #expect(error?.code == .notFound)
    #expect(error?.description.contains("read the commit 0707070") == true)
    #expect(throws: GitError.self) { try test.open(test.root.path("home")) }
  }

  @Test(arguments: 1...8) func aShallowCloneIsComparedToItsEnd(depth: Int) throws {
    let seed = try TestRepository()
    for number in 1...6 {
      try seed.write("c", "\(number)\n")
      try seed.commit("\(number)")
    }
    let place = seed.root.path("shallow")
    try seed.git("clone", "-q", "--depth", "\(depth)", "file://" + seed.path, place)
    func commit(_ name: String, on branch: String) throws -> ObjectID {
      try seed.git("switch", "-q", "-C", branch, "origin/main", at: place)
      try seed.git("commit", "-q", "--allow-empty", "-m", name, at: place)
      return try #require(ObjectID(hex: seed.git("rev-parse", "HEAD", at: place)))
    }
    let (one, two) = (try commit("one", on: "one"), try commit("two", on: "two"))
    let tip = try #require(ObjectID(hex: seed.git("rev-parse", "origin/main", at: place)))
    let repository = try Repository(opening: place, environment: seed.environment)
    #expect(try !repository.isAncestor(one, of: two) && !repository.isAncestor(two, of: one))
    #expect(try repository.isAncestor(tip, of: one) && !repository.isAncestor(one, of: tip))
    #expect(try repository.mergeBase(one, two) == tip)
  }
}
