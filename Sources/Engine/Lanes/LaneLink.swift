import Foundation
import Git
import Processes

/// The `.git` file by which a lane belongs to its repository.
package enum LaneLink {
  /// Ties a lane to its registration again where its `.git` is gone or is another thing, such as a repository that
  /// an agent made in its place. What that holds is kept first.
  ///
  /// - Parameters:
  ///   - name: git's name for the lane.
  ///   - path: the lane.
  ///   - reference: under which a repository in its place is kept.
  /// - Returns: that reference where it was needed.
  /// - Throws: ``LaneError/broken(path:reason:)`` where it is a worktree of another repository, which is never changed.
  @discardableResult
  package static func restore(
    _ name: String, path: String, _ common: Repository, keptAs reference: String,
    identity: Signature
  ) throws -> String? {
    guard let found = common.worktree(named: name), !found.valid,
      realPath(found.path) == realPath(path), isDirectory(path)
    else { return nil }
    let link = path + "/.git"
    var kept: String?
    var facts = stat()
    if lstat(link, &facts) == 0 {
      if let other = foreignOwner(of: path, common) {
        throw LaneError.broken(path: path, reason: "it is a worktree of \(other)")
      }
      if facts.st_mode & S_IFMT == S_IFDIR,
        let nested = NestedRepository(at: path, keptIn: common)
      {
        kept = try nested.keep(
          as: reference, message: "a repository made in place of \(name)", identity: identity,
          withFiles: false)
        try TreeRemoval.remove(link)
      } else {
        guard
          rename(link, "\(found.gitDirectory)/replaced-git-\(UInt32.random(in: 0 ... .max))") == 0
        else {
          throw LaneError.broken(
            path: path, reason: "its .git can't be moved: \(String(cString: strerror(errno)))")
        }
      }
    }
    try write(path, administration: found.gitDirectory)
    return kept
  }

  /// Takes pipes and devices out of a lane's part of the git directory, and writes its links again where they are gone.
  ///
  /// - Returns: the paths of what was taken away.
  @discardableResult
  package static func repair(
    _ name: String, path: String, _ common: Repository
  ) throws -> [String] {
    let removed = RegularFile.removeOthers(below: common.commonDirectory + "/worktrees/" + name)
    try common.repairLinks(ofWorktree: name, path: path)
    return removed
  }

  /// Writes the `.git` file of a lane.
  static func write(_ path: String, administration: String) throws {
    try Data("gitdir: \(administration)\n".utf8).write(
      to: URL(fileURLWithPath: path + "/.git"), options: .atomic)
  }

  /// Returns the repository whose worktree a directory is, where that is there and not this one.
  package static func foreignOwner(of path: String, _ common: Repository) -> String? {
    var facts = stat()
    guard lstat(path + "/.git", &facts) == 0, facts.st_mode & S_IFMT == S_IFREG,
      let administration = NestedRepository.gitDirectory(of: path),
      FileManager.default.fileExists(atPath: administration + "/commondir")
    else { return nil }
    let owner = realPath(administration + "/../..")
    return owner == realPath(common.commonDirectory) ? nil : owner
  }

  private static func isDirectory(_ path: String) -> Bool {
    var facts = stat()
    return lstat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
  }
}
