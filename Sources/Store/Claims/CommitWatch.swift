import Foundation

/// Waits for other processes' commits, so that who follows the event log need not ask again and again.
///
/// In WAL mode each commit is written to one file. Where the system can't tell of that, it only waits.
package final class CommitWatch: @unchecked Sendable {
  private let name: [UInt8]
  private var descriptor: Int32 = -1

  /// - Parameter path: the state file's.
  package init(path: String) {
    name = Array(((path as NSString).lastPathComponent + "-wal").utf8)
    #if os(Linux)
      // The directory: the file itself may be made anew.
      descriptor = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
      let directory = (path as NSString).deletingLastPathComponent
      if descriptor >= 0,
        inotify_add_watch(descriptor, directory, UInt32(IN_MODIFY | IN_CREATE)) < 0
      {
        close(descriptor)
        descriptor = -1
      }
    #endif
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Blocks until something is being committed, at most for a time. One caller at a time.
  ///
  /// - Returns: whether something is being committed; a reader may see it only a moment later.
  package func wait(milliseconds: Int32) -> Bool {
    guard descriptor >= 0 else {
      usleep(UInt32(milliseconds) * 1000)
      return false
    }
    let end = Date().timeIntervalSinceReferenceDate + Double(milliseconds) / 1000
    while true {
      let left = (end - Date().timeIntervalSinceReferenceDate) * 1000
      var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&wanted, 1, Int32(max(0, left.rounded(.up)))) > 0 else { return false }
      if take() { return true }
    }
  }

  /// Takes all notes; tells whether one was about the log.
  private func take() -> Bool {
    var isAbout = false
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while case let count = read(descriptor, &buffer, buffer.count), count > 0 {
      // wd, mask, cookie and the length of the name, four bytes each, and the name.
      var place = 0
      while place + 16 <= count {
        let length = Int(
          UInt32(buffer[place + 12]) | UInt32(buffer[place + 13]) << 8
            | UInt32(buffer[place + 14]) << 16 | UInt32(buffer[place + 15]) << 24)
        let own = buffer[(place + 16)..<min(count, place + 16 + length)].prefix { $0 != 0 }
        if own.elementsEqual(name) { isAbout = true }
        place += 16 + length
      }
    }
    return isAbout
  }
}
