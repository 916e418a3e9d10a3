import Git

/// Fingerprint of a branch's changes: a hash of its diff from the merge base,
/// with context, without the numbers of lines and of objects.
package enum ReviewDigest {
  package static func of(
    base: ObjectID?, tip: ObjectID, _ repository: Repository
  ) throws -> String {
    let from = try base?.hex ?? emptyTree(repository)
    let diff = try repository.git([
      "-c", "core.quotePath=true", "diff-tree", "-r", "-p", "--no-color", "--no-ext-diff",
      "--no-textconv", "--no-renames", "--full-index", "--binary", "--unified=3",
      "--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/", "--diff-algorithm=myers",
      "--indent-heuristic", "--ignore-submodules=none", from, tip.hex, "--",
    ]).output
    return try repository.git(["hash-object", "--stdin"], input: stripped(diff)).text
  }

  private static func emptyTree(_ repository: Repository) throws -> String {
    try repository.git(["hash-object", "-t", "tree", "--stdin"]).text
  }

  /// Takes out what a merge of something else changes: places and object ids.
  private static func stripped(_ diff: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(diff.count)
    var isHeader = true
    for line in diff.split(separator: 0x0a, omittingEmptySubsequences: false) {
      if line.starts(with: "diff --git ".utf8) { isHeader = true }
      if line.starts(with: "@@ ".utf8) {
        // Lines of a hunk begin with a space, a sign or a backslash; so this is its head.
        isHeader = false
        result += Array("@@\n".utf8)
        continue
      }
      if isHeader, line.starts(with: "index ".utf8) { continue }
      result += line
      result.append(0x0a)
    }
    return result
  }
}
