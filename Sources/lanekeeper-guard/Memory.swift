import CProcess
import Glibc

/// The control group that bounds the memory of the command and of all that it starts.
struct Memory {
  private let group: [CChar]
  /// The guard's own group.
  private let home: [CChar]
  private let lockFile: Int32

  /// Makes the group; `nil` where this machine does not allow that.
  ///
  /// Its directory is written into the lock file, so that it is found should the guard be killed.
  init?(_ bytes: Int64, lockFile: Int32) {
    var group = [CChar](repeating: 0, count: Int(PATH_MAX))
    var home = group
    let name = "lanekeeper-\(getpid())-\(lk_boot_milliseconds())"
    guard lk_memory_group_make(name, bytes, &group, group.count, &home, home.count) > 0 else {
      return nil
    }
    self.group = group
    self.home = home
    self.lockFile = lockFile
    if lockFile >= 0 {
      let line = group.prefix { $0 != 0 } + [0x0a]
      ftruncate(lockFile, 0)
      _ = line.withUnsafeBytes { pwrite(lockFile, $0.baseAddress, $0.count, 0) }
    }
  }

  /// Moves the guard into the group, for as long as it takes to start the command there.
  func enter() { _ = lk_memory_group_enter(group) }

  func leave() { _ = lk_memory_group_enter(home) }

  /// How many processes were killed in it for want of memory.
  var kills: Int64 { lk_memory_group_kills(group) }

  func remove() {
    if lk_memory_group_remove(group) == 0, lockFile >= 0 { ftruncate(lockFile, 0) }
  }
}
