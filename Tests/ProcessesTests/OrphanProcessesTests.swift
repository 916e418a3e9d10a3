import Foundation
import Processes
import TestSupport
import Testing

/// Only what is proved to be of an attempt is ended, wherever it stands.
@Suite(.bounded) struct OrphanProcessesTests {
  private let scratch: TemporaryDirectory
  private let directory: String
  private let keepers = Keepers()
  private let mark = "m-\(UInt64.random(in: 0 ... .max))"

  init() throws {
    scratch = try TemporaryDirectory()
    let place = try #require(realpath(scratch.path, nil))
    defer { free(place) }
    directory = String(cString: place)
  }

  private final class Keepers {
    var list: [Int32] = []
    deinit { for pid in list { kill(pid, SIGKILL) } }
  }

  /// Starts a process in a session of its own, whose number it writes into a file.
  ///
  /// Its parent is another one than this process, of which the guards of other tests would take it for a leftover.
  /// - Parameter command: ends in `exec` of what stays.
  private func start(
    _ name: String, _ environment: [String: String] = [:], _ command: String
  ) async throws -> Int32 {
    let script = "echo $$ > \(name).new; mv \(name).new \(name); " + command
    let keeper = Process()
    keeper.executableURL = URL(fileURLWithPath: "/bin/sh")
    keeper.arguments =
      ["-c", "env \"$@\" </dev/null >/dev/null 2>&1 & wait", "sh"]
      + environment.map { "\($0.key)=\($0.value)" } + ["setsid", "sh", "-c", script]
    keeper.currentDirectoryURL = URL(fileURLWithPath: directory)
    keeper.environment = ["PATH": "/usr/bin:/bin"]
    // Whoever reads what the tests print waits for all that could.
    keeper.standardOutput = FileHandle.nullDevice
    keeper.standardError = FileHandle.nullDevice
    try keeper.run()
    keepers.list.append(keeper.processIdentifier)
    return try await pid(name)
  }

  private func pid(_ name: String) async throws -> Int32 {
    try await wait { try? String(contentsOfFile: directory + "/" + name, encoding: .utf8) }
    let text = try scratch.read(name)
    return try #require(Int32(text.dropLast()))
  }

  /// Waits until there is something; each look may take long on a busy machine.
  private func wait<T>(_ look: () -> T?) async throws {
    for _ in 0..<20_000 {
      if look() != nil { return }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw CancellationError()
  }

  private func isNamed(_ pid: Int32, _ name: String) -> Bool {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe"))?
      .hasSuffix("/" + name) == true
  }

  /// A process of another's may be dead and not collected.
  private func lives(_ pid: Int32) -> Bool { ProcessIdentity(pid)?.isAlive == true }

  @Test func p5_aPersonsProcessIsLeftAndAnAttemptsIsEnded() async throws {
    let person = try await start("person", [:], "exec sleep 600")
    defer { kill(person, SIGKILL) }
    let other = try await start(
      "other", [OrphanProcesses.markVariable: "another-\(mark)"], "exec sleep 600")
    // One that has emptied its environment and stands elsewhere, in the session of one that has not.
    let attempt = try await start(
      "attempt", [OrphanProcesses.markVariable: mark],
      "(cd /; exec env -i sleep 600) & echo $! > empty.new; mv empty.new empty; exec sleep 600")
    let empty = try await pid("empty")
    for one in [person, other, attempt, empty] {
      try await wait { isNamed(one, "sleep") ? true : nil }
    }
    #expect(OrphanProcesses.find(mark: mark) == [attempt])
    let ended = OrphanProcesses.end(mark: mark, directories: [directory])
    #expect(Set([other, attempt, empty]).isSubset(of: Set(ended)))
    #expect(!ended.contains(person) && lives(person))
    #expect(![other, attempt, empty].contains(where: lives))
  }

  /// Neither a stopped process, nor one that starts others as fast as it can, nor one that ignores signals outlives it.
  @Test func p5_whatResistsIsEnded() async throws {
    let stopped = try await start(
      "stopped", [OrphanProcesses.markVariable: mark], "kill -STOP $$; sleep 600")
    let deaf = try await start(
      "deaf", [OrphanProcesses.markVariable: mark], "trap '' TERM HUP INT; exec sleep 600")
    let many = try await start(
      "many", [OrphanProcesses.markVariable: mark], "while :; do sleep 600 & sleep 0.05; done")
    #expect(
      Set([stopped, deaf, many]).isSubset(of: Set(OrphanProcesses.end(mark: mark, directories: [])))
    )
    #expect(OrphanProcesses.find(mark: mark).isEmpty)
    // Where there is nothing, nothing is waited for.
    #expect(OrphanProcesses.end(mark: mark, directories: [directory + "/absent"]).isEmpty)
  }

  @Test func p5_aGitOfOursWhoseSupervisorIsGoneIsEnded() async throws {
    // As a lane is filled: git waits for a filter.
    let fifo = directory + "/fifo"
    try #require(mkfifo(fifo, 0o600) == 0)
    let holder = open(fifo, O_RDWR)
    defer { close(holder) }
    let orphan = try await start(
      "orphan", [:], "exec git -C '\(directory)' hash-object --stdin < fifo")
    let person = try await start("person", [:], "exec git hash-object --stdin < fifo")
    let there = try await start("there", [:], "exec git -C . hash-object --stdin < fifo")
    defer { for pid in [orphan, person, there] { kill(pid, SIGKILL) } }
    for one in [orphan, person, there] { try await wait { isNamed(one, "git") ? true : nil } }
    #expect(OrphanProcesses.end(mark: nil, directories: [directory]) == [orphan])
    #expect(lives(person) && lives(there))
  }
}
