import Foundation

/// Removes directories with all that is in them, whatever their permissions and however long their paths are.
///
/// Each name is looked up once below an open directory, so no link leads elsewhere, and no path is too long. Other
/// file systems that are mounted inside are not entered.
package enum TreeRemoval {
  /// A file or directory that could not be removed, with the reason.
  package struct Failure: Error, CustomStringConvertible, Equatable {
    package var path: String
    package var reason: String
    package var description: String {
      "\(path) can't be removed: \(reason); take away what holds it (`lsattr -d`, `mount`, its owner), and "
        + "run `lanekeeper lanes clean` again"
    }
  }

  /// The maximum depth of directories.
  private static let deepest = 200_000

  /// Removes a file or a directory; one that is not there is no error.
  ///
  /// - Throws: ``Failure`` for the first thing that can't be removed; everything else is gone then.
  package static func remove(_ path: String) throws(Failure) {
    let name = (path as NSString).lastPathComponent
    let parent = open(
      (path as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard parent >= 0 else {
      if errno == ENOENT { return }
      throw Failure(path: path, reason: String(cString: strerror(errno)))
    }
    defer { close(parent) }
    var facts = stat()
    guard fstatat(parent, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 else {
      if errno == ENOENT { return }
      throw Failure(path: path, reason: String(cString: strerror(errno)))
    }
    var failure: Failure?
    if facts.st_mode & S_IFMT == S_IFDIR { failure = empty(name, in: parent, facts.st_dev, path) }
    if let failure { throw failure }
    let flags = facts.st_mode & S_IFMT == S_IFDIR ? AT_REMOVEDIR : 0
    guard unlinkat(parent, name, flags) == 0 || errno == ENOENT else {
      throw Failure(path: path, reason: String(cString: strerror(errno)))
    }
  }

  /// Returns whether something below a directory has a path that no program can name, git neither.
  package static func holdsLongPaths(_ path: String) -> Bool {
    guard let files = FileManager.default.enumerator(atPath: path) else { return false }
    let most = Int(PATH_MAX) - 300 - path.utf8.count
    for case let name as String in files where name.utf8.count > most { return true }
    return false
  }

  /// One directory on the way down.
  private struct Level {
    var name: [CChar]
    var inode: ino_t
    /// Names in it that stay, since they can't be removed.
    var kept: Set<[CChar]> = []
  }

  /// Empties a directory and all below it, one at a time, with one open descriptor.
  private static func empty(
    _ name: String, in parent: Int32, _ device: dev_t, _ path: String
  ) -> Failure? {
    var first: Failure?
    func note(_ code: Int32, _ levels: [Level], _ name: [CChar]) {
      guard first == nil else { return }
      let parts = levels.dropFirst().prefix(8).map { text($0.name) } + [text(name)]
      first = Failure(
        path: ([path] + parts.filter { !$0.isEmpty }).joined(separator: "/"),
        reason: String(cString: strerror(code)))
    }
    var here = enter(Array(name.utf8CString), parent)
    guard here >= 0 else {
      note(errno, [], [])
      return first
    }
    defer { if here >= 0 { close(here) } }
    var levels = [Level(name: Array(name.utf8CString), inode: inode(here))]
    while true {
      var below: [CChar]?
      for entry in names(here) where !levels[levels.count - 1].kept.contains(entry) {
        var facts = stat()
        guard fstatat(here, entry, &facts, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
        if facts.st_mode & S_IFMT == S_IFDIR, facts.st_dev == device, levels.count < deepest {
          if unlinkat(here, entry, AT_REMOVEDIR) == 0 { continue }
          below = entry
          break
        }
        if unlinkat(here, entry, 0) != 0 {
          note(facts.st_dev == device ? errno : EBUSY, levels, entry)
          levels[levels.count - 1].kept.insert(entry)
        }
      }
      if let below {
        let next = enter(below, here)
        if next < 0 {
          note(errno, levels, below)
          levels[levels.count - 1].kept.insert(below)
          continue
        }
        close(here)
        here = next
        levels.append(Level(name: below, inode: inode(next)))
        continue
      }
      guard levels.count > 1 else { return first }
      let done = levels.removeLast()
      let up = openat(here, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      // Moved away meanwhile: nothing outside is touched.
      guard up >= 0, inode(up) == levels[levels.count - 1].inode else {
        if up >= 0 { close(up) }
        note(ESTALE, levels, done.name)
        return first
      }
      close(here)
      here = up
      if unlinkat(here, done.name, AT_REMOVEDIR) != 0 {
        if done.kept.isEmpty { note(errno, levels, done.name) }
        levels[levels.count - 1].kept.insert(done.name)
      }
    }
  }

  /// Opens a directory to be emptied, after giving its owner the right to do so.
  private static func enter(_ name: [CChar], _ parent: Int32) -> Int32 {
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    var opened = openat(parent, name, flags)
    if opened < 0, errno == EACCES, fchmodat(parent, name, 0o700, 0) == 0 {
      opened = openat(parent, name, flags)
    }
    guard opened >= 0 else { return opened }
    var facts = stat()
    if fstat(opened, &facts) == 0, facts.st_mode & 0o700 != 0o700 { fchmod(opened, 0o700) }
    return opened
  }

  private static func names(_ directory: Int32) -> [[CChar]] {
    let again = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard again >= 0, let listing = fdopendir(again) else {
      if again >= 0 { close(again) }
      return []
    }
    defer { closedir(listing) }
    var names: [[CChar]] = []
    while let entry = readdir(listing) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { start in
          Array(UnsafeBufferPointer(start: start, count: strlen(start) + 1))
        }
      }
      if name == [0x2e, 0] || name == [0x2e, 0x2e, 0] { continue }
      names.append(name)
    }
    return names
  }

  private static func inode(_ directory: Int32) -> ino_t {
    var facts = stat()
    return fstat(directory, &facts) == 0 ? facts.st_ino : 0
  }

  private static func text(_ name: [CChar]) -> String {
    String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
