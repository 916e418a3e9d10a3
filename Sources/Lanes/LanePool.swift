import Foundation
import Git
import Processes
import Store

/// Makes lanes, hands them out and takes them back.
///
/// A lane is used again by the next feature: only the files that differ are written, and what git
/// ignores, such as build caches, stays.
package struct LanePool: Sendable {
  package let settings: LaneSettings
  let state: StateDirectory
  let store: Store
  /// The person's own checkout, from which `lanes.copy` is taken.
  private let mainCheckout: String
  let environment: [String: String]
  /// Who signs what Lanekeeper itself commits.
  let identity: @Sendable () -> Signature

  package init(
    settings: LaneSettings, state: StateDirectory, store: Store, mainCheckout: String,
    environment: [String: String], identity: @escaping @Sendable () -> Signature
  ) {
    self.settings = settings
    self.state = state
    self.store = store
    self.mainCheckout = mainCheckout
    self.environment = environment
    self.identity = identity
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
    let pristine = try repository.pristineTree()
    if pristine == nil { try keepWork(lane, repository) }
    if let branch { try takeOthersOff(branch, but: lane, repository) }
    try repository.switchWorktree(
      to: commit, branch: branch, removeUntracked: true, pristine: pristine)
    try resetSubmodules(lane, repository, isPristine: pristine != nil)
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
        try finish(lane, old, common)
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
    try finish(lane, nil, common)
    return true
  }

  /// Copies what `lanes.copy` lists; blocks are shared where the file system can.
  func copyIgnored(to lane: LaneRecord) throws {
    let top = try Root(lane.path)
    for name in settings.copy {
      let source = mainCheckout + "/" + name
      guard FileManager.default.fileExists(atPath: source) else { continue }
      // A link in the target's own tree leads nowhere either.
      let parts = name.split(separator: "/").filter { $0 != "." }.map { Array($0.utf8) }
      let parent = Array(parts.dropLast().joined(separator: [0x2f]))
      if !parent.isEmpty { try top.makeDirectory(parent) }
      try FileCopy.copy(
        source,
        to: lane.path + "/"
          + parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/"))
    }
  }

  /// Sets branches back to what can be read of them.
  package func mend(target: String) -> BranchMend {
    BranchMend(store: store, state: state, target: target, environment: environment)
  }

  func setUp(_ lane: LaneRecord) throws {
    guard let setup = settings.setup else { return }
    let jobs = settings.jobs.flatMap { $0.take() ? $0 : nil }
    defer { jobs?.give() }
    let log = state.setUpLog(lane.name)
    try? FileManager.default.removeItem(atPath: log)
    try FileManager.default.createDirectory(
      atPath: (log as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    // One that a killed process left behind is ending.
    try FileLock.acquireBlocking(state.setUpLock(lane.name)).release()
    func run(_ variables: [String: String]) throws -> Ending {
      try GuardedProcess.runBlocking(
        GuardedCommand(
          guardProgram: settings.guardProgram, lockPath: state.setUpLock(lane.name), logPath: log,
          inputPath: nil, directory: lane.path, argv: ["/bin/sh", "-c", setup],
          environment: GitProgram.clean(environment).merging(variables) { $1 },
          mark: "setup-\(lane.name)-\(getpid())", wallSeconds: 1800))
    }
    var ending = try run([:])
    if ending != .exited(0),
      FileManager.default.fileExists(atPath: lane.path + "/.pre-commit-config.yaml")
    {
      // `pre-commit install` refuses where core.hooksPath is set, as it is in every lane.
      ending = try run(GitProgram.adding("core.hooksPath", "", to: environment))
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
