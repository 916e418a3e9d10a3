import Foundation
import Git
import Store
import TestSupport
import Testing

@testable import Engine

/// What lanes put into the stash that everybody shares is kept, and a person's own is left alone (P4, P6).
@Suite(.bounded) struct LaneStashTests {
  private let fixture: LaneTests.Fixture
  private let lane: LaneRecord
  private let repository: Repository

  init() throws {
    fixture = try LaneTests.Fixture(files: ["a.txt": "a\n"])
    lane = try fixture.pool.take(commit: fixture.tip)
    try fixture.pool.enter(lane, branch: "refs/heads/lane/x", commit: fixture.tip)
    repository = try Repository(opening: lane.path, environment: fixture.test.environment)
  }

  private func sh(_ script: String, at directory: String) throws {
    let done = try TestProgram.run(
      ["sh", "-ec", script], directory: directory, environment: fixture.test.environment)
    guard done.status == 0 else { throw TestProgramFailure(command: [script], result: done) }
  }

  private func keep(since start: Int64 = 0) throws -> [String] {
    try LaneStash.keep(
      repository, branch: "refs/heads/lane/x", target: "refs/heads/main", since: start,
      reference: "refs/lanekeeper/rescue/1/1-stash", message: "stashed",
      identity: Signature(name: "T", email: "t@example.org", time: 0))
  }

  @Test(arguments: [
    "git stash -q -u", "git add -A; git stash push -q -u -m 'my words'",
    "git add new.txt; git stash -q -u; git checkout -q --detach; git checkout -q lane/x",
    "git commit -qm own --allow-empty; git checkout -q --detach; git stash -q -u; git checkout -q lane/x",
  ]) func p4_whatALaneStashedIsKeptWithAllFiles(way: String) throws {
    try sh("echo two > a.txt; echo new > new.txt; \(way)", at: lane.path)
    #expect(fixture.test.root.exists("lanes/1/new.txt") == false)
    let kept = try keep()
    let before = try fixture.test.git("stash", "list")
    let name = try #require(kept.first)
    #expect(kept.count == 1)
    #expect(try fixture.test.git("show", name + ":a.txt") == "two")
    #expect(try fixture.test.git("show", name + ":new.txt") == "new")
    // It stays where it is as well, and is kept once others have dropped it.
    #expect(try fixture.test.git("stash", "list") == before)
    try fixture.test.git("stash", "clear")
    try fixture.test.git("gc", "-q", "--prune=now")
    #expect(try fixture.test.git("show", name + "^:a.txt") == "two")
  }

  @Test func p4_everyEntryOfTheAttemptIsKept() throws {
    for number in 1...3 {
      try sh("echo \(number) > new\(number).txt; git stash -q -u", at: lane.path)
    }
    let kept = try keep()
    #expect(kept.count == 3)
    for (number, name) in zip(1...3, kept) {
      #expect(try fixture.test.git("show", name + ":new\(number).txt") == "\(number)")
    }
    // What was there before it began is another attempt's.
    #expect(try keep(since: Int64(Date().timeIntervalSince1970 + 3600) * 1000) == [])
  }

  @Test func p6_aPersonsStashIsNotTaken() throws {
    try sh("echo person > a.txt; echo new > p.txt; git stash -q -u", at: fixture.test.path)
    try sh("echo on > a.txt; git stash push -q -m 'On lane/x: no'", at: fixture.test.path)
    try sh("git checkout -q -b lane/xy; echo on > a.txt; git stash -q", at: fixture.test.path)
    #expect(try keep() == [])
    #expect(try fixture.test.git("stash", "list").split(separator: "\n").count == 3)
    #expect(try fixture.test.git("for-each-ref", "refs/lanekeeper/rescue") == "")
  }
}
