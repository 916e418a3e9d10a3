import GitFormats
import Glibc

/// Reading files without Foundation.
enum Files {
  /// Returns the content of a file; `nil` where it can't be read.
  static func read(_ path: String, limit: Int = .max) -> [UInt8]? {
    FileBytes.read(path, limit: limit)
  }

  /// Returns what can be read until the end.
  static func readAll(descriptor: Int32) -> [UInt8] { FileBytes.readAll(descriptor: descriptor) }

  /// Returns the first line of a file as text.
  static func line(_ path: String) -> String? {
    guard let bytes = read(path, limit: 65_536) else { return nil }
    let end = bytes.firstIndex(of: 0x0a) ?? bytes.count
    return String(decoding: bytes[..<end], as: UTF8.self)
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Returns the text of a symbolic link.
  static func link(_ path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes {
      readlink(path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
    }
    return count > 0 ? String(decoding: buffer[0..<count], as: UTF8.self) : nil
  }

  /// Returns a path without symbolic links; the path itself where it does not exist.
  static func resolved(_ path: String) -> String {
    guard let pointer = realpath(path, nil) else { return path }
    defer { free(pointer) }
    return String(cString: pointer)
  }
}

/// Taking paths apart.
enum Path {
  static func last(_ path: String) -> String {
    String(path.split(separator: "/").last ?? "")
  }

  static func parent(_ path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: 0x2f) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Returns a path relative to a directory as one from the top.
  static func join(_ directory: String, _ path: String) -> String {
    path.hasPrefix("/") ? path : directory + "/" + path
  }
}

/// The environment of the process.
enum Environment {
  static func value(_ name: String) -> String? {
    guard let pointer = getenv(name) else { return nil }
    return String(cString: pointer)
  }
}

/// Lines for people, on standard error.
enum Output {
  static func error(_ lines: [String]) {
    guard !lines.isEmpty else { return }
    let bytes = Array((lines.map(visible).joined(separator: "\n") + "\n").utf8)
    var start = 0
    while start < bytes.count {
      let count = bytes[start...].withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      start += count
    }
  }
}
