import Engine
import Foundation
import Git
import Model
import Processes
import Store
import TestSupport
import Testing

/// What a person's verdict counts for, and what becomes of it.
@Suite(.bounded) struct VerdictTests {
  private func shop(
    _ count: Int = 1, agent: String = "echo $id > f$id.txt", review: String = "required",
    more: String = "", files: [String: String] = [:]
  ) throws -> Workshop {
    let shop = try Workshop(
      features: Workshop.independent(count), agent: agent,
      configuration: "review: \(review)\n\(more)", files: files)
    try person("Ann", in: shop)
    return shop
  }

  /// Whoever is at the keyboard from now on.
  private func person(_ name: String, in shop: Workshop) throws {
    try shop.repository.git("config", "user.name", name)
    try shop.repository.git("config", "user.email", "\(name.lowercased())@example.org")
  }

  /// Commits a file to a feature's branch as a person does who checks it out elsewhere.
  private func commit(_ shop: Workshop, _ id: String, _ name: String, _ text: String) throws {
    let place = shop.repository.root.path("desk")
    let branch = "lane/\(id)-feature-\(id)"
    try shop.repository.git("worktree", "add", "-q", place, branch)
    defer { _ = try? shop.repository.git("worktree", "remove", "--force", place) }
    try Data(text.utf8).write(to: URL(fileURLWithPath: place + "/" + name))
    try shop.repository.git(["add", "-A"], at: place)
    try shop.repository.git(
      ["commit", "-q", "--author=Ruth <ruth@example.org>", "-m", "by hand"], at: place)
  }

  @Test func theGateCanBeAskedBeforeAndIsNotAskedAgain() async throws {
    let shop = try shop(
      agent: "echo $id > f$id.txt; printf 'test:\\n\\t@echo run >> ../../gates\\n' > Makefile",
      files: [".gitignore": "cache\n"])
    #expect(try await shop.run().status == 75)
    let facts = try shop.look("1")
    #expect(facts.files.filter(\.isGate).map(\.path) == ["Makefile"])
    #expect(facts.forecast == .notAsked)
    let project = try shop.project()
    let reviews = try Reviews(project, project.store())
    guard case .gate(passed: true, _, _) = try await reviews.gate(facts, stop: StopSignal()),
      case .gate(passed: true, _, _) = try shop.look("1").forecast
    else {
      Issue.record("the gate has not passed")
      return
    }
    try shop.approve("1")
    #expect(try await shop.land().status == 0)
    #expect(try shop.landed() == ["1"])
    #expect(try shop.repository.root.read("gates") == "run\n")
  }

  @Test func whatTheGateWouldSayIsShown() async throws {
    let shop = try shop(
      2, agent: "if [ $id = 1 ]; then echo BUG > f1.txt; else echo 2 > list.txt; fi")
    #expect(try await shop.run().status == 75)
    let project = try shop.project()
    let reviews = try Reviews(project, project.store())
    func gate(_ id: String) async throws -> LandingForecast {
      try await reviews.gate(try shop.look(id), stop: StopSignal())
    }
    guard case .gate(passed: false, _, _) = try await gate("1"),
      case .gate(passed: false, _, _) = try shop.look("1").forecast
    else {
      Issue.record("the gate has not failed")
      return
    }
    try shop.repository.write("list.txt", "mine\n")
    try shop.repository.commit("the same file")
    #expect(try await gate("2") == .conflicts)
    // With another target another tree would land, of which nothing is known.
    #expect(try shop.look("1").forecast == .notAsked)
  }

  @Test func anApprovalIsForWhatWasShown() async throws {
    let shop = try shop()
    #expect(try await shop.run().status == 75)
    _ = try shop.look("1")
    try commit(shop, "1", "f1.txt", "other\n")
    let refused = #expect(throws: Failure.self) { try shop.approve("1") }
    #expect(refused?.description.contains("has changed since you looked") == true)
    #expect(throws: Failure.self) { try shop.requestChanges("1", "no") }
    #expect(try shop.states() == ["1": "in_review"])
    _ = try shop.look("1")
    try shop.approve("1")
    #expect(throws: Failure.self) { try shop.approve("1") }
    #expect(try await shop.land().status == 0)
    #expect(try shop.repository.read("f1.txt") == "other\n")
  }

  @Test func aBranchThatIsChangedAfterItsApprovalIsReviewedAgain() async throws {
    let shop = try shop()
    #expect(try await shop.run().status == 75)
    try shop.approve("1")
    try commit(shop, "1", "f1.txt", "slipped in\n")
    let landing = try await shop.land()
    #expect(landing.text.contains("changes other things than were approved"), "\(landing.text)")
    #expect(try shop.landed() == [] && shop.states() == ["1": "in_review"])
    let facts = try shop.look("1")
    #expect(facts.approvals.isEmpty && facts.lastVerdict?.tip != facts.state?.tip)
    #expect(facts.commits.map(\.origin) == [.attempt(1), .person])
    #expect(facts.commits.last?.author.name == "Ruth")
    try shop.approve("1")
    #expect(try await shop.land().status == 0)
    #expect(try shop.landed() == ["1"])
  }

