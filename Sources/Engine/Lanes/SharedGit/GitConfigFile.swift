import Foundation

/// The repository's own configuration file, changed in such a way that the change can be taken back
/// byte for byte.
///
/// git's own `config --unset` leaves traces in odd files (no newline at the end, comments, CRLF); here a
/// block is put at the end and cut out again.
struct GitConfigFile {
  let path: String
  /// Stands where the file had no newline at its end before the first block came.
  private let marker: String
  private let state: StateDirectory

  init(state: StateDirectory) {
    self.state = state
    path = Self.resolved(state.commonDirectory + "/config")
    marker = state.path + "/config.unterminated"
  }

  /// Puts a block at the file's end.
  func add(_ block: String) throws {
    try change { text in
      if let last = text.last, last != 0x0a {
        text.append(0x0a)
        try Data().write(to: URL(fileURLWithPath: marker))
      }
      text += Array(block.utf8)
      return true
    }
  }

  /// Cuts a block out.
  ///
  /// - Returns: whether it was there, as it was written.
  func remove(_ block: String, isLast: Bool) throws -> Bool {
    try change { text in
      let block = Array(block.utf8)
      guard let start = Self.lastRange(of: block, in: text) else { return false }
      text.removeSubrange(start..<(start + block.count))
      if isLast, FileManager.default.fileExists(atPath: marker) {
        if start == text.count, text.last == 0x0a { text.removeLast() }
        unlink(marker)
      }
      return true
    }
  }

  /// Rewrites the file under git's own lock.
  @discardableResult
  private func change(_ body: (inout [UInt8]) throws -> Bool) throws -> Bool {
    let lock = path + ".lock"
    var found = stat()
    let mode = stat(path, &found) == 0 ? found.st_mode & 0o777 : 0o644
    let descriptor = open(lock, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else {
      throw LaneError.configurationLocked(path: lock, reason: String(cString: strerror(errno)))
    }
    fchmod(descriptor, mode)
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      var text = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      guard try body(&text) else {
        unlink(lock)
        return false
      }
      try handle.write(contentsOf: Data(text))
      try handle.synchronize()
      guard rename(lock, path) == 0 else {
        throw LaneError.notWritable(path: path, reason: String(cString: strerror(errno)))
      }
      try SharedConfiguration.follow(state, change: body)
      return true
    } catch {
      unlink(lock)
      throw error
    }
  }

  private static func lastRange(of block: [UInt8], in text: [UInt8]) -> Int? {
    guard text.count >= block.count else { return nil }
    var start = text.count - block.count
    while start >= 0 {
      // A block begins at a line's begin.
      if start == 0 || text[start - 1] == 0x0a,
        text[start..<(start + block.count)].elementsEqual(block)
      {
        return start
      }
      start -= 1
    }
    return nil
  }

  private static func resolved(_ path: String) -> String {
    guard let pointer = realpath(path, nil) else { return path }
    defer { free(pointer) }
    return String(cString: pointer)
  }
}
