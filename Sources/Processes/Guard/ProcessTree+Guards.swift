import Foundation

extension ProcessTree {
  /// The variable by which a process that works for an agent in a sandbox, but outside it, is told the lock
  /// of the agent's guard.
  package static let guardLockVariable = "LANEKEEPER_GUARD_LOCK"

  /// The lock of the guard that this process was told to work for. What it says only takes rights away:
  /// a guard among the ancestors counts before it.
  static func toldGuardLock(of pid: Int32) -> String? {
    guard pid == getpid(), let value = getenv(guardLockVariable) else { return nil }
    return String(cString: value)
  }

  /// Returns the lock file of the outermost guard that this process was started under; `nil` where
  /// there is none.
  ///
  /// The lock's name tells which attempt, or that it is a gate. An inner guard could be one that the
  /// agent started itself, so only the outermost counts.
  package static func outermostGuardLock(of pid: Int32) -> String? {
    guard
      let outermost = ancestors(of: pid).last(where: { pid in
        bytes("/proc/\(pid)/comm")?.starts(with: "lanekeeper-guar".utf8) == true
      }), let line = bytes("/proc/\(outermost)/cmdline")
    else { return toldGuardLock(of: pid) }
    let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    guard let place = words.firstIndex(of: "--lock"), place + 1 < words.count else { return "" }
    return words[place + 1]
  }
}
