import Foundation
import TestSupport
import Testing

/// What the hook asks git has a limit.
@Suite struct GitThatHangsTests {
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

  @Test func p2_isEndedAndWhatItDoesNotTellIsRefused() throws {
    let (lane, environment) = try fixture(hanging: "merge-base")
    try lane.write("a.txt", "2\n")
    #expect(try lane.commit().status == 0)
    let before = try lane.tip()
    try lane.write("a.txt", "3\n")
    try lane.test.git("add", "-A", at: lane.lane)
    let result = try TestProgram.run(
      ["git", "commit", "-q", "--amend", "-m", "other"], directory: lane.lane,
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
    #expect(try lane.git("commit", "-q", "--amend", "-m", "other").status == 0)
  }

  /// A signal to the whole job, as Ctrl+C sends one, ends the hook, which takes git along.
  @Test func isEndedWithTheHook() throws {
    let (lane, environment) = try fixture(hanging: "merge-base")
    try lane.write("a.txt", "2\n")
    #expect(try lane.commit().status == 0)
    try lane.write("a.txt", "3\n")
    try lane.test.git("add", "-A", at: lane.lane)
    let hanging = lane.test.root.path("hanging")
    let script = """
      unset LANEKEEPER_GIT_SECONDS
      set -m; git commit -q --amend -m other & group=$!; set +m
      while ! [ -s '\(hanging)' ]; do sleep 0.02; done
      kill -TERM -$group; wait $group; echo $?
      """
    let result = try TestProgram.run(
      ["/bin/bash", "-c", script], directory: lane.lane, environment: environment)
    #expect(result.status == 0, "\(result.error)")
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
