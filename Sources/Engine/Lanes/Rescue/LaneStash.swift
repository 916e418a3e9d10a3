import Foundation
import Git

/// Stashed work from a lane: all worktrees share the stash, and one command empties it.
package enum LaneStash {
  /// The number of bytes read from the end of the stash's log.
  private static let mostBytes = 1 << 20
  private static let most = 100

  /// Keeps what the stash has from a lane's branch since an attempt began. The stash itself stays as it is.
  ///
  /// An entry is the lane's where it names the branch, as git writes it, or goes on from a commit that only the branch has.
  /// Each is kept with all of its files, those that git did not know before as well.
  /// - Parameters:
  ///   - target: the branch on which lanes land.
  ///   - start: when the attempt began, in milliseconds since 1970.
  /// - Returns: the references.
  package static func keep(
    _ repository: Repository, branch: String, target: String, since start: Int64,
    reference: String, message: String, identity: Signature
  ) throws -> [String] {
    guard
      let log = SmallFile.end(
        of: repository.commonDirectory + "/logs/refs/stash", most: mostBytes)
    else { return [] }
    let (tip, landed) = (try repository.reference(branch), try repository.reference(target))
    let name = BranchName.short(branch)
    var kept: [String] = []
    // git's log has whole seconds: what the attempt before put there may have been kept for that one.
    let before = Set(
      try repository.references(prefix: (reference as NSString).deletingLastPathComponent + "/")
        .compactMap { try repository.commit($0.target).parents.first })
    for line in log.split(separator: "\n").suffix(most) {
      // `old new name <mail> time zone TAB words`
      let halves = line.split(separator: "\t", maxSplits: 1)
      let words = halves[0].split(separator: " ")
      guard halves.count == 2, words.count > 4, let id = ObjectID(hex: String(words[1])),
        let time = Int64(words[words.count - 2]), time >= start / 1000,
        let commit = try? repository.commit(id), let parent = commit.parents.first
      else { continue }
      let isNamed = ["WIP on \(name): ", "On \(name): "].contains { halves[1].hasPrefix($0) }
      func has(_ end: ObjectID?) -> Bool {
        end.map { (try? $0 == parent || repository.isAncestor(parent, of: $0)) == true } ?? false
      }
      guard !before.contains(id), isNamed || has(tip) && !has(landed) else { continue }
      let whole = try repository.createCommit(
        tree: try files(commit, repository), parents: [id], message: message, author: identity,
        committer: identity)
      kept.append(try Rescue.keep(whole, as: reference, message: message, in: repository))
    }
    return kept
  }

  /// The files of an entry, together with those that were untracked, which its third parent has.
  private static func files(_ entry: Commit, _ repository: Repository) throws -> ObjectID {
    guard entry.parents.count > 2 else { return entry.tree }
    let index = TemporaryIndex(repository)
    defer { index.remove() }
    _ = try index.git(["read-tree", entry.tree.hex])
    let untracked = try index.git(["ls-tree", "-r", "-z", "--full-tree", entry.parents[2].hex])
    _ = try index.git(["update-index", "-z", "--index-info"], untracked.output)
    return ObjectID(hex: try index.git(["write-tree"]).text) ?? entry.tree
  }
}
