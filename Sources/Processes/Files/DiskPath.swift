import CProcess
import Foundation

/// An absolute path on the disk as the bytes that the kernel takes, whatever text they are.
///
/// git names files by bytes, and a `String` made of bytes that are no UTF-8 names another file.
package struct DiskPath: Hashable, Sendable {
  package let bytes: [UInt8]

  package init(_ text: String) { bytes = Array(text.utf8) }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  /// Returns the place of a path below this directory.
  package static func / (directory: DiskPath, path: [UInt8]) -> DiskPath {
    DiskPath(bytes: directory.bytes + [0x2f] + path)
  }

  /// The directory that it lies in.
  package var parent: DiskPath {
    DiskPath(bytes: Array(bytes[..<(bytes.lastIndex(of: 0x2f) ?? 0)]))
  }

  /// Hands the path to a C function.
  package func withCString<T>(_ body: (UnsafePointer<CChar>) throws -> T) rethrows -> T {
    try (bytes + [0]).withUnsafeBufferPointer { path in
      try path.withMemoryRebound(to: CChar.self) { try body($0.baseAddress!) }
    }
  }

  /// Looks what is there, without following a link at its end; `nil` where nothing is.
  package func status() -> stat? {
    var found = stat()
    return withCString { lstat($0, &found) } == 0 ? found : nil
  }

  /// Reads the text of a symbolic link; `nil` where there is none.
  package func linkText() -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = withCString { path in
      buffer.withUnsafeMutableBytes {
        readlink(path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
      }
    }
    return count < 0 ? nil : Array(buffer[..<count])
  }

  /// Opens a regular file to be read, without waiting for the other end of a pipe.
  ///
  /// - Returns: the descriptor, which the caller closes, and the size in bytes; `nil` where there is no file, or a link,
  ///   a pipe, a device or a directory.
  func openFile() -> (descriptor: Int32, size: off_t)? {
    let descriptor = withCString {
      open($0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    }
    guard descriptor >= 0 else { return nil }
    var found = stat()
    guard fstat(descriptor, &found) == 0, found.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      return nil
    }
    return (descriptor, found.st_size)
  }

  /// Reads a file; `nil` where there is none, or a link, a pipe, a device or a directory, or more than `most` bytes,
  /// whatever size it says it has.
  package func contents(most: Int = 1 << 31) -> [UInt8]? {
    guard let (descriptor, size) = openFile() else { return nil }
    defer { close(descriptor) }
    guard size <= most else { return nil }
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while result.count <= most {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { return result }
      result += buffer[..<count]
    }
    return nil
  }

  /// Makes the directory and those above it that are missing.
  ///
  /// - Returns: 0, or what went wrong, as `errno` tells it.
  package func makeDirectories() -> Int32 {
    if withCString({ mkdir($0, 0o777) }) == 0 || errno == EEXIST { return 0 }
    guard errno == ENOENT, bytes.count > 1 else { return errno }
    let above = parent.makeDirectories()
    guard above == 0 else { return above }
    return withCString { mkdir($0, 0o777) } == 0 || errno == EEXIST ? 0 : errno
  }

  /// Moves what is there to another place, over what stands there.
  ///
  /// - Returns: 0, or what went wrong, as `errno` tells it.
  package func move(to other: DiskPath) -> Int32 {
    withCString { from in other.withCString { rename(from, $0) } } == 0 ? 0 : errno
  }

  /// Moves what is there to a place where nothing may stand.
  ///
  /// - Returns: 0, or what went wrong, as `errno` tells it.
  package func moveToNew(_ other: DiskPath) -> Int32 {
    withCString { from in other.withCString { lk_rename_new(from, $0) } } == 0 ? 0 : errno
  }

  /// Swaps two files in one step.
  ///
  /// - Returns: 0, or what went wrong, as `errno` tells it.
  package func exchange(with other: DiskPath) -> Int32 {
    withCString { one in other.withCString { lk_exchange(one, $0) } } == 0 ? 0 : errno
  }
}
