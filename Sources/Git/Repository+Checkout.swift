import CLibgit2
import Foundation

extension Repository {
  /// Makes this worktree an exact checkout of a commit, on a branch or detached.
  ///
  /// Only the files that differ are written. Tracked files end as the commit has them, whatever was
  /// changed or staged; ignored files stay. What a merge, rebase or bisect left open is dropped. HEAD
  /// moves last. What ``needsGitForCheckout(of:)`` lists is filled in by git.
  ///
  /// - Parameters:
  ///   - branch: `refs/heads/...` that stands at the commit already, or does not exist yet and is
  ///     made; `nil` detaches HEAD.
  ///   - removeUntracked: removes what is neither tracked nor ignored, with directories that become
  ///     empty. A repository made inside the worktree is kept, and ``status()`` lists it.
  /// - Throws: ``ReferenceMismatch``, ``WorktreeError``, ``GitError`` (code `locked` while another
  ///   process holds the index), ``GitProgramError``.
  package func switchWorktree(
    to commit: ObjectID, branch: String?, removeUntracked: Bool = false
  ) throws {
    guard let directory = workingDirectory else { throw WorktreeError.bare(path: gitDirectory) }
    let tree = try self.commit(commit).tree
    if let branch {
      let tip = try reference(branch)
      guard tip == nil || tip == commit else {
        throw ReferenceMismatch(name: branch, expected: commit, found: tip)
      }
      try checkBranch(branch, isFreeFor: worktreeName)
    }
    try GitError.check(git_repository_state_cleanup(handle), "end what is open in \(directory)")
    for name in ["AUTO_MERGE", "SQUASH_MSG"] { try removeFile(gitDirectory + "/" + name) }
    if try needsGitForCheckout(of: tree).isEmpty {
      try fillWithLibrary(tree)
    } else {
      try fillWithGit(tree)
    }
    if let branch, try reference(branch) == nil {
      try createReference(branch, target: commit, message: "branch: Created from \(commit.hex)")
    }
    try setHead(branch: branch, commit: commit)
    if removeUntracked { try checkedGit(["clean", "-f", "-d", "-q"]) }
  }

  /// Writes index and files by git itself, which knows filters, sparse checkout and every kind of
  /// index. No hook runs; HEAD stays.
  package func fillWithGit(_ tree: ObjectID) throws {
    try checkedGit(["read-tree", "--reset", "-u", tree.hex])
  }

  /// Makes the index of this worktree equal to a tree and leaves the files alone.
  package func writeIndex(matching tree: ObjectID) throws {
    var index: OpaquePointer?
    try GitError.check(git_repository_index(&index, handle), "open the index")
    defer { git_index_free(index) }
    try GitError.check(git_index_read(index, 1), "read the index")
    try readTree(tree, into: index)
  }

  private func fillWithLibrary(_ tree: ObjectID) throws {
    var index: OpaquePointer?
    try GitError.check(git_repository_index(&index, handle), "open the index")
    defer { git_index_free(index) }
    try GitError.check(git_index_read(index, 1), "read the index")
    try distrustChangedEntries(of: index)
    var object: OpaquePointer?
    var oid = tree.oid
    try GitError.check(
      git_object_lookup(&object, handle, &oid, GIT_OBJECT_TREE), "read the tree \(tree.short)")
    defer { git_object_free(object) }
    var options = git_checkout_options()
    git_checkout_options_init(&options, UInt32(GIT_CHECKOUT_OPTIONS_VERSION))
    options.checkout_strategy = GIT_CHECKOUT_FORCE.rawValue
    let code = git_checkout_tree(handle, object, &options)
    if code == GIT_ECONFLICT.rawValue { return try fillWithGit(tree) }
    try GitError.check(code, "write the files of \(tree.short)")
    try readTree(tree, into: index)
  }

  /// Forgets what the index believes about files that were touched in any way since it was written,
  /// so that the checkout looks at their content: libgit2 compares size and modification time alone.
  private func distrustChangedEntries(of index: OpaquePointer?) throws {
    guard let directory = workingDirectory else { return }
    let trustsCtime = try configString("core.trustctime") == nil || configBool("core.trustctime")
    let directoryBytes = Array(directory.utf8) + [0x2f]
    for position in 0..<git_index_entrycount(index) {
      guard let entry = git_index_get_byindex(index, position)?.pointee, entry.mode != 0o160000
      else { continue }
      let hidden =
        entry.flags & UInt16(GIT_INDEX_ENTRY_VALID.rawValue) != 0
        || entry.flags_extended & UInt16(GIT_INDEX_ENTRY_SKIP_WORKTREE.rawValue) != 0
      var found = stat()
      let path = directoryBytes + bytes(of: entry.path) + [0]
      let code = path.withUnsafeBytes {
        lstat($0.baseAddress!.assumingMemoryBound(to: CChar.self), &found)
      }
      let same =
        code == 0 && UInt32(truncatingIfNeeded: found.st_ino) == entry.ino
        && (!trustsCtime
          || (Int32(truncatingIfNeeded: found.st_ctim.tv_sec) == entry.ctime.seconds
            && UInt32(found.st_ctim.tv_nsec) == entry.ctime.nanoseconds))
      guard hidden || (code == 0 && !same) else { continue }
      var fresh = entry
      fresh.flags &= ~UInt16(GIT_INDEX_ENTRY_VALID.rawValue)
      fresh.flags_extended &= ~UInt16(GIT_INDEX_ENTRY_SKIP_WORKTREE.rawValue)
      fresh.mtime = git_index_time()
      fresh.ctime = git_index_time()
      fresh.file_size = 0
      guard git_index_entry_stage(&fresh) == 0 else { continue }
      let name = bytes(of: entry.path) + [0]
      let added = name.withUnsafeBytes {
        fresh.path = $0.baseAddress!.assumingMemoryBound(to: CChar.self)
        return git_index_add(index, &fresh)
      }
      try GitError.check(added, "refresh the index")
    }
  }

  private func readTree(_ tree: ObjectID, into index: OpaquePointer?) throws {
    var pointer: OpaquePointer?
    var oid = tree.oid
    try GitError.check(git_tree_lookup(&pointer, handle, &oid), "read the tree \(tree.short)")
    defer { git_tree_free(pointer) }
    try GitError.check(git_index_read_tree(index, pointer), "set the index to \(tree.short)")
    try GitError.check(git_index_write(index), "write the index")
  }

  @discardableResult
  func checkedGit(_ arguments: [String]) throws -> GitProgram.Result {
    let all = ["-c", "core.hooksPath=/dev/null"] + arguments
    let result = try git(all)
    guard result.status == 0 else {
      throw GitProgramError(
        arguments: all, status: result.status,
        message: result.error.trimmingCharacters(in: .whitespacesAndNewlines))
    }
    return result
  }
}
