import Foundation
import Git
import Model
import Processes
import Store

extension LanePool {
  /// Removes a lane that no feature is in. What it holds uncommitted goes under a rescue reference, what repositories
  /// inside it hold under further ones; the directory is renamed before it is emptied, and stays where git can't keep
  /// all of it.
  ///
  /// - Returns: what was kept, as part of a sentence.
  /// - Throws: ``LaneError`` where path, registration and `.git` file don't agree, or a process
  ///   works in it; then nothing is removed.
  package func remove(_ lane: LaneRecord) throws -> String? {
    let lock = try FileLock.acquireBlocking(state.lanesLock)
    defer { lock.release() }
    let note = try removeWorktree(name: lane.name, path: lane.path)
    try store.removeLane(lane.number)
    return note
  }

  /// Removes the worktrees in which gates ran, also those of which only a part is left, and directories that an earlier
  /// removal could not bring to its end.
  ///
  /// - Returns: what was removed, and what stays, a line each.
  package func removeIntegration() throws -> [String] {
    let lock = try FileLock.acquireBlocking(state.lanesLock)
    defer { lock.release() }
    let common = try Repository(opening: state.commonDirectory, environment: environment)
    var lines: [String] = []
    let top = resolved(settings.directory)
    let rooms = common.worktrees().filter {
      $0.name.hasPrefix("integration")
        && ($0.path as NSString).deletingLastPathComponent == top
    }
    for room in rooms {
      do {
        try keepSubmodules(ofWorktree: room.name)
        _ = try removeWorktree(name: room.name, path: room.path, keepsFiles: false)
        lines.append("the integration worktree is removed")
      } catch {
        lines.append("the integration worktree \(room.path) is kept: \(error)")
      }
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: settings.directory)) ?? []
    for name in names.sorted()
    where name.hasPrefix("trash-") || name.hasPrefix("integration") && name.contains(".trash-") {
      let path = settings.directory + "/" + name
      do {
        // It may be what stood in a lane's place; nothing of that is kept elsewhere.
        let base = "refs/lanekeeper/rescue/" + RescueName.slug(Array(name.utf8))
        var notes = try keepRepositories(below: path, common, as: base)
        guard !TreeRemoval.holdsLongPaths(path) else {
          lines.append("\(path) is kept: its paths are too long for git to keep what it holds")
          continue
        }
        if let kept = try FileTree(path, keptIn: common).keep(
          as: base, message: "what was left of \(name)", identity: identity())
        {
          notes.append("what it held is kept as \(kept)")
        }
        try TreeRemoval.remove(path)
        lines.append(
          (["\(path), left over from before, is removed"] + notes).joined(separator: "; "))
      } catch {
        lines.append("\(path) is kept: \(error)")
      }
    }
    LaneOwner.release(settings.directory, common.commonDirectory)
    rmdir(settings.directory)
    return lines
  }

  private func removeWorktree(name: String, path: String, keepsFiles: Bool = true) throws -> String?
  {
    let common = try Repository(opening: state.commonDirectory, environment: environment)
    if let head = try common.head().commit { try common.repairHead(ofWorktree: name, commit: head) }
    let registered = common.worktree(named: name)
    guard FileManager.default.fileExists(atPath: path) else {
      let kept = try keepSubmodules(ofWorktree: name)
      if registered != nil {
        try common.unlockWorktree(name: name)
        try common.pruneWorktree(name: name)
      }
      return kept.isEmpty
        ? nil : "what its submodules held is kept as \(kept.joined(separator: ", "))"
    }
    guard let registered, registered.valid, registered.path == resolved(path) else {
      throw LaneError.broken(
        path: path, reason: "its registration as \(name) does not match its directory")
    }
    let inside = OrphanProcesses.find(standingIn: resolved(path))
    guard inside.isEmpty else {
      throw LaneError.broken(
        path: path,
        reason: "process \(inside.map(String.init).joined(separator: ", ")) works in it")
    }
    var notes: [String] = []
    var left: [[UInt8]] = []
    let base = "refs/lanekeeper/rescue/\(name)/\(store.now)"
    if keepsFiles {
      let repository = try Repository(opening: path, environment: environment)
      try repository.putUnreadableIndexAside()
      let snapshot = try Rescue.snapshot(
        repository, reference: base, message: "what was left uncommitted in \(name)",
        identity: identity())
      left = snapshot.left
      if let words = snapshot.words { notes.append("what it held uncommitted is kept as \(words)") }
      if case .detached(let commit)? = try? repository.head(),
        let words = try keepUnnamed(commit, repository, as: base + "-head")
      {
        notes.append(words)
      }
    }
    notes += try keepRepositories(below: path, common, as: base)
    let submodules = try keepSubmodules(ofWorktree: name)
    if !submodules.isEmpty {
      notes.append("what its submodules held is kept as \(submodules.joined(separator: ", "))")
    }
    let isTooLong = keepsFiles && TreeRemoval.holdsLongPaths(path)
    let end = left.isEmpty && !isTooLong ? "trash" : "kept"
    let trash = settings.directory + "/\(end)-\(name)-\(store.now)"
    guard rename(path, trash) == 0 else {
      throw LaneError.notWritable(path: path, reason: String(cString: strerror(errno)))
    }
    try common.unlockWorktree(name: name)
    try common.pruneWorktree(name: name)
    if end == "kept" {
      let what =
        left.isEmpty
        ? "paths too long for git" : left.prefix(5).map(PathText.quoted).joined(separator: ", ")
      notes.append("git can't keep all of it (\(what)), so its files stay as \(trash)")
    } else {
      do {
        try TreeRemoval.remove(trash)
      } catch {
        notes.append("\(error)")
      }
    }
    return notes.isEmpty ? nil : notes.joined(separator: "; ")
  }

  /// Keeps the commit that a lane stands on where no reference leads to it.
  private func keepUnnamed(
    _ commit: ObjectID, _ repository: Repository, as reference: String
  ) throws -> String? {
    let listed = try GitProgram.run(
      ["rev-list", "-1", "--ignore-missing", commit.hex, "--not", "--all"],
      directory: repository.commonDirectory, environment: environment)
    guard listed.status == 0, !listed.output.isEmpty else { return nil }
    let kept = try Rescue.keep(
      commit, as: reference, message: "what a lane stood on", in: repository)
    return "the commit that it stood on is kept as \(kept)"
  }

  /// Keeps what repositories below a directory have and nobody else, whether they are ignored or not.
  ///
  /// - Returns: sentences of what is kept.
  private func keepRepositories(
    below directory: String, _ common: Repository, as base: String
  ) throws -> [String] {
    guard let files = FileManager.default.enumerator(atPath: directory) else { return [] }
    var notes: [String] = []
    for case let path as String in files
    where path.hasSuffix("/.git") || path.hasSuffix("/HEAD") || path == "HEAD" {
      let inner = (path as NSString).deletingLastPathComponent
      let place = directory + "/" + inner
      let nested =
        path.hasSuffix("/.git")
        ? NestedRepository(at: place, keptIn: common)
        : NestedRepository(gitDirectory: place, worktree: nil, keptIn: common)
      guard let nested, !nested.isOwnWorktree, !inner.contains("/.git/"),
        (inner as NSString).lastPathComponent != ".git"
      else {
        continue
      }
      let kept = try nested.keep(
        as: base + "-" + RescueName.slug(Array(inner.utf8)), message: "a repository inside a lane",
        identity: identity())
      if let kept { notes.append("the repository \(inner) inside it is kept as \(kept)") }
    }
    return notes
  }
}
