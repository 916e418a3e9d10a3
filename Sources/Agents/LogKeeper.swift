import Foundation

/// Keeps logs small and free of secrets once their attempt has ended.
package enum LogKeeper {
  /// Cuts the middle out of a log that is too long, and hides secrets in what is left.
  package static func finish(_ path: String, secrets: Secrets, bound: Int = 8 << 20) {
    guard let handle = FileHandle(forReadingAtPath: path) else { return }
    defer { try? handle.close() }
    guard let size = try? handle.seekToEnd() else { return }
    try? handle.seek(toOffset: 0)
    var data = Data()
    let isLong = size > UInt64(bound)
    if isLong {
      data = (try? handle.read(upToCount: bound / 8)) ?? Data()
      let tail = bound - bound / 8
      try? handle.seek(toOffset: size - UInt64(tail))
      data += Data("\n[… \(size - UInt64(bound)) bytes left out …]\n".utf8)
      data += (try? handle.readToEnd()) ?? Data()
    } else {
      data = (try? handle.readToEnd()) ?? Data()
    }
    let masked = secrets.mask(data)
    guard isLong || masked != data else { return }
    try? masked.write(to: URL(fileURLWithPath: path), options: .atomic)
    chmod(path, 0o600)
  }
}
