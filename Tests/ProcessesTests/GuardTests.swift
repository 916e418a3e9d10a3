import Foundation
import Processes
import TestSupport
import Testing

@Suite(.bounded) struct GuardTests {
  private let scratch: TemporaryDirectory
  private let mark = "test-\(UUID().uuidString)"

  init() throws { scratch = try TemporaryDirectory() }

  private func command(_ script: String) -> GuardedCommand {
    GuardedCommand(
      guardProgram: BuiltPrograms.path("lanekeeper-guard"), lockPath: scratch.path("lock"),
      logPath: scratch.path("log"), inputPath: nil, directory: scratch.path(""),
      argv: ["/bin/sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"], mark: mark)
  }

  private func log() throws -> String {
    try String(contentsOfFile: scratch.path("log"), encoding: .utf8)
  }

  private func waitFor(_ condition: () -> Bool) async throws {
    for _ in 0..<24_000 {
      // A loop's `where` would go on looking at every process after it has come true.
      if condition() { return }
      try await Task.sleep(for: .milliseconds(5))
    }
    #expect(condition())
  }

  private func pid(in file: String) -> Int32? {
    (try? String(contentsOfFile: scratch.path(file), encoding: .utf8))
      .flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  @Test func tellsTheExitStatus() async throws {
    let process = try GuardedProcess.start(command("echo out; echo err >&2; exit 75"))
    #expect(await process.ending() == .exited(75))
    #expect(try log() == "out\nerr\n")
  }

  @Test func tellsTheSignal() async throws {
    #expect(try await GuardedProcess.start(command("kill -9 $$")).ending() == .signalled(9))
  }

  @Test func tellsAMissingProgramFromAFailedOne() async throws {
    var missing = command("")
    missing.argv = ["no-such-program-here"]
    #expect(
      try await GuardedProcess.start(missing).ending() == .couldNotStart(errno: ENOENT))
    #expect(try await GuardedProcess.start(command("exit 127")).ending() == .exited(127))
  }

  @Test func handsOverInputAndExactlyTheEnvironment() async throws {
    try Data("the prompt\n".utf8).write(to: URL(fileURLWithPath: scratch.path("prompt")))
    var reading = command("cat; env | grep -v -e ^_ -e ^PWD -e ^SHLVL -e ^OLDPWD | sort")
    reading.inputPath = scratch.path("prompt")
    reading.environment["A"] = "b c"
    #expect(try await GuardedProcess.start(reading).ending() == .exited(0))
    #expect(try log() == "the prompt\nA=b c\nLANEKEEPER_MARK=\(mark)\nPATH=/usr/bin:/bin\n")
  }

