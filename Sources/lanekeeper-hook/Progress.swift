import GitFormats
import Glibc

/// The operation that git is in the middle of, read from its files.
enum Progress {
  /// Returns whether commits are being played again, which git does on a detached HEAD.
  static func isReplaying(_ place: GitPlace) -> Bool {
    ["/rebase-merge", "/rebase-apply"].contains { Files.exists(place.gitDirectory + $0) }
  }

  /// The commits that a merge which has stopped brings in.
  static func merging(_ place: GitPlace) -> [String] {
    guard let content = Files.read(place.gitDirectory + "/MERGE_HEAD", limit: 65_536) else {
      return []
    }
    return content.split(separator: 0x0a).map { String(decoding: $0, as: UTF8.self) }
      .filter(Hex.isObjectID)
  }

  /// The commits that `git merge` is about to bring in: it tells its children by `GITHEAD_<id>`, and
  /// has not written `MERGE_HEAD` yet when it starts `pre-merge-commit`.
  static func mergingByEnvironment() -> [String] {
    var result: [String] = []
    var next = environ
    while let entry = next.pointee {
      let text = String(cString: entry)
      if text.hasPrefix("GITHEAD_") {
        let id = String(text.dropFirst(8).prefix(40))
        if Hex.isObjectID(id) { result.append(id) }
      }
      next += 1
    }
    return result
  }
}

/// The merge base that a commit will have with the target.
enum MergeBase {
  /// Returns the best of the merge bases that the parents have with the target, in hex; `nil` where
  /// there is none.
  static func ofMerge(_ parents: [String], target: String?) -> String? {
    guard let target else { return nil }
    var best: String?
    for parent in parents {
      guard let base = GitCommand.mergeBase(parent, target) else { continue }
      guard let known = best else {
        best = base
        continue
      }
      if known != base, GitCommand.isAncestor(known, of: base) { best = base }
    }
    return best
  }
}
