import Foundation

/// The kernel's counters of processes killed because they ran out of memory.
enum OOMKills {
  /// The number of such kills since the machine started, from /proc/vmstat; 0 where it is not told.
  static func kills() -> Int {
    guard let text = try? String(contentsOfFile: "/proc/vmstat", encoding: .utf8) else { return 0 }
    for line in text.split(separator: "\n") where line.hasPrefix("oom_kill ") {
      return Int(line.dropFirst("oom_kill ".count)) ?? 0
    }
    return 0
  }
}
