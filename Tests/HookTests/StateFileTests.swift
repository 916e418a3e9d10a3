import CSQLite
import Foundation
import TestSupport
import Testing

/// A state file that can't be used: a lane is refused with one line, a person goes on with a warning.
@Suite(.bounded) struct StateFileTests {
  private func expectOneLine(_ lane: HookFixture, _ reason: String) throws {
    try lane.write("a.txt", "2\n")
    for more in [[], ["--no-verify"]] {
      let before = try lane.tip()
      try lane.test.git("add", "-A", at: lane.lane)
      let result = try lane.test.runGit(["commit", "-q", "-m", "x"] + more, at: lane.lane)
      #expect(result.status != 0 && result.error.contains(reason), "\(reason): \(result.error)")
      let lines = result.error.split(separator: "\n").filter { $0.hasPrefix("lanekeeper") }
      #expect(lines.count == 1, "\(result.error)")
      #expect(try lane.tip() == before)
      #expect(try lane.test.root.read("lane-1/a.txt") == "2\n")
    }
  }

  private func expectWarning(_ lane: HookFixture, _ reason: String) throws {
    try lane.test.git("config", "core.hooksPath", lane.hooks)
    try lane.test.write("a.txt", "mine\n")
    let result = try lane.test.runGit(["commit", "-q", "-a", "-m", "mine"])
    #expect(result.status == 0, "\(result.error)")
    #expect(result.error.contains("warning") && result.error.contains(reason), "\(result.error)")
  }

  private func remove(_ lane: HookFixture) {
    for suffix in ["", "-wal", "-shm"] {
      unlink(lane.test.path + "/.git/lanekeeper/state.sqlite" + suffix)
    }
  }

  @Test func missing() throws {
    let lane = try HookFixture()
    remove(lane)
    try expectOneLine(lane, "it is missing")
    try expectWarning(lane, "it is missing")
  }

  @Test func newer() throws {
    let lane = try HookFixture()
    try lane.table.run("PRAGMA user_version = 999")
    try expectOneLine(lane, "newer lanekeeper")
    try expectWarning(lane, "newer lanekeeper")
  }

  @Test func damaged() throws {
    let lane = try HookFixture()
    remove(lane)
    try lane.test.write(".git/lanekeeper/state.sqlite", String(repeating: "nonsense", count: 1000))
    try expectOneLine(lane, "not a database")
    try expectWarning(lane, "not a database")
  }

  @Test func withoutTables() throws {
    let lane = try HookFixture()
    remove(lane)
    try lane.test.write(".git/lanekeeper/state.sqlite", "")
    try expectOneLine(lane, "no tables")
    try expectWarning(lane, "no tables")
  }

  @Test func busy() throws {
    let lane = try HookFixture()
    var other: OpaquePointer?
    #expect(sqlite3_open(lane.test.path + "/.git/lanekeeper/state.sqlite", &other) == SQLITE_OK)
    defer { sqlite3_close(other) }
    #expect(sqlite3_exec(other, "BEGIN IMMEDIATE", nil, nil, nil) == SQLITE_OK)
    try lane.write("a.txt", "2\n")
    try lane.test.git("add", "-A", at: lane.lane)
    let result = try lane.git("commit", "-q", "-m", "x")
    #expect(result.status == 1 && result.error.contains("database is locked"), "\(result.error)")
    #expect(result.error.split(separator: "\n").count == 1, "\(result.error)")
    // Reading goes on beside a writer, so a person is not held up, and nothing is left unchecked.
    try lane.test.git("config", "core.hooksPath", lane.hooks)
    try lane.test.write("a.txt", "mine\n")
    let person = try lane.test.runGit(["commit", "-q", "-a", "-m", "mine"])
    #expect(person.status == 0, "\(person.error)")
    #expect(sqlite3_exec(other, "COMMIT", nil, nil, nil) == SQLITE_OK)
    // The person's commit has touched the path, so the lane syncs first.
    #expect(try lane.git("merge", "-q", "--no-edit", "main").status != 127)
  }

  @Test(.enabled(if: ReadOnlyMount.works, "needs the right to mount")) func readOnly() throws {
    let lane = try HookFixture()
    try lane.write("a.txt", "2\n")
    try lane.test.git("add", "-A", at: lane.lane)
    let state = lane.test.path + "/.git/lanekeeper"
    let result = try ReadOnlyMount.run(
      "git commit -q -m x", readOnly: state, directory: lane.lane,
      environment: lane.test.environment)
    #expect(result.status != 0, "\(result.error)")
    let lines = result.error.split(separator: "\n").filter { $0.hasPrefix("lanekeeper") }
    #expect(lines.count == 1 && lines[0].contains("can't be used"), "\(result.error)")
    #expect(try lane.tip() == lane.test.git("rev-parse", "main"))
    try lane.test.git("config", "core.hooksPath", lane.hooks)
    try lane.test.write("a.txt", "mine\n")
    let person = try ReadOnlyMount.run(
      "git commit -q -a -m mine", readOnly: state, directory: lane.test.path,
      environment: lane.test.environment)
    #expect(person.status == 0 && person.error.contains("warning"), "\(person.error)")
  }
}

/// A directory that is read-only for one command, also for root: in a mount namespace of its own.
enum ReadOnlyMount {
  static let works: Bool = {
    guard let scratch = try? TemporaryDirectory() else { return false }
    let result = try? run(
      "true", readOnly: scratch.path, directory: "/",
      environment: TestProgram.environment(home: scratch.path))
    return result?.status == 0
  }()

  static func run(
    _ command: String, readOnly path: String, directory: String, environment: [String: String]
  ) throws -> TestProgramResult {
    try TestProgram.run(
      [
        "unshare", "--mount", "sh", "-c",
        "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && cd \"$2\" && eval \"$3\"",
        "sh", path, directory, command,
      ], directory: directory, environment: environment)
  }
}
