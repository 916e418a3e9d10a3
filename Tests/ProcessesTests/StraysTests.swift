import Foundation
import Processes
import TestSupport
import Testing

/// Only what is proved to be of an attempt is ended, wherever it stands.
@Suite struct StraysTests {
  private let scratch: TemporaryDirectory
  private let directory: String

  init() throws {
    scratch = try TemporaryDirectory()
    let place = try #require(realpath(scratch.path, nil))
    defer { free(place) }
    directory = String(cString: place)
  }

  /// Starts a process that stands in the directory, in a session of its own, and returns its id.
  private func start(
    _ name: String, _ environment: [String: String], _ command: String = "exec sleep 60"
  ) async throws -> Int32 {
    let script = "echo $$ > \(name); " + command
    let result = try TestProgram.run(
      ["sh", "-c", "setsid -f sh -c \"$1\" </dev/null >/dev/null 2>&1", "sh", script],
      directory: directory,
      environment: environment.merging(["PATH": "/usr/bin:/bin"]) { $1 })
    #expect(result.status == 0)
    return try await pid(name)
  }

  private func pid(_ name: String) async throws -> Int32 {
    for _ in 0..<4000 {
      if let text = try? String(contentsOfFile: directory + "/" + name, encoding: .utf8),
        text.hasSuffix("\n"), let pid = Int32(text.dropLast())
      {
        return pid
      }
      try await Task.sleep(for: .milliseconds(5))
    }
    throw CancellationError()
  }

  private func lives(_ pid: Int32) -> Bool { kill(pid, 0) == 0 }

  @Test func p5_aPersonsProcessIsLeftAndAnAttemptsIsEnded() async throws {
    let mark = "m-\(UInt32.random(in: 0 ... .max))"
    let person = try await start("person", [:])
    defer { kill(person, SIGKILL) }
    let other = try await start("other", [Strays.markVariable: "another-\(mark)"])
    // One that has emptied its environment and stands elsewhere, in the session of one that has not.
    let attempt = try await start(
      "attempt", [Strays.markVariable: mark],
      "(cd /; exec env -i sleep 60) & echo $! > empty; exec sleep 60")
    let empty = try await pid("empty")
    for _ in 0..<4000 where Strays.find(mark: mark) != [attempt] {
      try await Task.sleep(for: .milliseconds(5))
    }
    let ended = Strays.end(mark: mark, directories: [directory])
    #expect(Set([other, attempt, empty]).isSubset(of: Set(ended)))
    #expect(!ended.contains(person) && lives(person))
  }

  @Test func p5_aGitOfOursWhoseSupervisorIsGoneIsEnded() async throws {
    // As a lane is filled: git waits for a filter.
    let fifo = directory + "/fifo"
    #expect(mkfifo(fifo, 0o600) == 0)
    let orphan = try await start(
      "orphan", [:], "exec git -C '\(directory)' hash-object --stdin < fifo")
    let person = try await start("person", [:], "exec git hash-object --stdin < fifo")
    defer { for pid in [orphan, person] { kill(pid, SIGKILL) } }
    let holder = open(fifo, O_RDWR)
    defer { close(holder) }
    for _ in 0..<4000 where Strays.find(standingIn: directory).count < 2 {
      try await Task.sleep(for: .milliseconds(5))
    }
    var ended: [Int32] = []
    for _ in 0..<4000 where ended.isEmpty {
      ended = Strays.end(mark: nil, directories: [directory])
      try await Task.sleep(for: .milliseconds(5))
    }
    #expect(ended == [orphan])
    #expect(lives(person))
  }
}
