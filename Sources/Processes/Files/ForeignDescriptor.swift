import Foundation

/// A descriptor that somebody else has sent: whoever is at its other end may read nothing.
package enum ForeignDescriptor {
  /// Writes words, and gives up what nobody takes within two seconds.
  package static func write(_ bytes: [UInt8], to descriptor: Int32) {
    // It stays the sender's, who may not want it to become one that does not wait.
    let end = Boot.uptimeMilliseconds() + 2000
    var rest = bytes[...]
    while !rest.isEmpty {
      var polled = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      let left = end - Boot.uptimeMilliseconds()
      guard left > 0, poll(&polled, 1, Int32(left)) > 0 else { return }
      // As much as a pipe that is ready takes for certain.
      let count = rest.prefix(512).withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0, errno == EINTR || errno == EAGAIN { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
