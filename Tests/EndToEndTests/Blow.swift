import Foundation
import TestSupport
import Testing

/// What befalls a run, or what stands between two runs, in ``FaultTests``.
enum Blow: CaseIterable {
  case killed, terminated, interrupted, heldStill, startedTwice, slowDisk, clockSet
  case lanesVanish, stateVanishes, stateOverwritten, objectsSpoiled, rebaseLeftOpen

  /// The programs that hold a run up, or tell it another time, need not be there.
  var isPossible: Bool {
    switch self {
    case .slowDisk: Self.slow != nil
    case .clockSet: Self.fakeTime != nil
    case .rebaseLeftOpen:
      ["all", "rebaseLeftOpen"].contains {
        (ProcessInfo.processInfo.environment["LANEKEEPER_FAULT_KINDS"] ?? "")
          .split(separator: ",").contains(Substring($0))
      }
    default: true
    }
  }

  private static let slow = found(["/usr/bin/strace"])
  private static let fakeTime = found([
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
  ])

  private static func found(_ paths: [String]) -> String? {
    paths.first { FileManager.default.isReadableFile(atPath: $0) }
  }

  /// Starts a run and lets it happen; afterwards nothing of the run is left but agents that had killed their guard
  /// in the moment in which the run was killed. The next run ends those.
  func fall(on shop: Workshop, _ random: inout SplitMix64) throws {
    let moment = UInt32(100_000 + random.below(2_500_000))
    switch self {
    case .killed:
      let run = try start(shop)
      usleep(moment)
      run.signal(SIGKILL)
      run.wait()
    case .terminated, .interrupted:
      let run = try start(shop)
      usleep(moment)
      run.signal(self == .terminated ? SIGTERM : SIGINT)
      let status = run.wait()
      let said = try shop.repository.root.read("blow")
      #expect([0, 130].contains(status), "\(self): \(said)")
    case .heldStill:
      let run = try start(shop)
      usleep(moment / 2)
      run.signal(SIGSTOP)
      usleep(moment / 2)
      run.signal(SIGCONT)
      usleep(300_000)
      run.signal(SIGKILL)
      run.wait()
    case .startedTwice:
      let run = try start(shop)
      let other = try shop.run("run", "--parallel", "3")
      // The second runs only where the first had ended, or had not begun.
      #expect([0, 75].contains(other.status), "\(other.text)\(other.error)")
      run.signal(SIGKILL)
      run.wait()
    case .slowDisk:
      // The program keeps its process id under `-D`.
      let run = try start(
        shop,
        [
          Self.slow!, "-D", "-f", "-qq", "-o", "/dev/null", "-e",
          "trace=fsync,fdatasync,rename,unlink",
          "-e", "inject=fsync,fdatasync,rename,unlink:delay_exit=\(3000 + random.below(30_000))",
        ])
      usleep(moment)
      run.signal(SIGKILL)
      run.wait()
    case .clockSet:
      let file = shop.repository.root.path("clock")
      try shop.repository.root.write("clock", "+0\n")
      let run = try start(
        shop,
        [
          "env", "LD_PRELOAD=\(Self.fakeTime!)", "FAKETIME_TIMESTAMP_FILE=\(file)",
          "FAKETIME_NO_CACHE=1",
          "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_ONLY_CMDS=lanekeeper",
        ])
      usleep(moment / 2)
      try shop.repository.root.write("clock", "\(random.below(20_000) - 10_000)\n")
      usleep(moment)
      run.signal(SIGKILL)
      run.wait()
      Self.freeFakeClock(of: run.pid)
    case .lanesVanish:
      let lanes = shop.repository.root.path("repo.lanes")
      for name in (try? FileManager.default.contentsOfDirectory(atPath: lanes)) ?? [] {
        _ = try TestProgram.run(
          ["rm", "-rf", lanes + "/" + name], directory: "/", environment: shop.environment)
      }
    case .rebaseLeftOpen:
      // A landing that was killed holds the checkout until the next run.
      guard !shop.repository.root.exists("repo/.git/index.lock") else { return }
      // A person stops in the middle of a rebase of the target, and gives it up after a run.
      try shop.repository.write("person.txt", "a person's \(random.below(1_000_000))\n")
      try shop.repository.git("add", "person.txt")
      try shop.repository.git("commit", "-qm", "a person's")
      _ = try shop.repository.runGit([
        "-c", "sequence.editor=sed -i 1ibreak", "rebase", "-q", "-i", "HEAD~1",
      ])
      let run = try start(shop)
      usleep(moment)
      run.signal(SIGTERM)
      run.wait()
      _ = try shop.repository.runGit(["rebase", "--abort"])
    case .objectsSpoiled: try spoilObjects(of: shop, &random)
    case .stateVanishes, .stateOverwritten:
      // A checkout that a landing had locked is unlocked by what the state file says of it.
      guard !shop.repository.root.exists("repo/.git/index.lock") else { return }
      if self == .stateOverwritten { return try overwriteState(shop) }
      for suffix in ["", "-wal", "-shm"] { unlink(stateFile(shop) + suffix) }
    }
    Self.makeRoom(shop)
    // What the guard ends takes a moment; the run's own state is not looked at before.
    let isEnded = try eventually {
      try shop.processes(besides: { Self.hasDisabledItsGuard($0, in: shop) }).isEmpty
    }
    #expect(isEnded, "\(self): \((try? shop.processes()) ?? [])")
    // Who was filling it then has written on until it was ended.
    Self.makeRoom(shop)
  }

