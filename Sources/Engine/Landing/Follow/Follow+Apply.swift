import Foundation
import Git
import Model
import Processes
import Store

extension Follow {
  /// Puts the new files in place, one by one; what they displace is kept until the end.
  ///
  /// - Throws: ``HeldOff`` after everything was put back, where a file changed meanwhile.
  func apply(_ entries: [FollowEntry], knowing facts: [[UInt8]: FileFacts]) throws {
    var done: [FollowEntry] = []
    do {
      for entry in Self.inOrder(entries) {
        try put(entry, facts[entry.path] ?? nil)
        done.append(entry)
        observe(.filePlaced)
      }
      refreshNewIndex()
      observe(.filesPlaced)
      guard rename(newIndex, checkout.gitDirectory + "/index") == 0 else {
        throw HeldOff(reason: "the index of \(directory) can't be written")
      }
      observe(.indexReplaced)
    } catch {
      for entry in done.reversed() { takeBack(entry) }
      throw error
    }
  }

  /// Notes the times of the new files, so that git need not read them again.
  func refreshNewIndex() {
    _ = try? GitProgram.run(
      Self.wholeIndex + ["update-index", "-q", "--refresh"], directory: directory,
      environment: checkout.environment, adding: ["GIT_INDEX_FILE": newIndex])
  }

  /// Removals first, the deepest first, then what is written.
  static func inOrder(_ entries: [FollowEntry]) -> [FollowEntry] {
    entries.filter { $0.newMode == nil }.sorted { $0.path.count > $1.path.count }
      + entries.filter { $0.newMode != nil }
  }

  /// The paths of the new content and of the old one.
  private func fresh(_ path: [UInt8]) -> DiskPath { DiskPath(stage + "/new") / path }
  private func aside(_ path: [UInt8]) -> DiskPath { DiskPath(stage + "/old") / path }

  private func put(_ entry: FollowEntry, _ facts: FileFacts?) throws {
    let target = file(entry.path)
    let (fresh, aside) = (fresh(entry.path), aside(entry.path))
    func expect(_ code: Int32) throws {
      if code != 0 { throw failed(entry.path, code) }
    }
    switch (entry.hasOldFile, entry.hasNewFile) {
    case (true, false):
      try expect(aside.parent.makeDirectories())
      try expect(target.move(to: aside))
      guard let facts, FileFacts(aside) == facts else {
        _ = aside.moveToNew(target)
        throw gone(entry.path)
      }
      removeEmptyParents(of: entry.path)
      if entry.newMode != nil { try expect(target.makeDirectories()) }
    case (false, true):
      // An empty directory is all that git makes of a submodule.
      if entry.oldMode != nil { _ = target.withCString { rmdir($0) } }
      try expect(target.parent.makeDirectories())
      try expect(fresh.moveToNew(target))
    case (true, true):
      try expect(fresh.exchange(with: target))
      guard let facts, FileFacts(fresh) == facts else {
        _ = fresh.exchange(with: target)
        throw gone(entry.path)
      }
    case (false, false):
      // What is in a submodule's checkout is the person's; an empty one comes and goes.
      if entry.newMode != nil {
        try expect(target.makeDirectories())
      } else if target.withCString({ rmdir($0) }) == 0 {
        removeEmptyParents(of: entry.path)
      }
    }
  }

  private func takeBack(_ entry: FollowEntry) {
    let target = file(entry.path)
    let (fresh, aside) = (fresh(entry.path), aside(entry.path))
    switch (entry.hasOldFile, entry.hasNewFile) {
    case (true, false):
      if entry.newMode != nil { _ = target.withCString { rmdir($0) } }
      _ = target.parent.makeDirectories()
      _ = aside.moveToNew(target)
    case (false, true):
      _ = target.move(to: fresh)
      removeEmptyParents(of: entry.path)
      if entry.oldMode != nil { _ = target.makeDirectories() }
    case (true, true): _ = fresh.exchange(with: target)
    case (false, false):
      if entry.oldMode == nil {
        if target.withCString({ rmdir($0) }) == 0 { removeEmptyParents(of: entry.path) }
      } else {
        _ = target.makeDirectories()
      }
    }
  }

  private func gone(_ path: [UInt8]) -> HeldOff {
    HeldOff(reason: "\(PathText.quoted(path)) changed in \(directory) at that very moment")
  }

  /// - Parameter code: as `errno` tells it.
  private func failed(_ path: [UInt8], _ code: Int32) -> HeldOff {
    if code == ENOENT || code == EEXIST || code == ENOTDIR || code == EISDIR { return gone(path) }
    return HeldOff(
      reason: "\(PathText.quoted(path)) can't be written in \(directory): "
        + String(cString: strerror(code)))
  }

  func removeEmptyParents(of path: [UInt8]) {
    var parts = path.split(separator: 0x2f).dropLast()
    while !parts.isEmpty,
      file(Array(parts.joined(separator: [0x2f]))).withCString({ rmdir($0) }) == 0
    {
      parts = parts.dropLast()
    }
  }

  /// Puts everything back after the target was moved by somebody else in between.
  func rollBack(_ entries: [FollowEntry]) {
    for entry in Self.inOrder(entries).reversed() { takeBack(entry) }
    if FileManager.default.fileExists(atPath: oldIndex) {
      rename(oldIndex, checkout.gitDirectory + "/index")
    }
  }
}

extension FollowEntry {
  private static let submodule: UInt32 = 0o160000
  /// Whether a file or link stood there; a submodule is no file.
  var hasOldFile: Bool { oldMode.map { $0 != Self.submodule } ?? false }
  /// Whether a file or link is to stand there.
  var hasNewFile: Bool { newMode.map { $0 != Self.submodule } ?? false }
  /// Whether a submodule stood there.
  var hadSubmodule: Bool { oldMode == Self.submodule }
  /// Whether a submodule is moved to another commit.
  var movesSubmodule: Bool { oldMode == Self.submodule && newMode == Self.submodule }
}
