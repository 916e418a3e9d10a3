import Foundation
import Git
import Processes
import Store

extension Follow {
  /// The landing holds what can't stand in this checkout, such as a name that its disk does not take or a file that a
  /// filter refuses.
  struct Unfit: Error {
    /// git's words.
    let reason: String
  }

  /// Lets git write one whole index, which can be moved; it splits it again by itself.
  static let wholeIndex = ["-c", "core.splitIndex=false"]

  /// Returns why a landing can't stand in the checkout; `nil` where it can. Nothing is changed.
  ///
  /// - Throws: ``HeldOff`` where that can't be found out now.
  func obstacle(_ entries: [FollowEntry]) throws -> String? {
    guard try !isSparse() else { return nil }
    try takeLock()
    defer { releaseLock() }
    do {
      try prepare(entries)
      return nil
    } catch let error as Unfit {
      return error.reason
    }
  }

  /// Writes the new files beside the checkout, in `stage`, with filters applied, and the new index.
  ///
  /// An agent may change how git writes files, for all checkouts, while they are written; then they are written again.
  /// - Throws: ``Unfit``; ``HeldOff`` where the disk is full, or the configuration changes all the time.
  func prepare(_ entries: [FollowEntry]) throws {
    for _ in 0..<20 {
      _ = repairConfiguration()
      let stamp = configurationStamp()
      let result = Result { try writeOnce(entries) }
      if repairConfiguration(), configurationStamp() == stamp { return try result.get() }
    }
    throw HeldOff(
      reason:
        "something changes \(checkout.commonDirectory)/config all the time, by which files are written"
    )
  }

  /// Identifies the present state of the configuration that all checkouts share.
  private func configurationStamp() -> [Int] {
    ["config", "config.worktree", "info/attributes"].flatMap { name -> [Int] in
      guard let facts = DiskPath(checkout.commonDirectory + "/" + name).status() else { return [0] }
      return [
        Int(facts.st_ino), Int(facts.st_size), facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec,
        facts.st_ctim.tv_sec, facts.st_ctim.tv_nsec,
      ]
    }
  }

  private func writeOnce(_ entries: [FollowEntry]) throws {
    do {
      try write(entries)
    } catch let error as GitProgramError {
      if DiskSpace.isFull(checkout.gitDirectory) {
        throw HeldOff(reason: "the disk of \(directory) is full")
      }
      throw Unfit(reason: Self.words(error))
    }
  }

  /// The lines that say what is wrong.
  static func words(_ error: GitProgramError) -> String {
    let lines = error.message.split(separator: "\n")
    let telling = lines.filter { $0.hasPrefix("error: ") || $0.hasPrefix("fatal: ") }
    let text = (telling.isEmpty ? lines : telling).prefix(3).joined(separator: "; ")
    return text.isEmpty ? "git ended with \(error.status)" : String(text.prefix(600))
  }

  private func write(_ entries: [FollowEntry]) throws {
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
    let wanted = entries.filter(\.hasNewFile)
    guard !wanted.isEmpty else { return }
    try git(
      ["checkout-index", "-z", "--stdin", "-f", "-q", "--prefix=\(stage)/new/"],
      input: wanted.flatMap { $0.path + [0] })
  }

  func writeIndex(_ entries: [FollowEntry], new: Bool) throws {
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

  func git(_ arguments: [String], input: [UInt8] = []) throws {
    try GitProgram.check(
      Self.wholeIndex + arguments, directory: directory, environment: checkout.environment,
      adding: ["GIT_INDEX_FILE": newIndex, "GIT_LITERAL_PATHSPECS": "1"], input: input)
  }
}
