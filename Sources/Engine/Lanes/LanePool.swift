import Foundation
import Git
import Processes
import Store

/// Makes lanes, hands them out and takes them back.
///
/// A lane is used again by the next feature: only the files that differ are written, and what git
/// ignores, such as build caches, stays.
package struct LanePool: Sendable {
  let context: RepositoryContext
  package let settings: LaneSettings
  let store: Store

  package init(_ context: RepositoryContext, settings: LaneSettings, store: Store) {
    self.context = context
    self.settings = settings
    self.store = store
  }

  package var state: StateDirectory { context.state }
  var environment: [String: String] { context.environment }
  var identity: @Sendable () -> Signature { context.identity }

  /// Where `regenerate` commands of merges run.
  package var mergeCommands: MergeCommands {
    MergeCommands(scratch: settings.directory, guardProgram: context.guardProgram)
  }

  /// Returns a lane that nobody else gets, a free one if there is, else a new one.
  ///
  /// It stays `preparing` until an attempt starts in it or ``giveBack(_:)``. Blocks.
  /// - Parameter commit: what a new lane is filled with.
  package func take(preferring number: Int? = nil, commit: ObjectID) throws -> LaneRecord {
    try takeOrMake(preferring: number, commit: commit).lane
  }

  /// Does the same, and tells whether the lane is known to be a clean checkout of the commit.
  package func takeOrMake(
    preferring number: Int? = nil, commit: ObjectID
  ) throws -> (lane: LaneRecord, isFilled: Bool) {
    if let lane = try store.reserveLane(preferring: number) { return (lane, false) }
    return try makeFilled(commit: commit)
  }

  /// Gives back a lane in which no attempt was started.
  package func giveBack(_ lane: LaneRecord) throws { try store.finishLane(lane.number) }

  /// Makes a lane, one process at a time; it is `preparing`. Blocks.
  package func make(commit: ObjectID) throws -> LaneRecord { try makeFilled(commit: commit).lane }

  /// Makes a lane, and tells whether it is a clean checkout: what is copied into it, and its set-up command,
  /// may have changed that.
  private func makeFilled(commit: ObjectID) throws -> (lane: LaneRecord, isFilled: Bool) {
    let lock = try FileLock.acquireBlocking(state.lanesLock)
    defer { lock.release() }
    try FileManager.default.createDirectory(
      atPath: settings.directory, withIntermediateDirectories: true)
    try LaneOwner.take(settings.directory, state.commonDirectory)
    while true {
      let lane = try store.addLane { "\(settings.directory)/\($0)" }
      do {
        let isFilled = try register(lane, commit: commit)
        return (lane, isFilled && settings.copy.isEmpty && settings.setup == nil)
      } catch let error as LaneError where lane.number <= 1000 && error.leavesNextNumber {
        // Its name belongs to a worktree that stands elsewhere, or what stands in its place is not known to be
        // a lane; the next number will do.
        try store.leaveOutLane(lane.number)
      } catch {
        try? store.removeLane(lane.number)
        throw error
      }
    }
  }

  /// Puts a lane onto a branch at a commit, exactly; whatever uncommitted work was in it is put under
  /// a rescue reference first.
  ///
  /// - Parameter branch: `refs/heads/…`, made where it is absent; `nil` for no branch.
  package func enter(_ lane: LaneRecord, branch: String?, commit: ObjectID) throws {
    let repository = try open(lane, commit: commit)
    try clear(lane, repository)
    LaneSpecials.remove(lane.path, gitDirectory: repository.gitDirectory)
    let pristine = try repository.pristineTree()
    if pristine == nil { try keepWork(lane, repository) }
    if let branch { try takeOthersOff(branch, but: lane, repository) }
    try repository.switchWorktree(
      to: commit, branch: branch, removeUntracked: true, pristine: pristine)
    try resetSubmodules(lane, repository, isPristine: pristine != nil)
    guard try provide(lane, commit, afresh: false) else { return }
    // Tracked files stand as the commit has them, whatever the set-up command did.
    try repository.switchWorktree(to: commit, branch: branch, removeUntracked: true)
  }

  /// Takes a lane off its branch, so that another lane can go on with it.
  package func leave(_ lane: LaneRecord) throws {
    let common = try Repository(opening: state.commonDirectory, environment: environment)
    if let registered = common.worktree(named: lane.name) {
      try common.detachWorktree(registered)
    }
  }

  /// Makes git know the lane.
  ///
  /// - Returns: whether it was filled just now; else it was there before.
  @discardableResult
  func register(_ lane: LaneRecord, commit: ObjectID) throws -> Bool {
    let common = try Repository(opening: state.commonDirectory, environment: environment)
    if let old = try registration(of: lane, common) {
      if old.valid {
        guard old.path == resolved(lane.path) else {
          throw LaneError.broken(path: old.path, reason: "\(lane.name) is registered elsewhere")
        }
        try keepWork(lane, try Repository(opening: lane.path, environment: environment))
        try finish(lane, old, common, commit)
        return false
      }
      try keepSubmodules(ofWorktree: lane.name)
      try common.unlockWorktree(name: lane.name)
      try common.pruneWorktree(name: lane.name)
    }
    do {
      try common.addWorktree(name: lane.name, path: lane.path, commit: commit, branch: nil)
    } catch WorktreeError.directoryInTheWay(let path) {
      throw LaneError.directoryInTheWay(path)
    }
    try finish(lane, nil, common, commit)
    return true
  }

  /// The copies and set-up of lanes and gate worktrees, beyond their commits.
  package var provision: Provision {
    Provision(context, settings: settings, store: store)
  }

  /// Gives a lane the copies and the set-up that it lacks.
  ///
  /// - Parameter afresh: whether the lane was made just now.
  /// - Returns: whether something was done.
  @discardableResult
  func provide(_ lane: LaneRecord, _ commit: ObjectID, afresh: Bool) throws -> Bool {
    let provision = provision
    guard
      let need = try provision.bring(
        into: lane.path, name: lane.name, commit: commit, afresh: afresh)
    else { return false }
    if need.runsSetUp, let command = provision.setUpCommand { try setUp(lane, command, provision) }
    try provision.finish(need, name: lane.name)
    return true
  }

  private func setUp(_ lane: LaneRecord, _ setup: String, _ provision: Provision) throws {
    let jobs = context.jobs.flatMap { $0.take() ? $0 : nil }
    defer { jobs?.give() }
    let lock = state.setUpLock(lane.name)
    // One that a killed process left behind is ending, and is ended where it does not.
    guard OrphanProcesses.endHolder(ofLock: lock) else {
      throw LaneError.broken(
        path: lane.path,
        reason: "a set-up command that was cut off still holds \(lock) and can't be ended")
    }
    let command = provision.setUp(setup, in: lane.path, name: lane.name, lock: lock)
    let log = command.logPath
    var ending = try GuardedProcess.runBlocking(command)
    if ending != .exited(0),
      let again = provision.setUpAgain(setup, in: lane.path, name: lane.name, lock: lock)
    {
      ending = try GuardedProcess.runBlocking(again)
    }
    guard ending == .exited(0) else {
      let text = String(
        decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self)
      throw LaneError.commandFailed(
        command: setup,
        detail: "\(ending.words): "
          + text.split(separator: "\n").suffix(20).joined(separator: "\n"))
    }
  }

  func resolved(_ path: String) -> String {
    guard let pointer = realpath(path, nil) else { return path }
    defer { free(pointer) }
    return String(cString: pointer)
  }
}
