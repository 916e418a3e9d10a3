import CProcess
import Foundation
import Git
import Store

/// What tells whether a file was written to.
struct FileFacts: Equatable {
  let inode: UInt64
  let mode: UInt32
  let size: Int64
  let seconds: Int
  let nanoseconds: Int

  /// `nil` where there is no file.
  init?(_ path: String) {
    var found = stat()
    guard lstat(path, &found) == 0 else { return nil }
    inode = UInt64(found.st_ino)
    mode = found.st_mode
    size = Int64(found.st_size)
    seconds = found.st_mtim.tv_sec
    nanoseconds = found.st_mtim.tv_nsec
  }
}

/// Lets a clean checkout of the target follow a landing, as git's own fast-forward does.
struct Follow {
  let checkout: Repository
  let directory: String
  let landing: Int64

  /// Finds the checkout that stands on the target; `nil` where there is none.
  static func find(
    target: String, common: Repository, landing: Int64
  ) throws -> Follow? {
    var paths: [String] = []
    if let main = common.mainWorktreePath { paths.append(main) }
    paths += common.worktrees().filter { $0.valid && $0.branch == target }.map(\.path)
    for path in paths {
      guard let repository = try? Repository(opening: path, environment: common.environment),
        let directory = repository.workingDirectory,
        case .branch(let name, _) = try repository.head(), name == target
      else { continue }
      return Follow(
        checkout: repository,
        directory: directory.hasSuffix("/") ? String(directory.dropLast()) : directory,
        landing: landing)
    }
    return nil
  }

  /// Why a checkout can't follow now.
  struct HeldOff: Error, CustomStringConvertible {
    let reason: String
    var description: String { reason }
  }

  private var lock: String { checkout.gitDirectory + "/index.lock" }
  private var newIndex: String { checkout.gitDirectory + "/index.lanekeeper" }
  private var oldIndex: String { checkout.gitDirectory + "/index.lanekeeper-old" }
  private var stage: String { checkout.gitDirectory + "/lanekeeper-follow" }
  private var marker: String { "lanekeeper landing \(landing)\n" }

  /// Takes the lock of the checkout's index.
  ///
  /// - Throws: ``HeldOff`` while another git command holds it.
  func takeLock() throws {
    let descriptor = open(lock, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw HeldOff(
        reason: errno == EEXIST
          ? "another git command is at work in \(directory) (\(lock) is there)"
          : "\(lock) can't be made: \(String(cString: strerror(errno)))")
    }
    let bytes = Array(marker.utf8)
    _ = write(descriptor, bytes, bytes.count)
    close(descriptor)
  }

  /// Gives the lock back and removes what was put aside.
  func releaseLock() {
    for path in [newIndex, newIndex + ".lock", oldIndex, stage] {
      try? FileManager.default.removeItem(atPath: path)
    }
    unlink(lock)
  }

  /// Removes the lock of a landing that was killed, and only that.
  func removeStaleLock() {
    guard let text = try? String(contentsOfFile: lock, encoding: .utf8),
      text.hasPrefix("lanekeeper landing ")
    else { return }
    unlink(lock)
  }

