import Foundation
import TestSupport
import Testing

/// `lanekeeper replay`: a repository's own branches, built again by several agents at once.
@Suite(.bounded) struct ReplayTests {
  /// Four branches that were open at the same time, two of them on one file, one with a merge of the
  /// target that people settled, and commits between the merges.
  private func history() throws -> TestRepository {
    let repository = try TestRepository()
    let lines = (1...12).map { "line \($0)\n" }
    try repository.write("a.txt", lines.joined())
    try repository.write("dir/b.txt", lines.joined())
    try repository.commit("base")
    let base = try repository.git("rev-parse", "HEAD").trimmingCharacters(
      in: .whitespacesAndNewlines)
    func branch(_ name: String, _ edits: [(String, String)]) throws {
      try repository.git("checkout", "-q", "-b", name, base)
      for (number, edit) in edits.enumerated() {
        try repository.write(edit.0, edit.1)
        try repository.commit("\(name) \(number)")
      }
    }
    func merge(_ name: String) throws {
      try repository.git("checkout", "-q", "main")
      try repository.git("merge", "-q", "--no-ff", "-m", "Merge branch '\(name)'", name)
    }
    try branch("first", [("a.txt", "first\n" + lines.joined()), ("new/c.txt", "c\n")])
    try branch("second", [("a.txt", "second\n" + lines.joined())])
    try branch("third", [("dir/b.txt", lines.joined() + "third\n"), ("odd name\u{e9}.txt", "x\n")])
    try branch("fourth", [("d.txt", "d\n"), ("d.txt", "d\nd\n")])
    try merge("first")
    try repository.write("direct.txt", "direct\n")
    try repository.commit("direct")
    // Both sides put a line at the top; a person keeps both, in an order of their own.
    try repository.git("checkout", "-q", "second")
    _ = try? repository.git("merge", "-q", "-m", "settled", "main")
    try repository.write("a.txt", "second\nand\nfirst\n" + lines.joined())
    try repository.git("add", "-A")
    try repository.git("commit", "-q", "-m", "settled")
    try merge("third")
    try merge("second")
    try merge("fourth")
    return repository
  }

  private func replay(
    _ repository: TestRepository, _ arguments: String...
  ) throws -> (status: Int32, facts: [String: Any], text: String) {
    let result = try TestProgram.run(
      [Workshop.program, "replay", repository.path, "--json", "--work", "0"] + arguments,
      directory: repository.root.path, environment: repository.environment)
    let value = try? JSONSerialization.jsonObject(with: Data(result.output))
    return (result.status, value as? [String: Any] ?? [:], result.text + result.error)
  }

  /// A stable branch that is merged to main again and again, fixes that were brought to both sides as copies, and
  /// merges both ways: some branches bring nothing that main lacks by then.
  private func crissCross() throws -> TestRepository {
    let repository = try TestRepository()
    let lines = (1...8).map { "line \($0)\n" }
    func write(_ name: String, _ text: String, _ message: String) throws {
      try repository.write(name, text)
      try repository.commit(message)
    }
    try write("a.txt", lines.joined(), "base")
    try write("version", "1.0\n", "version")
    try repository.git("checkout", "-q", "-b", "stable")
    try write("a.txt", "fix\n" + lines.joined(), "fix on stable")
    try write("version", "1.0.1\n", "release 1.0.1")
    try repository.git("checkout", "-q", "main")
    try write("version", "2.0\n", "main goes on")
    // The fix comes to main as a copy, then the branch itself, of which nothing but the fix is taken.
    try repository.git("cherry-pick", "stable~1")
    try repository.git(
      "merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge branch 'stable'", "stable")
    try repository.git("checkout", "-q", "stable")
    try write("b.txt", "b\n", "b on stable")
    try repository.git("merge", "-q", "--no-ff", "-X", "ours", "-m", "Merge main", "main")
    try write("version", "1.0.2\n", "release 1.0.2")
    try repository.git("checkout", "-q", "main")
    try write("version", "2.1\n", "main 2.1")
    try write("b.txt", "b\n", "b on main, too")
    _ = try? repository.git("merge", "-q", "--no-ff", "-m", "Merge branch 'stable' again", "stable")
    try repository.write("version", "2.1\n")
    try repository.write("c.txt", "settled in the merge\n")
    try repository.git("add", "-A")
    try repository.git("commit", "-q", "-m", "Merge branch 'stable' again")
    try repository.git("checkout", "-q", "-b", "late", "main~1")
    try write("d.txt", "d\n", "d")
    try repository.git("checkout", "-q", "main")
    try repository.git("merge", "-q", "--no-ff", "-m", "Merge branch 'late'", "late")
    return repository
  }

