import Foundation
import Git
import Processes
import Store

extension LanePool {
  /// Lock reason that keeps git from pruning the worktree; written once the lane is complete.
  private static let lockReason = "a lane of lanekeeper"

  /// Opens a lane after making sure that it is one.
  ///
  /// A missing lane is made again, a missing `.git` file written again. What stands in its place and
  /// is no lane, such as one that was cut off while it was made, is put aside, never removed.
  /// - Throws: ``LaneError/broken(path:reason:)`` where the worktree was moved elsewhere.
  package func open(_ lane: LaneRecord, commit: ObjectID) throws -> Repository {
    let common = try Repository(opening: state.commonDirectory, environment: environment)
    try LaneLink.repair(lane.name, path: lane.path, common)
    try common.repairHead(ofWorktree: lane.name, branch: lane.branch, commit: commit)
    let registered = try registration(of: lane, common)
    if let registered, registered.valid {
      guard registered.path == resolved(lane.path) else {
        throw LaneError.broken(
          path: lane.path, reason: "git has \(lane.name) registered at \(registered.path)")
      }
      try finish(lane, registered, common, commit)
      let repository = try Repository(opening: lane.path, environment: environment)
      try repository.putUnreadableIndexAside()
      return repository
    }
    try putAside(lane)
    if registered != nil {
      try keepSubmodules(ofWorktree: lane.name)
      try common.unlockWorktree(name: lane.name)
      try common.pruneWorktree(name: lane.name)
    }
    try register(lane, commit: commit)
    return try Repository(opening: lane.path, environment: environment)
  }

  /// Returns how git has a lane registered, after writing its `.git` file again where that is missing; `nil`
  /// where it does not know the lane.
  func registration(of lane: LaneRecord, _ common: Repository) throws -> WorktreeInfo? {
    guard let found = common.worktree(named: lane.name) else { return nil }
    guard !found.valid, found.lockReason == Self.lockReason else { return found }
    try LaneLink.restore(
      lane.name, path: lane.path, common,
      keptAs: "refs/lanekeeper/rescue/\(lane.name)/\(store.now)-repository", identity: identity())
    return common.worktree(named: lane.name)
  }

  /// Ends what a killed process may have left at work in a lane, and takes away its locks and a sync
  /// that it did not bring to its end: the branch stands as before it, and the files are rescued.
  func clear(_ lane: LaneRecord, _ repository: Repository) throws {
    let hasLocks = StaleLocks.existOwn(gitDirectory: repository.gitDirectory)
    let sync = state.sync(lane.name)
    guard hasLocks || SyncJournal.exists(sync) else { return }
    OrphanProcesses.end(mark: nil, directories: [resolved(lane.path)])
    StaleLocks.removeOwn(gitDirectory: repository.gitDirectory)
    SyncJournal.remove(sync)
  }

  /// Takes other lanes off a branch; a kill can leave one standing on it.
  ///
  /// The caller's feature has the branch, so no other lane has a right to it.
  func takeOthersOff(_ branch: String, but lane: LaneRecord, _ repository: Repository) throws {
    for other in repository.worktrees(on: branch) where other.name != lane.name {
      guard try store.lanes().contains(where: { $0.name == other.name }) else { continue }
      try repository.detachWorktree(other)
    }
  }

  /// Does what a lane needs once, unless it was done: copies, the set-up command, git's lock.
  func finish(
    _ lane: LaneRecord, _ registered: WorktreeInfo?, _ common: Repository, _ commit: ObjectID
  ) throws {
    guard registered?.lockReason != Self.lockReason else { return }
    try provide(lane, commit, afresh: true)
    try common.lockWorktree(name: lane.name, reason: Self.lockReason)
  }

  /// Gives the place of a lane free: an empty directory goes, anything else is renamed.
  private func putAside(_ lane: LaneRecord) throws {
    guard FileManager.default.fileExists(atPath: lane.path), rmdir(lane.path) != 0 else { return }
    let common = try Repository(opening: state.commonDirectory, environment: environment)
    if let owner = LaneLink.foreignOwner(of: lane.path, common) {
      throw LaneError.othersDirectory(path: lane.path, owner: owner)
    }
    let aside = settings.directory + "/trash-\(lane.name)-\(store.now)"
    guard rename(lane.path, aside) == 0 else {
      throw LaneError.notWritable(path: lane.path, reason: String(cString: strerror(errno)))
    }
    try store.record(
      .lanePutAside, feature: lane.feature, agent: nil,
      ["lane": .integer(Int64(lane.number)), "path": .string(aside)])
  }
}
