import CLibgit2

/// The result of a merge of two commits.
package enum TreeMerge: Equatable, Sendable {
  case clean(ObjectID)
  /// The paths in conflict, and git's messages about them.
  case conflicts([[UInt8]], message: String)
}

extension Repository {
  /// Merges three trees in memory, and descends only where both sides changed the same directory.
  ///
  /// What one side alone changed is taken. What both changed, even to the same result, is left to
  /// git's own merge, since a rename on one side and a change or deletion on the other look so.
  ///
  /// - Returns: the merged tree, or the paths that both sides touched, in the order of their bytes.
  package func mergeTrees(
    base: ObjectID?, ours: ObjectID, theirs: ObjectID
  ) throws -> (tree: ObjectID?, bothTouched: [[UInt8]]) {
    var merger = try TreeMerger(self)
    let merged = try merger.merge(base: base, ours: ours, theirs: theirs, below: [])
    guard merger.touched.isEmpty else {
      return (nil, merger.touched.sorted { $0.lexicographicallyPrecedes($1) })
    }
    return (try merged ?? writeEntries([]), [])
  }

  /// Merges two commits without touching a reference, an index or a file.
  ///
  /// Where one merge base and ``mergeTrees(base:ours:theirs:)`` do not suffice, git merges them, with
  /// `merge.directoryRenames=false` and the attributes of this repository's checkout; a git older
  /// than 2.38 can't, and libgit2 stands in for it.
  ///
  /// - Throws: ``GitProgramError`` for unrelated histories.
  ///
  /// - Parameter known: the merge bases, where they are known already.
  package func merge(
    ours: ObjectID, theirs: ObjectID, bases known: [ObjectID]? = nil
  ) throws -> TreeMerge {
    let bases = try known ?? mergeBases(ours, theirs)
    var touched: [[UInt8]] = []
    if let base = bases.first {
      let result = try mergeTrees(
        base: try commit(base).tree, ours: try commit(ours).tree, theirs: try commit(theirs).tree)
      if bases.count == 1, let tree = result.tree { return .clean(tree) }
      touched = result.bothTouched
    }
    return try mergeWithGit(ours: ours, theirs: theirs, touched: touched)
  }

  /// Merges two trees that left one commit, wherever they came from; no reference, index or file
  /// changes.
  ///
  /// - Parameter base: the commit that both started from.
  package func merge(
    ours: ObjectID, theirs: ObjectID, leaving base: ObjectID
  ) throws -> TreeMerge {
    let start = try commit(base)
    let result = try mergeTrees(base: start.tree, ours: ours, theirs: theirs)
    if let tree = result.tree { return .clean(tree) }
    func storedCommit(_ tree: ObjectID) throws -> ObjectID {
      // The same every time, so that asking again stores nothing more.
      try createCommit(
        tree: tree, parents: [base], message: "merge", author: start.author,
        committer: start.committer)
    }
    return try mergeWithGit(
      ours: try storedCommit(ours), theirs: try storedCommit(theirs), touched: result.bothTouched)
  }

  /// - Parameter touched: the paths that stand in the way where git does not say which.
  func mergeWithGit(
    ours: ObjectID, theirs: ObjectID, touched: [[UInt8]]
  ) throws -> TreeMerge {
    let arguments = [
      "-c", "merge.directoryRenames=false", "merge-tree", "--write-tree", "-z", "--name-only",
      ours.hex, theirs.hex,
    ]
    let result = try git(arguments)
    switch result.status {
    case 0, 1:
      let merge = MergeTreeOutput(result.output)
      guard let tree = merge.tree else { fallthrough }
      if result.status == 0 { return .clean(tree) }
      return .conflicts(merge.paths, message: merge.message)
    case 129: return try mergeWithLibgit2(ours: ours, theirs: theirs)
    case 134, 135, 139:
      // Renames onto links and directories can make git end itself by a failed assertion.
      return .conflicts(
        touched, message: "git gave the merge up: " + result.error.split(separator: "\n").joined())
    default:
      throw GitProgramError(
        arguments: arguments, status: result.status,
        message: result.error.split(separator: "\n").joined(separator: "; "))
    }
  }

  func mergeWithLibgit2(ours: ObjectID, theirs: ObjectID) throws -> TreeMerge {
    func lookUp(_ id: ObjectID) throws -> OpaquePointer? {
      var pointer: OpaquePointer?
      var oid = id.oid
      try GitError.check(git_commit_lookup(&pointer, handle, &oid), "read the commit \(id.short)")
      return pointer
    }
    let one = try lookUp(ours)
    defer { git_commit_free(one) }
    let two = try lookUp(theirs)
    defer { git_commit_free(two) }
    var options = git_merge_options()
    git_merge_options_init(&options, UInt32(GIT_MERGE_OPTIONS_VERSION))
    var index: OpaquePointer?
    try GitError.check(
      git_merge_commits(&index, handle, one, two, &options),
      "merge \(ours.short) and \(theirs.short)")
    defer { git_index_free(index) }
    if git_index_has_conflicts(index) == 0 {
      var oid = git_oid()
      try GitError.check(git_index_write_tree_to(&oid, index, handle), "write the merged tree")
      return .clean(ObjectID(oid))
    }
    var paths: Set<[UInt8]> = []
    for position in 0..<git_index_entrycount(index) {
      let entry = git_index_get_byindex(index, position)
      guard git_index_entry_stage(entry) > 0, let path = entry?.pointee.path else { continue }
      paths.insert(bytes(of: path))
    }
    return .conflicts(
      paths.sorted { $0.lexicographicallyPrecedes($1) }, message: "both sides changed them")
  }
}

/// The output of `git merge-tree --write-tree -z --name-only`.
struct MergeTreeOutput {
  var tree: ObjectID?
  var paths: [[UInt8]] = []
  var message = ""

  /// The tree, the paths in conflict, an empty field, then messages of the form
  /// `<count> <path>... <type> <text>`, each field ended by NUL.
  init(_ output: [UInt8]) {
    var fields = output.split(separator: 0, omittingEmptySubsequences: false)[...]
    tree = fields.popFirst().flatMap { ObjectID(hex: String(decoding: $0, as: UTF8.self)) }
    while let field = fields.popFirst(), !field.isEmpty { paths.append(Array(field)) }
    var texts: [String] = []
    while let count = fields.popFirst(), let number = Int(String(decoding: count, as: UTF8.self)) {
      fields = fields.dropFirst(number)
      let type = String(decoding: fields.popFirst() ?? [], as: UTF8.self)
      let text = String(decoding: fields.popFirst() ?? [], as: UTF8.self)
      if type.hasPrefix("CONFLICT") { texts.append(text.trimmingSuffix(while: \.isNewline)) }
    }
    message = texts.joined(separator: "\n")
  }
}

extension String {
  fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> String {
    var text = self
    while let last = text.last, predicate(last) { text.removeLast() }
    return text
  }
}