  @Test func whatWasMergedInIsNoChangeSinceTheVerdict() async throws {
    let shop = try shop(agent: "echo attempt $LANEKEEPER_ATTEMPT >> f$id.txt")
    #expect(try await shop.run().status == 75)
    try shop.requestChanges("1", "once more")
    try shop.repository.write("other.txt", "a person's\n")
    try shop.repository.git("add", "other.txt")
    try shop.repository.git("commit", "-q", "-m", "meanwhile")
    #expect(try await shop.run().status == 75)
    #expect(try shop.repository.git("show", "lane/1-feature-1:other.txt") == "a person's")
    let facts = try shop.look("1")
    let (verdict, state) = (try #require(facts.lastVerdict), try #require(facts.state))
    let project = try shop.project()
    let since = try #require(
      try Reviews(project, project.store()).changes(since: verdict, state))
    #expect(since.contains("+attempt 2") && since.contains(" attempt 1"), "\(since)")
    #expect(!since.contains("diff --git a/other.txt"), "\(since)")
  }

  @Test func aBranchThatIsOnlySyncedKeepsItsApproval() async throws {
    let lines = (1...10).map { "line \($0)\n" }.joined()
    let shop = try shop(
      2,
      agent: """
        if [ $id = 1 ]; then sed -i 's/line 2/one/' list.txt; else sed -i 's/line 9/two/' list.txt; fi
        """, more: "claims: {paths: {list.txt: free}}\n", files: ["list.txt": lines])
    #expect(try await shop.run().status == 75)
    for id in ["1", "2"] { try shop.approve(id) }
    try shop.repository.write("list.txt", "line 0\n" + lines)
    try shop.repository.git("commit", "-q", "-a", "-m", "a line above")
    let place = shop.repository.root.path("desk")
    try shop.repository.git("worktree", "add", "-q", place, "lane/1-feature-1")
    try shop.repository.git(["merge", "-q", "--no-edit", "main"], at: place)
    try shop.repository.git("worktree", "remove", "--force", place)
    let landing = try await shop.land()
    #expect(landing.status == 0, "\(landing.text)")
    #expect(try shop.landed().sorted() == ["1", "2"])
    let reviewers = try shop.repository.git(
      "log", "--first-parent", "--format=%(trailers:key=Reviewed-by,valueonly)", "main")
    #expect(reviewers.components(separatedBy: "Ann <ann@example.org>").count == 3)
  }

  @Test func severalPersonsMayHaveToApprove() async throws {
    let shop = try shop(review: "{required: true, approvals: 2}")
    #expect(try await shop.run().status == 75)
    for _ in 0..<2 { #expect(try shop.approve("1") == .counted(1, of: 2)) }
    #expect(try await shop.land().status == 0)
    #expect(try shop.states() == ["1": "in_review"] && shop.landed() == [])
    try person("Ruth", in: shop)
    #expect(try shop.approve("1") == .queued)
    #expect(try await shop.land().status == 0)
    let reviewers = try shop.repository.git(
      "log", "-1", "--format=%(trailers:key=Reviewed-by,valueonly)", "main")
    for name in ["Ann <ann@", "Ruth <ruth@"] { #expect(reviewers.contains(name), "\(reviewers)") }
  }

  @Test(arguments: [
    ("{categories: [shown]}", true), ("{paths: [f1.txt]}", true), ("{paths: ['*.txt']}", true),
    ("{paths: [docs/], categories: [other]}", false), ("none", false),
  ])
  func whatIsReviewedIsSetByCategoryAndPath(_ review: String, _ isReviewed: Bool) async throws {
    let shop = try shop(review: review)
    try shop.repository.write(
      "features.yml", "features:\n  - {id: 1, title: Feature 1, category: shown}\n")
    #expect(try await shop.run().status == (isReviewed ? 75 : 0))
    #expect(try shop.landed() == (isReviewed ? [] : ["1"]))
  }

  @Test func aPersonsCommitsAreShownAsTheirsAndClaimsHoldForThem() async throws {
    let shop = try shop(
      2, agent: "echo $id > f$id.txt; [ $id = 1 ] && echo one >> shared.txt; true")
    #expect(try await shop.run().status == 75)
    try commit(shop, "2", "mine.txt", "mine\n")
    try commit(shop, "2", "shared.txt", "taken\n")
    #expect(try shop.look("2").commits.map(\.origin) == [.attempt(1), .person, .person])
    try shop.approve("2")
    let landing = try await shop.land()
    #expect(landing.text.contains("shared.txt"), "\(landing.text)")
    #expect(try shop.landed() == [])
  }
}
