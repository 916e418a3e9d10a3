import CLibgit2
import Glibc

/// The author or committer of a commit, with the time.
package struct Signature: Sendable, Equatable {
  package var name: String
  package var email: String
  /// Seconds since 1970.
  package var time: Int64
  /// Minutes east of UTC.
  package var offsetMinutes: Int

  package init(name: String, email: String, time: Int64, offsetMinutes: Int = 0) {
    self.name = name
    self.email = email
    self.time = time
    self.offsetMinutes = offsetMinutes
  }

  init(_ raw: git_signature) {
    name = String(cString: raw.name)
    email = String(cString: raw.email)
    time = raw.when.time
    offsetMinutes = Int(raw.when.offset)
  }
}

/// A commit, read.
package struct Commit: Sendable, Equatable {
  package var id: ObjectID
  package var tree: ObjectID
  package var parents: [ObjectID]
  package var author: Signature
  package var committer: Signature
  package var message: String
  /// The first line of the message.
  package var subject: String { String(message.prefix { !$0.isNewline }) }
}

extension Repository {
  /// Returns the identity of the configuration; `nil` where it names none, or an empty one, which git refuses.
  package func defaultSignature() throws -> Signature? {
    var raw: UnsafeMutablePointer<git_signature>?
    let code = git_signature_default(&raw, handle)
    if code == GIT_ENOTFOUND.rawValue { return nil }
    if code < 0, git_error_last()?.pointee.klass == Int32(GIT_ERROR_INVALID.rawValue) { return nil }
    try GitError.check(code, "read user.name and user.email")
    defer { git_signature_free(raw) }
    return Signature(raw!.pointee)
  }

  /// Reads a commit.
  package func commit(_ id: ObjectID) throws -> Commit {
    var pointer: OpaquePointer?
    var oid = id.oid
    try GitError.check(git_commit_lookup(&pointer, handle, &oid), "read the commit \(id.short)")
    defer { git_commit_free(pointer) }
    return Commit(
      id: id, tree: ObjectID(git_commit_tree_id(pointer).pointee),
      parents: (0..<git_commit_parentcount(pointer)).map {
        ObjectID(git_commit_parent_id(pointer, $0).pointee)
      },
      author: Signature(git_commit_author(pointer).pointee),
      committer: Signature(git_commit_committer(pointer).pointee),
      message: String(cString: git_commit_message(pointer)))
  }

  /// Writes a commit object; no reference moves.
  package func createCommit(
    tree: ObjectID, parents: [ObjectID], message: String, author: Signature, committer: Signature
  ) throws -> ObjectID {
    func raw(_ signature: Signature) throws -> UnsafeMutablePointer<git_signature> {
      var pointer: UnsafeMutablePointer<git_signature>?
      try GitError.check(
        git_signature_new(
          &pointer, signature.name, signature.email, signature.time,
          Int32(signature.offsetMinutes)), "take the name '\(signature.name)'")
      return pointer!
    }
    let author = try raw(author)
    defer { git_signature_free(author) }
    let committer = try raw(committer)
    defer { git_signature_free(committer) }
    var treePointer: OpaquePointer?
    var treeID = tree.oid
    try GitError.check(
      git_tree_lookup(&treePointer, handle, &treeID), "read the tree \(tree.short)")
    defer { git_tree_free(treePointer) }
    var commits: [OpaquePointer?] = []
    defer { for commit in commits { git_commit_free(commit) } }
    for parent in parents {
      var pointer: OpaquePointer?
      var oid = parent.oid
      try GitError.check(
        git_commit_lookup(&pointer, handle, &oid), "read the commit \(parent.short)")
      commits.append(pointer)
    }
    var content = git_buf()
    defer { git_buf_dispose(&content) }
    try GitError.check(
      git_commit_create_buffer(
        &content, handle, author, committer, nil, message, treePointer, commits.count, &commits),
      "write a commit")
    return try writeObject(
      UnsafeRawBufferPointer(start: content.ptr, count: content.size), type: GIT_OBJECT_COMMIT)
  }

  /// Returns the best common ancestors of two commits; more than one after criss-cross merges.
  package func mergeBases(_ a: ObjectID, _ b: ObjectID) throws -> [ObjectID] {
    var array = git_oidarray()
    var one = a.oid
    var two = b.oid
    let code = git_merge_bases(&array, handle, &one, &two)
    if code == GIT_ENOTFOUND.rawValue, !isShallow { return [] }
    if code != 0, isShallow {
      let found = try askGit(["merge-base", "--all", a.hex, b.hex])
      return found.text.split(separator: "\n").compactMap { ObjectID(hex: String($0)) }
    }
    try GitError.check(code, "find the merge base of \(a.short) and \(b.short)")
    defer { git_oidarray_dispose(&array) }
    return (0..<array.count).map { ObjectID(array.ids[$0]) }
  }

  /// Returns a best common ancestor of two commits; `nil` where the histories are unrelated.
  package func mergeBase(_ a: ObjectID, _ b: ObjectID) throws -> ObjectID? {
    if a == b { return a }
    return try mergeBases(a, b).first
  }

  /// Whether the history ends somewhere (`git clone --depth`): libgit2 before 1.7 goes on from there and misses
  /// what is not there, where git stops.
  private var isShallow: Bool { access(commonDirectory + "/shallow", F_OK) == 0 }

  /// Asks git what it answers by an exit status of 0 or 1.
  private func askGit(_ arguments: [String]) throws -> GitProgram.Result {
    let result = try git(arguments)
    guard result.status <= 1 else {
      throw GitProgramError(arguments: arguments, status: result.status, message: result.error)
    }
    return result
  }

  /// Returns whether a commit is another one or one of its ancestors.
  package func isAncestor(_ ancestor: ObjectID, of commit: ObjectID) throws -> Bool {
    if ancestor == commit { return true }
    var one = commit.oid
    var two = ancestor.oid
    let code = git_graph_descendant_of(handle, &one, &two)
    if code < 0, isShallow {
      return try askGit(["merge-base", "--is-ancestor", ancestor.hex, commit.hex]).status == 0
    }
    try GitError.check(code, "compare \(ancestor.short) with \(commit.short)")
    return code == 1
  }

  /// Returns the commits that are reachable from a tip and not from the excluded ones, parents
  /// after children.
  package func commits(
    from tip: ObjectID, excluding: [ObjectID] = [], firstParent: Bool = false, limit: Int = .max
  ) throws -> [Commit] {
    var walk: OpaquePointer?
    try GitError.check(git_revwalk_new(&walk, handle), "walk the history")
    defer { git_revwalk_free(walk) }
    git_revwalk_sorting(walk, UInt32(GIT_SORT_TOPOLOGICAL.rawValue))
    if firstParent { git_revwalk_simplify_first_parent(walk) }
    var oid = tip.oid
    try GitError.check(git_revwalk_push(walk, &oid), "walk the history from \(tip.short)")
    for id in excluding {
      var hidden = id.oid
      try GitError.check(git_revwalk_hide(walk, &hidden), "leave out \(id.short)")
    }
    var result: [Commit] = []
    while result.count < limit {
      let code = git_revwalk_next(&oid, walk)
      if code == GIT_ITEROVER.rawValue { break }
      try GitError.check(code, "walk the history from \(tip.short)")
      result.append(try commit(ObjectID(oid)))
    }
    return result
  }
}
