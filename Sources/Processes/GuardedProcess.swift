import CProcess
import Foundation

/// A command that runs under the guard. It ends with this object's process at the latest.
package final class GuardedProcess: Sendable {
  /// The guard's process id.
  package let pid: Int32
  private let pipe: Pipe
  private let result: Task<Ending, Never>

  private final class Pipe: @unchecked Sendable {
    private let lock = NSLock()
    private var descriptor: Int32
    init(_ descriptor: Int32) { self.descriptor = descriptor }
    func send(_ byte: UInt8) {
      lock.withLock {
        var byte = byte
        if descriptor >= 0 { _ = write(descriptor, &byte, 1) }
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

  private init(pid: Int32, pipe: Pipe, result: Task<Ending, Never>) {
    self.pid = pid
    self.pipe = pipe
    self.result = result
  }

  /// Starts the command.
  ///
  /// That the command itself can't be started is told by ``ending()``; this throws where the guard
  /// can't be.
  package static func start(_ command: GuardedCommand) throws(ProcessFailure) -> GuardedProcess {
    var toGuard: [Int32] = [-1, -1]
    var fromGuard: [Int32] = [-1, -1]
    guard lk_pipe_cloexec(&toGuard) == 0, lk_pipe_cloexec(&fromGuard) == 0 else {
      throw .couldNotStart(program: command.guardProgram, reason: String(cString: strerror(errno)))
    }
    var environment = command.environment
    environment[Strays.markVariable] = command.mark
    let pid: pid_t
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
    let pipe = Pipe(toGuard[1])
    let reports = fromGuard[0]
    let (mark, directory) = (command.mark, command.directory)
    let result = Task<Ending, Never> {
      await withCheckedContinuation { continuation in
        let thread = Thread {
          let text = readToEnd(reports)
          close(reports)
          var status: Int32 = 0
          while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
          pipe.shut()
          let last = text.split(separator: "\n").last.map(String.init) ?? ""
          let ending = Ending(report: last)
          if ending == .guardLost { Strays.end(mark: mark, directories: [directory]) }
          continuation.resume(returning: ending)
        }
        thread.stackSize = 256 * 1024
        thread.start()
      }
    }
    return GuardedProcess(pid: pid, pipe: pipe, result: result)
  }

  /// Asks the command to end; after the grace period it is killed.
  package func stop() { pipe.send(UInt8(ascii: "T")) }

  /// Ends the command at once.
  package func kill() { pipe.send(UInt8(ascii: "K")) }

  /// Waits for the end of the command and of everything that it started.
  package func ending() async -> Ending { await result.value }

  private static func readToEnd(_ descriptor: Int32) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 512)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count > 0 {
        bytes += buffer[..<count]
      } else if count == 0 || errno != EINTR {
        return String(decoding: bytes, as: UTF8.self)
      }
    }
  }
}
