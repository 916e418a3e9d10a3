import Foundation
import Synchronization

/// Reads lines from a descriptor on a thread of its own.
enum LineInput {
  static func lines(of descriptor: Int32) -> AsyncStream<LineFramer.Line> {
    let (stream, lines) = AsyncStream.makeStream(of: LineFramer.Line.self)
    let thread = Thread {
      var framer = LineFramer()
      var buffer = [UInt8](repeating: 0, count: 65536)
      while true {
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        for line in framer.push(buffer[..<count]) { lines.yield(line) }
      }
      if let last = framer.end() { lines.yield(last) }
      lines.finish()
    }
    thread.stackSize = 512 * 1024
    thread.start()
    return stream
  }
}

/// Writes whole lines to a descriptor, one after the other. SIGPIPE has to be ignored.
final class LineWriter: Sendable {
  private let descriptor: Int32
  private let open = Mutex(true)

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  /// False once the other end is closed.
  var isOpen: Bool { open.withLock { $0 } }

  func write(_ line: [UInt8]) {
    let bytes = line + [0x0a]
    open.withLock { open in
      var start = 0
      while open, start < bytes.count {
        let count = bytes.withUnsafeBytes {
          Foundation.write(descriptor, $0.baseAddress! + start, bytes.count - start)
        }
        if count > 0 {
          start += count
        } else if errno != EINTR {
          open = false
        }
      }
    }
  }
}
