import Engine
import Foundation
import Model
import Store
import TestSupport
import Testing

/// The catalogue of ways round the claims: what is stopped at the commit is stopped there, and none makes
/// a landing change a path without a claim.
@Suite(.bounded) struct BypassTests {
  @Test("p3_waysRoundTheClaims", arguments: Bypass.all)
  func waysRoundTheClaims(_ bypass: Bypass) async throws {
    let arena = try Arena()
    if bypass.name == "an old generation" { try letAClaimPass(arena) }
    let branches = try arena.test.git("for-each-ref", "--format=%(refname)")
    let other = try arena.tip("lane/2-feature")
    let words = try await arena.agent(bypass.script)
    #expect(!words.contains("PASSED"), "\(words)")
    #expect(try arena.tip("lane/2-feature") == other, "another lane's branch was moved: \(words)")
    if bypass.end == .atTheCommit {
      // filter-branch keeps the hook's words to itself.
      #expect(
        words.contains("lanekeeper: ") || words.contains("Could not rewrite"),
        "nothing was refused: \(words)")
      #expect(
        try arena.heldChanges(arena.base, "lane/1-feature") == [], "it was committed: \(words)")
      #expect(try arena.tip("main") == arena.base, "the target was moved: \(words)")
      let now = try arena.test.git("for-each-ref", "--format=%(refname)")
      let tags = bypass.name == "pull from itself" ? ["refs/tags/t"] : []
      #expect(
        now.split(separator: "\n").filter { !tags.contains(String($0)) }
          == branches.split(separator: "\n"), "\(words)")
    }
    if bypass.name == "deleting the state file" { return }
    let moved = try arena.tip("main")
    try settle(arena, bypass)
    let outcomes = try await arena.land()
    switch bypass.end {
    case .atTheLanding:
      guard case .sentBack("1", let detail) = outcomes.first else {
        Issue.record("not sent back: \(outcomes) \(words)")
        return
      }
      #expect(detail.contains("may not"))
      #expect(try arena.tip("main") == arena.base)
    case .targetHeld:
      #expect(moved != arena.base, "the target was not moved: \(words)")
      let hold = try #require(try arena.lander.watch.look(), "not noticed: \(words)")
      #expect(hold.suspects.contains { $0.lane == 1 && $0.feature == "1" }, "\(hold)")
      #expect(try arena.tip("main") == moved, "something landed on it: \(outcomes)")
      let landed = outcomes.contains { if case .landed = $0 { true } else { false } }
      #expect(!landed, "\(outcomes)")
    case .atTheCommit, .harmless: break
    }
    if bypass.end != .targetHeld {
      #expect(try arena.heldChanges(arena.base, "main") == [], "\(outcomes)")
      #expect(try arena.lander.watch.look() == nil)
      let trailers = try arena.test.git(
        "log", "--first-parent", "--format=%(trailers:key=Feature,valueonly,separator=%x2C)",
        "\(arena.base)..main")
      #expect(["", "1"].contains(trailers), "\(trailers)")
      #expect(try arena.store.feature("2")?.state == .running)
    }
  }

  private func settle(_ arena: Arena, _ bypass: Bypass) throws {
    do {
      try arena.settle()
    } catch {
      // A lane that is not there any more fails its attempt; nothing of it lands.
      try arena.store.endAttempt(
        "1", 1, .failed(detail: "\(error)", rework: nil, maximum: 3), tip: nil, changed: [])
    }
  }

  /// Feature 1 held `late.txt` for a while; then it ran out and feature 2 got it.
  private func letAClaimPass(_ arena: Arena) throws {
    let request = [ClaimRequest(path: try ClaimPath(normalising: "late.txt"), mode: .exclusive)]
    let policies = PathPolicies([])
    let first = try arena.store.claim(
      request, owner: .feature("1"), agent: nil, policies: policies, expiresAt: 1)
    guard case .granted(let old) = first,
      case .granted(let new) = try arena.store.claim(
        request, owner: .feature("2"), agent: nil, policies: policies)
    else {
      Issue.record("not granted")
      return
    }
    #expect(new[0].generation > old[0].generation)
  }
}
