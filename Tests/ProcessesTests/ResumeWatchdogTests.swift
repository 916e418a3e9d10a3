import CProcess
import Foundation
import TestSupport
import Testing

@testable import Processes

@Suite(.bounded) struct ResumeWatchdogTests {
  /// The state letter of a process, as `/proc` has it.
  private func state(_ pid: Int32) -> Character? {
    guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else {
      return nil
    }
    return text[text.index(text.lastIndex(of: ")")!, offsetBy: 2)...].first
  }

  private func waits(_ pid: Int32, for wanted: (Character?) -> Bool) -> Bool {
    for _ in 0..<6000 {
      if wanted(state(pid)) { return true }
      usleep(5000)
    }
    return false
  }

  /// A child that starts nothing any more, with one below it that does and one that rests: who is held is not the
  /// child itself, as a guard is not.
  private func tree() throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "sleep 600 & while :; do sleep 0.01; done & wait"]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  private func below(_ process: Process) -> [Int32] {
    ProcessTree.all().filter { ProcessTree.parent(of: $0) == process.processIdentifier }
  }

  private func end(_ process: Process) {
    // The others first: they have another parent when it is gone.
    kill(process.processIdentifier, SIGSTOP)
    for pid in below(process) { kill(pid, SIGKILL) }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  @Test func whatIsHeldGoesOnAfterwards() throws {
    let child = try tree()
    defer { end(child) }
    #expect(waits(child.processIdentifier) { "SR".contains($0 ?? " ") })
    // On a busy machine it may not have started its own yet.
    for _ in 0..<3000 {
      if !below(child).isEmpty { break }
      usleep(10_000)
    }
    // The child belongs to this process, beside those of other tests: only it may be held.
    let waker = try ResumeWatchdog()
    try waker.add(child.processIdentifier)
    kill(child.processIdentifier, SIGSTOP)
    #expect(waits(child.processIdentifier) { $0 == "T" })
    waker.wake()
    #expect(waits(child.processIdentifier) { "SR".contains($0 ?? " ") })
    var isHeld = false
    try SuspendedProcesses.hold(below: child.processIdentifier) {
      let below = below(child)
      isHeld = !below.isEmpty && below.allSatisfy { "TZ".contains(state($0) ?? "Z") }
    }
    #expect(isHeld)
    #expect(throws: ProcessFailure.self) {
      try SuspendedProcesses.hold(below: child.processIdentifier) {
        throw ProcessFailure.timedOut(program: "x", seconds: 1)
      }
    }
    for pid in below(child) { #expect(waits(pid) { $0 != "T" }) }
  }

  /// The death of who holds closes its end of the pipe, as closing it does; the waker's own life does not
  /// depend on who started it, or on a signal to the group.
  @Test func theWakerOutlivesWhoIsKilled() throws {
    let child = try tree()
    defer { end(child) }
    var pid = child.processIdentifier
    var descriptor: Int32 = -1
    let holder = lk_fork()
    if holder == 0 {
      // A copy of a process with threads: only what is safe there.
      guard lk_start_waker(&descriptor) > 0 else { _exit(1) }
      write(descriptor, &pid, 4)
      kill(pid, SIGSTOP)
      while true { pause() }
    }
    #expect(waits(child.processIdentifier) { $0 == "T" })
    kill(holder, SIGKILL)
    waitpid(holder, nil, 0)
    #expect(waits(child.processIdentifier) { "SR".contains($0 ?? " ") })
  }
}
