import CProcess
import Foundation
import TestSupport
import Testing

/// Who is a person, and who only looks like one.
@Suite(.bounded) struct WhoIsAtItTests {
  /// A run that is at work: its lock is held, and notes a PID namespace.
  private final class Run {
    private let descriptor: Int32

    init(_ lane: HookFixture, namespace: UInt64) throws {
      let locks = lane.test.path + "/.git/lanekeeper/locks"
      try FileManager.default.createDirectory(atPath: locks, withIntermediateDirectories: true)
      let path = locks + "/participant-1-2"
      try Data("pid:[\(namespace)]\n".utf8).write(to: URL(fileURLWithPath: path))
      descriptor = open(path, O_RDWR | O_CLOEXEC)
      guard lk_lock(descriptor, 0) == 0 else { throw POSIXError(.EAGAIN) }
    }

    func end() { lk_unlock(descriptor) }
  }

  private func persons(_ lane: HookFixture) throws -> Int {
    try lane.table.run("SELECT 1 FROM events WHERE type = 'person_committed'").count
  }

  private func commit(
    _ lane: HookFixture, below command: [String] = [], at directory: String? = nil,
    adding variables: [String: String] = [:]
  ) throws -> TestProgramResult {
    let directory = directory ?? lane.lane
    try lane.test.git("add", "-A", at: directory)
    return try TestProgram.run(
      command + ["git", "commit", "-qm", "work"], directory: directory,
      environment: lane.test.environment.merging(variables) { $1 })
  }

  /// What works for an agent in a sandbox, but outside it, has no guard above it.
  @Test(arguments: ["LANEKEEPER_GUARD_LOCK", "LANEKEEPER_MARK"])
  func whatIsToldThatItWorksForAnAgentIsNone(variable: String) throws {
    let lane = try HookFixture()
    try lane.table.run("UPDATE features SET state = 'completed' WHERE id = '1'")
    try lane.write("a.txt", "agent\n")
    #expect(try commit(lane, adding: [variable: "x"]).status == 0)
    #expect(try persons(lane) == 0)
    try lane.write("a.txt", "person\n")
    #expect(try commit(lane).status == 0)
    #expect(try persons(lane) == 1)
  }

  private static let own = ["unshare", "--pid", "--fork", "--mount-proc"]
  private static let canUnshare =
    (try? TestProgram.run(
      own + ["true"], directory: "/", environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]))?
    .status == 0

  /// Ways to have no guard among the ancestors that can be seen.
  private static let ways: [[String]] = [
    own, ["unshare", "--pid", "--fork"], ["unshare", "-Urpf", "--mount-proc"],
    [
      "unshare", "-m", "sh", "-c",
      #"d=$(mktemp -d); mount --bind $d /proc/$PPID; exec "$@""#,
      "sh",
    ],
  ]

  /// The same with something else in the place of /proc, in which the program may not even start.
  private static let forged: [[String]] = [
    ["unshare", "-m", "sh", "-c", #"mount -t tmpfs none /proc; exec "$@""#, "sh"],
    [
      "unshare", "-pfm", "sh", "-c",
      #"d=$(mktemp -d); mkdir -p $d/self/ns; ln -s 'pid:[4026531836]' $d/self/ns/pid; mount --bind $d /proc; exec "$@""#,
      "sh",
    ],
  ]

  @Test(.enabled(if: canUnshare, "namespaces can't be made here"), arguments: forged)
  func p3_aForgedProcMakesNoPerson(way: [String]) throws {
    let lane = try HookFixture()
    let run = try Run(lane, namespace: lk_pid_namespace())
    defer { run.end() }
    try lane.table.run("UPDATE features SET state = 'completed' WHERE id = '1'")
    try lane.write("a.txt", "hidden\n")
    _ = try commit(lane, below: way)
    try lane.test.git("config", "core.hooksPath", lane.hooks)
    let before = try lane.test.git("rev-parse", "main")
    try lane.test.write("a.txt", "hidden\n")
    #expect(try commit(lane, below: way, at: lane.test.path).status != 0)
    #expect(try lane.test.git("rev-parse", "main") == before)
    #expect(try persons(lane) == 0)
    #expect(try lane.table.run("SELECT 1 FROM target_moves") == [])
  }

  @Test(.enabled(if: canUnshare, "namespaces can't be made here"), arguments: ways)
  func p3_whoCannotBeSeenIsNoPersonWhileARunIsAtWork(way: [String]) throws {
    let lane = try HookFixture()
    let run = try Run(lane, namespace: lk_pid_namespace())
    try lane.table.run("UPDATE features SET state = 'completed' WHERE id = '1'")
    try lane.write("a.txt", "hidden\n")
    // In its lane an agent may commit from wherever it likes.
    #expect(try commit(lane, below: way).status == 0)
    #expect(try persons(lane) == 0)
    try lane.test.git("config", "core.hooksPath", lane.hooks)
    let before = try lane.test.git("rev-parse", "main")
    try lane.test.write("a.txt", "hidden\n")
    let refused = try commit(lane, below: way, at: lane.test.path)
    #expect(refused.status != 0 && refused.error.contains("lanekeeper"), "\(refused.error)")
    #expect(
      try TestProgram.run(
        way + ["git", "update-ref", "refs/heads/main", try lane.tip()],
        directory: lane.test.path, environment: lane.test.environment
      ).status != 0)
    #expect(try lane.test.git("rev-parse", "main") == before)
    #expect(try lane.table.run("SELECT 1 FROM target_moves") == [])
    // A person is one as ever, and everybody once the run has ended.
    #expect(try commit(lane, at: lane.test.path).status == 0)
    run.end()
    try lane.test.write("a.txt", "afterwards\n")
    let after = try commit(lane, below: way, at: lane.test.path)
    #expect(after.status == 0, "\(after.error)")
  }

  /// As in a container in which the run and the person are.
  @Test(.enabled(if: canUnshare, "namespaces can't be made here"))
  func whoSharesTheRunsNamespaceIsAPerson() throws {
    let lane = try HookFixture()
    try lane.test.git("config", "core.hooksPath", lane.hooks)
    try lane.test.write("a.txt", "person\n")
    try lane.test.git("add", "-A")
    let locks = lane.test.path + "/.git/lanekeeper/locks"
    try FileManager.default.createDirectory(atPath: locks, withIntermediateDirectories: true)
    let script = """
      readlink /proc/self/ns/pid > "$0"
      flock -n "$0" -c 'git commit -qm person'
      """
    let result = try TestProgram.run(
      Self.own + ["sh", "-c", script, locks + "/participant-1-2"], directory: lane.test.path,
      environment: lane.test.environment)
    #expect(result.status == 0, "\(result.error)")
    #expect(try lane.table.run("SELECT by FROM target_moves") == [["person"]])
    // A guard is seen there, too.
    try lane.test.write("a.txt", "agent\n")
    try lane.test.git("add", "-A")
    let agent = """
      printf '#!/bin/sh\\n"$@"; exit $?\\n' > "$0" && chmod +x "$0" && "$0" git commit -q -m work
      """
    #expect(
      try TestProgram.run(
        Self.own + ["sh", "-c", agent, lane.test.root.path("lanekeeper-guard")],
        directory: lane.test.path, environment: lane.test.environment
      ).status != 0)
  }
}
