import CProcess
import Foundation

/// Reading and clearing of paths at which an agent can put whatever it likes.
package enum RegularFile {
  /// Reads a file; `nil` where there is none, or a link, a pipe, a device or a directory, or more than `most`
  /// bytes.
  package static func read(_ path: String, most: Int) -> [UInt8]? {
    DiskPath(path).contents(most: most)
  }

  /// Opens a file to be read; `nil` where there is none, or a link, a pipe, a device or a directory: a reader of a pipe
  /// would wait for its writer.
  package static func handle(_ path: String) -> FileHandle? {
    DiskPath(path).openFile().map {
      FileHandle(fileDescriptor: $0.descriptor, closeOnDealloc: true)
    }
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
