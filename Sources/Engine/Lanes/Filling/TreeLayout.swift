import Foundation
import Git
import Processes

/// The place in which the `regenerate` commands of a merge run, and their guard.
package struct MergeCommands: Sendable {
  /// The directory in which trees are laid out for them; absolute, outside the repository's checkouts.
  let scratch: String
  /// The path of `lanekeeper-guard`.
  let guardProgram: String

  package init(scratch: String, guardProgram: String) {
    self.scratch = scratch
    self.guardProgram = guardProgram
  }
}

/// A copy of a tree on the disk, for a command that makes files from the others.
///
/// Beside the directory stand the lock of the process that has it, the lock of the guard under which a command
/// runs, and what the command wrote. Nothing of a command outlives the copy (P5).
struct TreeLayout {
  private let repository: Repository
  private let guardProgram: String
  private let directory: String
  private let lock: FileLock?

  /// Lays the tree out in a directory of its own below `scratch`, and clears away copies whose process
  /// was killed.
  init(repository: Repository, tree: ObjectID, commands: MergeCommands) throws {
    self.repository = repository
    guardProgram = commands.guardProgram
    let scratch = commands.scratch
    let files = FileManager.default
    try files.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    for name in try files.contentsOfDirectory(atPath: scratch)
    where name.hasPrefix(".regenerate-") && name.hasSuffix(".lock") {
      let path = scratch + "/" + name
      let copy = String(path.dropLast(".lock".count))
      guard !FileLock.isHeld(path), !FileLock.isHeld(copy + Self.guardSuffix) else { continue }
      OrphanProcesses.end(mark: nil, directories: [copy])
      Self.clear(copy)
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
      Self.clear(directory)
      lock?.release()
      throw error
    }
  }

  private static let guardSuffix = ".guard"
  private static let logSuffix = ".log"

  /// The lock goes last: what has one is found again.
  private static func clear(_ copy: String) {
    for suffix in ["", guardSuffix, logSuffix, ".lock"] {
      try? FileManager.default.removeItem(atPath: copy + suffix)
    }
  }

  /// Runs a shell command in the copy.
  ///
  /// - Returns: what went wrong, if anything.
  func run(_ command: String) throws -> String? {
    let log = directory + Self.logSuffix
    try? FileManager.default.removeItem(atPath: log)
    let ending: Ending
    do {
      ending = try GuardedProcess.runBlocking(
        GuardedCommand(
          guardProgram: guardProgram, lockPath: directory + Self.guardSuffix, logPath: log,
          inputPath: nil, directory: directory, argv: ["/bin/sh", "-c", command],
          environment: GitProgram.clean(repository.environment),
          mark: (directory as NSString).lastPathComponent, wallSeconds: 1800,
          outputBytes: 64 << 20))
    } catch {
      return "`\(command)` could not be run: \(error)"
    }
    guard ending != .exited(0) else { return nil }
    let words = String(
      decoding: (FileManager.default.contents(atPath: log) ?? Data()).suffix(2000), as: UTF8.self)
    return "`\(command)`: \(ending.words): "
      + words.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// No file that a command makes is larger.
  private static let largestFile = 512 << 20

  /// Stores a file of the copy as git would add it; `nil` where no regular file is there. A link could lead to
  /// anything of the person's, which would land.
  func entry(_ path: [UInt8], mode: UInt32?) throws -> TreeEntry? {
    let root = try Root(directory)
    guard let found = try? root.facts(path), found.st_mode & S_IFMT == S_IFREG,
      let content = try root.read(path, limit: Self.largestFile)
    else { return nil }
    // Attributes are all that the name is for.
    let stored = try repository.git(
      ["hash-object", "-w", "--stdin", "--path=\(String(decoding: path, as: UTF8.self))"],
      input: content)
    let id = try ObjectID(hex: stored.text) ?? repository.writeBlob(content)
    return TreeEntry(mode: mode ?? 0o100644, id: id)
  }

  func remove() {
    Self.clear(directory)
    lock?.release()
  }
}
