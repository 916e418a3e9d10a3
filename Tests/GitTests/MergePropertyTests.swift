import Foundation
import TestSupport
import Testing

@testable import Git

/// The merge against git's own, on random cases and on the histories of real repositories.
///
/// `make check-merges` runs it with 10,000 cases and with the repositories that it is given.
@Suite(.bounded) struct MergePropertyTests {
  static let cases = Int(ProcessInfo.processInfo.environment["LANEKEEPER_MERGE_CASES"] ?? "") ?? 320
  static let repositories =
    (ProcessInfo.processInfo.environment["LANEKEEPER_MERGE_REPOSITORIES"] ?? "")
    .split(separator: "\n").map(String.init)

  @Test(arguments: 1...8 as ClosedRange<UInt64>) func p9_mergesAsGitDoes(seed: UInt64) throws {
    let test = try TestRepository()
    let repository = try test.open()
    var random = SplitMix64(seed: seed)
    var cases: [(ours: ObjectID, theirs: ObjectID)] = []
    while cases.count < Self.cases / 8 {
      let item = try RandomMerge(repository, &random)
      if item.ours != item.theirs { cases.append((item.ours, item.theirs)) }
    }
    try test.commit("nothing of it")
    let before = try state(of: test)
    var tally = Tally()
    for (number, item) in cases.enumerated() {
      try compare(item, in: repository, of: test, &tally, "seed \(seed), case \(number)")
    }
    #expect(tally.inMemory > cases.count / 10 && tally.clean > cases.count / 4)
    #expect(tally.conflicts > cases.count / 20)
    #expect(try state(of: test) == before)
  }

  /// Every merge commit of the repositories named by the environment, each side with each.
  @Test(.enabled(if: !repositories.isEmpty), arguments: repositories)
  func p9_mergesRealHistoriesAsGitDoes(path: String) throws {
    let test = try TestRepository()
    // Objects that the merges write stay out of the repository itself.
    try test.git("remote", "add", "origin", path)
    let objects = try test.git("rev-parse", "--git-path", "objects", at: path)
    let absolute = objects.hasPrefix("/") ? objects : path + "/" + objects
    try test.root.write("repo/.git/objects/info/alternates", absolute + "\n")
    let merges = try test.git("rev-list", "--all", "--min-parents=2", "--parents", at: path)
    let repository = try test.open()
    var tally = Tally()
    for line in merges.split(separator: "\n") {
      let ids = line.split(separator: " ").compactMap { ObjectID(hex: String($0)) }
      for other in ids.dropFirst(2) where ids[1] != other {
        try compare((ids[1], other), in: repository, of: test, &tally, "merge \(ids[0].hex)")
      }
    }
    #expect(tally.inMemory + tally.clean > 0, "\(path) has no merges")
    print(
      "\(path): \(tally.count) merges, \(tally.clean) clean (\(tally.inMemory) without git), "
        + "\(tally.conflicts) in conflict, as git has them")
  }

  private struct Tally {
    var inMemory = 0
    var clean = 0
    var conflicts = 0
    var count: Int { clean + conflicts }
  }

  private func compare(
    _ item: (ours: ObjectID, theirs: ObjectID), in repository: Repository, of test: TestRepository,
    _ tally: inout Tally, _ name: Comment
  ) throws {
    let expected = try MergeTests.reference(test, item.ours, item.theirs)
    let bases = try repository.mergeBases(item.ours, item.theirs)
    if bases.count == 1 {
      let found = try repository.mergeTrees(
        base: try repository.commit(bases[0]).tree, ours: try repository.commit(item.ours).tree,
        theirs: try repository.commit(item.theirs).tree)
      #expect((found.tree == nil) != found.bothTouched.isEmpty, name)
      if let tree = found.tree {
        tally.inMemory += 1
        #expect(tree.hex == expected, name)
      }
    }
    let merge: TreeMerge
    do {
      merge = try repository.merge(ours: item.ours, theirs: item.theirs)
    } catch is GitProgramError where bases.isEmpty {
      // Unrelated histories: git refuses, and so do we.
      tally.conflicts += 1
      #expect(expected == nil, name)
      return
    }
    switch merge {
    case .clean(let tree):
      tally.clean += 1
      #expect(tree.hex == expected, name)
    case .conflicts(let paths, let message):
      tally.conflicts += 1
      #expect(expected == nil, name)
      #expect(!paths.isEmpty || bases.count > 1, name)
      #expect(!message.isEmpty, name)
    }
  }

  /// References, HEAD, index and files.
  private func state(of test: TestRepository) throws -> String {
    try test.git("for-each-ref") + test.git("symbolic-ref", "HEAD") + test.git("rev-parse", "HEAD")
      + test.git("ls-files", "-s") + test.git("status", "--porcelain", "--ignored")
  }
}
