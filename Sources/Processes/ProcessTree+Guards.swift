extension ProcessTree {
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
    else { return nil }
    let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    guard let place = words.firstIndex(of: "--lock"), place + 1 < words.count else { return "" }
    return words[place + 1]
  }
}
