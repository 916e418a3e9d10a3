import CProcess
import Foundation

/// Copies files and directories that a lane needs.
package enum FileCopy {
  /// Copies a file, a link, or a directory with all that is below it; what is there already stays as it is.
  ///
  /// A file shares its blocks with its copy where the file system can (btrfs, XFS and others), so that a cache of
  /// gigabytes takes neither time nor room. Modes and times are kept. A copy that was cut off is completed by the
  /// next: no file is there before it is whole, where the file system knows files without names. Sockets, pipes and
  /// devices are left out. Blocks.
  /// - Returns: how many files share their blocks, and how many were copied byte by byte.
  /// - Throws: ``ProcessFailure/file(path:reason:)`` with the file that can't be read or written.
  @discardableResult
  package static func copy(
    _ source: String, to target: String
  ) throws(ProcessFailure) -> (shared: Int, copied: Int) {
    var facts = stat()
    guard lstat(source, &facts) == 0 else { throw failure(source) }
    var there = stat()
    let isThere = lstat(target, &there) == 0
    switch facts.st_mode & S_IFMT {
    case S_IFDIR:
      if !isThere { guard mkdir(target, 0o700) == 0 else { throw failure(target) } }
      if isThere, there.st_mode & S_IFMT != S_IFDIR { return (0, 0) }
      var count = (shared: 0, copied: 0)
      let names: [String]
      do { names = try FileManager.default.contentsOfDirectory(atPath: source) } catch {
        throw failure(source)
      }
      for name in names.sorted() {
        let part = try copy("\(source)/\(name)", to: "\(target)/\(name)")
        count = (count.shared + part.shared, count.copied + part.copied)
      }
      if !isThere {
        var times = [facts.st_atim, facts.st_mtim]
        guard chmod(target, facts.st_mode & 0o7777) == 0 else { throw failure(target) }
        _ = utimensat(AT_FDCWD, target, &times, 0)
      }
      return count
    case S_IFREG where !isThere:
      let result = lk_copy_file(source, (target as NSString).deletingLastPathComponent, target)
      guard result >= 0 || errno == EEXIST else { throw failure(target) }
      return result == 1 ? (1, 0) : (0, result == 0 ? 1 : 0)
    case S_IFLNK where !isThere:
      guard let aim = try? FileManager.default.destinationOfSymbolicLink(atPath: source),
        symlink(aim, target) == 0
      else { throw failure(target) }
      return (0, 0)
    default: return (0, 0)
    }
  }

  private static func failure(_ path: String) -> ProcessFailure {
    .file(path: path, reason: String(cString: strerror(errno)))
  }
}
