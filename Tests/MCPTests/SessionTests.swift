import Foundation
import Model
import Processes
import Store
import TestSupport
import Testing

@testable import MCP

/// Agents outside any lane, from the backlog to the landing queue.
@Suite(.bounded) struct SessionTests {
  private func texts(_ list: JSON?, _ name: String) -> [String] {
    (list?.array ?? []).compactMap { $0[name]?.string }
  }

  @Test func p1_aFeatureGoesToOneSession() async throws {
    let desk = try Desk(features: ["1", "2", "3"], touches: ["1": ["a.txt"], "2": ["docs/"]])
    let first = try await desk.call("claim_features", ["count": 5, "agent_id": "ann"])
    #expect(texts(first["features"], "id") == ["1", "2"])
    let second = try await desk.call("claim_features", ["count": 5, "agent_id": "bob"])
    #expect(second["features"] == [])
    let held = try await desk.call("list_claims")
    #expect(texts(held["claims"], "path") == ["a.txt", "docs/"])
    let refused = try await desk.call(
      "claim_file", ["file_path": "docs/guide.md", "agent_id": "bob"])
    #expect(refused["granted"] == false)
    let conflict = try #require(refused["conflicts"]?.array?.first)
    #expect(
      conflict["feature"] == "2" && conflict["reason"] == "held" && conflict["agent"] == "ann")
    #expect(conflict["holder"]?.string?.contains("Feature 2") == true)
    #expect(conflict["advice"]?.string?.contains("wait_for_file") == true)
  }

  @Test func releasesAllOrNothing() async throws {
    let desk = try Desk()
    _ = try await desk.call("claim_features", ["count": 1, "agent_id": "ann"])
    _ = try await desk.call("claim_features", ["count": 1, "agent_id": "bob"])
    let wrong = try await desk.call(
      "release_features", ["feature_ids": ["1", "2"], "agent_id": "ann"])
    #expect(wrong["error"]?.string?.contains("does not hold #2") == true)
    #expect(try desk.store.feature("1")?.state == .running)
    let right = try await desk.call("release_features", ["feature_ids": ["1"], "agent_id": "ann"])
    #expect(right["released"] == ["1"])
    #expect(try desk.store.feature("1")?.state == .ready)
    let files = try await desk.call(
      "claim_files", ["file_paths": ["x", "y/"], "agent_id": "ann", "mode": "shared"])
    #expect(files["granted"] == true)
    let half = try await desk.call("release_files", ["file_paths": ["x", "z"], "agent_id": "ann"])
    #expect(half["error"] != nil)
    #expect(try desk.store.claims().count == 2)
    let other = try await desk.call("release_files", ["file_paths": ["x"], "agent_id": "bob"])
    #expect(other["error"] != nil)
    #expect(try desk.store.claims().count == 2)
  }

  @Test func worksInALaneOfItsOwn() async throws {
    let desk = try Desk()
    _ = try await desk.call("claim_features", ["count": 1, "agent_id": "ann"])
    _ = try await desk.call("claim_file", ["file_path": "new.txt", "agent_id": "ann"])
    let early = try await desk.call("complete_feature", ["feature_id": "1", "agent_id": "ann"])
    #expect(early["completed"] == false)
    let opened = try await desk.call("open_lane", ["feature_id": "1", "agent_id": "ann"])
    let lane = try #require(opened["lane"]?.string)
    #expect(opened["branch"]?.string?.hasPrefix("lane/1-") == true)
    let again = try await desk.call("open_lane", ["feature_id": "1", "agent_id": "ann"])
    #expect(again["lane"]?.string == lane)
    let other = try await desk.call("open_lane", ["feature_id": "1", "agent_id": "bob"])
    #expect(other["error"] != nil)
    // What it had claimed before is the feature's now, since it will be committed there.
    #expect(try desk.store.claims(of: .feature("1")).map(\.path.description) == ["new.txt"])
    let nothing = try await desk.call("complete_feature", ["feature_id": "1", "agent_id": "ann"])
    #expect(
      nothing["completed"] == false
        && nothing["detail"]?.string?.contains("nothing was changed") == true)
    try Data("new\n".utf8).write(to: URL(fileURLWithPath: lane + "/new.txt"))
    let absolute = try await desk.call(
      "claim_file", ["file_path": .string(lane + "/b.txt"), "agent_id": "ann"])
    #expect(absolute["claims"]?.array?.first?["feature"] == "1")
    let pinned = try await desk.call("release_file", ["file_path": "new.txt", "agent_id": "ann"])
    #expect(pinned["error"]?.string?.contains("changed in the lane") == true)
    let done = try await desk.call("complete_feature", ["feature_id": "1", "agent_id": "ann"])
    #expect(done["completed"] == true && done["state"] == "queued")
    #expect(try desk.repository.git("show", "lane/1-feature-1:new.txt") == "new")
    #expect(try desk.store.claims().map(\.path.description) == ["new.txt"])
  }

  @Test func p4_handingBackKeepsTheWork() async throws {
    let desk = try Desk()
    _ = try await desk.call("claim_features", ["count": 1, "agent_id": "ann"])
    let lane = try #require(
      try await desk.call("open_lane", ["feature_id": "1", "agent_id": "ann"])["lane"]?.string)
    try Data("half\n".utf8).write(to: URL(fileURLWithPath: lane + "/half.txt"))
    _ = try await desk.call("release_features", ["feature_ids": ["1"], "agent_id": "ann"])
    #expect(try desk.store.feature("1")?.state == .ready)
    #expect(try desk.repository.git("show", "lane/1-feature-1:half.txt") == "half")
    // Whoever takes it next has its paths at once.
    let next = try await desk.call("claim_features", ["count": 1, "agent_id": "bob"])
    #expect(next["features"]?.array?.first?["id"] == "1")
    #expect(try desk.store.claims(of: .feature("1")).map(\.path.description) == ["half.txt"])
  }

  @Test func syncBringsTheTargetIn() async throws {
    let desk = try Desk()
    func sync() async throws -> JSON { try await desk.call("sync_lane", ["agent_id": "ann"]) }
    #expect(try await sync()["error"]?.string?.contains("open_lane makes it") == true)
    _ = try await desk.call("claim_features", ["count": 1, "agent_id": "ann"])
    let lane = try #require(
      try await desk.call("open_lane", ["feature_id": "1", "agent_id": "ann"])["lane"]?.string)
    let same = try await sync()
    #expect(same["synced"] == true && same["detail"] == "lane/1-feature-1 has all of main")
    try desk.repository.write("b.txt", "b\n")
    try desk.repository.commit("landed")
    try Data("mine\n".utf8).write(to: URL(fileURLWithPath: lane + "/mine.txt"))
    let merged = try await sync()
    #expect(merged["synced"] == true, "\(merged)")
    #expect(merged["detail"]?.string?.hasPrefix("main was merged into lane/1-feature-1") == true)
    #expect(FileManager.default.fileExists(atPath: lane + "/b.txt"))
    // A file that another holds is in conflict: nothing is changed, and the holder is named.
    _ = try await desk.call("claim_file", ["file_path": "b.txt", "agent_id": "bob"])
    try Data("lane\n".utf8).write(to: URL(fileURLWithPath: lane + "/b.txt"))
    _ = try desk.repository.git("-C", lane, "commit", "-qam", "lane")
    try desk.repository.write("b.txt", "target\n")
    try desk.repository.commit("landed, too")
    let refused = try await sync()
    #expect(refused["synced"] == false)
    #expect(refused["detail"]?.string?.contains("on files that others hold") == true)
    #expect(refused["detail"]?.string?.contains("bob") == true)
    _ = try await desk.call("release_file", ["file_path": "b.txt", "agent_id": "bob"])
    let left = try await sync()
    #expect(left["synced"] == false)
    #expect(left["detail"]?.string?.contains("conflicts are left in b.txt") == true, "\(left)")
  }

  @Test func waitingEndsWithTheRelease() async throws {
    let desk = try Desk()
    _ = try await desk.call("claim_file", ["file_path": "x", "agent_id": "ann"])
    let short = try await desk.call(
      "wait_for_file", ["file_path": "x", "agent_id": "bob", "timeout_s": 0.3])
    #expect(short["granted"] == false)
    async let waiting = desk.call(
      "wait_for_file", ["file_path": "x", "agent_id": "bob", "timeout_s": 120])
    try await Task.sleep(for: .milliseconds(200))
    _ = try await desk.call("release_file", ["file_path": "x", "agent_id": "ann"])
    let granted = try await waiting["granted"]
    #expect(granted == true)
    #expect(try desk.store.claims().map(\.owner.id) == ["bob"])
  }

  /// A run whose supervisor and agent are dead has claimed what it never changed.
  private func deadHolder(_ desk: Desk) throws {
    let start = try desk.store.startAttempt(
      AttemptRequest(
        feature: "2", participant: "dead", lane: try desk.store.addLane { "lane-\($0)" }.number,
        branch: "refs/heads/lane/2", tier: .haiku, modelName: "haiku", choice: "", mark: "m",
        claims: [
          ClaimRequest(path: ClaimPath(file: Array("x".utf8)), mode: .exclusive),
          ClaimRequest(path: ClaimPath(file: Array("y".utf8)), mode: .exclusive),
        ], policies: PathPolicies([]))
    ) { String(repeating: "a", count: 40) }
    guard case .started = start else { throw DeadHolder(start: "\(start)") }
    try desk.store.beat(participant: "dead", bootID: "before", uptime: 0)
  }
  private struct DeadHolder: Error { var start: String }

  @Test func aDeadHoldersUnusedClaimsStandInNobodysWay() async throws {
    let desk = try Desk()
    try deadHolder(desk)
    try desk.repository.git("switch", "-q", "-c", "lane/2")
    try desk.repository.write("y", "y\n")
    try desk.repository.commit("work")
    try desk.repository.git("switch", "-q", "main")
    let check = try await desk.call("check_files", ["file_paths": ["x"], "agent_id": "ann"])
    #expect(check["granted"] == true, "\(check)")
    let free = try await desk.call("claim_file", ["file_path": "x", "agent_id": "ann"])
    #expect(free["granted"] == true, "\(free)")
    // What it has changed stays its own.
    let changed = try await desk.call(
      "claim_file", ["file_path": "y", "agent_id": "ann"])
    #expect(changed["granted"] == false && changed["conflicts"]?.array?.first?["feature"] == "2")
    let waiting = try Desk()
    try deadHolder(waiting)
    let waited = try await waiting.call(
      "wait_for_file", ["file_path": "x", "agent_id": "ann", "timeout_s": 0])
    #expect(waited["granted"] == true, "\(waited)")
    let alive = try Desk()
    try deadHolder(alive)
    let lock = try #require(try FileLock.tryAcquire(alive.project.state.attemptLock("2", 1)))
    defer { lock.release() }
    let refused = try await alive.call("claim_file", ["file_path": "x", "agent_id": "ann"])
    #expect(refused["granted"] == false, "\(refused)")
  }

  @Test func noWorkStartsFromATargetThatAnAgentHasMoved() async throws {
    let desk = try Desk()
    let known = try desk.repository.git("rev-parse", "main")
    try desk.store.setKnownTarget(known)
    try desk.repository.write("b.txt", "b\n")
    try desk.repository.commit("past the hooks")
    try desk.store.holdTarget(
      TargetHold(
        known: known, found: try desk.repository.git("rev-parse", "main"),
        suspects: [TargetHold.Suspect(lane: 7, feature: "2", agent: "agent-7")],
        evidence: "it was at work", isCertain: true), isNew: true)
    let taken = try await desk.call("claim_features", ["count": 1, "agent_id": "ann"])
    #expect(taken["error"]?.string?.contains("by lane 7 (feature #2, agent-7)") == true)
    #expect(try desk.store.features().map(\.state) == [.ready, .ready])
  }

  @Test func waitingCanBeCancelled() async throws {
    let desk = try Desk()
    _ = try await desk.call("claim_file", ["file_path": "x", "agent_id": "ann"])
    let waiting = Task {
      try await desk.call("wait_for_file", ["file_path": "x", "agent_id": "bob", "timeout_s": 600])
    }
    try await Task.sleep(for: .milliseconds(200))
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
    #expect(try desk.store.claims().map(\.owner.id) == ["ann"])
  }

  @Test func frozenPathsAreRefusedWithoutWaiting() async throws {
    let desk = try Desk()
    _ = try await desk.call("claim_features", ["count": 1, "agent_id": "ann"])
    _ = try await desk.call("open_lane", ["feature_id": "1", "agent_id": "ann"])
    let answer = try await desk.call(
      "wait_for_file", ["file_path": "frozen.txt", "agent_id": "ann", "timeout_s": 600])
    #expect(answer["conflicts"]?.array?.first?["reason"] == "frozen")
  }

  @Test func resourcesTellTheSameAsTheTools() async throws {
    let desk = try Desk()
    _ = try await desk.call("claim_file", ["file_path": "x", "agent_id": "ann"])
    let list = try #require(try await desk.result("resources/list")["resources"]?.array)
    #expect(texts(.array(list), "uri").contains("lanekeeper://features/2"))
    for (uri, tool, arguments) in [
      ("lanekeeper://backlog", "list_features", [:] as JSON),
      ("lanekeeper://claims", "list_claims", [:]),
      ("lanekeeper://features/2", "get_feature", ["feature_id": "2"]),
    ] {
      let content = try await desk.result("resources/read", ["uri": .string(uri)])["contents"]
      let text = try #require(content?.array?.first?["text"]?.string)
      let told = try await desk.call(tool, arguments)
      #expect(try JSON(reading: text) == told)
    }
    let graph = try await desk.call("feature_graph")
    #expect(graph["features"]?.array?.count == 2)
  }
}
