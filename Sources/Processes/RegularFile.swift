import CProcess
import Foundation

/// Reading and clearing of paths at which an agent can put whatever it likes.
package enum RegularFile {
  /// Reads a file; `nil` where there is none, or a link, a pipe, a device or a directory, or more than `most`
  /// bytes.
  package static func read(_ path: String, most: Int) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_size <= most
    else { return nil }
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while result.count <= most {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { return result }
      result += buffer[..<count]
    }
    return nil
  }

  /// Removes the pipes, sockets and devices below a directory, none of which holds any work, without
  /// following links.
  ///
  /// - Parameter names: only those of these names; all where empty.
  /// - Returns: the paths of those removed.
  @discardableResult
  package static func removeOthers(below directory: String, names: Set<String> = []) -> [String] {
    var removed: [String] = []
    withUnsafeMutablePointer(to: &removed) { found in
      lk_each_special(directory, found) { path, context in
        context!.assumingMemoryBound(to: [String].self).pointee.append(String(cString: path!))
      }
    }
    return removed.filter { path in
      (names.isEmpty || names.contains((path as NSString).lastPathComponent)) && unlink(path) == 0
    }
  }
}
