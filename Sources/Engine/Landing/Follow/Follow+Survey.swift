import Foundation
import Git
import Model
import Processes
import Store

/// The content of a checkout that a landing must not disturb.
struct CheckoutSurvey {
  /// Paths that are changed and not committed, or that git does not track.
  private var dirty: [[UInt8]: StatusEntry] = [:]
  /// The directories above them, each with one of them.
  private var above: [[UInt8]: StatusEntry] = [:]
  /// Files that git was told not to look at.
  private var hidden: Set<[UInt8]> = []
  private let directory: String

  init(dirty: [StatusEntry], hidden: Set<[UInt8]>, directory: String) {
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
  ///
  /// - Parameter isSubmodule: a submodule stands there, whose checkout may be on another commit than the index says:
  ///   it is the person's, and git leaves it as it is, too.
  func blocker(_ path: [UInt8], isSubmodule: Bool = false) -> String? {
    var found =
      dirty[path] ?? above[path] ?? Self.ancestors(of: path).lazy.compactMap { dirty[$0] }.first
    if isSubmodule, let entry = found, entry.path == path, entry.staged == nil,
      !entry.isUntracked, !entry.isConflicted
    {
      found = nil
    }
    if let found {
      let name = PathText.quoted(found.path)
      return found.isUntracked
        ? "the untracked file \(name) stands in the way in \(directory)"
        : "\(name) is changed in \(directory) and not committed"
    }
    if hidden.contains(path) {
      return "\(PathText.quoted(path)) is marked assume-unchanged or skip-worktree in \(directory)"
    }
    return nil
  }
}

extension Follow {
  /// Looks what a person has under way in the checkout.
  func survey() throws -> CheckoutSurvey {
    CheckoutSurvey(dirty: try checkout.status(), hidden: try hiddenPaths(), directory: directory)
  }

  /// Returns whether the checkout leaves files out (`git sparse-checkout`); then git itself brings it along.
  func isSparse() throws -> Bool {
    try checkout.git(["config", "--type=bool", "core.sparseCheckout"]).text == "true"
  }

  /// Lists the files that git was told not to look at; not what a sparse checkout leaves out.
  private func hiddenPaths() throws -> Set<[UInt8]> {
    let listing = try checkout.git(["ls-files", "-v", "-z"]).output.split(separator: 0)
    let hidden = listing.filter { line in
      line.count > 2 && (line[line.startIndex] >= 0x61 || line[line.startIndex] == 0x53)
    }
    guard !hidden.isEmpty else { return [] }
    let isSparse = try isSparse()
    return Set(
      hidden.compactMap { line in
        let path = Array(line.dropFirst(2))
        return isSparse && line.first == 0x53 && file(path).status() == nil ? nil : path
      })
  }

  /// Returns why these paths can't be written now; `nil` where nothing would be lost.
  func blocker(_ entries: [FollowEntry], _ survey: CheckoutSurvey) -> String? {
    var leaving: Set<[UInt8]>?
    for entry in entries {
      if let reason = survey.blocker(entry.path, isSubmodule: entry.hadSubmodule) { return reason }
      if entry.hadSubmodule, entry.hasNewFile, isInUse(entry.path) {
        return "the checkout of the submodule \(PathText.quoted(entry.path)) stands in the way in "
          + directory
      }
      guard entry.oldMode == nil else { continue }
      let gone = leaving ?? Self.leaving(entries)
      leaving = gone
      if let obstacle = obstacle(to: entry.path, leaving: gone) {
        return "\(obstacle) stands in the way in \(directory)"
      }
    }
    return nil
  }

  /// Returns whether a submodule has a checkout, which is the person's.
  func isInUse(_ path: [UInt8]) -> Bool {
    (file(path) / Array(".git".utf8)).status() != nil
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
      guard let found = file(prefix).status() else { return nil }
      let isDirectory = found.st_mode & S_IFMT == S_IFDIR
      if number < parts.count - 1, isDirectory { continue }
      return leaving.contains(prefix) ? nil : PathText.quoted(prefix)
    }
    return nil
  }

  /// Makes sure, with the index locked, that following would lose nothing.
  ///
  /// - Returns: what is known of the files that will be displaced.
  /// - Throws: ``HeldOff``.
  func check(_ entries: [FollowEntry]) throws -> [[UInt8]: FileFacts] {
    var facts: [[UInt8]: FileFacts] = [:]
    for entry in entries where entry.hasOldFile {
      facts[entry.path] = FileFacts(file(entry.path))
    }
    if let reason = blocker(entries, try survey()) { throw HeldOff(reason: reason) }
    return facts
  }
}
