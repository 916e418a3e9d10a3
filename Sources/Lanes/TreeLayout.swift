import Foundation
import Git
import Processes

/// A copy of a tree on the disk, for a command that makes files from the others.
struct TreeLayout {
  private let repository: Repository
  private let directory: String
  private let lock: FileLock?

  /// Lays the tree out in a directory of its own below `scratch`, and clears away copies whose process
  /// was killed.
  init(repository: Repository, tree: ObjectID, scratch: String) throws {
    self.repository = repository
    let files = FileManager.default
    try files.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    for name in try files.contentsOfDirectory(atPath: scratch)
    where name.hasPrefix(".regenerate-") && name.hasSuffix(".lock") {
      let path = scratch + "/" + name
      guard !FileLock.isHeld(path) else { continue }
      try? files.removeItem(atPath: String(path.dropLast(".lock".count)))
      try? files.removeItem(atPath: path)
    }
    directory = scratch + "/.regenerate-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    lock = try FileLock.tryAcquire(directory + ".lock")
    let index = directory + "/.git-index"
    do {
      try repository.storeObjects()
      try files.createDirectory(atPath: directory, withIntermediateDirectories: false)
      for arguments in [
        ["read-tree", tree.hex], ["checkout-index", "-a", "-q", "--prefix=\(directory)/"],
      ] {
        try GitProgram.check(
          arguments, directory: repository.workingDirectory ?? repository.gitDirectory,
          environment: repository.environment, adding: ["GIT_INDEX_FILE": index])
      }
      try files.removeItem(atPath: index)
    } catch {
      try? files.removeItem(atPath: directory)
      throw error
    }
  }

  /// Runs a shell command in the copy.
  ///
  /// - Returns: what went wrong, if anything.
  func run(_ command: String) throws -> String? {
    let result: ProcessOutput
    do {
      result = try OneShot.runBlocking(
        ["/bin/sh", "-c", command], directory: directory,
        environment: GitProgram.clean(repository.environment), timeoutSeconds: 1800)
    } catch {
      return "`\(command)` could not be run: \(error)"
    }
    guard result.status != 0 else { return nil }
    let words = String(decoding: result.error.suffix(2000), as: UTF8.self)
    return "`\(command)` exited \(result.status): "
      + words.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Stores a file of the copy as git would add it; `nil` where it is not there.
  func entry(_ path: [UInt8], mode: UInt32?) throws -> TreeEntry? {
    let name = String(decoding: path, as: UTF8.self)
    guard let content = FileManager.default.contents(atPath: directory + "/" + name) else {
      return nil
    }
    let stored = try repository.git(
      ["hash-object", "-w", "--stdin", "--path=\(name)"], input: Array(content))
    let id = try ObjectID(hex: stored.text) ?? repository.writeBlob(Array(content))
    return TreeEntry(mode: mode ?? 0o100644, id: id)
  }

  func remove() {
    try? FileManager.default.removeItem(atPath: directory)
    try? FileManager.default.removeItem(atPath: directory + ".lock")
    lock?.release()
  }
}
