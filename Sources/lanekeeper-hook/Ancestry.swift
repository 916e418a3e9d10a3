import Glibc

/// Tells whether the hook was started by an agent.
enum Ancestry {
  /// Tells whether a guard process is among the ancestors.
  static var hasGuard: Bool {
    var process = getppid()
    for _ in 0..<256 where process > 1 {
      guard let bytes = Files.read("/proc/\(process)/stat", limit: 4096),
        let opening = bytes.firstIndex(of: 0x28), let closing = bytes.lastIndex(of: 0x29),
        opening < closing
      else { return false }
      // The kernel cuts names to 15 bytes.
      if bytes[(opening + 1)..<closing].elementsEqual("lanekeeper-guar".utf8) { return true }
      let fields = bytes[(closing + 1)...].split(separator: 0x20)
      guard fields.count > 1,
        let parent = Int32(String(decoding: fields[1], as: UTF8.self))
      else { return false }
      process = parent
    }
    return false
  }
}
