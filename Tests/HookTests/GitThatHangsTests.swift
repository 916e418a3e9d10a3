import Foundation
import TestSupport
import Testing

/// What the hook asks git has a limit.
@Suite(.bounded) struct GitThatHangsTests {
  /// A git that never answers one question, in the place from which git's hooks get theirs.
  private func fixture(hanging question: String) throws -> (HookFixture, [String: String]) {
    let lane = try HookFixture()
    let real = try lane.git("--exec-path").text
    let directory = lane.test.root.path("exec")
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    for name in try FileManager.default.contentsOfDirectory(atPath: real) where name != "git" {
      try FileManager.default.createSymbolicLink(
        atPath: directory + "/" + name, withDestinationPath: real + "/" + name)
    }
    try lane.test.root.write(
      "exec/git",
      """
      #!/bin/sh
      case " $* " in *" \(question) "*)
        echo $$ > '\(lane.test.root.path("hanging"))'
        sleep 3000
        exit 1 ;;
      esac
      GIT_EXEC_PATH='\(real)' exec '\(real)/git' "$@"

      """, executable: true)
    var environment = lane.test.environment
    environment["GIT_EXEC_PATH"] = directory
    environment["LANEKEEPER_GIT_SECONDS"] = "1"
    return (lane, environment)
  }

  /// A commit beside the one that the branch stands on, of which only git tells where it has left the target.
  private func other(_ lane: HookFixture) throws -> String {
    try lane.test.git("commit-tree", "HEAD^{tree}", "-p", "HEAD^", "-m", "other", at: lane.lane)
  }

  @Test func p2_isEndedAndWhatItDoesNotTellIsRefused() throws {
    let (lane, environment) = try fixture(hanging: "merge-base")
    try lane.write("a.txt", "2\n")
    #expect(try lane.commit().status == 0)
    let before = try lane.tip()
    let other = try other(lane)
    let result = try TestProgram.run(
      ["git", "update-ref", "refs/heads/lane/1-one", other], directory: lane.lane,
      environment: environment)
    #expect(result.status != 0)
    #expect(
      result.error.contains("`git merge-base ") && result.error.contains("within 1 s"),
      "\(result.error)")
    #expect(try lane.tip() == before)
    let left = try #require(
      pid_t(
        try lane.test.root.read("hanging").trimmingCharacters(in: .whitespacesAndNewlines)))
    #expect(kill(left, 0) != 0, "what git has started goes on")
    // Git as it is answers in time.
    #expect(try lane.git("update-ref", "refs/heads/lane/1-one", other).status == 0)
  }

  /// A signal to the whole job, as Ctrl+C sends one, ends the hook, which takes git along.
  @Test func isEndedWithTheHook() throws {
    var (lane, environment) = try fixture(hanging: "merge-base")
    environment["LANEKEEPER_GIT_SECONDS"] = nil
    try lane.write("a.txt", "2\n")
    #expect(try lane.commit().status == 0)
    let other = try other(lane)
    // It signals its own process group.
    let result = try TestProgram.run(
      ["timeout", "-s", "TERM", "3", "git", "update-ref", "refs/heads/lane/1-one", other],
      directory: lane.lane, environment: environment)
    #expect(result.status == 124, "\(result.error)")
    let left = try #require(
      pid_t(
        try lane.test.root.read("hanging").trimmingCharacters(in: .whitespacesAndNewlines)))
    var tries = 0
    while kill(left, 0) == 0, tries < 500 {
      tries += 1
      usleep(20_000)
    }
    #expect(kill(left, 0) != 0, "git goes on")
  }
}
