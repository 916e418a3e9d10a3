import Foundation

// TestSupport: what tests of every module need and no product code has: a git that knows nothing of
// the machine it runs on, directories that vanish, random numbers that repeat, and snapshots.

/// A directory that is removed with its last reference.
package final class TemporaryDirectory: Sendable {
  /// Absolute, symbolic links resolved, without a slash at its end.
  package let path: String

  /// Makes a directory below the system's one for temporary files.
  package convenience init() throws { try self.init(below: NSTemporaryDirectory()) }

  /// Makes one below another directory.
  package init(below parent: String) throws {
    var template = Array((parent + "/lanekeeper-test-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil, let resolved = realpath(&template, nil) else {
      throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
    }
    defer { free(resolved) }
    path = String(cString: resolved)
  }

  deinit { Self.remove(path) }

  /// Returns the absolute path of a name below the directory.
  package func path(_ name: String) -> String { path + "/" + name }

  /// Writes a text file below the directory, with the directories that it needs.
  ///
  /// - Parameter executable: lets it be started. Another process writes it then: one that a test beside this one starts
  ///   might inherit a file that is open for writing here, and until that is closed nobody could start it.
  package func write(_ name: String, _ text: String, executable: Bool = false) throws {
    let file = path(name)
    try FileManager.default.createDirectory(
      atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    guard executable else { return try Data(text.utf8).write(to: URL(fileURLWithPath: file)) }
    let command = ["sh", "-c", "cat > \"$0\" && chmod 755 \"$0\"", file]
    let result = try TestProgram.run(
      command, directory: "/", environment: TestProgram.environment(home: path),
      input: Array(text.utf8))
    guard result.status == 0 else { throw TestProgramFailure(command: command, result: result) }
  }

  /// Reads a text file below the directory.
  package func read(_ name: String) throws -> String {
    try String(contentsOfFile: path(name), encoding: .utf8)
  }

  /// Tells whether something stands below the directory, a dangling link included.
  package func exists(_ name: String) -> Bool {
    var found = stat()
    return lstat(path(name), &found) == 0
  }

  /// Removes a directory also where names in it are no UTF-8 or directories can't be written.
  private static func remove(_ path: String) {
    if let stream = opendir(path) {
      removeContent(of: stream)
      closedir(stream)
    }
    rmdir(path)
  }

  private static func removeContent(of stream: OpaquePointer) {
    let directory = dirfd(stream)
    fchmod(directory, 0o700)
    while let entry = readdir(stream) {
      withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: 256) { name in
          let text = String(cString: name)
          if text == "." || text == ".." || unlinkat(directory, name, 0) == 0 { return }
          fchmodat(directory, name, 0o700, 0)
          let child = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
          if child >= 0, let inner = fdopendir(child) {
            removeContent(of: inner)
            closedir(inner)
          }
          unlinkat(directory, name, AT_REMOVEDIR)
        }
      }
    }
  }
}
