import CLibgit2

/// What a merge of two commits gives.
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
    var touched: [[UInt8]] = []
    let merged = try mergeDirectory(base, ours, theirs, below: [], touched: &touched)
    guard touched.isEmpty else {
      return (nil, touched.sorted { $0.lexicographicallyPrecedes($1) })
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
  package func merge(ours: ObjectID, theirs: ObjectID) throws -> TreeMerge {
    let bases = try mergeBases(ours, theirs)
    if bases.count == 1 {
      let result = try mergeTrees(
        base: try commit(bases[0]).tree, ours: try commit(ours).tree,
        theirs: try commit(theirs).tree)
      if let tree = result.tree { return .clean(tree) }
    }
    return try mergeWithGit(ours: ours, theirs: theirs)
  }

  func mergeWithGit(ours: ObjectID, theirs: ObjectID) throws -> TreeMerge {
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

  private func mergeDirectory(
    _ base: ObjectID?, _ ours: ObjectID?, _ theirs: ObjectID?, below prefix: [UInt8],
    touched: inout [[UInt8]]
  ) throws -> ObjectID? {
    let before = try entries(of: base)
    let our = try entries(of: ours)
    let their = try entries(of: theirs)
    var result: [NamedEntry] = []
    for name in Set(before.keys).union(our.keys).union(their.keys) {
      let (old, mine, other) = (before[name], our[name], their[name])
      var merged: TreeEntry?
      if mine == old {
        merged = other
      } else if other == old {
        merged = mine
      } else if [old, mine, other].allSatisfy({ $0?.isTree ?? true }) {
        let tree = try mergeDirectory(
          old?.id, mine?.id, other?.id, below: prefix + name + [0x2f], touched: &touched)
        merged = tree.map { TreeEntry(mode: 0o040000, id: $0) }
      } else {
        touched.append(prefix + name)
      }
      if let merged { result.append(NamedEntry(name: name, entry: merged)) }
    }
    if result.isEmpty || !touched.isEmpty { return nil }
    return try writeEntries(result)
  }
}

/// What `git merge-tree --write-tree -z --name-only` prints.
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
