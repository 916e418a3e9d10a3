import CProcess
import Foundation

/// Time that goes on while the machine sleeps, and the name of its present run.
package enum Boot {
  /// The id of this run of the machine, from /proc/sys/kernel/random/boot_id.
  package static var id: String {
    (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8))?
      .trimmingCharacters(in: .whitespacesAndNewlines) ?? "unknown"
  }

  /// Milliseconds since the machine started.
  package static func uptimeMilliseconds() -> Int64 { lk_boot_milliseconds() }
}
