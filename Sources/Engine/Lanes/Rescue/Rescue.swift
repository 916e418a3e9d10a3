import Foundation
import Git

/// Keeps work that is on no branch reachable (P4).
package enum Rescue {
  /// The content of a worktree besides its HEAD, and the references that keep it.
  package struct Snapshot: Sendable, Equatable {
    /// The reference for its files, read after it was made; `nil` where they are as HEAD has them.
    package var reference: String?
    /// The reference for what only the index had.
    package var staged: String?
    /// Files that git could not take, by path; they are kept nowhere.
    package var left: [[UInt8]] = []

    /// Names what is kept, as part of a sentence; `nil` where nothing had to be.
    package var words: String? {
      let names = [reference, staged].compactMap(\.self)
      return names.isEmpty ? nil : names.joined(separator: " and ")
    }
  }

  /// A reference that was made and is not there.
  package struct NotKept: Error, CustomStringConvertible {
    package var reference: String
    package var description: String {
      "\(reference) could not be made, so what it was to keep stays where it is; see whether "
        + "something else writes to the repository's references, and try again"
    }
  }

  /// The name of the reference for what an attempt left behind.
  package static func reference(_ feature: String, _ attempt: Int) -> String {
    "refs/lanekeeper/rescue/\(feature)/\(attempt)"
  }

  /// Makes a commit reachable and makes sure of it; a reference that keeps something else stays.
  ///
  /// - Returns: the reference that has the commit: the wanted one, or that with a number at its end.
  /// - Throws: ``NotKept``, ``GitError``.
  package static func keep(
    _ commit: ObjectID, as wanted: String, message: String, in repository: Repository
  ) throws -> String {
    _ = try repository.commit(commit)
    var name = wanted
    var number = 1
    while let present = try repository.reference(name), present != commit {
      number += 1
      name = "\(wanted)-\(number)"
    }
    try repository.storeObjects()
    try repository.setReference(name, to: commit, message: "rescue: \(message)")
    // Read by another handle, as everybody else will.
    let reader = try Repository(
      opening: repository.commonDirectory, environment: repository.environment)
    guard try reader.reference(name) == commit, (try? reader.commit(commit)) != nil else {
      throw NotKept(reference: name)
    }
    return name
  }

  /// Keeps all of another worktree: the commit that its HEAD stands on and what it holds besides.
  ///
  /// - Returns: the references, as part of a sentence; `nil` where a branch has it all.
  package static func worktree(
    _ repository: Repository, reference: String, message: String, identity: Signature
  ) throws -> String? {
    let kept = try snapshot(
      repository, reference: reference, message: message, identity: identity)
    guard kept.reference == nil, case .detached(let commit) = try repository.head() else {
      return kept.words
    }
    return try keep(commit, as: reference, message: message, in: repository)
  }

  /// Keeps everything in a worktree that is not ignored, hidden from git or not, and what only its index has.
  /// Index, files and HEAD stay as they are.
  ///
  /// Where HEAD has no commit, or one that can't be read, the commits that are made have no parent. Repositories
  /// inside the worktree are not looked into (``NestedRepository``).
  /// - Parameter keepsFiles: `false` keeps only what the index has besides files and HEAD.
  /// - Throws: what kept it from being made; then nothing of the worktree may be cleared.
  @discardableResult
  package static func snapshot(
    _ repository: Repository, reference: String, message: String, identity: Signature,
    keepsFiles: Bool = true
  ) throws -> Snapshot {
    guard let directory = repository.workingDirectory else { return Snapshot() }
    let head = (try? repository.head().commit).flatMap { try? repository.commit($0) }
    do {
      return try take(directory, head, true)
    } catch {
      // An index that can't be used, or that names damaged objects: what is in the files is kept all the same, and
      // stored again where it was damaged.
      do { return try take(directory, head, false) } catch is NotKept {
        return try take(directory, head, false)
      }
    }

    func take(_ directory: String, _ head: Commit?, _ withIndex: Bool) throws -> Snapshot {
      let index = TemporaryIndex(repository)
      defer { index.remove() }
      let hasIndex = withIndex && repository.copyIndex(to: index.path)
      let staged = hasIndex ? index.writtenTree() : nil
      if !hasIndex, let head { _ = try? index.git(["read-tree", head.tree.hex]) }
      let left = try StageAll(
        directory: directory, environment: repository.environment, lock: index.path + ".lock"
      ) {
        try index.run($0, $1)
      }.run()
      guard let tree = ObjectID(hex: try index.git(["write-tree"]).text) else {
        throw NotKept(reference: reference)
      }
      var result = Snapshot(left: left)
      func keep(_ tree: ObjectID, _ name: String) throws -> String {
        let commit = try repository.createCommit(
          tree: tree, parents: head.map { [$0.id] } ?? [], message: message, author: identity,
          committer: identity)
        let damaged = try repository.unreadable(
          from: commit, besides: head.map { [$0.id] } ?? [])
        for id in damaged { _ = try repository.setAside(id) }
        guard damaged.isEmpty else { throw NotKept(reference: name) }
        return try Rescue.keep(commit, as: name, message: message, in: repository)
      }
      if keepsFiles, tree != head?.tree, head != nil || !repository.isEmpty(tree) {
        result.reference = try keep(tree, reference)
      }
      if let staged, staged != tree, try hasOwn(staged, beside: tree, since: head?.tree) {
        result.staged = try keep(staged, reference + "-staged")
      }
      return result
    }

    /// Returns whether an index holds content that neither the files nor HEAD have.
    func hasOwn(_ staged: ObjectID, beside files: ObjectID, since head: ObjectID?) throws -> Bool {
      let own = try repository.changes(from: head, to: staged).filter { $0.new != nil }
      guard !own.isEmpty else { return false }
      let differing = Set(try repository.changes(from: staged, to: files).map(\.path))
      return own.contains { differing.contains($0.path) }
    }
  }
}

