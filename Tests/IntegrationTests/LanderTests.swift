import Backlog
import ClaimRules
import Foundation
import Git
import Integration
import Lanes
import Processes
import Store
import TestSupport
import Testing

@Suite struct LanderTests {
  /// A repository with features whose branches are made by hand and stand in the queue.
  struct Fixture {
    let test: TestRepository
    let store: Store
    let state: StateDirectory
    let lander: Lander

    init(gate: String = "", style: String = "merge", files: [String: String] = [:]) throws {
      test = try TestRepository()
      try test.write("a.txt", "1\n2\n3\n4\n5\n6\n7\n")
      for (name, text) in files { try test.write(name, text) }
      try test.commit("base")
      let repository = try Repository(opening: test.path, environment: test.environment)
      state = StateDirectory(commonDirectory: repository.commonDirectory)
      try state.create()
      store = try Store(path: state.stateFile)
      var configuration = Configuration(repositoryName: "repo")
      configuration.gate.command = gate
      configuration.landing.style = style
      lander = Lander(
        settings: LandingSettings(
          target: "refs/heads/main", gate: configuration.gate, landing: configuration.landing,
          attempts: 3,
          claimPolicy: "auto", policies: PathPolicies([]), keepBranches: false,
          worktree: test.root.path("lanes/integration"),
          guardProgram: BuiltPrograms.path("lanekeeper-guard"), environment: test.environment),
        store: store, state: state,
        identity: { Signature(name: "T", email: "t@example.org", time: 1, offsetMinutes: 0) })
    }

    /// Makes a branch from main with these files and puts its feature into the queue.
    func queue(_ id: String, _ files: [String: String], needs: [String] = []) throws {
      var entries = try store.features().map { FeatureEntry($0) }
      let known = try store.dependencies()
      for index in entries.indices { entries[index].dependencies = known[entries[index].id] ?? [] }
      var entry = FeatureEntry(
        FeatureRecord(id: id, position: 0, title: "F \(id)", category: "b", state: .ready))
      entry.dependencies = needs.map {
        DependencyRecord(dependsOn: $0, source: "declared", confidence: nil, reason: nil)
      }
      try store.takeOver(entries + [entry])
      let work = test.root.path("work-\(id)")
      try test.git("worktree", "add", "-q", "-b", "lane/\(id)", work, "main")
      for (name, text) in files { try test.root.write("work-\(id)/\(name)", text) }
      try test.git("add", "-A", at: work)
      try test.git("commit", "-q", "-m", "work \(id)", at: work)
      let tip = try test.git("rev-parse", "lane/\(id)")
      try test.git("worktree", "remove", "--force", work)
      let lane = try store.reserveLane() ?? store.addLane { "lane-\($0)" }
      let start = try store.startAttempt(
        AttemptRequest(
          feature: id, participant: "p", lane: lane.number, branch: "refs/heads/lane/\(id)",
          tier: "haiku", modelName: "haiku", choice: "", mark: "m", claims: [],
          policies: PathPolicies([]))
      ) { tip }
      guard case .started = start else { throw Failed("\(start)") }
      try store.endAttempt(
        id, 1, .completed(review: false), tip: tip, changed: files.keys.map { Array($0.utf8) })
    }

    func land() async throws -> LandingOutcome? {
      try await lander.landNext(order: { $0.position < $1.position }, stop: StopSignal())
    }

    struct Failed: Error {
      let reason: String
      init(_ reason: String) { self.reason = reason }
    }
  }

  private func hasLanded(_ outcome: LandingOutcome?) -> Bool {
    if case .landed = outcome { return true }
    return false
  }

