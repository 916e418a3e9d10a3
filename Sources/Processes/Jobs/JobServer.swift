import CProcess
import Foundation

/// A pool of tokens that several programs share, as GNU make keeps it: each holds one for every job that
/// it runs at once, beside the one that it was started with.
package final class JobServer: @unchecked Sendable {
  private let input: Int32
  private let output: Int32
  /// Descriptors that programs inherit; -1 for none.
  private let inherited: [Int32]
  private let lock = NSLock()
  private var held: [UInt8] = []
  /// The number of tokens, if this process made them.
  private let total: Int?
  /// A number that no shell uses for itself.
  private static let firstInherited: Int32 = 200
  /// The address for programs that are started from here.
  package let address: String

  private init(input: Int32, output: Int32, inherited: [Int32], address: String, total: Int) {
    self.total = total
    self.input = input
    self.output = output
    self.inherited = inherited
    self.address = address
  }

  deinit {
    close(input)
    if output != input { close(output) }
    for descriptor in inherited { close(descriptor) }
  }

  /// Opens the one that this program was started under; `nil` where it can't be reached, as in a recipe
  /// without `+`.
  ///
  /// - Parameter address: `3,4` or `fifo:/path`.
  package init?(address: String) {
    total = nil
    if address.hasPrefix("fifo:") {
      let path = String(address.dropFirst("fifo:".count))
      input = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
      output = input
      guard input >= 0, Self.isPipe(input) else {
        if input >= 0 { close(input) }
        return nil
      }
      // A make before 4.4 knows no other kind than descriptors that it inherits.
      let plain = open(path, O_RDWR | O_CLOEXEC)
      let end = fcntl(plain, F_DUPFD, Self.firstInherited)
      close(plain)
      inherited = end >= 0 ? [end] : []
      self.address = end >= 0 ? "\(end),\(end)" : address
      return
    }
    self.address = address
    inherited = []
    guard let ends = Self.descriptors(address), Self.isPipe(ends.read), Self.isPipe(ends.write)
    else { return nil }
    // A description of our own, since make itself may want to wait in a read.
    input = open("/proc/self/fd/\(ends.read)", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    output = open("/proc/self/fd/\(ends.write)", O_WRONLY | O_CLOEXEC)
    guard input >= 0, output >= 0 else {
      for descriptor in [input, output] where descriptor >= 0 { close(descriptor) }
      return nil
    }
  }

  /// Makes one with so many tokens, at least 1, that programs which are started later find by a pipe.
  package static func make(tokens: Int) throws(ProcessFailure) -> JobServer {
    var ends: [Int32] = [-1, -1]
    guard lk_pipe_cloexec(&ends) == 0 else {
      throw .couldNotStart(program: "a job server", reason: String(cString: strerror(errno)))
    }
    let inherited = ends.map { fcntl($0, F_DUPFD, firstInherited) }
    for descriptor in ends { close(descriptor) }
    guard inherited.allSatisfy({ $0 >= 0 }) else {
      throw .couldNotStart(program: "a job server", reason: String(cString: strerror(errno)))
    }
    let bytes = [UInt8](repeating: UInt8(ascii: "+"), count: max(1, tokens))
    _ = bytes.withUnsafeBytes { write(inherited[1], $0.baseAddress, $0.count) }
    return JobServer(
      input: open("/proc/self/fd/\(inherited[0])", O_RDONLY | O_NONBLOCK | O_CLOEXEC),
      output: open("/proc/self/fd/\(inherited[1])", O_WRONLY | O_CLOEXEC), inherited: inherited,
      address: "\(inherited[0]),\(inherited[1])", total: bytes.count)
  }

  /// Returns whether a job server can be reached by its address.
  package static func isThere(_ address: String) -> Bool {
    if address.hasPrefix("fifo:") {
      var facts = stat()
      return stat(String(address.dropFirst("fifo:".count)), &facts) == 0
        && facts.st_mode & S_IFMT == S_IFIFO
    }
    guard let ends = descriptors(address) else { return false }
    return isPipe(ends.read) && isPipe(ends.write)
  }

  static func descriptors(_ address: String) -> (read: Int32, write: Int32)? {
    let words = address.split(separator: ",")
    guard words.count == 2, let read = Int32(words[0]), let write = Int32(words[1]), read > 2,
      write > 2
    else { return nil }
    return (read, write)
  }

  private static func isPipe(_ descriptor: Int32) -> Bool {
    var facts = stat()
    return fstat(descriptor, &facts) == 0 && facts.st_mode & S_IFMT == S_IFIFO
  }

  /// Waits for a token and takes it.
  ///
  /// - Returns: false where it was called off.
  package func take(calledOff: () -> Bool = { false }) -> Bool {
    while !calledOff() {
      var waiting = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
      _ = poll(&waiting, 1, 100)
      if lock.withLock({ takeNow() }) { return true }
      if waiting.revents & Int16(POLLERR | POLLNVAL) != 0 { return false }
    }
    return false
  }

  private func takeNow() -> Bool {
    if held.isEmpty, let total {
      // Nobody has one; what is missing went down with programs that were killed.
      var there: Int32 = 0
      if ioctl(input, UInt(FIONREAD), &there) == 0, Int(there) < total {
        let missing = [UInt8](repeating: UInt8(ascii: "+"), count: total - Int(there))
        _ = missing.withUnsafeBytes { write(output, $0.baseAddress, $0.count) }
      }
    }
    var byte: UInt8 = 0
    guard read(input, &byte, 1) == 1 else { return false }
    held.append(byte)
    return true
  }

  /// Whether this process made the tokens; then all users are its own programs.
  package var isOwn: Bool { total != nil }

  /// Gives a token back, the same that was taken.
  package func give() {
    var byte = lock.withLock { held.popLast() } ?? UInt8(ascii: "+")
    while write(output, &byte, 1) < 0, errno == EINTR {}
  }
}
