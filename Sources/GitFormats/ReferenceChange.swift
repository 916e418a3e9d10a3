/// One line that git hands to `reference-transaction`, or to `pre-receive`: old value, new value,
/// name.
package struct ReferenceChange: Sendable, Equatable {
  /// In hex; zeros where git did not look.
  package let old: String
  /// In hex; zeros delete.
  package let new: String
  package let name: String

  /// Reads every line of what git hands over.
  ///
  /// - Returns: `nil` where a line is none, so that nothing is let through unread.
  package static func read(_ input: [UInt8]) -> [ReferenceChange]? {
    var changes: [ReferenceChange] = []
    for line in input.split(separator: 0x0a) {
      guard let change = ReferenceChange(line) else { return nil }
      changes.append(change)
    }
    return changes
  }

  /// - Returns: `nil` where the name is no UTF-8, or could lead out of git's own directory.
  package init?(_ line: ArraySlice<UInt8>) {
    let parts = line.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, let old = String(validating: parts[0], as: UTF8.self),
      let new = String(validating: parts[1], as: UTF8.self),
      let name = String(validating: parts[2], as: UTF8.self), Self.isName(parts[2])
    else { return nil }
    self.old = old
    self.new = new
    self.name = name
  }

  package var isDeletion: Bool { !new.isEmpty && new.utf8.allSatisfy { $0 == 0x30 } }

  /// Returns whether the name is exactly this one, byte for byte: two spellings of a letter are two
  /// references.
  package func isNamed(_ other: String) -> Bool { name.utf8.elementsEqual(other.utf8) }

  /// Returns whether the name belongs to the worktree alone, or to what was fetched.
  ///
  /// - Parameter worktree: git's name for the worktree, such as `lane-1`.
  package func isOfWorktree(_ worktree: String?) -> Bool {
    let bytes = name.utf8
    if name.hasPrefix("main-worktree/") { return false }
    if name.hasPrefix("worktrees/") {
      guard let worktree else { return false }
      return bytes.starts(with: "worktrees/\(worktree)/".utf8)
    }
    guard name.hasPrefix("refs/") else { return true }
    return ["refs/worktree/", "refs/bisect/", "refs/rewritten/", "refs/remotes/"].contains {
      bytes.starts(with: $0.utf8)
    }
  }

  /// Returns whether git's rules allow a name, and no other file than a reference is read under it.
  private static func isName(_ name: ArraySlice<UInt8>) -> Bool {
    guard !name.isEmpty, name.count <= 4096, name.first != 0x2f else { return false }
    guard !name.contains(where: { $0 <= 0x20 || $0 == 0x7f || $0 == 0x5c }) else { return false }
    return name.split(separator: 0x2f, omittingEmptySubsequences: false).allSatisfy {
      !$0.isEmpty && $0.first != 0x2e
    }
  }
}
