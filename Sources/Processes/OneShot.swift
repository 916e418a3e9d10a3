import CProcess
import Foundation

/// What a program wrote, and its exit status.
package struct ProcessOutput: Sendable, Equatable {
  package var status: Int32
  package var output: [UInt8]
  package var error: [UInt8]
  /// The output as text, without white space at its ends.
  package var text: String {
    String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

/// Short runs of programs, whose output is wanted as a whole.
package enum OneShot {
  /// Runs a program to its end, off the cooperative threads.
  ///
  /// - Parameters:
  ///   - environment: the whole environment.
  ///   - timeoutSeconds: after it the program and its process group are killed.
  ///   - outputLimit: bytes of each stream that are kept; the rest is read and dropped.
  /// - Throws: ``ProcessFailure``, apart by what happened; an exit status other than 0 is none.
  package static func run(
    _ argv: [String], directory: String, environment: [String: String], input: [UInt8] = [],
    timeoutSeconds: Double = 60, outputLimit: Int = 16_777_216
  ) async throws -> ProcessOutput {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(
          with: Result {
            try runBlocking(
              argv, directory: directory, environment: environment, input: input,
              timeoutSeconds: timeoutSeconds, outputLimit: outputLimit)
          })
      }
    }
  }

  /// The same, blocking the calling thread.
  package static func runBlocking(
    _ argv: [String], directory: String, environment: [String: String], input: [UInt8] = [],
    timeoutSeconds: Double = 60, outputLimit: Int = 16_777_216
  ) throws(ProcessFailure) -> ProcessOutput {
    var pipes: [[Int32]] = [[-1, -1], [-1, -1], [-1, -1]]
    for index in 0..<3 where lk_pipe_cloexec(&pipes[index]) != 0 {
      throw .couldNotStart(program: argv[0], reason: String(cString: strerror(errno)))
    }
    signal(SIGPIPE, SIG_IGN)
    let pid: pid_t
    do {
      pid = try Spawn.start(
        argv, environment: environment, directory: directory, input: pipes[0][0],
        output: pipes[1][1], error: pipes[2][1], newSession: false)
    } catch {
      for descriptor in pipes.joined() { close(descriptor) }
      throw error
    }
    for descriptor in [pipes[0][0], pipes[1][1], pipes[2][1]] { close(descriptor) }
    var exchange = PipeExchange(
      input: input, inputPipe: pipes[0][1], outputPipe: pipes[1][0], errorPipe: pipes[2][0],
      limit: outputLimit)
    let inTime = exchange.run(until: Boot.uptimeMilliseconds() + Int64(timeoutSeconds * 1000))
    if !inTime { kill(-pid, SIGKILL) }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    if !inTime { throw .timedOut(program: argv[0], seconds: timeoutSeconds) }
    if status & 0x7f != 0 { throw .killed(program: argv[0], signal: status & 0x7f) }
    return ProcessOutput(
      status: (status >> 8) & 0xff, output: exchange.output, error: exchange.error)
  }
}

/// Feeds a program and drains it at the same time, so that neither side waits for the other.
private struct PipeExchange {
  var input: [UInt8]
  var inputPipe: Int32
  var outputPipe: Int32
  var errorPipe: Int32
  let limit: Int
  var output: [UInt8] = []
  var error: [UInt8] = []

  init(input: [UInt8], inputPipe: Int32, outputPipe: Int32, errorPipe: Int32, limit: Int) {
    self.input = input
    self.inputPipe = inputPipe
    self.outputPipe = outputPipe
    self.errorPipe = errorPipe
    self.limit = limit
  }

  /// - Returns: false where the time ran out first.
  mutating func run(until deadline: Int64) -> Bool {
    defer {
      for descriptor in [inputPipe, outputPipe, errorPipe] where descriptor >= 0 {
        close(descriptor)
      }
    }
    var sent = 0
    if input.isEmpty {
      close(inputPipe)
      inputPipe = -1
    } else {
      _ = fcntl(inputPipe, F_SETFL, O_NONBLOCK)
    }
    var buffer = [UInt8](repeating: 0, count: 65536)
    while outputPipe >= 0 || errorPipe >= 0 {
      let left = deadline - Boot.uptimeMilliseconds()
      if left <= 0 { return false }
      var polled = [
        pollfd(fd: outputPipe, events: Int16(POLLIN), revents: 0),
        pollfd(fd: errorPipe, events: Int16(POLLIN), revents: 0),
        pollfd(fd: inputPipe, events: Int16(POLLOUT), revents: 0),
      ]
      _ = poll(&polled, 3, Int32(clamping: left))
      if polled[0].revents != 0, !take(outputPipe, &buffer, into: \.output) {
        close(outputPipe)
        outputPipe = -1
      }
      if polled[1].revents != 0, !take(errorPipe, &buffer, into: \.error) {
        close(errorPipe)
        errorPipe = -1
      }
      if polled[2].revents != 0 {
        let count = input[sent...].withUnsafeBytes { write(inputPipe, $0.baseAddress, $0.count) }
        if count > 0 { sent += count }
        if sent == input.count || (count < 0 && errno != EAGAIN && errno != EINTR) {
          close(inputPipe)
          inputPipe = -1
        }
      }
    }
    return true
  }

  private mutating func take(
    _ descriptor: Int32, _ buffer: inout [UInt8],
    into stream: WritableKeyPath<PipeExchange, [UInt8]>
  ) -> Bool {
    let count = read(descriptor, &buffer, buffer.count)
    if count < 0 { return errno == EINTR || errno == EAGAIN }
    let room = max(0, limit - self[keyPath: stream].count)
    self[keyPath: stream] += buffer[..<min(count, room)]
    return count > 0
  }
}
