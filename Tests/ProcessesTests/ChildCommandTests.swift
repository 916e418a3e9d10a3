import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Processes

@Suite(.bounded) struct ChildCommandTests {
  private let scratch = try! TemporaryDirectory()
  private let path = ["PATH": "/usr/bin:/bin"]

  private func shell(_ script: String, seconds: Double = 600) throws(ProcessFailure)
    -> ProcessOutput
  {
    try Command.runBlocking(
      ["/bin/sh", "-c", script], directory: scratch.path, environment: path,
      timeoutSeconds: seconds)
  }

  private func isGone(_ file: String) throws -> Bool {
    let text = try String(contentsOfFile: scratch.path(file), encoding: .utf8)
    let pid = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    return kill(pid, 0) != 0
  }

  private func waitFor(_ file: String) async throws {
    while (try? String(contentsOfFile: scratch.path(file), encoding: .utf8))?.isEmpty != false {
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  @Test func p5_whatDoesNotEndIsEndedWithAllThatItStarted() throws {
    let script = "trap '' TERM; (setsid sleep 3000 & echo $! > left); exec sh -c 'sleep 3001; true'"
    let failure = #expect(throws: ProcessFailure.self) { try shell(script, seconds: 0.5) }
    #expect(
      failure == .timedOut(program: "/bin/sh", seconds: 0.5, waitingFor: "sleep")
        || failure == .timedOut(program: "/bin/sh", seconds: 0.5))
    #expect(try isGone("left"))
  }

  @Test func p5_whatAProgramLeavesRunningEndsWithIt() throws {
    let result = try shell("setsid sleep 3000 & echo $! > left; echo done")
    #expect(result.text == "done" && result.status == 0)
    #expect(try isGone("left"))
  }

  @Test func p5_noProgramOutlivesAKilledSupervisor() async throws {
    let guardProgram = BuiltPrograms.path("lanekeeper-guard")
    let script = """
      (echo $BASHPID > holder; exec sleep 3000) | '\(guardProgram)' --tied 3 3<&0 --directory . -- \
        /bin/sh -c '(setsid sleep 3001 & echo $! > left); echo $$ > up; exec sleep 3002'
      """
    let run = Task { [scratch, path] in
      try await Command.run(
        ["/bin/bash", "-c", script], directory: scratch.path, environment: path,
        timeoutSeconds: 600)
    }
    try await waitFor("up")
    let holder = try #require(
      Int32(
        try String(contentsOfFile: scratch.path("holder"), encoding: .utf8)
          .trimmingCharacters(in: .whitespacesAndNewlines)))
    kill(holder, SIGKILL)
    _ = try await run.value
    #expect(try isGone("up"))
    #expect(try isGone("left"))
  }

  @Test func hasNoTerminalAndAsksAtNone() throws {
    // The sixth field is the session; this process's own is another.
    let session = try shell("cut -d' ' -f6 /proc/self/stat").text
    #expect(Int32(session) != getsid(0))
    #expect(try shell("read x < /dev/tty").status != 0)
  }

  @Test(arguments: [false, true]) func endsWithTheRun(isForced: Bool) async throws {
    let stop = StopSignal()
    let run = Task { [scratch, path] in
      try await Programs.$stop.withValue(stop) {
        // By way of another thread, as most programs are waited for.
        try await Command.run(
          ["/bin/sh", "-c", "trap '' TERM; echo up > up; sleep 3000; true"],
          directory: scratch.path, environment: path, timeoutSeconds: 600)
      }
    }
    try await waitFor("up")
    if isForced { stop.set(forced: true) } else { stop.set() }
    let failure = await #expect(throws: ProcessFailure.self) { try await run.value }
    #expect(failure == .cancelled(program: "/bin/sh", waitingFor: "sleep"))
  }

  @Test func whatTakesLongIsToldOnceWithWhatItWaitsFor() throws {
    let stop = StopSignal()
    let told = Mutex<[String]>([])
    let over = Mutex<[Int]>([])
    stop.onWait(
      longerThan: 0.3, over: { wait in over.withLock { $0.append(wait.id) } },
      tell: { wait in
        #expect(over.withLock { $0.isEmpty } && wait.directory == self.scratch.path)
        told.withLock { $0.append(wait.words) }
      })
    let quick = try Programs.$stop.withValue(stop) { try shell("true") }
    #expect(quick.status == 0 && told.withLock { $0.isEmpty })
    _ = try Programs.$stop.withValue(stop) { try shell("sleep 1; sleep 0.5; true") }
    let words = told.withLock { $0 }
    #expect(words.count == 1 && words[0].contains("/bin/sh has been going on for"), "\(words)")
    #expect(words[0].contains("sleep"), "\(words)")
    #expect(over.withLock { $0.count } == 1)
  }

  @Test func aLockThatOthersHoldIsToldAndNotWaitedForBeyondTheEnd() throws {
    let path = scratch.path("lock")
    let held = try #require(try FileLock.tryAcquire(path))
    let stop = StopSignal()
    let told = Mutex<[String]>([])
    stop.onWait(longerThan: 0.1) { wait in told.withLock { $0.append(wait.words) } }
    Programs.$stop.withValue(stop) {
      let late = #expect(throws: ProcessFailure.self) {
        try FileLock.acquireBlocking(path, seconds: 0.5)
      }
      guard case .file(path, let reason) = late else {
        Issue.record("\(String(describing: late))")
        return
      }
      #expect(reason.contains("process \(getpid())"))
    }
    #expect(told.withLock { $0.count == 1 && $0[0].contains(path) })
    stop.set(forced: true)
    Programs.$stop.withValue(stop) {
      let ended = #expect(throws: ProcessFailure.self) { try FileLock.acquireBlocking(path) }
      guard case .cancelled = ended else {
        Issue.record("\(String(describing: ended))")
        return
      }
    }
    held.release()
    try FileLock.acquireBlocking(path, seconds: 5).release()
  }

  @Test func whatStartsLateMayStillPutThingsAway() throws {
    let stop = StopSignal()
    stop.set(forced: true)
    usleep(5000)
    let result = try Programs.$stop.withValue(stop) { try shell("sleep 0.2; echo done") }
    #expect(result.text == "done")
  }

  @Test func tellsWhyItCouldNotStart() throws {
    let failure = #expect(throws: ProcessFailure.self) {
      try Command.runBlocking(["/no/such/program"], directory: "/", environment: path)
    }
    #expect(
      failure == .couldNotStart(program: "/no/such/program", reason: "No such file or directory"))
  }

  @Test func aGuardThatIsHeldStillIsNotWaitedForForEver() async throws {
    let run = Task { [scratch, path] in
      try await Command.run(
        ["/bin/sh", "-c", "echo $PPID > guard; echo $$ > up; sleep 3000; true"],
        directory: scratch.path, environment: path, timeoutSeconds: 1)
    }
    try await waitFor("up")
    let holder = try #require(
      Int32(
        try String(contentsOfFile: scratch.path("guard"), encoding: .utf8)
          .trimmingCharacters(in: .whitespacesAndNewlines)))
    kill(holder, SIGSTOP)
    await #expect(throws: ProcessFailure.self) { try await run.value }
    #expect(try isGone("up"))
  }
}
