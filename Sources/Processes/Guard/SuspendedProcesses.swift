import Foundation

/// Holds processes still for a moment.
package enum SuspendedProcesses {
  /// Runs `body` while everything below a process, but not the process itself, is stopped.
  ///
  /// What was stopped goes on afterwards, also where this process is killed meanwhile. Where the process is
  /// gone there is nothing to hold.
  package static func hold<T>(below root: Int32, while body: () throws -> T) throws -> T {
    let waker = try ResumeWatchdog()
    defer { waker.wake() }
    // One that still runs may start another, or wake one up; in the end none is left that could.
    for _ in 0..<2000 {
      let running = ProcessTree.descendants(of: root).filter { !isStill($0) }
      if running.isEmpty { return try body() }
      for pid in running {
        try waker.add(pid)
        kill(pid, SIGSTOP)
      }
      usleep(500)
    }
    throw ProcessFailure.timedOut(program: "holding the agent still", seconds: 1)
  }

  /// Returns whether a process is stopped, or dead, or gone.
  private static func isStill(_ pid: Int32) -> Bool {
    guard let data = ProcessTree.bytes("/proc/\(pid)/stat"), let end = data.lastIndex(of: 0x29)
    else { return true }
    let state = data[(end + 1)...].first { $0 != 0x20 }
    return state.map { "TtZX".utf8.contains($0) } ?? true
  }
}
