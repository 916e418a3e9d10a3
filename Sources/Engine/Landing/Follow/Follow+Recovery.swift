import Foundation
import Git
import Processes
import Store

extension Follow {
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
    let indexed = try indexedIDs(entries)
    let wanted = entries.filter { isOneOfTwo(indexed[$0.path], $0) }
    try writeIndex(Self.inOrder(wanted), new: forward)
    // `stage` may hold the only copy of a file that was displaced; it is written anew from git.
    let fresh = stage + "-recovered"
    try? files.removeItem(atPath: fresh)
    defer { try? files.removeItem(atPath: fresh) }
    let present = wanted.filter { forward ? $0.hasNewFile : $0.hasOldFile }
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
      let written = DiskPath(fresh) / entry.path
      if let saved = displacedSave(entry) {
        // Saved by a person in the very moment in which the file was replaced.
        _ = target.parent.makeDirectories()
        _ = saved.move(to: target)
      } else if (forward ? entry.newMode : entry.oldMode) == nil {
        if content != nil { _ = target.withCString { unlink($0) } }
        removeEmptyParents(of: entry.path)
      } else if written.status() != nil {
        _ = target.withCString { rmdir($0) }
        _ = target.parent.makeDirectories()
        _ = written.move(to: target)
      } else if !(forward ? entry.hasNewFile : entry.hasOldFile) {
        if content != nil { _ = target.withCString { unlink($0) } }
        _ = target.makeDirectories()
      }
    }
    refreshNewIndex()
    rename(newIndex, index)
  }

  /// Returns the file that a landing displaced, where that is neither the old nor the new one.
  private func displacedSave(_ entry: FollowEntry) -> DiskPath? {
    ["/new", "/old"].map { DiskPath(stage + $0) / entry.path }.first { path in
      guard let id = contentID(path, as: entry.path) else { return false }
      return id != entry.oldID && id != entry.newID
    }
  }

  /// Returns the entries of the checkout's index at the paths of a landing.
  private func indexedIDs(_ entries: [FollowEntry]) throws -> [[UInt8]: String] {
    let wanted = Set(entries.map(\.path))
    var result: [[UInt8]: String] = [:]
    // `<mode> <id> <stage>` TAB `<path>`
    for line in try checkout.git(["ls-files", "-s", "-z"]).output.split(separator: 0) {
      guard let tab = line.firstIndex(of: 0x09) else { continue }
      let path = Array(line[line.index(after: tab)...])
      guard wanted.contains(path), result[path] == nil else { continue }
      let words = line[..<tab].split(separator: 0x20)
      if words.count == 3 { result[path] = String(decoding: words[1], as: UTF8.self) }
    }
    return result
  }

  private func isOneOfTwo(_ id: String?, _ entry: FollowEntry) -> Bool {
    id == entry.oldID || id == entry.newID
  }

  /// Returns the id that git would give a file's content at a path.
  private func contentID(_ file: DiskPath, as path: [UInt8]) -> String? {
    if let text = file.linkText() {
      return hash(["hash-object", "--no-filters", "--stdin"], input: text)
    }
    guard let content = file.contents() else { return nil }
    // Attributes are all that the name is for.
    return hash(
      ["hash-object", "--path=\(String(decoding: path, as: UTF8.self))", "--stdin"], input: content)
  }

  private func hash(_ arguments: [String], input: [UInt8]) -> String? {
    let result = try? GitProgram.run(
      arguments, directory: directory, environment: checkout.environment, input: input)
    return result?.status == 0 ? result?.text : nil
  }
}
