import CProcess
import Foundation
import Git
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
      for entry in done.reversed() { try? takeBack(entry) }
      throw error
    }
  }

  /// Notes the times of the new files, so that git need not read them again.
  func refreshNewIndex() {
    _ = try? GitProgram.run(
      ["update-index", "-q", "--refresh"], directory: directory,
      environment: checkout.environment, adding: ["GIT_INDEX_FILE": newIndex])
  }

  /// Removals first, the deepest first, then what is written.
  static func inOrder(_ entries: [FollowEntry]) -> [FollowEntry] {
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

  func makeParents(of path: String) throws {
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
  }

  func removeEmptyParents(of path: [UInt8]) {
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
}
