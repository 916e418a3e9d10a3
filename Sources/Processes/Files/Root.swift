import CProcess
import Foundation

/// The reason why a path below a directory can't be used.
package enum RootError: Error, CustomStringConvertible, Equatable {
  /// The path is empty, absolute, or has a part that leads elsewhere.
  case outside(String)
  /// A link, or something that is no directory, is on the way.
  case led(String)
  /// It is no regular file.
  case notRegular(String)
  /// It holds more than is read of such a file.
  case tooLarge(String, limit: Int)
  /// The system refuses it.
  case failed(String, code: Int32)

  package var description: String {
    switch self {
    case .outside(let path): "\(path) is no path below its directory"
    case .led(let path): "\(path) can't be used: a link, or what is no directory, is on the way"
    case .notRegular(let path): "\(path) is no regular file"
    case .tooLarge(let path, let limit): "\(path) holds more than \(limit) bytes or entries"
    case .failed(let path, let code): "\(path) can't be used: \(String(cString: strerror(code)))"
    }
  }
}

/// A directory of whose content nothing is trusted, such as a lane or what an agent in a sandbox can write.
///
/// Each operation takes a path below it once, without following a link in any position, and goes on with the
/// descriptor; so what is swapped meanwhile leads nowhere else. Only regular files are read, and a pipe or a device
/// is not even opened.
package final class Root: Sendable {
  package let path: String
  private let descriptor: Int32
  private let isStepwise: Bool

  /// Opens the directory, whose own last part must be no link.
  ///
  /// - Parameter isStepwise: takes paths name by name, as on a kernel without openat2(2).
  package init(_ path: String, isStepwise: Bool = false) throws(RootError) {
    self.path = path
    self.isStepwise = isStepwise
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.error(path) }
  }

  deinit { close(descriptor) }

  // MARK: looking

  /// Returns what stands at a path, which may be a link itself; `nil` where nothing does.
  package func facts(_ path: [UInt8]) throws(RootError) -> stat? {
    do throws(RootError) {
      return try withParent(path) { parent, name throws(RootError) in
        var found = stat()
        guard fstatat(parent, name, &found, AT_SYMLINK_NOFOLLOW) == 0 else {
          throw Self.error(path)
        }
        return found
      }
    } catch  where error.isAbsence {
      return nil
    }
  }

  /// Returns the first directory of a path's that is none, a link included; `nil` where all are, or are absent.
  package func obstacle(onTheWayTo path: [UInt8]) throws(RootError) -> [UInt8]? {
    for end in path.indices where path[end] == 0x2f {
      guard let found = try facts(Array(path[..<end])) else { return nil }
      if found.st_mode & S_IFMT != S_IFDIR { return Array(path[..<end]) }
    }
    return nil
  }

  /// Returns what a regular file holds; `nil` where nothing is there.
  ///
  /// - Throws: ``RootError/tooLarge(_:limit:)`` for more than `limit` bytes, whatever size the file says it has.
  package func read(_ path: [UInt8], limit: Int) throws(RootError) -> [UInt8]? {
    let file: Int32
    do throws(RootError) { file = try openFile(path) } catch  where error.isAbsence { return nil }
    defer { close(file) }
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: min(limit + 1, 65_536))
    while true {
      let count = Glibc.read(file, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw Self.error(path) }
      if count == 0 { return result }
      guard result.count + count <= limit else {
        throw .tooLarge(Self.text(path), limit: limit)
      }
      result += buffer[..<count]
    }
  }

  /// Lists everything below a directory, what is deeper first; nothing where it is absent.
  ///
  /// - Parameter limit: how many entries there may be.
  package func walk(
    _ path: [UInt8] = [], limit: Int
  ) throws(RootError) -> [(path: [UInt8], kind: mode_t)] {
    var result: [(path: [UInt8], kind: mode_t)] = []
    try visit(path, limit: limit) { (_, _, entry, found) throws(RootError) in
      result.append((entry, found.st_mode & S_IFMT))
      guard found.st_mode & S_IFMT == S_IFDIR else { return false }
      guard entry.count < Self.longestPath else {
        throw .tooLarge(Self.text(entry), limit: Self.longestPath)
      }
      return true
    }
    return result.reversed()
  }

  /// Paths of directories are not followed further.
  private static let longestPath = 3500

  /// Looks at everything below a directory.
  ///
  /// - Parameters:
  ///   - limit: how many entries there may be.
  ///   - body: is told the directory, the name in it, the path and the facts of each; true leads into a directory.
  private func visit(
    _ path: [UInt8], limit: Int,
    _ body: (Int32, [CChar], [UInt8], stat) throws(RootError) -> Bool
  ) throws(RootError) {
    var open: [[UInt8]] = [path]
    var left = limit
    while let next = open.popLast() {
      let directory: Int32
      do throws(RootError) {
        directory = try openDirectory(next)
      } catch  where error.isAbsence {
        continue
      }
      defer { close(directory) }
      for name in try Self.names(directory, next, limit: left) {
        var found = stat()
        guard fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
        left -= 1
        let entry = (next.isEmpty ? [] : next + [0x2f]) + Self.bytes(name)
        if try body(directory, name, entry, found) { open.append(entry) }
      }
    }
  }

  // MARK: changing

  /// Puts a file in its place in one step; what is there is replaced, a link itself and not what it leads to.
  package func write(
    _ path: [UInt8], _ content: [UInt8], mode: mode_t = 0o644
  ) throws(RootError) {
    try withParent(path) { parent, name throws(RootError) in
      try Self.place(parent, name, path) { temporary throws(RootError) in
        let file = openat(
          parent, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Self.error(path) }
        defer { close(file) }
        var sent = 0
        while sent < content.count {
          let count = content[sent...].withUnsafeBytes {
            Glibc.write(file, $0.baseAddress, $0.count)
          }
          if count < 0 && errno == EINTR { continue }
          guard count > 0 else { throw Self.error(path) }
          sent += count
        }
        guard fchmod(file, mode) == 0 else { throw Self.error(path) }
      }
    }
  }

  /// Makes a directory, and those above it.
  ///
  /// - Parameter replacing: takes away what stands in the place of one and is none.
  package func makeDirectory(
    _ path: [UInt8], mode: mode_t = 0o777, replacing: Bool = false
  ) throws(RootError) {
    guard Self.isPlain(path) else { throw .outside(Self.text(path)) }
    for end in path.indices.filter({ path[$0] == 0x2f }) + [path.endIndex] {
      let part = Array(path[..<end])
      try withParent(part) { parent, name throws(RootError) in
        if mkdirat(parent, name, mode) == 0 { return }
        guard errno == EEXIST else { throw Self.error(part) }
        var found = stat()
        guard fstatat(parent, name, &found, AT_SYMLINK_NOFOLLOW) == 0 else {
          throw Self.error(part)
        }
        if found.st_mode & S_IFMT == S_IFDIR { return }
        guard replacing else { throw .led(Self.text(part)) }
        guard unlinkat(parent, name, 0) == 0, mkdirat(parent, name, mode) == 0 else {
          throw Self.error(part)
        }
      }
    }
  }

  /// Removes a file or a link.
  ///
  /// - Returns: false where nothing was removed.
  @discardableResult
  package func remove(_ path: [UInt8]) -> Bool {
    (try? withParent(path) { parent, name in unlinkat(parent, name, 0) == 0 }) ?? false
  }

  /// Removes everything below a directory that is neither a regular file nor a directory, and files that are larger
  /// than they may be.
  ///
  /// - Parameter limit: how many bytes a file may have, by its path.
  package func sweep(
    _ path: [UInt8] = [], limit: ([UInt8]) -> Int = { _ in .max }
  ) throws(RootError) {
    try visit(path, limit: .max) { (directory, name, entry, found) throws(RootError) in
      switch found.st_mode & S_IFMT {
      case S_IFREG where found.st_size <= limit(entry): break
      case S_IFDIR where entry.count < Self.longestPath: return true
      case S_IFDIR: try removeAll(entry)
      default: unlinkat(directory, name, 0)
      }
      return false
    }
  }

  /// Removes an empty directory.
  ///
  /// - Returns: false where nothing was removed.
  @discardableResult
  package func removeDirectory(_ path: [UInt8]) -> Bool {
    (try? withParent(path) { parent, name in unlinkat(parent, name, AT_REMOVEDIR) == 0 }) ?? false
  }

  /// Removes whatever stands at a path, with all that is below it, however deep.
  package func removeAll(_ path: [UInt8]) throws(RootError) {
    do throws(RootError) {
      try withParent(path) { parent, name throws(RootError) in
        var open: [[CChar]] = [name]
        while let next = open.popLast() {
          try Self.clear(parent, next, above: parent, depth: 0, path, &open)
        }
      }
    } catch  where error.isAbsence {
      return
    }
  }

  /// Moves an entry of this directory to another name in it, at which nothing may stand.
  package func rename(_ path: [UInt8], to other: [UInt8]) throws(RootError) {
    try withParent(path) { source, old throws(RootError) in
      try withParent(other) { target, new throws(RootError) in
        guard lk_rename_new_at(source, old, target, new) == 0 else { throw Self.error(other) }
      }
    }
  }

  /// Moves a file or a link from another directory to its place here, in one step; an empty directory makes way.
  package func take(_ path: [UInt8], from other: Root) throws(RootError) {
    try other.withParent(path) { source, old throws(RootError) in
      try withParent(path) { target, new throws(RootError) in
        for _ in 0..<2 {
          if renameat(source, old, target, new) == 0 { return }
          guard [EISDIR, ENOTEMPTY, EEXIST].contains(errno),
            unlinkat(target, new, AT_REMOVEDIR) == 0
          else { break }
        }
        guard errno == EXDEV else { throw Self.error(path) }
        try Self.place(target, new, path) { temporary throws(RootError) in
          try Self.copy(source, old, target, temporary, path, depth: 0)
        }
        unlinkat(source, old, 0)
      }
    }
  }

  /// Copies a file or a directory of the machine's, which is trusted, to its place here. What is there is replaced;
  /// directories that are missing are made, and what stands in their place goes.
  package func copyIn(_ source: String, to path: [UInt8]) throws(RootError) {
    if let end = path.lastIndex(of: 0x2f) {
      try makeDirectory(Array(path[..<end]), replacing: true)
    }
    try removeAll(path)
    try withParent(path) { parent, name throws(RootError) in
      let text = Array(source.utf8CString)
      try Self.copy(AT_FDCWD, text, parent, name, path, depth: 0)
    }
  }

  /// Copies a regular file to a new file outside, which is trusted.
  ///
  /// - Returns: false where nothing is there.
  package func copyOut(
    _ path: [UInt8], to target: String, limit: Int
  ) throws(RootError) -> Bool {
    let file: Int32
    do throws(RootError) { file = try openFile(path) } catch  where error.isAbsence { return false }
    defer { close(file) }
    var found = stat()
    guard fstat(file, &found) == 0, found.st_size <= limit else {
      throw .tooLarge(Self.text(path), limit: limit)
    }
    let copy = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard copy >= 0 else { throw Self.error(Array(target.utf8)) }
    defer { close(copy) }
    guard lk_clone(copy, file) == 0 || lk_copy_bytes(copy, file) == 0 else {
      throw Self.error(path)
    }
    return true
  }

  // MARK: taking paths

  /// Opens the directory that an entry stands in, and calls `body` with it and the entry's name.
  private func withParent<T>(
    _ path: [UInt8], _ body: (Int32, [CChar]) throws(RootError) -> T
  ) throws(RootError) -> T {
    guard Self.isPlain(path) else { throw .outside(Self.text(path)) }
    let end = path.lastIndex(of: 0x2f)
    let parent = try openDirectory(end.map { Array(path[..<$0]) } ?? [])
    defer { close(parent) }
    return try body(parent, Self.name(end.map { path[($0 + 1)...] } ?? path[...]))
  }

  private func openDirectory(_ path: [UInt8]) throws(RootError) -> Int32 {
    let result =
      path.isEmpty
      ? openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      : lk_open_beneath(
        descriptor, Self.name(path[...]), O_RDONLY | O_DIRECTORY, 0, isStepwise ? 1 : 0)
    guard result >= 0 else { throw Self.error(path) }
    return result
  }

  /// Opens a regular file to be read.
  private func openFile(_ path: [UInt8]) throws(RootError) -> Int32 {
    guard Self.isPlain(path) else { throw .outside(Self.text(path)) }
    let place = lk_open_beneath(
      descriptor, Self.name(path[...]), lk_path_only, 0, isStepwise ? 1 : 0)
    guard place >= 0 else { throw Self.error(path) }
    defer { close(place) }
    var found = stat()
    guard fstat(place, &found) == 0, found.st_mode & S_IFMT == S_IFREG else {
      throw .notRegular(Self.text(path))
    }
    let file = open("/proc/self/fd/\(place)", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw Self.error(path) }
    return file
  }

  // MARK: by descriptors

  /// Makes something under a name of its own and moves it to its place.
  private static func place(
    _ parent: Int32, _ name: [CChar], _ path: [UInt8],
    _ make: ([CChar]) throws(RootError) -> Void
  ) throws(RootError) {
    let temporary = Self.name(
      Array(".lanekeeper-\(getpid())-\(UInt32.random(in: 0 ... .max))".utf8)[...])
    do throws(RootError) {
      try make(temporary)
      guard renameat(parent, temporary, parent, name) == 0 else { throw error(path) }
    } catch {
      unlinkat(parent, temporary, 0)
      throw error
    }
  }

  /// Removes an entry; directories below 32 others are moved up and left in `open`, so that neither descriptors nor
  /// the stack run out.
  private static func clear(
    _ parent: Int32, _ name: [CChar], above top: Int32, depth: Int, _ path: [UInt8],
    _ open: inout [[CChar]]
  ) throws(RootError) {
    if unlinkat(parent, name, 0) == 0 || errno == ENOENT { return }
    if unlinkat(parent, name, AT_REMOVEDIR) == 0 { return }
    if depth > 32 {
      let moved = Self.name(
        Array(".lanekeeper-\(getpid())-\(UInt32.random(in: 0 ... .max))".utf8)[...])
      guard renameat(parent, name, top, moved) == 0 else { throw error(path) }
      return open.append(moved)
    }
    var directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    if directory < 0 && errno == EACCES {
      let place = openat(parent, name, lk_path_only | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      if place >= 0 {
        chmod("/proc/self/fd/\(place)", 0o700)
        close(place)
      }
      directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    }
    guard directory >= 0 else { throw error(path) }
    defer { close(directory) }
    fchmod(directory, 0o700)
    for child in try names(directory, path, limit: .max) {
      try clear(directory, child, above: top, depth: depth + 1, path, &open)
    }
    guard unlinkat(parent, name, AT_REMOVEDIR) == 0 else { throw error(path) }
  }

  private static func copy(
    _ source: Int32, _ old: [CChar], _ target: Int32, _ new: [CChar], _ path: [UInt8], depth: Int
  ) throws(RootError) {
    var found = stat()
    guard fstatat(source, old, &found, AT_SYMLINK_NOFOLLOW) == 0 else { throw error(path) }
    var times = [found.st_atim, found.st_mtim]
    switch found.st_mode & S_IFMT {
    case S_IFREG:
      let file = openat(source, old, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
      guard file >= 0 else { throw error(path) }
      defer { close(file) }
      let copy = openat(target, new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
      guard copy >= 0 else { throw error(path) }
      defer { close(copy) }
      guard lk_clone(copy, file) == 0 || lk_copy_bytes(copy, file) == 0,
        fchmod(copy, found.st_mode & 0o7777) == 0
      else { throw error(path) }
      futimens(copy, &times)
    case S_IFLNK:
      var text = [CChar](repeating: 0, count: 4097)
      guard readlinkat(source, old, &text, 4096) > 0, symlinkat(text, target, new) == 0 else {
        throw error(path)
      }
    case S_IFDIR:
      guard depth < 64 else { throw .tooLarge(text(path), limit: 64) }
      let directory = openat(source, old, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      guard directory >= 0 else { throw error(path) }
      defer { close(directory) }
      guard mkdirat(target, new, 0o700) == 0 else { throw error(path) }
      let copy = openat(target, new, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      guard copy >= 0 else { throw error(path) }
      defer { close(copy) }
      for child in try names(directory, path, limit: .max) {
        try Self.copy(directory, child, copy, child, path, depth: depth + 1)
      }
      fchmod(copy, found.st_mode & 0o7777)
      futimens(copy, &times)
    default: return
    }
  }

  private static func names(
    _ directory: Int32, _ path: [UInt8], limit: Int
  ) throws(RootError) -> [[CChar]] {
    let own = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard own >= 0 else { throw error(path) }
    guard let stream = fdopendir(own) else {
      close(own)
      throw error(path)
    }
    defer { closedir(stream) }
    var result: [[CChar]] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { text in
          Array(UnsafeBufferPointer(start: text, count: strlen(text) + 1))
        }
      }
      if name == [0x2e, 0] || name == [0x2e, 0x2e, 0] { continue }
      guard result.count < limit else { throw .tooLarge(text(path), limit: limit) }
      result.append(name)
    }
    return result
  }

  // MARK: bytes

  /// Returns whether a path has names only, none of which leads elsewhere.
  private static func isPlain(_ path: [UInt8]) -> Bool {
    !path.isEmpty && !path.contains(0)
      && path.split(separator: 0x2f, omittingEmptySubsequences: false).allSatisfy {
        !$0.isEmpty && !$0.elementsEqual([0x2e]) && !$0.elementsEqual([0x2e, 0x2e])
      }
  }

  private static func name(_ bytes: ArraySlice<UInt8>) -> [CChar] {
    bytes.map { CChar(bitPattern: $0) } + [0]
  }

  private static func bytes(_ name: [CChar]) -> [UInt8] {
    name.dropLast().map { UInt8(bitPattern: $0) }
  }

  private static func text(_ path: [UInt8]) -> String {
    path.isEmpty ? "." : String(decoding: path, as: UTF8.self)
  }

  private static func error(_ path: String) -> RootError { error(Array(path.utf8)) }

  private static func error(_ path: [UInt8]) -> RootError {
    switch errno {
    case ELOOP, ENOTDIR, EXDEV: .led(text(path))
    case let code: .failed(text(path), code: code)
    }
  }
}

extension RootError {
  /// Whether nothing exists at the path.
  package var isAbsence: Bool {
    if case .failed(_, ENOENT) = self { true } else { false }
  }
}
