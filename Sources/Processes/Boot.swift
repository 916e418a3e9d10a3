import CProcess
import Foundation

/// Time that goes on while the machine sleeps, and the name of its present run.
package enum Boot {
  /// The id of this run of the machine, from /proc/sys/kernel/random/boot_id.
  package static var id: String {
    let id = String(cString: lk_boot_id())
    return id.isEmpty ? "unknown" : id
  }

  /// Milliseconds since the machine started.
  package static func uptimeMilliseconds() -> Int64 { lk_boot_milliseconds() }
}
