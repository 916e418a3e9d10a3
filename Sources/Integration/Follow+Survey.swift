import Foundation
import Git
import Store

/// What stands in a checkout that a landing must not disturb.
struct CheckoutSurvey {
  /// Why nothing at all can follow now.
  var busy: String?
  /// Paths that are changed and not committed, or that git does not track.
  private var dirty: [[UInt8]: StatusEntry] = [:]
  /// The directories above them, each with one of them.
  private var above: [[UInt8]: StatusEntry] = [:]
  /// Files that git was told not to look at.
  private var hidden: Set<[UInt8]> = []
  private let directory: String

  init(busy: String?, dirty: [StatusEntry], hidden: Set<[UInt8]>, directory: String) {
    self.busy = busy
    self.hidden = hidden
    self.directory = directory
    for entry in dirty {
      let path = entry.path.last == 0x2f ? Array(entry.path.dropLast()) : entry.path
      self.dirty[path] = entry
      for ancestor in Self.ancestors(of: path) { above[ancestor] = entry }
    }
  }

  private static func ancestors(of path: [UInt8]) -> [[UInt8]] {
    path.indices.filter { path[$0] == 0x2f }.map { Array(path[..<$0]) }
  }

  /// Returns why a path can't be written now; `nil` where nothing is in the way.
  func blocker(_ path: [UInt8]) -> String? {
    let found =
      dirty[path] ?? above[path] ?? Self.ancestors(of: path).lazy.compactMap { dirty[$0] }.first
    if let found {
      let name = String(decoding: found.path, as: UTF8.self)
      return found.isUntracked
        ? "the untracked file \(name) stands in the way in \(directory)"
        : "\(name) is changed in \(directory) and not committed"
    }
    if hidden.contains(path) {
      let name = String(decoding: path, as: UTF8.self)
      return "\(name) is marked assume-unchanged or skip-worktree in \(directory)"
    }
    return nil
  }
}

extension Follow {
  /// Looks what a person has under way in the checkout.
  func survey() throws -> CheckoutSurvey {
    let files = FileManager.default
    var busy: String?
    for name in [
      "MERGE_HEAD", "rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG",
      "sequencer",
    ] where files.fileExists(atPath: checkout.gitDirectory + "/" + name) {
      busy = "a merge, rebase, cherry-pick or bisect is open in \(directory)"
    }
    if try checkout.configBool("core.sparseCheckout") || checkout.configBool("core.splitIndex") {
      busy = "\(directory) has a sparse checkout or a split index"
    }
    return CheckoutSurvey(
      busy: busy, dirty: try checkout.status(), hidden: try hiddenPaths(), directory: directory)
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

  /// Returns why these paths can't be written now; `nil` where nothing would be lost.
  func blocker(_ entries: [FollowEntry], _ survey: CheckoutSurvey) -> String? {
    if let busy = survey.busy { return busy }
    var leaving: Set<[UInt8]>?
    for entry in entries {
      if let reason = survey.blocker(entry.path) { return reason }
      guard entry.oldMode == nil else { continue }
      let gone = leaving ?? Self.leaving(entries)
      leaving = gone
      if let obstacle = obstacle(to: entry.path, leaving: gone) {
        return "\(obstacle) stands in the way in \(directory)"
      }
    }
    return nil
  }

  /// The paths that the landing itself removes, and the directories above them.
  private static func leaving(_ entries: [FollowEntry]) -> Set<[UInt8]> {
    var result: Set<[UInt8]> = []
    for entry in entries where entry.newMode == nil {
      result.insert(entry.path)
      for index in entry.path.indices where entry.path[index] == 0x2f {
        result.insert(Array(entry.path[..<index]))
      }
    }
    return result
  }

  /// Returns what stands where a new file belongs and is not removed by the landing itself.
  private func obstacle(to path: [UInt8], leaving: Set<[UInt8]>) -> String? {
    let parts = path.split(separator: 0x2f)
    var prefix: [UInt8] = []
    for (number, part) in parts.enumerated() {
      prefix += (prefix.isEmpty ? [] : [0x2f]) + part
      var found = stat()
      guard lstat(file(prefix), &found) == 0 else { return nil }
      let isDirectory = found.st_mode & S_IFMT == S_IFDIR
      if number < parts.count - 1, isDirectory { continue }
      return leaving.contains(prefix) ? nil : String(decoding: prefix, as: UTF8.self)
    }
    return nil
  }

  /// Makes sure, with the index locked, that following would lose nothing.
  ///
  /// - Returns: what is known of the files that will be displaced.
  /// - Throws: ``HeldOff``.
  func check(_ entries: [FollowEntry]) throws -> [[UInt8]: FileFacts] {
    var facts: [[UInt8]: FileFacts] = [:]
    for entry in entries where entry.oldMode != nil {
      facts[entry.path] = FileFacts(file(entry.path))
    }
    if let reason = blocker(entries, try survey()) { throw HeldOff(reason: reason) }
    return facts
  }
}