  /// Makes sure that following would lose nothing.
  ///
  /// - Returns: what is known of the files that will be displaced.
  /// - Throws: ``HeldOff``.
  func check(_ entries: [FollowEntry]) throws -> [[UInt8]: FileFacts] {
    var facts: [[UInt8]: FileFacts] = [:]
    for entry in entries where entry.oldMode != nil {
      facts[entry.path] = FileFacts(file(entry.path))
    }
    let files = FileManager.default
    for name in [
      "MERGE_HEAD", "rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG",
    ] where files.fileExists(atPath: checkout.gitDirectory + "/" + name) {
      throw HeldOff(reason: "a merge, rebase, cherry-pick or bisect is open in \(directory)")
    }
    if try checkout.configBool("core.sparseCheckout") || checkout.configBool("core.splitIndex") {
      throw HeldOff(reason: "\(directory) has a sparse checkout or a split index")
    }
    let dirty = try checkout.status()
    let hidden = try hiddenPaths()
    for entry in entries {
      if let other = dirty.first(where: { Self.overlap($0.path, entry.path) }) {
        let name = String(decoding: other.path, as: UTF8.self)
        throw HeldOff(
          reason: other.isUntracked
            ? "the untracked file \(name) stands in the way in \(directory)"
            : "\(name) is changed in \(directory) and not committed")
      }
      if hidden.contains(entry.path) {
        let name = String(decoding: entry.path, as: UTF8.self)
        throw HeldOff(reason: "\(name) is marked assume-unchanged or skip-worktree in \(directory)")
      }
      if entry.oldMode == nil, let obstacle = obstacle(to: entry.path, entries: entries) {
        throw HeldOff(reason: "\(obstacle) stands in the way in \(directory)")
      }
    }
    return facts
  }

  /// Lists the files that git was told not to look at.
  private func hiddenPaths() throws -> Set<[UInt8]> {
    let listing = try checkout.git(["ls-files", "-v", "-z"])
    return Set(
      listing.output.split(separator: 0).compactMap { line in
        guard line.count > 2, let tag = line.first else { return nil }
        return tag >= 0x61 || tag == UInt8(ascii: "S") ? Array(line.dropFirst(2)) : nil
      })
  }

  private static func overlap(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    let a = a.last == 0x2f ? Array(a.dropLast()) : a
    if a == b { return true }
    return a.starts(with: b + [0x2f]) || b.starts(with: a + [0x2f])
  }

  /// Returns what stands where a new file belongs and is not removed by the landing itself.
  private func obstacle(to path: [UInt8], entries: [FollowEntry]) -> String? {
    let parts = path.split(separator: 0x2f)
    var prefix: [UInt8] = []
    for (number, part) in parts.enumerated() {
      prefix += (prefix.isEmpty ? [] : [0x2f]) + part
      var found = stat()
      guard lstat(file(prefix), &found) == 0 else { return nil }
      let isDirectory = found.st_mode & S_IFMT == S_IFDIR
      if number < parts.count - 1, isDirectory { continue }
      let leaves = entries.contains { $0.newMode == nil && Self.overlap($0.path, prefix) }
      return leaves ? nil : String(decoding: prefix, as: UTF8.self)
    }
    return nil
  }

  private func file(_ path: [UInt8]) -> String {
    directory + "/" + String(decoding: path, as: UTF8.self)
  }

  /// Writes the new files beside the checkout, in `stage`, with filters applied, and the new index.
  func prepare(_ entries: [FollowEntry]) throws {
    let files = FileManager.default
    for path in [newIndex, newIndex + ".lock", oldIndex, stage] {
      try? files.removeItem(atPath: path)
    }
    let index = checkout.gitDirectory + "/index"
    if files.fileExists(atPath: index) {
      try files.copyItem(atPath: index, toPath: oldIndex)
      try files.copyItem(atPath: index, toPath: newIndex)
    }
    try writeIndex(entries, new: true)
    try files.createDirectory(atPath: stage + "/new", withIntermediateDirectories: true)
    try files.createDirectory(atPath: stage + "/old", withIntermediateDirectories: true)
    let wanted = entries.filter { $0.newMode != nil && $0.newMode != 0o160000 }
    guard !wanted.isEmpty else { return }
    try git(
      ["checkout-index", "-z", "--stdin", "-f", "-q", "--prefix=\(stage)/new/"],
      input: wanted.flatMap { $0.path + [0] })
  }

  private func writeIndex(_ entries: [FollowEntry], new: Bool) throws {
    var lines: [UInt8] = []
    for entry in entries {
      let mode = new ? entry.newMode : entry.oldMode
      let id = new ? entry.newID : entry.oldID
      if let mode, let id {
        lines += Array("\(String(mode, radix: 8)) \(id) 0\t".utf8) + entry.path + [0]
      } else {
        lines += Array("0 \(ObjectID.zero.hex)\t".utf8) + entry.path + [0]
      }
    }
    // Removals first, so that a file can take a directory's place.
    try git(["update-index", "-z", "--index-info"], input: lines)
  }

