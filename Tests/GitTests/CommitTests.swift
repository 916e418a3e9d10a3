import TestSupport
import Testing

@testable import Git

@Suite(.bounded) struct CommitTests {
  @Test func writesTheCommitThatGitWouldWrite() throws {
    let test = try TestRepository()
    try test.write("a", "a\n")
    let first = try #require(ObjectID(hex: test.commit("one")))
    let tree = try test.id("HEAD^{tree}")
    let expected = try test.commitTree(tree, parents: [first])
    let repository = try test.open()
    var committer = Signature.test
    committer.name = "Test Committer"
    committer.email = "committer@example.org"
    let made = try repository.createCommit(
      tree: tree, parents: [first], message: "test\n", author: .test, committer: committer)
    #expect(made == expected)
    #expect(try test.id("HEAD") == first)
    let read = try repository.commit(made)
    #expect(read.tree == tree && read.parents == [first])
    #expect(read.author == .test && read.committer == committer)
    #expect(read.message == "test\n" && read.subject == "test")
  }

  @Test(arguments: ["", " ", "<>", ".,"])
  func anEmptyIdentityIsNone(name: String) throws {
    let test = try TestRepository()
    try test.git("config", "user.name", name)
    try test.git("config", "user.email", "a@example.org")
    #expect(try test.open().defaultSignature() == nil)
    try test.git("config", "user.name", "A. Person")
    try test.git("config", "user.email", name)
    #expect(try test.open().defaultSignature() == nil)
    try test.git("config", "user.email", "a@example.org")
    #expect(try test.open().defaultSignature()?.name == "A. Person")
  }

  @Test func walksTheHistory() throws {
    let test = try TestRepository()
    let tree = Repository.emptyTree
    try test.git(["mktree"], input: [])
    let root = try test.commitTree(tree)
    let left = try test.commitTree(tree, parents: [root, root])
    let repository = try test.open()
    func make(_ text: String, _ parents: [ObjectID]) throws -> ObjectID {
      try repository.createCommit(
        tree: tree, parents: parents, message: text, author: .test, committer: .test)
    }
    let right = try make("right", [root])
    let merge = try make("merge", [left, right])
    let stray = try make("stray", [])

    #expect(try repository.mergeBase(left, right) == root)
    #expect(try repository.mergeBase(left, stray) == nil)
    #expect(try repository.mergeBases(merge, right) == [right])
    #expect(try repository.isAncestor(root, of: merge))
    #expect(try repository.isAncestor(merge, of: merge))
    #expect(try !repository.isAncestor(merge, of: root))

    #expect(try Set(repository.commits(from: merge).map(\.id)) == [merge, left, right, root])
    #expect(try repository.commits(from: merge).first?.id == merge)
    let line = try repository.commits(from: merge, firstParent: true).map(\.id)
    #expect(line == [merge, left, root])
    #expect(try repository.commits(from: merge, excluding: [left]).map(\.id) == [merge, right])
    #expect(try repository.commits(from: merge, limit: 1).map(\.id) == [merge])
  }
}