  @Test func p3_landsOnlyGatedTrees() async throws {
    let fixture = try Fixture(
      gate: "test ! -e bad.txt && echo \"$(git rev-parse HEAD^{tree})\" >> ../gated")
    try fixture.queue("1", ["good.txt": "g\n"])
    try fixture.queue("2", ["bad.txt": "b\n"])
    try fixture.queue("3", ["other.txt": "o\n"])
    #expect(hasLanded(try await fixture.land()))
    guard case .sentBack("2", let detail) = try await fixture.land() else {
      Issue.record("2 was not sent back")
      return
    }
    #expect(detail.hasPrefix("gate: "))
    #expect(try fixture.store.feature("2")?.state == .ready)
    #expect(try fixture.store.feature("2")?.rework?.contains("exited 1") == true)
    #expect(hasLanded(try await fixture.land()))
    #expect(try await fixture.land() == nil)
    // Each tree that the target ever had after the base was gated before.
    let gated = try fixture.test.root.read("lanes/gated")
    for tree in try fixture.test.git(
      "log", "--first-parent", "--format=%T", "main", "--not", "main~2"
    )
    .split(separator: "\n") { #expect(gated.contains(tree)) }
    #expect(try fixture.test.git("status", "--porcelain") == "")
    #expect(try fixture.test.read("other.txt") == "o\n")
  }

  @Test func p3_pathsThatAnotherFeatureHoldsDoNotLand() async throws {
    let fixture = try Fixture()
    try fixture.queue("1", ["shared.txt": "one\n"])
    try fixture.store.takeOver(
      try fixture.store.features().map { FeatureEntry($0) } + [
        FeatureEntry(FeatureRecord(id: "9", position: 1, title: "N", category: "b", state: .ready))
      ])
    // Something took the claim away, and another feature has it now.
    let own = try fixture.store.claims(of: .feature("1")).map(\.path)
    #expect(own.isEmpty)
    _ = try fixture.store.claim(
      [ClaimRequest(path: try ClaimPath(normalising: "shared.txt"), mode: .exclusive)],
      owner: .feature("9"), agent: nil, policies: PathPolicies([]))
    guard case .sentBack("1", let detail) = try await fixture.land() else {
      Issue.record("it landed")
      return
    }
    #expect(detail.contains("shared.txt: held by feature #9"))
    #expect(try fixture.store.feature("1")?.state == .waiting)
    #expect(try fixture.test.git("rev-list", "--count", "main") == "1")
  }

  @Test func p3_aDependentNeverLandsFirst() async throws {
    let fixture = try Fixture()
    try fixture.queue("1", ["one.txt": "1\n"])
    try fixture.queue("2", ["two.txt": "2\n"])
    try fixture.store.takeOver([
      FeatureEntry(
        id: "2", title: "F 2", category: "b", description: "", steps: [], touches: [], priority: 9,
        model: nil, agent: nil,
        dependencies: [
          DependencyRecord(dependsOn: "1", source: "declared", confidence: nil, reason: nil)
        ]),
      FeatureEntry(try #require(try fixture.store.feature("1"))),
    ])
    let outcome = try await fixture.lander.landNext(
      order: { $0.priority > $1.priority }, stop: StopSignal())
    #expect(outcome == .held(feature: "2", reason: "it depends on #1, which has not landed"))
    #expect(try fixture.test.git("rev-list", "--count", "main") == "1")
  }

  @Test func bothSidesMayChangeDifferentLines() async throws {
    let fixture = try Fixture()
    try fixture.queue("1", ["a.txt": "one\n2\n3\n4\n5\n6\n7\n"])
    try fixture.test.write("a.txt", "1\n2\n3\n4\n5\n6\nseven\n")
    try fixture.test.commit("a person's commit")
    let outcome = try await fixture.land()
    // The target changed the path since the branch left it, so the claim is stale: it goes back.
    guard case .sentBack("1", let detail) = outcome else {
      Issue.record("\(String(describing: outcome))")
      return
    }
    #expect(detail.contains("stale"))
    #expect(try fixture.store.feature("1")?.state == .ready)
  }

  @Test func aBranchMergedByHandIsSettled() async throws {
    let fixture = try Fixture(gate: "exit 1")
    try fixture.queue("1", ["one.txt": "1\n"])
    try fixture.test.git("merge", "-q", "--no-ff", "-m", "by hand", "lane/1")
    #expect(hasLanded(try await fixture.land()))
    #expect(try fixture.store.feature("1")?.state == .landed)
  }

  @Test func aRedTargetBlamesNobody() async throws {
    let fixture = try Fixture(gate: "exit 1")
    try fixture.queue("1", ["one.txt": "1\n"])
    guard case .held("1", let reason) = try await fixture.land() else {
      Issue.record("not held")
      return
    }
    #expect(reason.contains("red on main itself"))
    #expect(try fixture.store.feature("1")?.state == .queued)
    #expect(try fixture.store.feature("1")?.failures == 0)
  }

  @Test(arguments: ["merge", "squash", "rebase"])
  func p3_everyStyleGivesOneCommitWithTheTrailer(style: String) async throws {
    let fixture = try Fixture(style: style)
    try fixture.queue("1", ["one.txt": "1\n", "dir/two.txt": "2\n"])
    try fixture.queue("2", ["three.txt": "3\n"])
    #expect(hasLanded(try await fixture.land()))
    #expect(hasLanded(try await fixture.land()))
    let ids = try fixture.test.git(
      "log", "--first-parent", "--format=%(trailers:key=Feature,valueonly)", "main")
    #expect(ids.split(separator: "\n").sorted() == ["1", "2"])
    #expect(try fixture.test.read("dir/two.txt") == "2\n")
    #expect(try fixture.test.git("status", "--porcelain") == "")
    #expect(try fixture.test.git("fsck", "--no-dangling", "--no-progress") == "")
  }

  @Test func p6_heldOffWhileAMergeIsOpenOrAFileIsInTheWay() async throws {
    let fixture = try Fixture()
    try fixture.queue("1", ["one.txt": "1\n"])
    try fixture.test.write("one.txt", "mine\n")
    guard case .held(_, let reason) = try await fixture.land() else {
      Issue.record("not held")
      return
    }
    #expect(reason.contains("one.txt"))
    #expect(try fixture.test.read("one.txt") == "mine\n")
    try FileManager.default.removeItem(atPath: fixture.test.path + "/one.txt")
    let head = try fixture.test.git("rev-parse", "HEAD")
    try fixture.test.write(".git/MERGE_HEAD", head + "\n")
    guard case .held = try await fixture.land() else {
      Issue.record("not held")
      return
    }
    try FileManager.default.removeItem(atPath: fixture.test.path + "/.git/MERGE_HEAD")
    #expect(hasLanded(try await fixture.land()))
    #expect(try fixture.test.read("one.txt") == "1\n")
  }

  @Test(arguments: [LandingRecord.Phase.merge, .gate, .follow, .swap])
  func p7_aLandingThatWasCutOffIsTakenUpAgain(phase: LandingRecord.Phase) async throws {
    let fixture = try Fixture()
    try fixture.queue("1", ["one.txt": "1\n"])
    let repository = try Repository(
      opening: fixture.test.path, environment: fixture.test.environment)
    let target = try #require(try repository.reference("refs/heads/main"))
    let tip = try #require(try repository.reference("refs/heads/lane/1"))
    let landing = try fixture.store.beginLanding(
      "1", laneTip: tip.hex, base: target.hex, target: target.hex)
    if phase != .merge {
      let tree = try repository.commit(tip).tree
      let signature = Signature(name: "T", email: "t@example.org", time: 1, offsetMinutes: 0)
      let commit = try repository.createCommit(
        tree: tree, parents: [target, tip], message: "Feature: 1\n", author: signature,
        committer: signature)
      try fixture.store.setPhase(.gate, ofLanding: landing.id, commit: commit.hex, tree: tree.hex)
      if phase != .gate {
        let entries = try repository.changes(from: try repository.commit(target).tree, to: tree).map
        {
          FollowEntry(
            path: $0.path, oldMode: $0.old?.mode, oldID: $0.old?.id.hex, newMode: $0.new?.mode,
            newID: $0.new?.id.hex)
        }
        try fixture.store.setPhase(.follow, ofLanding: landing.id, journal: entries)
        try fixture.test.write("one.txt", "1\n")
      }
      if phase == .swap {
        try fixture.store.setPhase(.swap, ofLanding: landing.id)
        try repository.updateReference(
          "refs/heads/main", to: commit, expecting: target, message: "landing")
      }
    }
    try fixture.lander.recover()
    let feature = try #require(try fixture.store.feature("1"))
    #expect(feature.state == (phase == .swap ? .landed : .queued))
    #expect(try fixture.test.git("status", "--porcelain") == "")
    #expect(try fixture.store.openLandings().isEmpty)
    if phase != .swap { #expect(hasLanded(try await fixture.land())) }
    #expect(try fixture.test.read("one.txt") == "1\n")
    #expect(try fixture.test.git("status", "--porcelain") == "")
  }
}

extension FeatureEntry {
  init(_ record: FeatureRecord) {
    self.init(
      id: record.id, title: record.title, category: record.category,
      description: record.description, steps: record.steps, touches: record.touches,
      priority: record.priority, model: record.model, agent: record.agent, dependencies: [])
  }
}