/// An index beside a worktree's own, which vanishes again.
struct TemporaryIndex {
  let path: String
  private let repository: Repository

  init(_ repository: Repository) {
    self.repository = repository
    path = repository.gitDirectory + "/index.rescue-\(getpid())-\(UInt32.random(in: 0 ... .max))"
  }

  func remove() { for end in ["", ".lock", ".plain"] { unlink(path + end) } }

  func run(_ arguments: [String], _ input: [UInt8] = []) throws -> GitProgram.Result {
    try GitProgram.run(
      Repository.wholeLook + arguments,
      directory: repository.workingDirectory ?? repository.gitDirectory,
      environment: repository.environment, adding: ["GIT_INDEX_FILE": path], input: input)
  }

  func git(_ arguments: [String], _ input: [UInt8] = []) throws -> GitProgram.Result {
    let result = try run(arguments, input)
    guard result.status == 0 else {
      throw GitProgramError(
        arguments: arguments, status: result.status,
        message: result.error.trimmingCharacters(in: .whitespacesAndNewlines))
    }
    return result
  }

  /// The tree that the index is; of one with conflicts, what is not in conflict. `nil` where it can't be told.
  func writtenTree() -> ObjectID? {
    if let result = try? run(["write-tree"]), result.status == 0 {
      return ObjectID(hex: result.text)
    }
    let whole = TemporaryIndex(repository)
    defer { whole.remove() }
    guard let listed = try? git(["ls-files", "-s", "-z"]).output else { return nil }
    // `mode id stage TAB path`
    let entries = listed.split(separator: 0).filter { line in
      line.firstIndex(of: 0x09).map { line[line.index(before: $0)] == UInt8(ascii: "0") } ?? false
    }
    guard (try? whole.git(["read-tree", "--empty"])) != nil,
      (try? whole.git(["update-index", "-z", "--index-info"], entries.flatMap { $0 + [0] })) != nil
    else { return nil }
    return (try? whole.git(["write-tree"])).flatMap { ObjectID(hex: $0.text) }
  }
}
