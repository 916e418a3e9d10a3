import CProcess
import Foundation

/// A nameless file in memory, as a program's standard input.
package enum MemoryFile {
  /// - Returns: a descriptor at the file's start; -1 where there is no memory.
  package static func make(holding content: [UInt8]) -> Int32 {
    let descriptor = lk_memory_file("input")
    guard descriptor >= 0 else { return -1 }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    var sent = 0
    while sent < content.count {
      let count = content[sent...].withUnsafeBytes {
        write(descriptor, $0.baseAddress, $0.count)
      }
      guard count > 0 || errno == EINTR else {
        close(descriptor)
        return -1
      }
      sent += max(count, 0)
    }
    lseek(descriptor, 0, SEEK_SET)
    return descriptor
  }
}