  /// Tells whether a process is of an attempt that kills its guard or holds it still, by `<participant>-<feature>-<attempt>`.
  private static func hasDisabledItsGuard(_ pid: Int32, in shop: Workshop) -> Bool {
    let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ") ?? Data()
    let mark = String(decoding: environment, as: UTF8.self).split(separator: "\0")
      .first { $0.hasPrefix("LANEKEEPER_MARK=") }?.split(separator: "-").suffix(2)
    guard let mark else { return false }
    let fault = "faults/" + mark.joined(separator: "-")
    let kind = (try? shop.repository.root.read(fault)).flatMap(FaultTests.Fault.init)
    return kind?.disablesItsGuard == true
  }

  /// Empties objects of branches that have not landed, as a power cut leaves them.
  private func spoilObjects(of shop: Workshop, _ random: inout SplitMix64) throws {
    let objects = try shop.repository.runGit([
      "rev-list", "--objects", "--branches=lane/*", "--not", "main",
    ])
    for line in objects.text.split(separator: "\n") where random.below(4) == 0 {
      let id = line.prefix(40)
      let file = shop.repository.path + "/.git/objects/" + id.prefix(2) + "/" + id.dropFirst(2)
      guard FileManager.default.fileExists(atPath: file) else { continue }
      chmod(file, 0o644)
      truncate(file, 0)
    }
  }

  private func overwriteState(_ shop: Workshop) throws {
    guard let file = FileHandle(forWritingAtPath: stateFile(shop)) else { return }
    for suffix in ["-wal", "-shm"] { unlink(stateFile(shop) + suffix) }
    try file.write(contentsOf: Data(repeating: 0x58, count: 9000))
    try file.close()
    let repaired = try shop.run("doctor", "--repair")
    #expect(repaired.status == 0, "\(repaired.text)\(repaired.error)")
  }

  /// Gives the semaphore of the faked clock back, where who was killed held it: each git that it had started
  /// would wait for it for ever. No real clock has one.
  private static func freeFakeClock(of pid: pid_t) {
    guard let semaphore = sem_open("/faketime_sem_\(pid)", 0) else { return }
    defer {
      sem_close(semaphore)
      // Who is killed leaves them lying about.
      sem_unlink("/faketime_sem_\(pid)")
      shm_unlink("/faketime_shm_\(pid)")
    }
    for _ in 0..<20 {
      var value: Int32 = 0
      guard sem_getvalue(semaphore, &value) == 0, value <= 0 else { return }
      usleep(10_000)
    }
    sem_post(semaphore)
  }

  /// What a person does whose disk is full since an agent was killed while it filled it.
  static func makeRoom(_ shop: Workshop) {
    for lane in 1...9 { unlink(shop.repository.root.path("repo.lanes/\(lane)/fill.bin")) }
  }

  private func stateFile(_ shop: Workshop) -> String {
    shop.repository.path + "/.git/lanekeeper/state.sqlite"
  }

  private func start(_ shop: Workshop, _ through: [String] = []) throws -> RunningProgram {
    try RunningProgram(
      through + [Workshop.program, "run", "--parallel", "3"], directory: shop.repository.path,
      environment: shop.environment, output: shop.repository.root.path("blow"))
  }
}

/// A file system of a few megabytes for the lanes; only the administrator can have one.
struct SmallLaneDisk {
  private let path: String

  init?(_ path: String) throws {
    self.path = path
    guard geteuid() == 0 else { return nil }
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    guard Self.call(["mount", "-t", "tmpfs", "-o", "size=64m", "none", path]) else { return nil }
  }

  func remove() { _ = Self.call(["umount", "-l", path]) }

  private static func call(_ command: [String]) -> Bool {
    let result = try? TestProgram.run(
      command, directory: "/", environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"])
    return result?.status == 0
  }
}
