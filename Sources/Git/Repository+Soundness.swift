import CLibgit2
import Foundation

/// An object that `git fsck --strict`, and a server that checks what it gets, refuses.
package struct UnsoundObject: Equatable, Sendable, CustomStringConvertible {
  /// Its path in its commit; `nil` for a commit, or if unknown.
  package var path: [UInt8]?
  /// git's own words.
  package var words: String
  /// Whether its directories are nested too deeply to be walked.
  package var isEndless = false

  package var description: String { words }
}

extension Repository {
  /// Lists what git refuses of that which a history has beyond some commits.
  ///
  /// The objects are looked at here, which is quick, and only where something is not as git itself would have
  /// written it git is asked: it takes them as a server with `receive.fsckObjects` does.
  package func unsoundObjects(
    from tip: ObjectID, beyond ends: [ObjectID]
  ) throws -> [UnsoundObject] {
    var screen = SoundnessScreen(database: try database())
    // A commit that has not git's form ends a walk here.
    guard let commits = try? commits(from: tip, excluding: ends) else {
      return try askGit(tip, ends, [])
    }
    for commit in commits {
      let before = commit.parents.first.flatMap { try? self.commit($0).tree }
      guard screen.isPlain(commit: commit.id), screen.isPlain(commit.tree, before: before) else {
        if screen.isTooDeep {
          return [
            UnsoundObject(
              words: "its directories are more than \(SoundnessScreen.mostLevels) levels deep",
              isEndless: true)
          ]
        }
        return try askGit(tip, ends, screen.files)
      }
    }
    return screen.files.isEmpty ? [] : try askGit(tip, ends, screen.files)
  }

  /// - Parameter files: files whose content git reads itself, such as `.gitmodules`.
  private func askGit(
    _ tip: ObjectID, _ ends: [ObjectID], _ files: [ObjectID]
  ) throws -> [UnsoundObject] {
    let scratch =
      commonDirectory + "/lanekeeper/check-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    try makeDirectories(scratch)
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    let listing = try git(
      ["rev-list", "--objects", "--filter=blob:none", tip.hex, "--not"] + ends.map(\.hex))
    // It reads the directories, and fails on one that is none.
    guard listing.status == 0 else { return [UnsoundObject(words: Self.words(listing.error))] }
    var paths: [String: [UInt8]] = [:]
    var ids = files.map(\.hex)
    for line in listing.output.split(separator: 0x0a) {
      let id = String(decoding: line.prefix(40), as: UTF8.self)
      ids.append(id)
      if line.count > 41 { paths[id] = Array(line.dropFirst(41)) }
    }
    let pack = try git(
      ["pack-objects", "-q", "--threads=1", "--window=0", scratch + "/objects"],
      input: Array(ids.joined(separator: "\n").utf8) + [0x0a])
    guard pack.status == 0 else { return [UnsoundObject(words: Self.words(pack.error))] }
    let check = try git([
      "index-pack", "--strict", "--fsck-objects", "-o", scratch + "/checked.idx",
      scratch + "/objects-\(pack.text).pack",
    ])
    guard check.status != 0 else { return [] }
    // `error: object <id>: <name>: <words>`
    let found = check.error.split(separator: "\n").compactMap { line -> UnsoundObject? in
      let parts = line.split(separator: ":", maxSplits: 3)
      guard parts.count == 4, parts[0] == "error", parts[1].hasPrefix(" object ") else {
        return nil
      }
      let id = String(parts[1].dropFirst(" object ".count))
      return UnsoundObject(
        path: paths[id], words: parts[3].trimmingCharacters(in: .whitespaces))
    }
    return found.isEmpty ? [UnsoundObject(words: Self.words(check.error))] : found
  }

  private static func words(_ error: String) -> String {
    error.split(separator: "\n").prefix(3).joined(separator: "; ")
  }
}

/// Separates objects in git's own form from those that git has to check.
struct SoundnessScreen {
  let database: OpaquePointer
  /// Files whose content git checks, too.
  private(set) var files: [ObjectID] = []
  /// Whether directories are nested beyond the limit.
  private(set) var isTooDeep = false
  private var seen: Set<ObjectID> = []
  private var level = 0
  /// A path of so many directories is hardly one that the kernel takes, and what walks through them has no endless stack.
  static let mostLevels = 500

  init(database: OpaquePointer) { self.database = database }

