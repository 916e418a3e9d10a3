import Glibc

/// Reading files without Foundation, with few calls and little memory: the hook starts at every commit.
package enum FileBytes {
  /// Returns the content of a file; `nil` where it can't be read.
  ///
  /// - Parameter limit: at most so many bytes are returned.
  package static func read(_ path: String, limit: Int = .max) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    // Files of /proc say that they are empty, and give what they hold at once where there is room.
    guard status.st_size > 0 else {
      let all = read(descriptor, min(limit, 4096))
      if all.count < min(limit, 4096) { return all }
      return all + readAll(descriptor: descriptor, limit: limit - all.count)
    }
    var result: [UInt8] = []
    while result.count < min(limit, Int(status.st_size)) {
      let part = read(descriptor, min(limit, Int(status.st_size)) - result.count)
      guard !part.isEmpty else { break }
      if result.isEmpty { result = part } else { result += part }
    }
    return result
  }

  /// Returns what can be read until the end, at most `limit` bytes.
  package static func readAll(descriptor: Int32, limit: Int = .max) -> [UInt8] {
    var result: [UInt8] = []
    while result.count < limit {
      let part = read(descriptor, min(limit - result.count, result.isEmpty ? 2048 : 65_536))
      guard !part.isEmpty else { break }
      if result.isEmpty { result = part } else { result += part }
    }
    return result
  }

  private static func read(_ descriptor: Int32, _ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      var count = 0
      repeat {
        count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      } while count < 0
        && errno == EINTR
      filled = max(count, 0)
    }
  }
}
