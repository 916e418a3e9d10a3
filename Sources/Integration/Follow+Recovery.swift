import Foundation
import Git
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
      if let saved = displacedSave(entry, name) {
        // Saved by a person in the very moment in which the file was replaced.
        try makeParents(of: target)
        rename(saved, target)
      } else if (forward ? entry.newMode : entry.oldMode) == nil {
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

  /// Returns the file that a landing displaced, where that is neither the old nor the new one.
  private func displacedSave(_ entry: FollowEntry, _ name: String) -> String? {
    ["\(stage)/new/\(name)", "\(stage)/old/\(name)"].first { path in
      guard let id = contentID(path, as: entry.path) else { return false }
      return id != entry.oldID && id != entry.newID
    }
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
}