  /// Returns whether a commit has the lines that git writes, each in its form.
  func isPlain(commit id: ObjectID) -> Bool {
    var object: OpaquePointer?
    var oid = id.oid
    guard git_odb_read(&object, database, &oid) == 0 else { return false }
    defer { git_odb_object_free(object) }
    let bytes = UnsafeRawBufferPointer(
      start: git_odb_object_data(object), count: git_odb_object_size(object))
    if bytes.contains(0) { return false }
    var lines = bytes.split(separator: 0x0a, maxSplits: 64, omittingEmptySubsequences: false)[...]
    func take(_ key: String) -> Slice<UnsafeRawBufferPointer>? {
      guard let line = lines.first, line.starts(with: key.utf8) else { return nil }
      lines.removeFirst()
      return line.dropFirst(key.utf8.count)
    }
    func isID(_ text: Slice<UnsafeRawBufferPointer>) -> Bool {
      text.count == 40
        && text.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
    guard let tree = take("tree "), isID(tree) else { return false }
    while let parent = take("parent ") { guard isID(parent) else { return false } }
    guard let author = take("author "), Self.isPlain(signature: author),
      let committer = take("committer "), Self.isPlain(signature: committer)
    else { return false }
    return lines.first.map { !$0.starts(with: "author ".utf8) } ?? false
  }

  /// `Name <address> <seconds> <zone>`
  private static func isPlain(signature: Slice<UnsafeRawBufferPointer>) -> Bool {
    let words = String(decoding: signature, as: UTF8.self)
      .split(separator: " ", omittingEmptySubsequences: false)
    guard words.count >= 4, let zone = words.last, let time = words.dropLast().last,
      let address = words.dropLast(2).last, !words[0].isEmpty
    else { return false }
    let signs = signature.filter { $0 == 0x3c || $0 == 0x3e }.count
    let isTime = time == "0" || (time.first != "0" && (1...12).contains(time.count))
    return signs == 2 && address.hasPrefix("<") && address.hasSuffix(">") && isTime
      && time.utf8.allSatisfy { (0x30...0x39).contains($0) }
      && zone.utf8.count == 5 && (zone.hasPrefix("+") || zone.hasPrefix("-"))
      && zone.dropFirst().utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  /// Returns the same for a directory and everything below it that it does not share with another.
  mutating func isPlain(_ tree: ObjectID, before: ObjectID?) -> Bool {
    guard tree != before, seen.insert(tree).inserted else { return true }
    guard level < Self.mostLevels else {
      isTooDeep = true
      return false
    }
    level += 1
    defer { level -= 1 }
    return (try? look(tree, before)) ?? false
  }

  private mutating func look(_ tree: ObjectID, _ before: ObjectID?) throws -> Bool {
    let new = try StoredTree(tree, database: database)
    let old = before.flatMap { try? StoredTree($0, database: database).known() } ?? [:]
    var cursor = try new.cursor()
    var last: StoredTree.Cursor?
    var names: Set<[UInt8]> = []
    while !cursor.isAtEnd {
      let name = Array(cursor.nameBytes)
      guard cursor.isCanonical, cursor.objectID != .zero,
        last.map({ $0.compare(cursor) < 0 }) ?? true,
        names.insert(name).inserted
      else { return false }
      let known = old[name]
      if known != cursor.treeEntry {
        guard Self.isPlain(name: name, isLink: cursor.treeEntry.isLink) else { return false }
        if cursor.isTree {
          let other = known?.isTree == true ? known?.id : nil
          guard isPlain(cursor.objectID, before: other) else { return false }
        } else if !cursor.treeEntry.isSubmodule, !isFile(cursor.objectID) {
          return false
        } else if name == Array(".gitmodules".utf8) || name == Array(".gitattributes".utf8) {
          files.append(cursor.objectID)
        }
      }
      last = cursor
      try cursor.advance()
    }
    return true
  }

  private func isFile(_ id: ObjectID) -> Bool {
    var (size, type, oid) = (0, GIT_OBJECT_INVALID, id.oid)
    return git_odb_read_header(&size, &type, database, &oid) == 0 && type == GIT_OBJECT_BLOB
  }

  /// Returns whether no file system could take a name for one of git's own.
  static func isPlain(name: [UInt8], isLink: Bool) -> Bool {
    if name.contains(0x2f) || name.contains(0x5c) || name.contains(0x7e) { return false }
    // Letters that HFS+ leaves out of names.
    let hasIgnored = zip(name, name.dropFirst()).contains {
      $0 == 0xe2 && ($1 == 0x80 || $1 == 0x81) || $0 == 0xef && $1 == 0xbb
    }
    guard !hasIgnored else { return false }
    guard name.first == 0x2e else { return !name.isEmpty }
    if isLink || name.count <= 2 { return false }
    guard name[1...].prefix(3).map({ $0 | 0x20 }).elementsEqual("git".utf8) else { return true }
    return name.count > 4 && ![0x20, 0x2e, 0x3a].contains(name[4])
  }
}

extension StoredTree {
  /// Its entries by name.
  fileprivate func known() throws -> [[UInt8]: TreeEntry] {
    var result: [[UInt8]: TreeEntry] = [:]
    var cursor = try cursor()
    while !cursor.isAtEnd {
      result[Array(cursor.nameBytes)] = cursor.treeEntry
      try cursor.advance()
    }
    return result
  }
}
