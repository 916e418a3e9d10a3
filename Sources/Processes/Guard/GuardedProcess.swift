import CProcess
import Foundation

/// A command that runs under the guard. It ends with this object's process at the latest.
package final class GuardedProcess: Sendable {
  /// The guard's process id.
  package let pid: Int32
  private let pipe: Pipe
  private let grace: Double
  private let result: Task<(ending: Ending, memoryKills: Int), Never>

  private final class Pipe: @unchecked Sendable {
    private let lock = NSLock()
    private var descriptor: Int32
    private var end: Int64?
    init(_ descriptor: Int32) { self.descriptor = descriptor }
    /// When the guard has to be gone, where it was asked to end; milliseconds since the machine started.
    var endBy: Int64? { lock.withLock { end } }
    /// Never waits: a guard that does not read is ended otherwise.
    func send(_ byte: UInt8, within seconds: Double) {
      lock.withLock {
        var byte = byte
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        if descriptor >= 0 { _ = write(descriptor, &byte, 1) }
        let now = Boot.uptimeMilliseconds() + SafeNumber.milliseconds(seconds) + GuardWatch.slack
        end = min(end ?? .max, now)
      }
    }
    func shut() {
      lock.withLock {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
      }
    }
    deinit { if descriptor >= 0 { close(descriptor) } }
  }

  private init(
    pid: Int32, pipe: Pipe, grace: Double,
    result: Task<(ending: Ending, memoryKills: Int), Never>
  ) {
    self.pid = pid
    self.grace = grace
    self.pipe = pipe
    self.result = result
  }

  /// Starts the command.
  ///
  /// That the command itself can't be started is told by ``ending()``; this throws where the guard
  /// can't be.
  package static func start(_ command: GuardedCommand) throws(ProcessFailure) -> GuardedProcess {
    let running = try Running(command)
    // It is looked after from now on, also while no task gets to run.
    let (ends, end) = AsyncStream.makeStream(of: (ending: Ending, memoryKills: Int).self)
    let thread = Thread {
      end.yield(running.wait())
      end.finish()
    }
    thread.stackSize = 256 * 1024
    thread.start()
    let result = Task<(ending: Ending, memoryKills: Int), Never> {
      for await one in ends { return one }
      return (.guardLost, 0)
    }
    return GuardedProcess(
      pid: running.pid, pipe: running.pipe, grace: command.graceSeconds, result: result)
  }

  /// Runs a command to its end on the calling thread.
  package static func runBlocking(_ command: GuardedCommand) throws(ProcessFailure) -> Ending {
    try Running(command).wait().ending
  }

  /// A guard that has been started.
  private struct Running: Sendable {
    let pid: pid_t
    let pipe: Pipe
    private let reports: Int32
    private let mark: String
    private let directory: String
    /// The guard's lock file, where it was asked to bound memory.
    private let lockPath: String?
    private let watch: GuardWatch

    init(_ command: GuardedCommand) throws(ProcessFailure) {
      var toGuard: [Int32] = [-1, -1]
      var fromGuard: [Int32] = [-1, -1]
      guard lk_pipe_cloexec(&toGuard) == 0, lk_pipe_cloexec(&fromGuard) == 0 else {
        throw .couldNotStart(
          program: command.guardProgram, reason: String(cString: strerror(errno)))
      }
      var environment = command.environment
      environment[OrphanProcesses.markVariable] = command.mark
      do {
        pid = try Spawn.start(
          command.guardArguments, environment: environment, directory: nil, input: toGuard[0],
          output: fromGuard[1], error: 2, newSession: true)
      } catch {
        for descriptor in toGuard + fromGuard { close(descriptor) }
        throw error
      }
      close(toGuard[0])
      close(fromGuard[1])
      pipe = Pipe(toGuard[1])
      reports = fromGuard[0]
      (mark, directory) = (command.mark, command.directory)
      lockPath = command.memoryBytes == nil ? nil : command.lockPath
      watch = GuardWatch(
        pid: pid, lockPath: command.lockPath, wallSeconds: command.wallSeconds,
        graceSeconds: command.graceSeconds)
    }

    /// Reads what the guard reports until it is gone. What runs under it may hold the pipe open for longer, or have
    /// stopped it.
    private func follow(_ watch: inout GuardWatch) -> String {
      var bytes: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 512)
      var isOpen = true
      _ = fcntl(reports, F_SETFL, O_NONBLOCK)
      while true {
        var polled = [pollfd(fd: isOpen ? reports : -1, events: Int16(POLLIN), revents: 0)]
        _ = poll(&polled, 1, isOpen ? GuardWatch.pause : 1)
        let isGone = waitpid(pid, nil, WNOHANG) != 0
        while isOpen {
          let count = read(reports, &buffer, buffer.count)
          if count > 0 {
            bytes += buffer[..<count]
          } else {
            isOpen = count < 0 && (errno == EINTR || errno == EAGAIN)
            if count == 0 || errno != EINTR { break }
          }
        }
        if isGone { return String(decoding: bytes, as: UTF8.self) }
        watch.look(endBy: pipe.endBy)
      }
    }

    /// Waits for the guard's end, and ends what it may have left.
    func wait() -> (ending: Ending, memoryKills: Int) {
      var watch = watch
      let text = follow(&watch)
      close(reports)
      pipe.shut()
      let lines = text.split(separator: "\n").map(String.init)
      let ending = Ending(report: lines.last ?? "")
      if ending == .guardLost {
        watch.endRest()
        OrphanProcesses.end(mark: mark, directories: [directory], session: pid)
        if let lockPath { MemoryCgroup.removeLeft(lockPath: lockPath) }
      }
      watch.close()
      let kills = lines.last { $0.hasPrefix("memory ") }.flatMap {
        Int($0.dropFirst("memory ".count))
      }
      return (ending, kills ?? 0)
    }
  }

  /// Asks the command to end; after the grace period it is killed.
  package func stop() { pipe.send(UInt8(ascii: "T"), within: grace) }

  /// Ends the command at once.
  package func kill() { pipe.send(UInt8(ascii: "K"), within: 0) }

  /// Waits for the end of the command and of everything that it started.
  package func ending() async -> Ending { await result.value.ending }

  /// Returns, after the end, how many processes of the command were killed since they used more memory than
  /// they may.
  package func memoryKills() async -> Int { await result.value.memoryKills }
}
