import Foundation
import Processes
import TestSupport
import Testing

@Suite(.bounded) struct FileLockTests {
  private let scratch: TemporaryDirectory

  init() throws { scratch = try TemporaryDirectory() }

  /// A process that is just being started has copies of all descriptors until it becomes its program.
  @Test func aLockThatWasGivenBackIsFreeWhoeverHasACopyOfIt() throws {
    let path = scratch.path("lock")
    let held = try #require(try FileLock.tryAcquire(path))
    let descriptor = try #require(
      (3..<4096).first {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == path
      })
    let copy = dup(Int32(descriptor))
    defer { close(copy) }
    #expect(FileLock.isHeld(path))
    #expect(try FileLock.tryAcquire(path) == nil)
    held.release()
    #expect(!FileLock.isHeld(path))
    #expect(try FileLock.tryAcquire(path) != nil)
  }

  /// Whoever asks whether a lock is held holds it himself for a moment.
  @Test func theGuardWaitsForWhoOnlyLooks() async throws {
    let path = scratch.path("lock")
    let held = try #require(try FileLock.tryAcquire(path))
    let process = try GuardedProcess.start(
      GuardedCommand(
        guardProgram: BuiltPrograms.path("lanekeeper-guard"), lockPath: path,
        logPath: scratch.path("log"), inputPath: nil, directory: scratch.path(""),
        argv: ["/bin/sh", "-c", "exit 3"], environment: ["PATH": "/usr/bin:/bin"],
        mark: "test-\(UUID().uuidString)"))
    usleep(50_000)
    held.release()
    #expect(await process.ending() == .exited(3))
  }

  @Test func oneHolderAtATime() throws {
    let first = try #require(try FileLock.tryAcquire(scratch.path("lock")))
    #expect(try FileLock.tryAcquire(scratch.path("lock")) == nil)
    #expect(FileLock.isHeld(scratch.path("lock")))
    first.release()
    #expect(!FileLock.isHeld(scratch.path("lock")))
    #expect(try FileLock.tryAcquire(scratch.path("lock")) != nil)
  }

  @Test func aMissingLockIsFree() {
    #expect(!FileLock.isHeld("/nonexistent/lock"))
    #expect(throws: ProcessFailure.self) { try FileLock.tryAcquire("/nonexistent/lock") }
  }
}
