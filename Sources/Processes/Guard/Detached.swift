import CProcess
import Foundation
import Synchronization

/// A program in a session of its own, which goes on when its starter ends.
package final class Detached: Sendable {
  package let pid: Int32
  private let ended = Mutex<Int32?>(nil)

  /// Starts the program; both its streams go to the end of a file.
  ///
  /// - Throws: ``ProcessFailure``.
  package init(
    _ argv: [String], environment: [String: String], directory: String, output: String
  ) throws(ProcessFailure) {
    let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
    let file = open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    defer {
      close(nothing)
      if file >= 0 { close(file) }
    }
    guard file >= 0 else {
      throw .file(path: output, reason: String(cString: strerror(errno)))
    }
    pid = try Spawn.start(
      argv, environment: environment, directory: directory, input: nothing, output: file,
      error: file, newSession: true)
    Thread.detachNewThread { [self] in
      var status: Int32 = 0
      while waitpid(pid, &status, 0) < 0, errno == EINTR {}
      Orphans.forget(pid)
      let signal = status & 0x7f
      ended.withLock { $0 = signal == 0 ? (status >> 8) & 0xff : 128 + signal }
    }
  }

  /// The exit status, or 128 and the signal's number; `nil` while it runs.
  package var status: Int32? { ended.withLock { $0 } }
}
