import CProcess
import Glibc

/// The files of one of our directories of hooks, put there without ever taking away what is not ours.
package struct HookFiles {
  /// The end of the names of what another program has written over a launcher, which runs after ours.
  package static let displaced = ".displaced"

  /// Absolute.
  package let directory: String
  private let launcher: HookLauncher
  private let program: String
  /// The link that stood under a hook's name before there were launchers.
  private static let oldLink = "../bin/lanekeeper-hook"
  private static let largest = 1 << 20

  /// - Parameter directory: absolute; the program stands in `bin` beside it.
  package init(_ directory: String) {
    self.directory = directory
    let parent = directory.utf8.lastIndex(of: 0x2f).map { String(directory[..<$0]) } ?? ""
    program = parent + "/bin/lanekeeper-hook"
    launcher = HookLauncher(program: program)
  }

  /// Whether the program that the launchers start is there.
  package var hasProgram: Bool { access(program, X_OK) == 0 }

  /// Returns whether a hook's name leads to our program, as it was written here.
  package func isWhole(_ name: String) -> Bool {
    Self.content(path(name), limit: launcher.content.count + 1) == launcher.content
      && access(path(name), X_OK) == 0
  }

  /// Returns whether a file is one of ours, also an older one or one of another place.
  package func isOurs(_ name: String) -> Bool { Self.isOurs(path(name)) }

  /// Puts a launcher under a hook's name. What stood there and is not ours is kept beside it.
  ///
  /// - Returns: 0, or the error code.
  @discardableResult
  package func put(_ name: String) -> Int32 {
    guard !isWhole(name) else { return 0 }
    let path = path(name)
    let fresh = path + ".\(getpid())"
    unlink(fresh)
    guard Self.write(launcher.content, to: fresh) else { return errno }
    if lk_rename_new(fresh, path) == 0 { return 0 }
    // Exchanging the two leaves no moment without a hook, in which git would skip it.
    if errno == EEXIST, lk_exchange(fresh, path) == 0 {
      keep(fresh, name)
      return 0
    }
    guard errno == EINVAL || errno == ENOSYS else {
      let code = errno
      unlink(fresh)
      return code
    }
    // This file system can't exchange.
    let found = fresh + ".found"
    let wasThere = rename(path, found) == 0
    guard rename(fresh, path) == 0 else { return errno }
    if wasThere { keep(found, name) }
    return 0
  }

  /// Adds a launcher for each hook of the user's directory that has none yet.
  package func add(hooksOf user: String) {
    for name in Self.hooks(in: user) where access(path(name), F_OK) != 0 { put(name) }
  }

  /// Returns the names of the hooks in a directory that git would start: a hook of whatever name, now or
  /// later, but no sample and no other file.
  package static func hooks(in directory: String) -> [String] {
    entries(of: directory).filter {
      isHookName($0) && ($0.utf8.contains(0x2d) || $0 == "update")
        && access(directory + "/" + $0, X_OK) == 0 && isFile(directory + "/" + $0)
    }
  }

  /// Returns the names in a directory; empty where it can't be read.
  package static func entries(of directory: String) -> [String] {
    guard let handle = opendir(directory) else { return [] }
    defer { closedir(handle) }
    var result: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { result.append(name) }
    }
    return result
  }

  /// Returns whether a name can be that of a hook.
  package static func isHookName(_ name: String) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy {
        ($0 >= 0x61 && $0 <= 0x7a) || $0 == 0x2d || ($0 >= 0x30 && $0 <= 0x39)
      }
  }

  /// Returns whether there is an ordinary file, also behind a link.
  package static func isFile(_ path: String) -> Bool {
    var found = stat()
    return stat(path, &found) == 0 && found.st_mode & S_IFMT == S_IFREG
  }

  /// Returns the content of an ordinary file; `nil` for links, pipes and what can't be read.
  package static func content(_ path: String, limit: Int = largest) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var found = stat()
    guard fstat(descriptor, &found) == 0, found.st_mode & S_IFMT == S_IFREG else { return nil }
    return FileBytes.readAll(descriptor: descriptor, limit: limit)
  }

  private func path(_ name: String) -> String { directory + "/" + name }

  private static func isOurs(_ path: String) -> Bool {
    if let text = link(path) { return text == oldLink }
    return content(path).map { HookLauncher.recognise($0) == .launcher } ?? false
  }

  /// Keeps what stood under a hook's name beside it: the newest runs, older ones get a number.
  private func keep(_ found: String, _ name: String) {
    guard !Self.isOurs(found) else {
      unlink(found)
      return
    }
    if let content = Self.content(found),
      case .extended(let rest) = HookLauncher.recognise(content)
    {
      let fresh = found + ".rest"
      unlink(fresh)
      if Self.write(rest, to: fresh) { rename(fresh, found) }
    }
    let place = path(name) + Self.displaced
    guard lk_rename_new(found, place) != 0 else { return }
    if let old = Self.content(place), old == Self.content(found) {
      rename(found, place)
      return
    }
    for number in 1...1000 where lk_rename_new(place, place + ".\(number)") == 0 { break }
    _ = lk_rename_new(found, place)
  }

  private static func write(_ content: [UInt8], to path: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o755)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    // Every user of the repository starts it.
    fchmod(descriptor, 0o755)
    return content.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      == content.count
  }

  private static func link(_ path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: 256)
    let count = buffer.withUnsafeMutableBytes {
      readlink(path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
    }
    return count > 0 ? String(decoding: buffer[0..<count], as: UTF8.self) : nil
  }
}
