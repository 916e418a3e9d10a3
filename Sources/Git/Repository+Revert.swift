extension Repository {
  /// Takes what changed between two commits out of a tree, in memory.
  ///
  /// Where directories do not suffice, git merges contents, between commits that no reference names.
  ///
  /// - Parameters:
  ///   - old: the commit without the change.
  ///   - new: the commit with it.
  ///   - tree: what the change is taken out of.
  ///   - signature: signs the nameless commits.
  package func revert(
    from old: ObjectID, to new: ObjectID, in tree: ObjectID, signature: Signature
  ) throws -> TreeMerge {
    let (before, after) = (try commit(old).tree, try commit(new).tree)
    if let merged = try mergeTrees(base: after, ours: tree, theirs: before).tree {
      return .clean(merged)
    }
    func nameless(_ tree: ObjectID, on parents: [ObjectID]) throws -> ObjectID {
      try createCommit(
        tree: tree, parents: parents, message: "revert\n", author: signature, committer: signature)
    }
    let base = try nameless(after, on: [])
    return try merge(ours: nameless(tree, on: [base]), theirs: nameless(before, on: [base]))
  }
}
