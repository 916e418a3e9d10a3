import Foundation
import Processes

/// Keeps logs small and free of secrets once their attempt has ended.
package enum LogKeeper {
  private static let piece = 1 << 16

  /// Cuts the middle out of a log that is too long, and hides secrets in what is left; a piece at a time, so
  /// that memory does not grow with the log.
  package static func finish(_ path: String, secrets: Secrets, bound: Int = 8 << 20) {
    guard let log = RegularFile.handle(path) else { return }
    defer { try? log.close() }
    guard let size = try? log.seekToEnd() else { return }
    let isLong = size > UInt64(bound)
    let parts: [Range<UInt64>] =
      isLong
      ? [0..<UInt64(bound / 8), (size - UInt64(bound - bound / 8))..<size] : [0..<size]
    guard (try? isLong || write(log, parts, secrets, to: nil)) == true else { return }
    let new = path + ".new"
    guard FileManager.default.createFile(atPath: new, contents: nil), chmod(new, 0o600) == 0,
      let output = FileHandle(forWritingAtPath: new)
    else { return }
    defer { try? output.close() }
    do {
      _ = try write(log, parts, secrets, to: output)
      guard rename(new, path) == 0 else { throw CocoaError(.fileWriteUnknown) }
    } catch {
      unlink(new)
    }
  }

  /// Copies parts of a log with secrets hidden, a line about what is left out between them; tells whether
  /// any was there.
  private static func write(
    _ log: FileHandle, _ parts: [Range<UInt64>], _ secrets: Secrets, to output: FileHandle?
  ) throws -> Bool {
    var mask = SecretStream(secrets)
    for (number, part) in parts.enumerated() {
      if number > 0 {
        let left = part.lowerBound - parts[number - 1].upperBound
        let line = "\n[… \(left) bytes left out …]\n"
        // What is held back may be half of a secret.
        mask.drop()
        try output?.write(contentsOf: Data(line.utf8))
      }
      try log.seek(toOffset: part.lowerBound)
      var left = Int(part.upperBound - part.lowerBound)
      while left > 0, let data = try log.read(upToCount: min(left, piece)), !data.isEmpty {
        left -= data.count
        let shown = mask.take(data)
        try output?.write(contentsOf: shown)
      }
    }
    let last = mask.end()
    try output?.write(contentsOf: last)
    return mask.hasHidden
  }
}
