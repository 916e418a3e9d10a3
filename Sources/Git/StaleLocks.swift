import Foundation

/// Lock files that a killed process left behind.
package enum StaleLocks {
  /// Removes the locks of a worktree of ours, in which nobody else is at work: index and HEAD.
  package static func removeOwn(gitDirectory: String) {
    for name in own { unlink(gitDirectory + "/" + name) }
  }

  /// Returns whether a worktree of ours has such a lock.
  package static func existOwn(gitDirectory: String) -> Bool {
    own.contains { access(gitDirectory + "/" + $0, F_OK) == 0 }
  }

  private static let own = ["index.lock", "HEAD.lock"]

  /// The names of the locks of references below a prefix, relative to the git common directory.
  package static func ofReferences(commonDirectory: String, below prefix: String) -> [String] {
    guard let all = FileManager.default.enumerator(atPath: commonDirectory + "/" + prefix) else {
      return []
    }
    return all.compactMap {
      ($0 as? String).flatMap { $0.hasSuffix(".lock") ? prefix + "/" + $0 : nil }
    }
  }

  /// Removes locks in a repository that others use, too: one that the same process holds for a whole
  /// second is taken for left behind, since git holds them for milliseconds.
  ///
  /// - Parameter names: relative to the git common directory.
  package static func removeShared(commonDirectory: String, _ names: [String]) {
    func inode(_ name: String) -> ino_t? {
      var facts = stat()
      return lstat(commonDirectory + "/" + name, &facts) == 0 ? facts.st_ino : nil
    }
    let before = names.map { (name: $0, inode: inode($0)) }.filter { $0.inode != nil }
    guard !before.isEmpty else { return }
    usleep(1_000_000)
    for lock in before where inode(lock.name) == lock.inode {
      unlink(commonDirectory + "/" + lock.name)
    }
  }
}
