import CProcess
import Foundation

/// The control groups in which guards bound the memory of what they run.
///
/// The guard makes the group, writes its directory into its lock file, and removes it at the end. Where the
/// guard was killed, whoever sees that removes it by what stands in the lock file.
package enum MemoryCgroup {
  /// Returns what keeps memory from being bounded on this machine, as the end of a sentence; `nil` where nothing does.
  package static func obstacle() -> String? {
    var group = [CChar](repeating: 0, count: Int(PATH_MAX))
    var home = group
    let name = "lanekeeper-try-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    guard lk_memory_group_make(name, 64 << 20, &group, group.count, &home, home.count) > 0 else {
      switch errno {
      case ENOTSUP:
        return "no control groups with a memory controller are mounted"
      case EACCES, EROFS, EPERM:
        return "this user can't make control groups; `systemd-run --user --scope -p Delegate=yes "
          + "lanekeeper run` gives it some"
      default:
        return "no control group can be made: \(String(cString: strerror(errno)))"
      }
    }
    _ = lk_memory_group_remove(group)
    return nil
  }

  /// Removes the group that a guard has left that was killed; nothing of its command runs any more.
  ///
  /// - Parameter lockPath: the guard's lock file.
  package static func removeLeft(lockPath: String) {
    guard let text = try? String(contentsOfFile: lockPath, encoding: .utf8),
      let group = text.split(separator: "\n").first
    else { return }
    _ = lk_memory_group_remove(String(group))
    truncate(lockPath, 0)
  }
}
