import CProcess
import Glibc

/// Supervises one command and everything that it starts.
struct Guard {
  private enum Cause: String {
    case timeout
    case silence
    case output
    case disk
    case stopped
  }

  private let options: Options
  private let childEnds: Int32
  private let logFile: Int32
  /// The standard streams that came from the supervisor and go on to the command, where the guard is tied.
  private var streams: [Int32] = []
  private var child: pid_t = 0
  private var status: Int32?
  private var cause: Cause?
  private var killAt: Int64?
  private var wallAt: Int64?
  private var lastSize: Int64 = 0
  private var startSize: Int64 = 0
  private var lastGrowth: Int64 = 0
  private var supervisorIsThere = true
  /// A process that runs under the guard can keep the pipe open; who its parent is can't be feigned.
  private let supervisor = getppid()
  private var memory: Memory?
  private var disk: Disk?

  /// Starts the command, or reports why it can't and returns `nil`.
  init?(_ options: Options) {
    self.options = options
    signal(SIGINT, SIG_IGN)
    signal(SIGTERM, SIG_IGN)
    signal(SIGHUP, SIG_IGN)
    signal(SIGPIPE, SIG_IGN)
    _ = lk_become_subreaper()
    if let tie = options.tie {
      // Whoever looks for the guard of an attempt among a process's ancestors must not take this one for it.
      lk_set_name("lanekeeper-tied")
      streams = (0..<3).map { fcntl($0, F_DUPFD_CLOEXEC, 3) }
      let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
      for (from, to) in [(tie, Int32(0)), (tie, 1), (nothing, 2)] { dup2(from, to) }
      close(tie)
      close(nothing)
    }
    childEnds = lk_child_signals()
    var lockFile: Int32 = -1
    if !options.lock.isEmpty {
      let fd = open(options.lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      guard fd >= 0, Guard.lock(fd) else {
        Guard.report("failed lock")
        return nil
      }
      lockFile = fd
    }
    let isTied = options.tie != nil
    logFile =
      isTied ? -1 : open(options.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard logFile >= 0 || isTied else {
      Guard.report("failed start \(errno)")
      return nil
    }
    startSize = size
    if options.nice != 0 { _ = nice(options.nice) }
    if let bytes = options.memory { memory = Memory(bytes, lockFile: lockFile) }
    if let bytes = options.diskBytes { disk = Disk(options.grown, mayGrowBy: bytes) }
    memory?.enter()
    let code = start()
    memory?.leave()
    // The command's own end must be the end of its streams.
    for stream in streams { close(stream) }
    guard code == 0 else {
      memory?.remove()
      Guard.report("failed start \(code)")
      return nil
    }
    Guard.report("started \(child)")
  }

  /// Waits for the end, keeps the limits, and leaves no process behind.
  mutating func supervise() {
    let began = lk_boot_milliseconds()
    lastGrowth = began
    lastSize = startSize
    wallAt = options.wall.map { began + $0 }
    while status == nil {
      var polled = [
        pollfd(fd: childEnds, events: Int16(POLLIN), revents: 0),
        pollfd(fd: supervisorIsThere ? 0 : -1, events: Int16(POLLIN), revents: 0),
      ]
      _ = poll(&polled, nfds_t(polled.count), pause())
      if polled[0].revents != 0 { drainChildSignals() }
      if polled[1].revents != 0 { hear() }
      if supervisorIsThere, getppid() != supervisor {
        supervisorIsThere = false
        end(.stopped, at: 0)
      }
      reap()
      checkLimits()
    }
    endRest()
    if let memory {
      if memory.kills > 0 { Guard.report("memory \(memory.kills)") }
      memory.remove()
    }
    let text = status.map(Guard.describe) ?? "exit 0"
    if let cause {
      Guard.report("ended \(cause.rawValue) \(text)")
    } else {
      Guard.report("ended \(text)")
    }
  }

  /// Takes the lock, and waits at most two seconds for it: somebody may just be looking whether it is held, or the
  /// guard before this one be ending.
  private static func lock(_ descriptor: Int32) -> Bool {
    for _ in 0..<200 {
      if lk_lock(descriptor, 0) == 0 { return true }
      guard errno == EWOULDBLOCK else { return false }
      usleep(10_000)
    }
    return false
  }

  private mutating func start() -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if streams.isEmpty {
      posix_spawn_file_actions_addopen(&actions, 0, options.input, O_RDONLY, 0)
      posix_spawn_file_actions_adddup2(&actions, logFile, 1)
      posix_spawn_file_actions_adddup2(&actions, logFile, 2)
    }
    for (number, stream) in streams.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, stream, Int32(number))
    }
    _ = lk_spawn_directory(&actions, options.directory)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    let newSession: Int32 = 0x80
    posix_spawnattr_setflags(
      &attributes, Int16(newSession | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var argv: [UnsafeMutablePointer<CChar>?] = options.command.map { strdup($0) }
    argv.append(nil)
    return posix_spawnp(&child, options.command[0], &actions, &attributes, argv, environ)
  }

  private var size: Int64 {
    var found = stat()
    return fstat(logFile, &found) == 0 ? Int64(found.st_size) : 0
  }

  /// How long to sleep, in milliseconds; -1 until something happens.
  private func pause() -> Int32 {
    let now = lk_boot_milliseconds()
    var next: Int64?
    func consider(_ at: Int64?) {
      if let at { next = min(next ?? .max, at) }
    }
    consider(killAt)
    if supervisorIsThere { consider(now + 1000) }
    if cause == nil {
      consider(wallAt)
      if options.silence != nil || options.outputBytes != nil { consider(now + 500) }
      consider(disk?.nextLook)
    }
    guard let next else { return -1 }
    return Int32(clamping: max(0, next - now))
  }

  private func drainChildSignals() {
    var buffer = [UInt8](repeating: 0, count: 1024)
    while read(childEnds, &buffer, buffer.count) > 0 {}
  }

  private mutating func hear() {
    var byte: UInt8 = 0
    let count = read(0, &byte, 1)
    if count < 0 && (errno == EINTR || errno == EAGAIN) { return }
    guard count == 1 else {
      supervisorIsThere = false
      end(.stopped, at: 0)
      return
    }
    if byte == UInt8(ascii: "K") { end(.stopped, at: 0) }
    if byte == UInt8(ascii: "T") { end(.stopped, at: options.grace) }
  }

  private mutating func end(_ reason: Cause, at delay: Int64) {
    if cause == nil { cause = reason }
    if delay > 0 {
      Descendants.ask()
      if killAt == nil { killAt = lk_boot_milliseconds() + delay }
    } else {
      Descendants.end()
      killAt = lk_boot_milliseconds() + 20
    }
  }

  private mutating func reap() {
    while true {
      var code: Int32 = 0
      let pid = waitpid(-1, &code, WNOHANG)
      guard pid > 0 else { return }
      if pid == child { status = code }
    }
  }

  private mutating func checkLimits() {
    guard status == nil else { return }
    let now = lk_boot_milliseconds()
    if let at = killAt, now >= at {
      Descendants.end()
      killAt = now + 20
    }
    guard cause == nil else { return }
    if let at = wallAt, now >= at { return end(.timeout, at: options.grace) }
    if disk?.isOver(now) == true { return end(.disk, at: 0) }
    guard options.silence != nil || options.outputBytes != nil else { return }
    let present = size
    if present != lastSize {
      lastSize = present
      lastGrowth = now
    }
    if let limit = options.outputBytes, present - startSize > limit { return end(.output, at: 0) }
    if let limit = options.silence, now - lastGrowth >= limit {
      end(.silence, at: options.grace)
    }
  }

  /// Ends what the command left running, daemons included.
  private mutating func endRest() {
    let deadline = lk_boot_milliseconds() + (cause == nil ? options.linger : 0)
    var asked = false
    while true {
      var code: Int32 = 0
      let result = waitpid(-1, &code, WNOHANG)
      if result > 0 { continue }
      if result < 0 && errno == ECHILD { return }
      if lk_boot_milliseconds() < deadline {
        if !asked { Descendants.ask() }
        asked = true
      } else {
        Descendants.end()
      }
      usleep(1000)
    }
  }

  private static func describe(_ status: Int32) -> String {
    status & 0x7f == 0 ? "exit \((status >> 8) & 0xff)" : "signal \(status & 0x7f)"
  }

  /// Writes one line to the supervisor.
  static func report(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    _ = write(1, bytes, bytes.count)
  }
}
