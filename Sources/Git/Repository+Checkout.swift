import CLibgit2
import Foundation

extension Repository {
  /// Makes this worktree an exact checkout of a commit, on a branch or detached.
  ///
  /// Only the files that differ are written. Tracked files end as the commit has them, whatever was
  /// changed, staged or hidden from git; ignored files stay. What a merge, rebase or bisect left open
  /// is dropped. HEAD moves last. No hook runs.
  ///
  /// - Parameters:
  ///   - branch: `refs/heads/...` that stands at the commit already, or does not exist yet and is
  ///     made; `nil` detaches HEAD.
  ///   - removeUntracked: removes what is neither tracked nor ignored, with directories that become
  ///     empty. A repository made inside the worktree is kept, and ``status()`` lists it.
  ///   - pristine: what ``pristineTree()`` has just returned; then only what differs from it is looked at.
  /// - Throws: ``ReferenceMismatch``, ``WorktreeError``, ``GitError``, ``GitProgramError`` (also while
  ///   another process holds the index).
  package func switchWorktree(
    to commit: ObjectID, branch: String?, removeUntracked: Bool = false, pristine: ObjectID? = nil
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
    let isUpdated = try pristine.map { try update(from: $0, to: tree) } ?? false
    if !isUpdated, try !fillEmpty(tree) { try fill(tree) }
    try GitError.check(git_repository_state_cleanup(handle), "end what is open in \(directory)")
    for name in ["AUTO_MERGE", "SQUASH_MSG"] { try removeFile(gitDirectory + "/" + name) }
    if let branch, try reference(branch) == nil {
      try createReference(branch, target: commit, message: "branch: Created from \(commit.hex)")
    }
    try setHead(branch: branch, commit: commit)
    guard removeUntracked else { return }
    // Where nothing was untracked, something is only if other names are ignored now.
    if isUpdated, let pristine,
      try !changes(from: pristine, to: tree).contains(where: {
        $0.path.suffix(10).elementsEqual(".gitignore".utf8)
      })
    {
      return
    }
    try checkedGit(["clean", "-f", "-d", "-q"])
  }

  /// Makes index and files of this worktree equal to a tree; HEAD stays and no hook runs.
  ///
  /// git writes them: libgit2 1.5 writes through a symbolic link that stands where a file belongs,
  /// and knows neither filter drivers nor encodings, sparse checkout, split indexes or
  /// `config.worktree`. An empty worktree is filled without git where none of this matters (``fillEmpty(_:)``).
  package func fill(_ tree: ObjectID) throws {
    try showHiddenFiles()
    // Else files that are as its entries have them would count as those of the tree that it claims to be.
    if let claimed = IndexSummary(path: gitDirectory + "/index")?.tree, try !indexIs(claimed) {
      try removeFile(gitDirectory + "/index")
    }
    try checkedGit(["read-tree", "--reset", "-u", "--no-recurse-submodules", tree.hex])
  }

  /// Makes the index of this worktree equal to a tree and leaves the files alone.
  package func writeIndex(matching tree: ObjectID) throws {
    try checkedGit(["read-tree", "--reset", "--no-recurse-submodules", tree.hex])
  }

  /// Takes away the marks by which git was told not to look at files (`assume-unchanged`, and
  /// `skip-worktree` where no sparse checkout has set it).
  private func showHiddenFiles() throws {
    if let summary = IndexSummary(path: gitDirectory + "/index"), !summary.hidesFiles { return }
    let listed = try git(Self.wholeLook + ["ls-files", "-v", "-z"])
    guard listed.status == 0 else {
      // git can't read it; the files are compared with nothing then.
      return try removeFile(gitDirectory + "/index")
    }
    let listing = listed.output
    var assumed: [UInt8] = []
    var skipped: [UInt8] = []
    for line in listing.split(separator: 0) where line.count > 2 {
      let path = line.dropFirst(2) + [0]
      if line[line.startIndex] >= UInt8(ascii: "a") { assumed += path }
      if line[line.startIndex] | 0x20 == UInt8(ascii: "s") { skipped += path }
    }
    if !assumed.isEmpty {
      try checkedGit(["update-index", "--no-assume-unchanged", "-z", "--stdin"], input: assumed)
    }
    guard !skipped.isEmpty else { return }
    let sparse = try git(["config", "--type=bool", "core.sparseCheckout"])
    if sparse.text != "true" {
      try checkedGit(["update-index", "--no-skip-worktree", "-z", "--stdin"], input: skipped)
    }
  }

  @discardableResult
  private func checkedGit(
    _ arguments: [String], input: [UInt8] = []
  ) throws -> GitProgram.Result {
    try GitProgram.check(
      Self.wholeLook + arguments,
      directory: workingDirectory ?? gitDirectory, environment: environment, input: input)
  }
}
