import Foundation
import TestSupport
import Testing

@Suite(.bounded) struct PersonInLaneTests {
  /// A lane that no feature is in, while feature 1 waits for a verdict.
  private func idle(state: String = "in_review") throws -> HookFixture {
    let lane = try HookFixture()
    try lane.write("a.txt", "agent\n")
    #expect(try lane.commitAsAgent().status == 0)
    try lane.table.run(
      "UPDATE features SET state = '\(state)', branch = 'refs/heads/lane/1-one' WHERE id = '1'")
    try lane.table.run(
      "UPDATE lanes SET state = 'free', feature = NULL, branch = NULL, agent = NULL, base = NULL")
    return lane
  }

  @Test func goesOnWithAFeatureOnItsBranch() throws {
    let lane = try idle()
    let before = try lane.tip()
    try lane.write("b.txt", "person\n")
    let result = try lane.commit()
    #expect(result.status == 0, "\(result.error)")
    #expect(try lane.claims() == ["a.txt!", "b.txt!"])
    let events = try lane.table.run(
      "SELECT feature, data FROM events WHERE type = 'person_committed'")
    #expect(events == [["1", "{\"to\":\"\(try lane.tip())\",\"from\":\"\(before)\"}"]])
    // The lane's row is nobody's.
    #expect(
      try lane.table.run("SELECT coalesce(feature, ''), base IS NULL FROM lanes") == [["", "1"]])
  }

  @Test func p2_claimsHoldForThemToo() throws {
    let lane = try idle()
    try lane.hold("dir/")
    let before = try lane.tip()
    try lane.write("dir/b.txt", "person\n")
    let refused = try lane.commit()
    #expect(refused.status != 0)
    #expect(refused.error.contains("dir/b.txt: held by feature #2"), "\(refused.error)")
    #expect(try lane.git("commit", "-q", "--no-verify", "-m", "x").status != 0)
    #expect(try lane.tip() == before)
  }

  @Test(arguments: ["landed", "failed", "abandoned", "running"])
  func notWithWhatHasEndedOrIsElsewhere(_ state: String) throws {
    let lane = try idle(state: state)
    try lane.write("b.txt", "person\n")
    let refused = try lane.commit()
    #expect(refused.status != 0)
    #expect(refused.error.contains("is not assigned to a feature"), "\(refused.error)")
  }

  @Test func noAgentDoes() throws {
    let lane = try idle()
    try lane.write("b.txt", "agent\n")
    let refused = try lane.commitAsAgent()
    #expect(refused.status != 0)
    #expect(refused.error.contains("is not assigned to a feature"), "\(refused.error)")
  }

  /// However it is started: an agent can have it done by another service of the machine, as cron or ssh.
  @Test func p3_whileAnAttemptIsAtWorkNoCommitInItsLaneIsAPersons() throws {
    let lane = try HookFixture()
    try lane.write("a.txt", "by cron\n")
    #expect(try lane.commit().status == 0)
    let before = try lane.tip()
    try lane.write("a.txt", "by plumbing\n")
    _ = try lane.git("add", "-A")
    let tree = try lane.git("write-tree").text
    let commit = try lane.git("commit-tree", "-m", "x", "-p", before, tree).text
    #expect(try lane.git("update-ref", "refs/heads/lane/1-one", commit).status == 0)
    #expect(try lane.tip() == commit)
    // Onto its branch from the person's checkout, where hooks for persons are.
    try lane.test.git("config", "core.hooksPath", lane.hooks)
    _ = try lane.test.runGit(["update-ref", "refs/heads/lane/1-one", before], at: lane.test.path)
    #expect(try lane.table.run("SELECT 1 FROM events WHERE type = 'person_committed'") == [])
    #expect(try lane.table.run("SELECT 1 FROM target_moves") == [])
  }

  @Test func onceTheAttemptHasEndedTheirCommitIsTheirs() throws {
    let lane = try HookFixture()
    try lane.write("a.txt", "agent\n")
    #expect(try lane.commitAsAgent().status == 0)
    #expect(try lane.table.run("SELECT 1 FROM events WHERE type = 'person_committed'") == [])
    try lane.table.run("UPDATE features SET state = 'completed' WHERE id = '1'")
    for turn in 1...2 {
      try lane.write("a.txt", "person \(turn)\n")
      #expect(try lane.commit().status == 0)
      #expect(
        try lane.table.run(
          "SELECT count(*), max(data) LIKE '%\(try lane.tip())%' FROM events WHERE type = 'person_committed'"
        ).first?.first == "\(turn)")
    }
  }
}
