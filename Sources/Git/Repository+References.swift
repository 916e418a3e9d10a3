import CLibgit2
import Foundation

extension Repository {
  /// The position of a worktree's HEAD.
  package enum Head: Equatable, Sendable {
    /// On a branch; no tip where it has no commit yet.
    case branch(name: String, tip: ObjectID?)
    case detached(ObjectID)

    /// The commit, where there is one.
    package var commit: ObjectID? {
      switch self {
      case .branch(_, let tip): tip
      case .detached(let id): id
      }
    }
  }

  /// Returns where HEAD of this worktree stands.
  package func head() throws -> Head {
    var reference: OpaquePointer?
    try GitError.check(git_reference_lookup(&reference, handle, "HEAD"), "read HEAD")
    defer { git_reference_free(reference) }
    if git_reference_type(reference) == GIT_REFERENCE_SYMBOLIC {
      let name = String(cString: git_reference_symbolic_target(reference))
      return .branch(name: name, tip: try self.reference(name))
    }
    return .detached(ObjectID(git_reference_target(reference).pointee))
  }

  /// Returns the object that a reference points to, through symbolic ones; `nil` if it is absent.
  package func reference(_ name: String) throws -> ObjectID? {
    var oid = git_oid()
    let code = git_reference_name_to_id(&oid, handle, name)
    if code == GIT_ENOTFOUND.rawValue || code == GIT_EINVALIDSPEC.rawValue { return nil }
    try GitError.check(code, "read \(name)")
    return ObjectID(oid)
  }

  /// Returns the references below a prefix such as `refs/heads/lane/`, by name.
  package func references(prefix: String) throws -> [(name: String, target: ObjectID)] {
    var iterator: OpaquePointer?
    try GitError.check(
      git_reference_iterator_glob_new(&iterator, handle, prefix + "*"), "list \(prefix)")
    defer { git_reference_iterator_free(iterator) }
    var result: [(name: String, target: ObjectID)] = []
    var name: UnsafePointer<CChar>?
    while true {
      let code = git_reference_next_name(&name, iterator)
      if code == GIT_ITEROVER.rawValue { break }
      try GitError.check(code, "list \(prefix)")
      guard let name else { break }
      let text = String(cString: name)
      if let id = try reference(text) { result.append((name: text, target: id)) }
    }
    return result.sorted { $0.name < $1.name }
  }

  /// Makes a reference that must not exist yet.
  ///
  /// - Throws: ``ReferenceMismatch`` where it does.
  package func createReference(_ name: String, target: ObjectID, message: String) throws {
    try updateReference(name, to: target, expecting: nil, message: message)
  }

  /// Moves a reference from a known place to another, or makes it where `expected` is `nil`.
  ///
  /// - Throws: ``ReferenceMismatch`` where it stands elsewhere; then nothing is changed.
  package func updateReference(
    _ name: String, to id: ObjectID, expecting expected: ObjectID?, message: String
  ) throws {
    var made: OpaquePointer?
    var oid = id.oid
    var old = (expected ?? .zero).oid
    let code = whileLocked {
      git_reference_create_matching(&made, handle, name, &oid, 1, &old, message)
    }
    git_reference_free(made)
    if code == GIT_EMODIFIED.rawValue || code == GIT_EEXISTS.rawValue
      || (code == GIT_ENOTFOUND.rawValue && expected != nil)
    {
      throw ReferenceMismatch(name: name, expected: expected, found: try reference(name))
    }
    try GitError.check(code, "move \(name)")
  }

  /// Sets a reference wherever it stands.
  package func setReference(_ name: String, to id: ObjectID, message: String) throws {
    var made: OpaquePointer?
    var oid = id.oid
    defer { git_reference_free(made) }
    let code = whileLocked { git_reference_create(&made, handle, name, &oid, 1, message) }
    try GitError.check(code, "set \(name)")
  }

  /// Deletes a reference if it stands where expected; an absent one is no error.
  ///
  /// - Parameter expected: `nil` deletes it wherever it stands.
  /// - Throws: ``ReferenceMismatch`` where it stands elsewhere; then nothing is changed.
  package func deleteReference(_ name: String, expecting expected: ObjectID?) throws {
    var reference: OpaquePointer?
    let code = git_reference_lookup(&reference, handle, name)
    if code == GIT_ENOTFOUND.rawValue { return }
    try GitError.check(code, "read \(name)")
    defer { git_reference_free(reference) }
    let found = try self.reference(name)
    if let expected, found != expected {
      throw ReferenceMismatch(name: name, expected: expected, found: found)
    }
    let deleted = whileLocked { git_reference_delete(reference) }
    if deleted == GIT_EMODIFIED.rawValue {
      throw ReferenceMismatch(name: name, expected: found, found: try self.reference(name))
    }
    try GitError.check(deleted, "delete \(name)")
  }

  /// Returns whether git would take this as a reference's name.
  package static func isValidReferenceName(_ name: String) -> Bool {
    _ = setUp
    var valid: Int32 = 0
    return git_reference_name_is_valid(&valid, name) == 0 && valid == 1
  }

  /// Puts HEAD of this worktree onto a branch, or onto the commit itself, without touching files.
  ///
  /// - Throws: ``WorktreeError/branchInUse(branch:path:)``, ``GitError``.
  package func setHead(branch: String?, commit: ObjectID) throws {
    if let branch {
      // libgit2's own way opens every other worktree to see whether the branch is in use there.
      try checkBranch(branch, isFreeFor: worktreeName)
      let message = try "checkout: moving from \(headWords()) to \(Self.short(branch))"
      var reference: OpaquePointer?
      let code = whileLocked {
        git_reference_symbolic_create(&reference, handle, "HEAD", branch, 1, message)
      }
      git_reference_free(reference)
      try GitError.check(code, "put HEAD on \(branch)")
    } else {
      var oid = commit.oid
      let code = whileLocked { git_repository_set_head_detached(handle, &oid) }
      try GitError.check(code, "put HEAD on \(commit.short)")
    }
  }

  private func headWords() throws -> String {
    switch try head() {
    case .branch(let name, _): Self.short(name)
    case .detached(let commit): commit.hex
    }
  }

  /// Returns a branch's name without `refs/heads/`.
  package static func short(_ branch: String) -> String {
    branch.hasPrefix("refs/heads/") ? String(branch.dropFirst("refs/heads/".count)) : branch
  }

  /// Tries again while another git holds the reference's lock, for two seconds at most: git holds it
  /// while its own hooks run.
  private func whileLocked(_ change: () -> Int32) -> Int32 {
    for _ in 0..<400 {
      let code = change()
      guard code == GIT_ELOCKED.rawValue else { return code }
      usleep(5000)
    }
    return change()
  }
}