  private func git(_ arguments: [String], input: [UInt8] = []) throws {
    try GitProgram.check(
      arguments, directory: directory, environment: checkout.environment,
      adding: ["GIT_INDEX_FILE": newIndex, "GIT_LITERAL_PATHSPECS": "1"], input: input)
  }

  /// Puts the new files in place, one by one; what they displace is kept until the end.
  ///
  /// - Throws: ``HeldOff`` after everything was put back, where a file changed meanwhile.
  func apply(_ entries: [FollowEntry], knowing facts: [[UInt8]: FileFacts]) throws {
    var done: [FollowEntry] = []
    do {
      for entry in Self.inOrder(entries) {
        try put(entry, facts[entry.path] ?? nil)
        done.append(entry)
      }
      refreshNewIndex()
      guard rename(newIndex, checkout.gitDirectory + "/index") == 0 else {
        throw HeldOff(reason: "the index of \(directory) can't be written")
      }
    } catch {
      for entry in done.reversed() { try? takeBack(entry) }
      throw error
    }
  }

  /// Notes the times of the new files, so that git need not read them again.
  private func refreshNewIndex() {
    _ = try? GitProgram.run(
      ["update-index", "-q", "--refresh"], directory: directory,
      environment: checkout.environment, adding: ["GIT_INDEX_FILE": newIndex])
  }

  /// Removals first, the deepest first, then what is written.
  private static func inOrder(_ entries: [FollowEntry]) -> [FollowEntry] {
    entries.filter { $0.newMode == nil }.sorted { $0.path.count > $1.path.count }
      + entries.filter { $0.newMode != nil }
  }

  private func put(_ entry: FollowEntry, _ facts: FileFacts?) throws {
    guard entry.oldMode != 0o160000, entry.newMode != 0o160000 else { return }
    let target = file(entry.path)
    let name = String(decoding: entry.path, as: UTF8.self)
    let fresh = stage + "/new/" + name
    let aside = stage + "/old/" + name
    if entry.newMode == nil {
      try makeParents(of: aside)
      guard rename(target, aside) == 0 else { throw gone(name) }
      guard let facts, FileFacts(aside) == facts else {
        _ = lk_rename_new(aside, target)
        throw gone(name)
      }
      removeEmptyParents(of: entry.path)
    } else if entry.oldMode == nil {
      try makeParents(of: target)
      guard lk_rename_new(fresh, target) == 0 else { throw gone(name) }
    } else {
      guard lk_exchange(fresh, target) == 0 else { throw gone(name) }
      guard let facts, FileFacts(fresh) == facts else {
        _ = lk_exchange(fresh, target)
        throw gone(name)
      }
    }
  }

  private func takeBack(_ entry: FollowEntry) throws {
    guard entry.oldMode != 0o160000, entry.newMode != 0o160000 else { return }
    let target = file(entry.path)
    let name = String(decoding: entry.path, as: UTF8.self)
    if entry.newMode == nil {
      try makeParents(of: target)
      _ = lk_rename_new(stage + "/old/" + name, target)
    } else if entry.oldMode == nil {
      _ = rename(target, stage + "/new/" + name)
      removeEmptyParents(of: entry.path)
    } else {
      _ = lk_exchange(stage + "/new/" + name, target)
    }
  }

  private func gone(_ name: String) -> HeldOff {
    HeldOff(reason: "\(name) changed in \(directory) at that very moment")
  }

