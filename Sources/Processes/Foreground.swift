import Foundation

/// A program that a person works with at this process's own terminal: a pager, an editor. It has no time limit.
package final class Foreground {
  private let pid: pid_t

  /// Starts a program in this process's environment.
  ///
  /// - Parameters:
  ///   - input: its standard input; that of this process where `nil`.
  ///   - sharesTerminal: whether keys such as Ctrl+C reach it.
  /// - Throws: ``ProcessFailure/couldNotStart(program:reason:)``.
  package init(
    _ argv: [String], input: Int32? = nil, sharesTerminal: Bool = true
  ) throws(ProcessFailure) {
    pid = try Spawn.start(
      argv, environment: ProcessInfo.processInfo.environment, directory: nil, input: input ?? 0,
      output: 1, error: 2, newSession: false, sharesTerminal: sharesTerminal)
  }

  /// Waits for its end and returns its exit status, 128 + n after signal n. Blocks.
  @discardableResult
  package func wait() -> Int32 {
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 { if errno != EINTR { return 1 } }
    return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
  }

  /// Runs a program to its end.
  package static func run(_ argv: [String], input: Int32? = nil) throws(ProcessFailure) -> Int32 {
    try Foreground(argv, input: input).wait()
  }
}
