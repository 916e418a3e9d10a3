import CProcess
import Foundation
import Processes

/// Finds and takes away what is no file where git reads files, in the directory that all checkouts share.
///
/// Whoever opens a pipe waits for ever, in every lane at once; a directory in place of a file is an error to all of
/// them. No such thing holds work. While attempts are at work, copies of the files without which git does not know
/// its branches and worktrees are kept, and put back.
package struct GitSpecials {
  /// Something that is no file, where git reads one.
  package struct Found: Sendable, Equatable {
    /// The object in place of the file.
    package enum Kind: String, Sendable {
      case pipe = "a pipe"
      case socket = "a socket"
      case device = "a device"
      case directory = "a directory"
      case nothing = "nothing any more"
    }

    /// Below the shared directory.
    package let name: [UInt8]
    package let kind: Kind
    /// Whether this replaced a file that git can't do without.
    package let isNeeded: Bool

    /// The path below the shared directory.
    package var text: String { String(decoding: name, as: UTF8.self) }

    /// The linked worktree whose part of the directory it lies in; `nil` for none.
    package var worktree: String? {
      let parts = text.split(separator: "/")
      return parts.count > 2 && parts[0] == "worktrees" ? String(parts[1]) : nil
    }
  }

  /// The outcome.
  package struct Removed: Sendable, Equatable {
    package let found: Found
    /// Whether the file was restored.
    package let isRestored: Bool
    /// Whether git needs the file and its content is unknown.
    package let isLost: Bool

    /// A part of a sentence for people.
    package var text: String {
      let what =
        found.kind == .nothing
        ? "\(found.text) was gone" : "\(found.text) was \(found.kind.rawValue)"
      if isRestored { return what + " and is the file again that it was" }
      return what
        + (isLost
          ? ", and what git had in it is lost: `git fsck --lost-found` and the logs of the "
            + "references tell what is missing"
          : found.kind == .directory ? " and is put aside" : " and is removed")
    }
  }

  private struct Stamp: Equatable {
    var inode: UInt64
    var size: Int
    var seconds: Int
    var nanoseconds: Int
  }

  private let state: StateDirectory
  /// The directory of the copies; `nil` for none.
  private let copies: String?
  private let references: [String]
  private var stamps: [String: Stamp] = [:]
  private var absent: Set<String> = []
  private var hasLooked = false

  /// - Parameters:
  ///   - keeper: the participant that keeps copies while attempts are at work; `nil` keeps none.
  ///   - references: full names of references whose files are kept as well.
  package init(state: StateDirectory, keeper: String? = nil, references: [String] = []) {
    self.state = state
    self.references = references
    copies = keeper.map { Self.copies(state) + "/" + $0 }
  }

  private static func copies(_ state: StateDirectory) -> String { state.path + "/git-seen" }

  private func path(_ name: String) -> String { state.commonDirectory + "/" + name }

  private func place(_ name: [UInt8]) -> DiskPath { DiskPath(state.commonDirectory) / name }

  // MARK: finding

  private static let seeds = [
    "", "info", "objects/info", "objects/info/commit-graphs", "objects/pack", "hooks", "worktrees",
    "lanekeeper", "lanekeeper/locks", "lanekeeper/hooks", "lanekeeper/bin", "logs", "refs",
  ]
  /// The maximum number of entries to look at, the likely ones first.
  private static let (few, many) = (5000, 300_000)

  /// Looks for what is no file, without opening anything but directories.
  ///
  /// - Parameter isDeep: also among the objects and in repositories of submodules; else only as much as costs next to
  ///   nothing.
  package func find(isDeep: Bool = false) -> [Found] {
    var result: [Found] = []
    var queue = Self.seeds.map { Array($0.utf8) }
    var next = 0
    var left = isDeep ? Self.many : Self.few
    while next < queue.count, left > 0 {
      let directory = queue[next]
      let isSeed = next < Self.seeds.count
      next += 1
      let path = directory.isEmpty ? DiskPath(state.commonDirectory) : place(directory)
      let descriptor = path.withCString {
        open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (isSeed ? 0 : O_NOFOLLOW))
      }
      guard descriptor >= 0 else { continue }
      guard let stream = fdopendir(descriptor) else {
        close(descriptor)
        continue
      }
      defer { closedir(stream) }
      while left > 0, let entry = readdir(stream) {
        left -= 1
        let type = Int32(entry.pointee.d_type)
        if type == DT_REG { continue }
        let own = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { text in
            UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) }
          }
        }
        if own == [0x2e] || own == [0x2e, 0x2e] { continue }
        let name = directory.isEmpty ? own : directory + [0x2f] + own
        if let kind = kind(name) {
          result.append(Found(name: name, kind: kind, isNeeded: isNeeded(name)))
        } else if type == DT_DIR || type == DT_UNKNOWN, descends(name, isDeep) {
          queue.append(name)
        }
      }
    }
    return result
  }

  private func descends(_ name: [UInt8], _ isDeep: Bool) -> Bool {
    let text = String(decoding: name, as: UTF8.self)
    guard !Self.seeds.contains(text) else { return false }
    let parts = text.split(separator: "/")
    switch parts[0] {
    case "lanekeeper", "lfs", "annex": return false
    case "refs", "logs": return true
    case "worktrees" where parts.count == 2: return true
    case "worktrees": return isDeep || ["info", "logs", "refs"].contains(parts[2])
    default: return isDeep
    }
  }

  /// Returns the kind of an entry that is not a file; `nil` if it is a file or absent.
  private func kind(_ name: [UInt8]) -> Found.Kind? {
    var facts = stat()
    let place = place(name)
    guard place.withCString({ lstat($0, &facts) }) == 0 else { return nil }
    if facts.st_mode & S_IFMT == S_IFLNK, place.withCString({ stat($0, &facts) }) != 0 {
      return nil
    }
    switch facts.st_mode & S_IFMT {
    case S_IFREG: return nil
    case S_IFDIR: return isFile(name) ? .directory : nil
    case S_IFIFO: return .pipe
    // git's own watcher of files listens there.
    case S_IFSOCK: return name.suffix(4).elementsEqual(".ipc".utf8) ? nil : .socket
    // Nothing can be read from /dev/null, and people link to it.
    default: return facts.st_rdev == Self.null ? nil : .device
    }
  }

  private static let null: dev_t = {
    var facts = stat()
    return stat("/dev/null", &facts) == 0 ? facts.st_rdev : 0
  }()

  private static let files: Set<String> = [
    "HEAD", "config", "config.worktree", "packed-refs", "shallow", "index", "commondir",
    "description", "FETCH_HEAD", "ORIG_HEAD", "info/exclude", "info/attributes", "info/grafts",
    "info/sparse-checkout", "info/refs", "logs/HEAD", "objects/info/alternates",
    "objects/info/packs", "objects/info/commit-graph",
    "objects/info/commit-graphs/commit-graph-chain",
  ]
  private static let filesOfWorktrees: Set<String> = [
    "HEAD", "commondir", "gitdir", "index", "config.worktree", "locked", "ORIG_HEAD", "logs/HEAD",
    "info/sparse-checkout",
  ]
  private static let needed: Set<String> = [
    "HEAD", "config", "packed-refs", "index", "shallow", "objects/info/alternates",
  ]
  private static let neededOfWorktrees: Set<String> = ["HEAD", "commondir", "gitdir"]

  /// The path below the part of a linked worktree.
  private static func ofWorktree(_ text: String) -> String? {
    let parts = text.split(separator: "/", maxSplits: 2)
    return parts.count == 3 && parts[0] == "worktrees" ? String(parts[2]) : nil
  }

  private func isFile(_ name: [UInt8]) -> Bool {
    let text = String(decoding: name, as: UTF8.self)
    return Self.files.contains(text)
      || Self.ofWorktree(text).map { Self.filesOfWorktrees.contains($0) } ?? false
  }

  private func isNeeded(_ name: [UInt8]) -> Bool {
    let text = String(decoding: name, as: UTF8.self)
    return Self.needed.contains(text) || text.hasPrefix("refs/")
      || Self.ofWorktree(text).map { Self.neededOfWorktrees.contains($0) } ?? false
  }

  // MARK: taking away

  /// Takes it away, puts back what is known of the file that was there, and lets those go on that wait for it.
  ///
  /// Blocks for a moment. What another process has repaired meanwhile is left alone.
  package func remove(_ all: [Found]) throws -> [Removed] {
    guard !all.isEmpty else { return [] }
    try FileManager.default.createDirectory(
      atPath: state.locks, withIntermediateDirectories: true)
    let lock = try FileLock.acquireBlocking(state.locks + "/specials", seconds: 10)
    defer { lock.release() }
    var held: [Int32] = []
    defer {
      // Who has found the path just before needs a moment to get into its wait.
      if !held.isEmpty { usleep(100_000) }
      for descriptor in held { close(descriptor) }
    }
    return all.compactMap { found in
      if found.kind == .nothing {
        guard let content = content(found), put(content, found) else { return nil }
        return Removed(found: found, isRestored: true, isLost: false)
      }
      let place = place(found.name)
      let pipe = place.withCString { open($0, lk_path_only | O_CLOEXEC) }
      defer { if pipe >= 0 { close(pipe) } }
      guard kind(found.name) != nil else { return nil }
      let content = content(found)
      guard takeAway(found) else { return nil }
      let isRestored = content.map { put($0, found) } ?? false
      if let writer = Self.wake(pipe) { held.append(writer) }
      let isLost = found.isNeeded && !isRestored && !wasAbsent(found) && !isOfLane(found)
      return Removed(found: found, isRestored: isRestored, isLost: isLost)
    }
  }

  /// Returns whether nothing stood there at the look before.
  private func wasAbsent(_ found: Found) -> Bool {
    hasLooked && Self.keptFiles.contains(found.text) && stamps[found.text] == nil
  }

  /// Lets those go on that wait for a pipe at one of the paths, once `body` has put something else in its place.
  static func freeing<T>(_ paths: [String], _ body: () throws -> T) rethrows -> T {
    let places = paths.map { open($0, lk_path_only | O_CLOEXEC) }.filter { $0 >= 0 }
    defer {
      let held = places.compactMap(wake)
      if !held.isEmpty { usleep(100_000) }
      for descriptor in places + held { close(descriptor) }
    }
    return try body()
  }

  /// Opens both ends of a pipe, so that nobody waits for its other end; they find it empty once this is closed.
  private static func wake(_ pipe: Int32) -> Int32? {
    var facts = stat()
    guard pipe >= 0, fstat(pipe, &facts) == 0, facts.st_mode & S_IFMT == S_IFIFO else { return nil }
    let writer = open("/proc/self/fd/\(pipe)", O_RDWR | O_NONBLOCK | O_CLOEXEC)
    return writer >= 0 ? writer : nil
  }

  private var aside: String { state.path + "/put-aside" }

  /// Moves it out of git's sight; a directory that holds something stays there.
  private func takeAway(_ found: Found) -> Bool {
    let old = place(found.name)
    if found.kind == .directory, old.withCString({ rmdir($0) }) == 0 { return true }
    try? FileManager.default.createDirectory(atPath: aside, withIntermediateDirectories: true)
    let name =
      "\(Int(Date().timeIntervalSince1970 * 1000))-\(UInt32.random(in: 0 ... .max))-"
      + found.text.replacing("/", with: "-").suffix(100)
    let new = aside + "/" + name
    guard old.withCString({ rename($0, new) }) == 0 else {
      // It lies on another file system.
      return errno == EXDEV && found.kind != .directory && old.withCString { unlink($0) } == 0
    }
    var facts = stat()
    guard lstat(new, &facts) == 0 else { return true }
    switch facts.st_mode & S_IFMT {
    case S_IFDIR where found.kind == .directory: return true
    case S_IFREG, S_IFDIR:
      // Another was faster.
      _ = old.withCString { lk_rename_new(new, $0) }
      return false
    default:
      unlink(new)
      return true
    }
  }

  /// Puts a content where nothing stands.
  private func put(_ content: [UInt8], _ found: Found) -> Bool {
    do {
      try FileManager.default.createDirectory(atPath: aside, withIntermediateDirectories: true)
      let fresh = aside + "/fresh-\(getpid())-\(UInt32.random(in: 0 ... .max))"
      try Data(content).write(to: URL(fileURLWithPath: fresh), options: .withoutOverwriting)
      defer { unlink(fresh) }
      return place(found.name).withCString { lk_rename_new(fresh, $0) } == 0
    } catch {
      return false
    }
  }

  /// The last known content of the file.
  private func content(_ found: Found) -> [UInt8]? {
    if let copies, Self.isPlain(found.text),
      let content = RegularFile.read(copies + "/" + found.text, most: Self.largest)
    {
      return content
    }
    if Self.ofWorktree(found.text) == "commondir" { return Array("../..\n".utf8) }
    guard found.text.hasPrefix("refs/") else { return nil }
    let log = RegularFile.read(path("logs/" + found.text), most: Self.largest) ?? []
    return log.split(separator: 0x0a).reversed().lazy.compactMap { line -> [UInt8]? in
      let words = line.prefix(200).split(separator: 0x20, omittingEmptySubsequences: false)
      guard words.count > 1, words[1].count == 40,
        words[1].allSatisfy({ "0123456789abcdef".utf8.contains($0) }),
        words[1].contains(where: { $0 != 0x30 })
      else { return nil }
      return Array(words[1]) + [0x0a]
    }.first
  }

  private static func isPlain(_ name: String) -> Bool {
    !name.split(separator: "/", omittingEmptySubsequences: false).contains {
      $0.isEmpty || $0 == ".."
    }
  }

  // MARK: copies

  private static let largest = 64 << 20
  private static let largestIndex = 16 << 20

  private static let keptFiles = [
    "HEAD", "config", "config.worktree", "packed-refs", "shallow", "index", "info/exclude",
    "info/attributes", "info/sparse-checkout", "objects/info/alternates",
  ]
  /// Files that are there for good once they are there, and never empty.
  private static let lasting: Set<String> = [
    "HEAD", "config", "packed-refs", "commondir", "gitdir",
  ]

  /// Looks once while attempts are at work: takes away what is no file, and what was lost with it is put back from
  /// copies, which follow what git writes.
  package mutating func look(isDeep: Bool = false) throws -> [Removed] {
    let removed = try remove(find(isDeep: isDeep) + gone())
    keepCopies()
    hasLooked = true
    return removed
  }

  /// Returns missing files that git never removes itself; of a worktree, after two looks in a row, since git removes
  /// those file by file.
  private mutating func gone() -> [Found] {
    var missing: Set<String> = []
    // The repository itself is being removed.
    guard access(path("objects"), F_OK) == 0, access(path("refs"), F_OK) == 0 else { return [] }
    for name in stamps.keys where Self.isLasting(name) {
      var facts = stat()
      let parent = (path(name) as NSString).deletingLastPathComponent
      if lstat(path(name), &facts) != 0, errno == ENOENT, lstat(parent, &facts) == 0 {
        missing.insert(name)
      }
    }
    defer { absent = missing }
    return missing.filter { absent.contains($0) || Self.ofWorktree($0) == nil }.sorted().map {
      Found(name: Array($0.utf8), kind: .nothing, isNeeded: true)
    }
  }

  private static func isLasting(_ name: String) -> Bool {
    lasting.contains(ofWorktree(name) ?? name)
  }

  private mutating func keepCopies() {
    guard let copies else { return }
    let directory = path("worktrees")
    let worktrees = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    let links = worktrees.flatMap { name in
      ["HEAD", "commondir", "gitdir", "config.worktree"].map { "worktrees/\(name)/\($0)" }
    }
    let names = Self.keptFiles + references.filter(Self.isPlain) + links
    for gone in Set(stamps.keys).subtracting(names) {
      stamps[gone] = nil
      unlink(copies + "/" + gone)
    }
    for name in names {
      var facts = stat()
      guard lstat(path(name), &facts) == 0 else {
        // What git has taken away itself is not to come back.
        if !Self.isLasting(name), stamps.removeValue(forKey: name) != nil {
          unlink(copies + "/" + name)
        }
        continue
      }
      let stamp = Stamp(
        inode: UInt64(facts.st_ino), size: Int(facts.st_size), seconds: facts.st_mtim.tv_sec,
        nanoseconds: facts.st_mtim.tv_nsec)
      guard facts.st_mode & S_IFMT == S_IFREG, stamps[name] != stamp,
        !(facts.st_size == 0 && Self.isLasting(name)),
        facts.st_size <= (name == "index" ? Self.largestIndex : Self.largest),
        let content = RegularFile.read(path(name), most: Self.largest)
      else { continue }
      let copy = copies + "/" + name
      do {
        try FileManager.default.createDirectory(
          atPath: (copy as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(content).write(to: URL(fileURLWithPath: copy), options: .atomic)
        stamps[name] = stamp
      } catch {
        // The next look tries again.
        continue
      }
    }
  }

  /// Forgets the copies of participants that live no more.
  package static func forgetDead(_ state: StateDirectory, isAlive: (String) -> Bool) {
    let kept = (try? FileManager.default.contentsOfDirectory(atPath: copies(state))) ?? []
    for keeper in kept where !isAlive(keeper) {
      try? FileManager.default.removeItem(atPath: copies(state) + "/" + keeper)
    }
  }

  /// Forgets the copies, once no attempt is at work any more.
  package func forget() {
    guard let copies else { return }
    try? FileManager.default.removeItem(atPath: copies)
    rmdir(Self.copies(state))
  }

  // MARK: before a command

  /// Something that keeps every command from going on, and that a person has to see to.
  package struct Obstacle: Error, CustomStringConvertible, Equatable {
    package let description: String
  }

  /// Looks before anything of the repository is read, and takes away what holds nothing.
  ///
  /// - Parameter seconds: for how long a run that is at work may take to do so.
  /// - Returns: what was taken away, a line each.
  /// - Throws: ``Obstacle`` where what stood there before is needed and not known, or it can't be taken away.
  package func clear(waiting seconds: Double = 4) throws -> [String] {
    var found = find()
    guard !found.isEmpty else { return [] }
    let end = Boot.uptimeMilliseconds() + Int64(seconds * 1000)
    while !found.isEmpty, isSomebodyAtWork, Boot.uptimeMilliseconds() < end {
      usleep(100_000)
      found = find()
    }
    for one in found where isHeldBack(one) {
      throw Obstacle(description: words(one))
    }
    let removed = try remove(found)
    if let left = find().first {
      throw Obstacle(
        description:
          "\(path(left.text)) is \(left.kind.rawValue), where git reads a file, and can't be removed; remove it"
      )
    }
    return removed.map { "in \(state.commonDirectory), \($0.text)" }
  }

  /// Returns whether git needs the file and only a person knows its content. What is known of lanes is written again
  /// once one is used.
  private func isHeldBack(_ found: Found) -> Bool {
    found.isNeeded && !isOfLane(found) && content(found) == nil
  }

  private func isOfLane(_ found: Found) -> Bool {
    guard let worktree = found.worktree else { return false }
    return worktree.hasPrefix("lane-") || worktree.hasPrefix("integration")
  }

  private var isSomebodyAtWork: Bool {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: state.locks)) ?? []
    return names.contains {
      ($0 == "run" || $0.hasPrefix("participant-")) && FileLock.isHeld(state.locks + "/" + $0)
    }
  }

  private func words(_ found: Found) -> String {
    let kept = (try? FileManager.default.contentsOfDirectory(atPath: Self.copies(state))) ?? []
    let copy = kept.map { Self.copies(state) + "/\($0)/" + found.text }
      .first { RegularFile.read($0, most: Self.largest) != nil }
    let place = path(found.text)
    let way =
      if let copy {
        "a run that was killed kept a copy: look at it, then `rm -r '\(place)' && cp '\(copy)' '\(place)'`"
      } else if found.worktree != nil {
        "remove it, and write it again with `git worktree repair PATH`, or its HEAD with `git switch`"
      } else if found.text == "index" {
        "remove it, and then `git reset` writes it again from HEAD"
      } else if found.text == "HEAD" {
        "remove it, and write `ref: refs/heads/BRANCH` into a new one, with the branch that is checked out"
      } else if found.text == "packed-refs" || found.text.hasPrefix("refs/") {
        "remove it; `git fsck --lost-found` and the files below logs/ tell where branches and tags stood, and "
          + "`git update-ref` puts them back"
      } else {
        "put the file back that was there"
      }
    return
      "\(place) is \(found.kind.rawValue), so that every git fails there or waits for ever, and what git had in it is "
      + "gone; \(way)"
  }
}