  @Test func readsNothingFromWhoStartedIt() async throws {
    // Empty where none is given; never the terminal or pipe of the program that runs it.
    #expect(
      try await GuardedProcess.start(command("wc -c; ls -l /proc/self/fd/0")).ending() == .exited(0)
    )
    #expect(try log().hasPrefix("0\n") && log().contains("/dev/null"))
  }

  /// The descriptors that a command's `ls -l /proc/self/fd` has listed: numbers and what they stand for.
  private func descriptors() throws -> [Int: String] {
    var found: [Int: String] = [:]
    for line in try log().split(separator: "\n") {
      let parts = line.components(separatedBy: " -> ")
      if parts.count == 2, let number = parts[0].split(separator: " ").last.flatMap({ Int($0) }) {
        found[number] = parts[1]
      }
    }
    return found
  }

  @Test func p5_itsCommandInheritsNoLockAndNoPipe() async throws {
    let held = try #require(try FileLock.tryAcquire(scratch.path("mine")))
    // What another part of the program has not kept to itself, or not yet.
    var pipe: [Int32] = [-1, -1]
    #expect(Glibc.pipe(&pipe) == 0)
    defer { for end in pipe { close(end) } }
    #expect(try await GuardedProcess.start(command("ls -l /proc/self/fd")).ending() == .exited(0))
    held.release()
    let found = try descriptors()
    // The standard streams, and the directory that `ls` itself reads.
    #expect(found.keys.sorted() == [0, 1, 2, 3], "\(found)")
    #expect(found[0] == "/dev/null" && found[3]?.hasPrefix("/proc/") == true, "\(found)")
    #expect(found[1] == scratch.path("log") && found[2] == scratch.path("log"), "\(found)")
    // A daemon that outlives the guard's own child for a moment holds no lock either.
    #expect(!FileLock.isHeld(scratch.path("lock")))
  }

  @Test(arguments: ["--jobserver-auth", "--jobserver-fds"])
  func itsCommandInheritsTheJobServerOfMake(name: String) async throws {
    var pipes: [[Int32]] = [[-1, -1], [-1, -1]]
    for index in 0..<2 { #expect(Glibc.pipe(&pipes[index]) == 0) }
    defer { for end in pipes.joined() { close(end) } }
    var listing = command("ls -l /proc/self/fd")
    listing.environment["MAKEFLAGS"] = "k -j3 \(name)=\(pipes[0][0]),\(pipes[0][1]) -- A=b"
    #expect(try await GuardedProcess.start(listing).ending() == .exited(0))
    let found = try descriptors()
    // Those two, and the one that `ls` opens in the first free place.
    let wanted = Set([0, 1, 2] + pipes[0].map { Int($0) })
    #expect(Set(found.keys).isSuperset(of: wanted) && found.count == wanted.count + 1, "\(found)")
    #expect(
      wanted.filter { $0 > 2 }.allSatisfy { found[$0]?.hasPrefix("pipe:") == true }, "\(found)")
  }

  @Test func p5_endsDaemonsWithTheirCommand() async throws {
    let script =
      "(setsid sh -c 'sleep 3000 & echo $! > daemon; wait' >/dev/null 2>&1 &) ; "
      + "while [ ! -s daemon ]; do sleep 0.01; done"
    #expect(try await GuardedProcess.start(command(script)).ending() == .exited(0))
    let daemon = try #require(pid(in: "daemon"))
    #expect(kill(daemon, 0) != 0)
    #expect(OrphanProcesses.find(mark: mark).isEmpty)
  }

  @Test func p5_stopsOnRequestAndKillsAfterTheGrace() async throws {
    let willing = try GuardedProcess.start(command("touch up; sleep 3000"))
    try await waitFor { FileManager.default.fileExists(atPath: scratch.path("up")) }
    willing.stop()
    #expect(await willing.ending() == .stopped)
    var stubborn = command("trap '' TERM; touch deaf; while :; do sleep 0.05; done")
    stubborn.graceSeconds = 0.2
    let process = try GuardedProcess.start(stubborn)
    try await waitFor { FileManager.default.fileExists(atPath: scratch.path("deaf")) }
    process.stop()
    #expect(await process.ending() == .stopped)
    #expect(OrphanProcesses.find(mark: mark).isEmpty)
  }

  @Test func keepsItsLimits() async throws {
    var slow = command("sleep 3000")
    slow.wallSeconds = 0.1
    #expect(try await GuardedProcess.start(slow).ending() == .timedOut)
    var silent = command("echo once; sleep 3000")
    silent.silenceSeconds = 0.3
    #expect(try await GuardedProcess.start(silent).ending() == .silent)
    var loud = command("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done")
    loud.outputBytes = 10_000
    #expect(try await GuardedProcess.start(loud).ending() == .outputLimit)
  }

  @Test func endsWhatFillsTheDisk() async throws {
    let (lane, other) = (scratch.path("lane"), scratch.path("other"))
    for path in [lane, other] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    try Data(count: 3 << 20).write(to: URL(fileURLWithPath: lane + "/before"))
    // What was there before does not count, and what is taken away makes room.
    var frugal = command(
      "cd lane; rm before; head -c 3000000 /dev/zero > new; sleep 1.5; exit 3")
    frugal.growth = ([lane, other], 1 << 20)
    #expect(try await GuardedProcess.start(frugal).ending() == .exited(3))
    var greedy = command("head -c 3000000 /dev/zero > other/big; sleep 3000")
    greedy.growth = ([lane, other], 1 << 20)
    #expect(try await GuardedProcess.start(greedy).ending() == .diskLimit)
  }

  @Test(.enabled(if: MemoryCgroup.obstacle() == nil, "no control group can be made here"))
  func boundsMemoryAndTellsWhoWasKilled() async throws {
    var hungry = command("exec tail /dev/zero")
    hungry.memoryBytes = 24 << 20
    let process = try GuardedProcess.start(hungry)
    #expect(await process.ending() == .signalled(9))
    #expect(await process.memoryKills() == 1)
    // One that goes on after its child was killed, and one that keeps within its bound.
    var patient = command("tail /dev/zero; exit 4")
    patient.memoryBytes = 24 << 20
    let second = try GuardedProcess.start(patient)
    #expect(await second.ending() == .exited(4))
    #expect(await second.memoryKills() == 1)
    var frugal = command("cat /proc/self/cgroup; exit 0")
    frugal.memoryBytes = 24 << 20
    let third = try GuardedProcess.start(frugal)
    #expect(await third.ending() == .exited(0))
    #expect(await third.memoryKills() == 0)
    let name = try #require(
      try log().split(whereSeparator: { $0 == "\n" || $0 == "/" }).last {
        $0.hasPrefix("lanekeeper-")
      })
    #expect(!groups().contains(String(name)))
    #expect(try String(contentsOfFile: scratch.path("lock"), encoding: .utf8) == "")
  }

  /// The names of all groups that guards have made on this machine.
  private func groups() -> [String] {
    let paths = FileManager.default.enumerator(atPath: "/sys/fs/cgroup")
    var found: [String] = []
    while let path = paths?.nextObject() as? String {
      let name = (path as NSString).lastPathComponent
      if name.hasPrefix("lanekeeper-") { found.append(name) }
    }
    return found
  }

  @Test(.enabled(if: MemoryCgroup.obstacle() == nil, "no control group can be made here"))
  func removesTheGroupOfAGuardThatWasKilled() async throws {
    var bounded = command("touch up; sleep 3000")
    bounded.memoryBytes = 24 << 20
    let process = try GuardedProcess.start(bounded)
    try await waitFor { FileManager.default.fileExists(atPath: scratch.path("up")) }
    let group = try String(contentsOfFile: scratch.path("lock"), encoding: .utf8)
      .trimmingCharacters(in: .newlines)
    #expect(FileManager.default.fileExists(atPath: group))
    // The command is in it, the guard is not: it must not be killed for what the command does.
    // Between the two the guard is on its way out.
    try await waitFor {
      let inside = (try? String(contentsOfFile: group + "/cgroup.procs", encoding: .utf8)) ?? ""
      return !inside.isEmpty && !inside.split(separator: "\n").contains("\(process.pid)")
    }
    kill(process.pid, SIGKILL)
    #expect(await process.ending() == .guardLost)
    #expect(!FileManager.default.fileExists(atPath: group))
    #expect(try String(contentsOfFile: scratch.path("lock"), encoding: .utf8) == "")
  }

  @Test func p5_holdsItsLockAsLongAsItRuns() async throws {
    let process = try GuardedProcess.start(command("touch up; sleep 3000"))
    try await waitFor { FileManager.default.fileExists(atPath: scratch.path("up")) }
    #expect(FileLock.isHeld(scratch.path("lock")))
    #expect(try await GuardedProcess.start(command("true")).ending() == .locked)
    process.kill()
    #expect(await process.ending() == .stopped)
    #expect(!FileLock.isHeld(scratch.path("lock")))
  }

  @Test func p5_noProcessOutlivesAKilledGuard() async throws {
    let process = try GuardedProcess.start(
      command("(setsid sleep 3000 & echo $! > left) ; touch up; sleep 3000"))
    try await waitFor { FileManager.default.fileExists(atPath: scratch.path("up")) }
    kill(process.pid, SIGKILL)
    #expect(await process.ending() == .guardLost)
    let left = try #require(pid(in: "left"))
    #expect(ProcessTree.parent(of: left) == nil || OrphanProcesses.find(mark: mark).isEmpty)
  }

  @Test func p5_noProcessOutlivesAKilledSupervisor() async throws {
    let program = BuiltPrograms.path("lanekeeper-guard")
    let script = """
      sleep 3000 | '\(program)' --lock '\(scratch.path("lock"))' --log '\(scratch.path("log"))' \
        --directory '\(scratch.path(""))' -- /bin/sh -c 'echo $$ > agent; (setsid sleep 3001 &); sleep 3002'
      """
    var supervisor = command(script)
    supervisor.lockPath = scratch.path("outer-lock")
    supervisor.logPath = scratch.path("outer-log")
    let outer = try GuardedProcess.start(supervisor)
    try await waitFor { pid(in: "agent") != nil }
    let agent = try #require(pid(in: "agent"))
    let holder = try #require(
      OrphanProcesses.find(mark: mark).first { pid in
        (try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8))?
          .hasPrefix("sleep\u{0}3000") == true
      })
    kill(holder, SIGKILL)
    try await waitFor { kill(agent, 0) != 0 }
    try await waitFor { !FileLock.isHeld(scratch.path("lock")) }
    outer.kill()
    _ = await outer.ending()
    #expect(OrphanProcesses.find(mark: mark).isEmpty)
  }

  /// What runs under a guard and stops it, as often as it is asked to.
  private func stopping(_ script: String) -> String {
    "guard=$(awk '{print $4}' /proc/$$/stat); kill -STOP $guard; touch up; " + script
  }

  @Test func p5_aStoppedGuardKeepsItsLimits() async throws {
    var stopped = command(stopping("sleep 3000"))
    stopped.wallSeconds = 0.2
    let process = try GuardedProcess.start(stopped)
    #expect(await process.ending() == .timedOut)
    #expect(OrphanProcesses.find(mark: mark).isEmpty)
  }

  @Test(arguments: [true, false]) func p5_aStoppedGuardEndsOnRequest(atOnce: Bool) async throws {
    var stopped = command(stopping("sleep 3000"))
    stopped.graceSeconds = 0.1
    let process = try GuardedProcess.start(stopped)
    try await waitFor { FileManager.default.fileExists(atPath: scratch.path("up")) }
    if atOnce { process.kill() } else { process.stop() }
    #expect(await process.ending() == .stopped)
    #expect(OrphanProcesses.find(mark: mark).isEmpty)
  }

  @Test func p5_aGuardThatIsStoppedAgainAndAgainIsLost() async throws {
    let process = try GuardedProcess.start(
      command("guard=$PPID; while kill -STOP $guard 2>/dev/null; do sleep 0.02; done"))
    #expect(await process.ending() == .guardLost)
    #expect(OrphanProcesses.find(mark: mark).isEmpty)
  }

  @Test func p5_nothingThatAKilledGuardLeavesLivesOn() async throws {
    let process = try GuardedProcess.start(
      command(
        """
        (cd /; exec env -i setsid sh -c 'echo $$ > \(scratch.path("left")); sleep 3000; true') \
          </dev/null >/dev/null 2>&1 &
        while [ ! -s left ]; do sleep 0.01; done; kill -9 $PPID; sleep 3000
        """))
    #expect(await process.ending() == .guardLost)
    let left = try #require(pid(in: "left"))
    #expect(ProcessIdentity(left)?.isAlive != true)
  }

  /// A shell whose command is killed goes on with the next one, so it must not outlive that by a moment.
  @Test(arguments: ["kill", "guard", "limit"])
  func p5_nothingGoesOnWhileItIsEnded(way: String) async throws {
    var shells = command(
      """
      for i in 1 2 3 4 5 6; do
        (cd /; exec env -i setsid sh -c 'sleep 3000; echo late > \(scratch.path("late"))') &
      done
      trap '' TERM; touch up; sleep 3000; echo late > late
      """)
    shells.wallSeconds = way == "limit" ? 5 : nil
    shells.graceSeconds = 0.1
    let process = try GuardedProcess.start(shells)
    try await waitFor { scratch.exists("up") }
    // The shells have begun to wait.
    try await Task.sleep(for: .milliseconds(200))
    switch way {
    case "kill": process.kill()
    case "guard": kill(process.pid, SIGKILL)
    default: break
    }
    _ = await process.ending()
    try await Task.sleep(for: .milliseconds(100))
    #expect(!scratch.exists("late"))
  }

  /// A command under it can keep both pipes of its guard open.
  @Test func p5_aGuardEndsThoughItsPipesStayOpen() async throws {
    let process = try GuardedProcess.start(
      command(
        "exec 8>/proc/$PPID/fd/0 9>/proc/$PPID/fd/1; (setsid sleep 3000 &); touch up; kill -9 $PPID"
      ))
    #expect(await process.ending() == .guardLost)
    #expect(OrphanProcesses.find(mark: mark).isEmpty)
  }

  @Test func p5_whatHoldsTheLockOfADeadSupervisorIsEnded() async throws {
    let program = BuiltPrograms.path("lanekeeper-guard")
    // The inner shell is the supervisor: it starts the guard, waits until that is stopped, and is killed.
    let script = """
      sh -c '\(program) --lock \(scratch.path("lock")) --log \(scratch.path("log")) \
        --directory / -- /bin/sh \(scratch.path("agent.sh")) < pipe > /dev/null & exec 9> pipe
        while [ ! -s agent ]; do sleep 0.01; done; kill -9 $$'; touch killed; sleep 3000
      """
    try scratch.write(
      "agent.sh", "guard=$PPID; kill -STOP $guard; echo $$ > \(scratch.path("agent")); sleep 3002")
    #expect(mkfifo(scratch.path("pipe"), 0o600) == 0)
    var supervisor = command(script)
    supervisor.lockPath = scratch.path("outer-lock")
    supervisor.logPath = scratch.path("outer-log")
    let outer = try GuardedProcess.start(supervisor)
    try await waitFor { FileManager.default.fileExists(atPath: scratch.path("killed")) }
    let agent = try #require(pid(in: "agent"))
    #expect(FileLock.isHeld(scratch.path("lock")))
    #expect(OrphanProcesses.endHolder(ofLock: scratch.path("lock")))
    try await waitFor { ProcessIdentity(agent)?.isAlive != true }
    outer.kill()
    _ = await outer.ending()
  }

  @Test func p5_whatWasWrittenDownOfALostGuardIsEnded() async throws {
    let process = try GuardedProcess.start(
      command(
        "cd /; env -i setsid sh -c 'echo $$ > \(scratch.path("left")); sleep 3000; true' & wait"))
    let file = scratch.path("lock.processes")
    try await waitFor {
      guard let left = pid(in: "left") else { return false }
      let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
      return text.contains("\n\(left) ")
    }
    let left = try #require(pid(in: "left"))
    let kept = try String(contentsOfFile: file, encoding: .utf8)
    // A number that another process has by now names nobody.
    let other = try GuardedProcess.start(
      {
        var other = command("sleep 3000")
        other.lockPath = scratch.path("other")
        return other
      }())
    try (kept + "\(other.pid) 1\n").write(
      toFile: scratch.path("dead.processes"), atomically: true, encoding: .utf8)
    OrphanProcesses.endRecorded(ofLock: scratch.path("dead"))
    try await waitFor { ProcessIdentity(left)?.isAlive != true }
    #expect(ProcessIdentity(other.pid)?.isAlive == true)
    other.kill()
    process.kill()
    _ = await (other.ending(), process.ending())
    #expect(!FileManager.default.fileExists(atPath: file))
  }

  @Test(arguments: [0, -1, 1e-300, 1.5, 1e18, 1e300, .infinity, .nan])
  func anyNumberOfSecondsCanBeCalculatedWith(seconds: Double) {
    let result = SafeNumber.milliseconds(seconds)
    #expect((0...3_155_760_000_000).contains(result))
    if seconds == 1.5 { #expect(result == 1500) }
  }

  @Test func runsManyAtOnce() async throws {
    let endings = await withTaskGroup(of: (Int32, Ending?).self) { group in
      for number in Int32(0)..<20 {
        var one = command("exit \(number)")
        one.lockPath = scratch.path("lock-\(number)")
        one.logPath = scratch.path("log-\(number)")
        group.addTask { [one] in (number, await (try? GuardedProcess.start(one))?.ending()) }
      }
      return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    #expect(endings.count == 20)
    for (number, ending) in endings { #expect(ending == .exited(number)) }
  }
}
