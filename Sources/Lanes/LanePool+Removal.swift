import Foundation
import Git
import Processes
import Store

extension LanePool {
  /// Removes a lane that no feature is in. What it holds uncommitted goes under a rescue reference;
  /// the directory is renamed before it is emptied, and stays where it holds a repository of its own.
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

  /// Removes the worktree in which gates run; `false` where there is none.
  package func removeIntegration() throws -> Bool {
    let lock = try FileLock.acquireBlocking(state.lanesLock)
    defer { lock.release() }
    let common = try Repository(opening: state.commonDirectory, environment: environment)
    let path = settings.directory + "/integration"
    guard let found = common.worktrees().first(where: { $0.path == resolved(path) }) else {
      return false
    }
    _ = try removeWorktree(name: found.name, path: path)
    rmdir(settings.directory)
    return true
  }

  private func removeWorktree(name: String, path: String) throws -> String? {
    let common = try Repository(opening: state.commonDirectory, environment: environment)
    let registered = common.worktree(named: name)
    guard FileManager.default.fileExists(atPath: path) else {
      if registered != nil {
        try common.unlockWorktree(name: name)
        try common.pruneWorktree(name: name)
      }
      return nil
    }
    guard let registered, registered.valid, registered.path == resolved(path) else {
      throw LaneError.broken(
        path: path, reason: "its registration as \(name) does not match its directory")
    }
    let inside = Strays.find(standingIn: resolved(path))
    guard inside.isEmpty else {
      throw LaneError.broken(
        path: path,
        reason: "process \(inside.map(String.init).joined(separator: ", ")) works in it")
    }
    let repository = try Repository(opening: path, environment: environment)
    var note: String?
    if try !repository.status().isEmpty {
      let reference = "refs/lanekeeper/rescue/\(name)/\(store.now)"
      try Rescue.snapshot(
        repository, reference: reference, message: "what was left uncommitted in \(name)",
        identity: identity())
      note = "what it held uncommitted is kept as \(reference)"
    }
    let trash = settings.directory + "/trash-\(name)-\(store.now)"
    guard rename(path, trash) == 0 else {
      throw LaneError.notWritable(path: path, reason: String(cString: strerror(errno)))
    }
    try common.unlockWorktree(name: name)
    try common.pruneWorktree(name: name)
    if holdsRepository(trash) {
      return "a repository was made inside it, so it is kept as \(trash)"
    }
    try FileManager.default.removeItem(atPath: trash)
    return note
  }

  /// Tells whether a directory holds a git repository below its top.
  private func holdsRepository(_ directory: String) -> Bool {
    guard let files = FileManager.default.enumerator(atPath: directory) else { return true }
    for case let path as String in files
    where path.hasSuffix("/.git") || path.hasSuffix("/HEAD") {
      if path.hasSuffix("/.git") { return true }
      let parent = directory + "/" + (path as NSString).deletingLastPathComponent
      if FileManager.default.fileExists(atPath: parent + "/objects") { return true }
    }
    return false
  }
}
