import CProcess
import Foundation

/// The output of a program, and its exit status.
package struct ProcessOutput: Sendable, Equatable {
  package var status: Int32
  package var output: [UInt8]
  package var error: [UInt8]
  /// The output as text, without white space at its ends.
  package var text: String {
    String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

/// Runs of programs whose output is wanted as a whole.
package enum Command {
  /// Runs a program to its end, off the cooperative threads.
  ///
  /// - Parameters:
  ///   - environment: the whole environment.
  ///   - timeoutSeconds: after it the program and all that it has started are ended.
  ///   - outputLimit: bytes of each stream that are kept; the rest is read and dropped.
  /// - Throws: ``ProcessFailure``, apart by what happened; an exit status other than 0 is none.
  package static func run(
    _ argv: [String], directory: String, environment: [String: String], input: [UInt8] = [],
    timeoutSeconds: Double = 60, outputLimit: Int = 16_777_216
  ) async throws -> ProcessOutput {
    try await BlockingQueue.run {
      try runBlocking(
        argv, directory: directory, environment: environment, input: input,
        timeoutSeconds: timeoutSeconds, outputLimit: outputLimit)
    }
  }

  /// The same, blocking the calling thread.
  ///
  /// - Parameter name: what the program is called in errors; its first word where `nil`.
  package static func runBlocking(
    _ argv: [String], name: String? = nil, directory: String, environment: [String: String],
    input: [UInt8] = [], timeoutSeconds: Double = 60, outputLimit: Int = 16_777_216
  ) throws(ProcessFailure) -> ProcessOutput {
    // A file in memory, so that neither side waits for the other.
    let standardInput = MemoryFile.make(holding: input)
    defer { if standardInput >= 0 { close(standardInput) } }
    guard standardInput >= 0, let output = PipeReader(limit: outputLimit),
      let error = PipeReader(limit: outputLimit)
    else {
      throw .couldNotStart(program: name ?? argv[0], reason: String(cString: strerror(errno)))
    }
    let process = try ChildCommand(
      argv, name: name, directory: directory, environment: environment,
      descriptors: [standardInput, output.end, error.end])
    output.closeEnd()
    error.closeEnd()
    let status = try process.wait(
      seconds: timeoutSeconds, draining: { [output, error].filter { $0.take() }.map(\.descriptor) })
    return ProcessOutput(status: status, output: output.bytes, error: error.bytes)
  }
}

/// A pipe from a program, which is read without waiting.
private final class PipeReader {
  let descriptor: Int32
  /// The program's end.
  private(set) var end: Int32
  private(set) var bytes: [UInt8] = []
  private let limit: Int
  private var isOpen = true

  init?(limit: Int) {
    var ends: [Int32] = [-1, -1]
    guard lk_pipe_cloexec(&ends) == 0 else { return nil }
    (descriptor, end) = (ends[0], ends[1])
    self.limit = limit
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
  }

  func closeEnd() {
    if end >= 0 { close(end) }
    end = -1
  }

  deinit {
    closeEnd()
    close(descriptor)
  }

  /// Reads what is there.
  ///
  /// - Returns: whether more may come.
  func take() -> Bool {
    guard isOpen else { return false }
    var buffer = [UInt8](repeating: 0, count: 65536)
    // What never ends must not keep the caller from looking at the time.
    for _ in 0..<64 {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0 { return errno == EAGAIN || errno == EINTR }
      if count == 0 { isOpen = false }
      guard isOpen else { return false }
      bytes += buffer[..<min(count, max(0, limit - bytes.count))]
    }
    return true
  }
}