  @Test(arguments: ["history", "concurrent", "shuffled"])
  func aStepThatChangesNothingByThenIsLeftOut(order: String) throws {
    let repository = try crissCross()
    let (status, facts, text) = try replay(repository, "--order", order, "--only-claims")
    #expect(status == 0, "\(text)")
    let on = try #require(facts["claims_on"] as? [String: Any])
    #expect((on["left"] as? [Any])?.isEmpty == true, "\(text)")
    if order == "history" { #expect(on["tree_equal"] as? Bool == true, "\(text)") }
  }

  /// What a replay must not change.
  private func state(_ repository: TestRepository) throws -> [String] {
    [
      try repository.git("for-each-ref"), try repository.git("status", "--porcelain"),
      try repository.git("config", "--local", "--list"), try repository.git("worktree", "list"),
      try FileManager.default.contentsOfDirectory(atPath: repository.path + "/.git").sorted()
        .joined(separator: " "),
    ]
  }

  @Test(arguments: ["touches", "edit", "commit"])
  func p3_inTheOrderOfHistoryTheTreeIsUpstreams(_ claims: String) throws {
    let repository = try history()
    let before = try state(repository)
    let (status, facts, text) = try replay(
      repository, "--order", "history", "--claims", claims, "--only-claims")
    #expect(status == 0, "\(text)")
    #expect(facts["merges"] as? Int == 4)
    #expect(facts["concurrent"] as? Int == 3)
    let on = try #require(facts["claims_on"] as? [String: Any])
    #expect(on["landed"] as? Int == 5)
    #expect(on["tree_equal"] as? Bool == true, "\(text)")
    #expect(on["conflicts_at_landing"] as? Int == 0)
    #expect(facts["claims_off"] is NSNull)
    #expect(try state(repository) == before)
  }

  @Test func p9_shuffledBranchesLandWithoutAConflictWhereClaimsAreOn() throws {
    let repository = try history()
    let (status, facts, text) = try replay(
      repository, "--order", "shuffled", "--claims", "commit", "--parallel", "4", "--seed", "3")
    #expect(status == 0, "\(text)")
    let on = try #require(facts["claims_on"] as? [String: Any])
    #expect(on["landed"] as? Int == 4)
    #expect(on["conflicts_at_landing"] as? Int == 0)
    // Two branches put a line at the top of one file: one of them had to wait, or to sync.
    #expect(((on["refused"] as? [String: Int]) ?? [:]).values.reduce(0, +) >= 1, "\(text)")
    let off = try #require(facts["claims_off"] as? [String: Any])
    #expect(off["landed"] as? Int == 4)
    #expect((off["refused"] as? [String: Int]) == [:])
    #expect((off["conflicts_at_landing"] as? Int ?? 0) >= 1, "\(text)")
  }

  @Test func concurrentBranchesLandInTheirDependenciesOrder() throws {
    let repository = try history()
    let (status, facts, text) = try replay(repository, "--parallel", "3", "--last", "3")
    #expect(status == 0, "\(text)")
    #expect(facts["merges"] as? Int == 3)
    #expect((facts["claims_on"] as? [String: Any])?["landed"] as? Int == 3)
  }

  @Test func aGateThatFailsSendsBranchesBackWithAReason() throws {
    let repository = try history()
    let (status, facts, text) = try replay(
      repository, "--order", "history", "--only-claims", "--gate", "test ! -e d.txt")
    #expect(status == 1, "\(text)")
    let on = try #require(facts["claims_on"] as? [String: Any])
    #expect(on["landed"] as? Int == 4)
    let left = try #require(on["left"] as? [[String: Any]])
    #expect(left.map { $0["title"] as? String } == ["Merge branch 'fourth'"])
    #expect(left.map { $0["state"] as? String } == ["failed"])
    #expect((left.first?["reason"] as? String)?.isEmpty == false)
  }

  @Test func aLineWithoutMergesIsReplayedCommitByCommit() throws {
    let repository = try TestRepository()
    for number in 1...4 {
      try repository.write("a.txt", "\(number)\n")
      try repository.commit("step \(number)")
    }
    let (status, facts, text) = try replay(
      repository, "--order", "history", "--last", "2", "--only-claims")
    #expect(status == 0, "\(text)")
    #expect(facts["merges"] as? Int == 0)
    let on = try #require(facts["claims_on"] as? [String: Any])
    #expect(on["landed"] as? Int == 2)
    #expect(on["tree_equal"] as? Bool == true)
  }

  @Test func whatCanNotBeReplayedIsSaid() throws {
    let empty = try TestRepository()
    try empty.write("a.txt", "a\n")
    try empty.commit("base")
    let (status, _, text) = try replay(empty)
    #expect(status == 1)
    #expect(text.contains("the only commit of its line"), "\(text)")
    let missing = try TestProgram.run(
      [Workshop.program, "replay", empty.root.path + "/nowhere"], directory: empty.root.path,
      environment: empty.environment)
    #expect(missing.status == 1)
    #expect(missing.error.contains("can't be cloned"), "\(missing.error)")
  }
}
