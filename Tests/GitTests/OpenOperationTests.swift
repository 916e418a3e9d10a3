import Foundation
import Git
import TestSupport
import Testing

/// What a person has open on a branch is known, also while HEAD is detached.
@Suite(.bounded) struct OpenOperationTests {
  private let test: TestRepository

  init() throws {
    test = try TestRepository()
    for number in 1...3 {
      try test.write("a.txt", "\(number)\n")
      try test.commit("commit \(number)")
    }
    try test.git("switch", "-q", "-c", "other", "HEAD~2")
    try test.write("a.txt", "other\n")
    try test.commit("other")
    try test.git("switch", "-q", "main")
  }

  private func open(besides: Set<String> = []) throws -> OpenOperation? {
    try Repository(opening: test.path, environment: test.environment)
      .openOperation(on: "refs/heads/main", besides: besides)
  }

  @Test(arguments: OpenOperation.Kind.allCases)
  func eachIsFoundAndGoesWithItsEnd(kind: OpenOperation.Kind) throws {
    #expect(try open() == nil)
    let (begin, end): ([String], [String]) =
      switch kind {
      case .merge: (["merge", "other"], ["merge", "--abort"])
      case .rebase: (["rebase", "other"], ["rebase", "--abort"])
      case .am: (["am", "patch"], ["am", "--abort"])
      case .cherryPick: (["cherry-pick", "other"], ["cherry-pick", "--abort"])
      case .revert: (["revert", "--no-edit", "HEAD~1"], ["revert", "--abort"])
      case .bisect: (["bisect", "start", "main", "main~2"], ["bisect", "reset"])
      }
    if kind == .am {
      try test.root.write(
        "repo/patch", try test.git("format-patch", "-1", "--stdout", "other") + "\n")
    }
    _ = try test.runGit(begin)
    #expect(try open()?.kind == kind)
    _ = try test.git(end)
    #expect(try open() == nil)
  }

  @Test func alsoInALinkedWorktreeAndByUpdateRefs() throws {
    try test.git("switch", "-q", "-c", "aside")
    let work = test.root.path("work")
    try test.git("worktree", "add", "-q", work, "main")
    _ = try test.runGit(["rebase", "other"], at: work)
    let found = try #require(try open())
    #expect(found.kind == .rebase && found.directory == work)
    #expect(found.text(branch: "main").contains("a rebase of main is open in \(work)"))
    // A lane is no person's checkout.
    #expect(try open(besides: ["work"]) == nil)
    try test.git("rebase", "--abort", at: work)
    try test.git("worktree", "remove", work)
    // A rebase of a branch above that takes main along.
    try test.git("switch", "-q", "-C", "above", "main")
    try test.write("a.txt", "above\n")
    try test.commit("above")
    _ = try test.runGit(["rebase", "--update-refs", "other"])
    #expect(try open()?.kind == .rebase)
    try test.git("rebase", "--abort")
    #expect(try open() == nil)
  }

  @Test func anotherBranchsIsNotFound() throws {
    try test.git("switch", "-q", "other")
    _ = try test.runGit(["merge", "main"])
    #expect(try open() == nil)
  }
}