  /// Returns the id that git would give a file's content at a path.
  private func contentID(_ file: String, as path: [UInt8]) -> String? {
    var found = stat()
    guard lstat(file, &found) == 0 else { return nil }
    if found.st_mode & S_IFMT == S_IFLNK {
      guard let text = try? FileManager.default.destinationOfSymbolicLink(atPath: file) else {
        return nil
      }
      return hash(["hash-object", "--no-filters", "--stdin"], input: Array(text.utf8))
    }
    guard found.st_mode & S_IFMT == S_IFREG,
      let data = FileManager.default.contents(atPath: file)
    else { return nil }
    return hash(
      ["hash-object", "--path=\(String(decoding: path, as: UTF8.self))", "--stdin"],
      input: Array(data))
  }

  private func hash(_ arguments: [String], input: [UInt8]) -> String? {
    let result = try? GitProgram.run(
      arguments, directory: directory, environment: checkout.environment, input: input)
    return result?.status == 0 ? result?.text : nil
  }

  private func makeParents(of path: String) throws {
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
  }

  private func removeEmptyParents(of path: [UInt8]) {
    var parts = path.split(separator: 0x2f).dropLast()
    while !parts.isEmpty, rmdir(file(Array(parts.joined(separator: [0x2f])))) == 0 {
      parts = parts.dropLast()
    }
  }

  /// Puts everything back after the target was moved by somebody else in between.
  func rollBack(_ entries: [FollowEntry]) {
    for entry in Self.inOrder(entries).reversed() { try? takeBack(entry) }
    if FileManager.default.fileExists(atPath: oldIndex) {
      rename(oldIndex, checkout.gitDirectory + "/index")
    }
  }

  /// Brings the paths of a landing that was killed to what the target now has.
  ///
  /// Touches only files and index entries that still are exactly what was there before, or what the
  /// landing wrote.
  /// - Parameter forward: whether the target moved.
  func recover(_ entries: [FollowEntry], forward: Bool) throws {
    removeStaleLock()
    try takeLock()
    defer { releaseLock() }
    let index = checkout.gitDirectory + "/index"
    let files = FileManager.default
    try? files.removeItem(atPath: newIndex)
    if files.fileExists(atPath: index) { try files.copyItem(atPath: index, toPath: newIndex) }
    let wanted = entries.filter { isOneOfTwo(indexed($0.path), $0) }
    try writeIndex(Self.inOrder(wanted), new: forward)
    // `stage` may hold the only copy of a file that was displaced; it is written anew from git.
    let fresh = stage + "-recovered"
    try? files.removeItem(atPath: fresh)
    defer { try? files.removeItem(atPath: fresh) }
    let present = wanted.filter { (forward ? $0.newMode : $0.oldMode) ?? 0o160000 != 0o160000 }
    if !present.isEmpty {
      try files.createDirectory(atPath: fresh, withIntermediateDirectories: true)
      try git(
        ["checkout-index", "-z", "--stdin", "-f", "-q", "--prefix=\(fresh)/"],
        input: present.flatMap { $0.path + [0] })
    }
    for entry in Self.inOrder(wanted) {
      let target = file(entry.path)
      let content = contentID(target, as: entry.path)
      guard content == nil || content == entry.oldID || content == entry.newID else { continue }
      let name = String(decoding: entry.path, as: UTF8.self)
      if (forward ? entry.newMode : entry.oldMode) == nil {
        if content != nil { unlink(target) }
        removeEmptyParents(of: entry.path)
      } else if files.fileExists(atPath: fresh + "/" + name) {
        try makeParents(of: target)
        rename(fresh + "/" + name, target)
      }
    }
    refreshNewIndex()
    rename(newIndex, index)
  }

  private func indexed(_ path: [UInt8]) -> String? {
    let result = try? GitProgram.run(
      ["ls-files", "-s", "-z", "--", String(decoding: path, as: UTF8.self)], directory: directory,
      environment: checkout.environment, adding: ["GIT_LITERAL_PATHSPECS": "1"])
    guard let line = result?.text.split(separator: "\0").first else { return nil }
    return line.split(separator: " ").dropFirst().first.map(String.init)
  }

  private func isOneOfTwo(_ id: String?, _ entry: FollowEntry) -> Bool {
    id == entry.oldID || id == entry.newID
  }
}
