import Foundation
import Processes

/// Reads the end of a log without reading all of it.
package enum LogTail {
  /// Returns the last lines of a file, at most `bytes` of it.
  package static func lines(_ path: String, count: Int = 50, bytes: Int = 16_384) -> [String] {
    guard let handle = RegularFile.handle(path) else { return [] }
    defer { try? handle.close() }
    guard let size = try? handle.seekToEnd() else { return [] }
    try? handle.seek(toOffset: size > UInt64(bytes) ? size - UInt64(bytes) : 0)
    guard let data = try? handle.readToEnd() else { return [] }
    var lines = String(decoding: data, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    if size > UInt64(bytes), !lines.isEmpty { lines.removeFirst() }
    return lines.suffix(count).map(String.init)
  }

  /// Returns the last line that is not empty.
  package static func last(_ path: String) -> String? {
    lines(path, count: 20, bytes: 4096).last { !$0.allSatisfy(\.isWhitespace) }
  }
}
