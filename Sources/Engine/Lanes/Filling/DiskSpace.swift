import Foundation
import Git

/// Looks whether the lanes fit on their disk.
package enum DiskSpace {
  /// Free space, in bytes, from which on the size of the checkout is not worked out.
  private static let plenty: Int64 = 20 << 30
  /// Free space, in bytes, with less of which nothing can be expected to work.
  private static let least: Int64 = 16 << 20

  /// Returns the free space below a directory, in bytes; `nil` where that can't be told.
  package static func available(_ directory: String) -> Int64? {
    var facts = statvfs()
    guard statvfs(directory, &facts) == 0 else { return nil }
    return Int64(facts.f_bavail) * Int64(facts.f_frsize)
  }

  /// Returns whether next to nothing can be written below a directory; false if that can't be determined.
  package static func isFull(_ directory: String) -> Bool {
    available(directory).map { $0 < least } ?? false
  }

  /// - Parameter lanes: how many checkouts of the target are to be made.
  /// - Throws: ``LaneError``.
  package static func check(
    _ directory: String, repository: Repository, target: String, lanes: Int
  ) throws {
    var present = directory
    while !FileManager.default.fileExists(atPath: present), present != "/" {
      present = (present as NSString).deletingLastPathComponent
    }
    var isDirectory: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: present, isDirectory: &isDirectory)
    guard isDirectory.boolValue else {
      throw LaneError.notWritable(path: directory, reason: "\(present) is no directory")
    }
    guard access(present, W_OK) == 0 else {
      throw LaneError.notWritable(path: directory, reason: String(cString: strerror(errno)))
    }
    guard let available = available(present), available < plenty else { return }
    let listing = try repository.git(["ls-tree", "-r", "-l", "-z", target])
    var size: Int64 = 0
    for line in listing.output.split(separator: 0) {
      let words = line.prefix { $0 != 0x09 }.split(separator: 0x20)
      // A file takes whole blocks.
      if words.count == 4, let bytes = Int64(String(decoding: words[3], as: UTF8.self)) {
        size += (bytes + 4095) / 4096 * 4096
      }
    }
    let needed = size * Int64(lanes) + least
    guard available > needed else {
      throw LaneError.noSpace(path: present, availableBytes: available, neededBytes: needed)
    }
  }
}
