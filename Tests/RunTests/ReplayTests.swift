import Engine
import Foundation
import Processes
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

  /// Replays with claims, and where `off` is said without them, too.
  private func replay(
    _ repository: TestRepository, _ order: ReplayOrder = .concurrent,
    claims: ReplayClaims = .edit, last: Int = 50, parallel: Int = 3, gate: String = "",
    seed: UInt64 = 1, off: Bool = false
  ) async throws -> (plan: ReplayPlan, on: ReplayOutcome, off: ReplayOutcome?) {
    let scratch = try TemporaryDirectory()
    let replay = Replay(
      Replay.Options(
        source: repository.path, last: last, order: order, claims: claims, parallel: parallel,
        gate: gate, workSeconds: 0, seed: seed),
      scratch: scratch.path, environment: repository.environment,
      program: BuiltPrograms.path("lanekeeper"), stop: StopSignal())
    let plan = try replay.plan().plan
    let on = try await replay.run(plan, withClaims: true) { _ in }
    return (plan, on, off ? try await replay.run(plan, withClaims: false) { _ in } : nil)
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

  @Test(arguments: [ReplayOrder.history, .concurrent, .shuffled])
  func aStepThatChangesNothingByThenIsLeftOut(order: ReplayOrder) async throws {
    let on = try await replay(try crissCross(), order).on
    #expect(on.left == [])
    #expect(order != .history || on.different == [])
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

  @Test(arguments: [ReplayClaims.touches, .edit, .commit])
  func p3_inTheOrderOfHistoryTheTreeIsUpstreams(_ claims: ReplayClaims) async throws {
    let repository = try history()
    let before = try state(repository)
    let (plan, on, _) = try await replay(repository, .history, claims: claims)
    #expect(plan.changes.count == 5 && on.landed == 5)
    #expect(on.isComparable && on.different == [] && on.conflictsAtLanding == 0)
    #expect(try state(repository) == before)
  }

  @Test func p9_shuffledBranchesLandWithoutAConflictWhereClaimsAreOn() async throws {
    let (_, on, other) = try await replay(
      try history(), .shuffled, claims: .commit, parallel: 4, seed: 3, off: true)
    #expect(on.landed == 4 && on.conflictsAtLanding == 0)
    // Two branches put a line at the top of one file: one of them had to wait, or to sync.
    #expect(on.refused.values.reduce(0, +) >= 1, "\(on)")
    let off = try #require(other)
    #expect(off.landed == 4 && off.refused == [:] && off.conflictsAtLanding >= 1, "\(off)")
  }

  @Test func aGateThatFailsSendsBranchesBackWithAReason() async throws {
    let on = try await replay(try history(), .history, gate: "test ! -e d.txt").on
    #expect(on.landed == 4)
    #expect(on.left.map(\.title) == ["Merge branch 'fourth'"])
    #expect(on.left.map(\.state) == ["failed"] && on.left.first?.reason.isEmpty == false)
  }

  @Test func aLineWithoutMergesIsReplayedCommitByCommit() async throws {
    let repository = try TestRepository()
    for number in 1...4 {
      try repository.write("a.txt", "\(number)\n")
      try repository.commit("step \(number)")
    }
    let on = try await replay(repository, .history, last: 2).on
    #expect(on.landed == 2 && on.different == [])
  }

  @Test func whatCanNotBeReplayedIsSaid() async throws {
    let empty = try TestRepository()
    try empty.write("a.txt", "a\n")
    try empty.commit("base")
    for (source, words) in [
      (empty.path, "the only commit of its line"), (empty.path + "-gone", "can't be cloned"),
    ] {
      let scratch = try TemporaryDirectory()
      let replay = Replay(
        Replay.Options(
          source: source, last: 50, order: .concurrent, claims: .edit, parallel: 1, gate: "",
          workSeconds: 0, seed: 1),
        scratch: scratch.path, environment: empty.environment, program: "", stop: StopSignal())
      let failure = #expect(throws: Failure.self) { try replay.plan() }
      #expect(failure?.description.contains(words) == true, "\(String(describing: failure))")
    }
  }
}
