import Backlog
import Foundation
import Git
import Processes

/// A worktree in which gates run, and nothing else.
package struct GateWorktree: Sendable {
  /// git's name for the worktree.
  let name: String
  /// Absolute.
  let path: String
  let state: StateDirectory
  let environment: [String: String]

  /// A room whose ignored files, such as build caches, stay from gate to gate.
  ///
  /// - Parameter number: from 0; several gates may run at once, each in its own.
  static func warm(
    _ settings: LandingSettings, _ context: RepositoryContext, number: Int = 0
  ) -> GateWorktree {
    let end = number == 0 ? "" : "-\(number + 1)"
    return GateWorktree(
      name: "integration" + end, path: settings.worktree + end, state: context.state,
      environment: context.environment)
  }

  /// The room that is emptied before each gate; the warm one keeps its caches meanwhile.
  static func cold(_ settings: LandingSettings, _ context: RepositoryContext) -> GateWorktree {
    GateWorktree(
      name: "integration-cold", path: settings.worktree + "-cold", state: context.state,
      environment: context.environment)
  }

  /// The directory in which it stands.
  var directory: String { (path as NSString).deletingLastPathComponent }

  /// The lock of the guard that runs a gate here.
  var lock: String { Self.lock(name, state) }

  /// The same, by the worktree's name.
  package static func lock(_ name: String, _ state: StateDirectory) -> String {
    state.gateLock + name.dropFirst("integration".count)
  }

  /// The ends of the names of all rooms: the warm one, the cold one, and those of further gates at once.
  private static let endings =
    ["", "-cold"] + (2...Configuration.Landing.mostGates).map { "-\($0)" }

  /// The locks of all gates.
  static func locks(_ state: StateDirectory) -> [String] { endings.map { state.gateLock + $0 } }

  /// The locks of gates that a killed process may have left running.
  static func paths(_ settings: LandingSettings) -> [String] {
    endings.map { settings.worktree + $0 }
  }

  /// Makes the worktree an exact checkout of a commit: tracked files as they are there, others
  /// removed, ignored ones kept unless it is to be cold.
  ///
  /// - Parameter provision: what else it gets.
  /// - Returns: whether nothing else is in it, and what is still to be done before the gate.
  func restore(
    _ commit: ObjectID, cold: Bool, provision: Provision? = nil
  ) throws -> (isCold: Bool, need: Provision.Need?) {
    removeSpecials()
    var (isCold, isEmpty): (Bool, Bool)
    do {
      (isCold, isEmpty) = try fill(commit, cold: cold)
    } catch let error as LaneError {
      throw error
    } catch {
      // A gate may leave directories that can't be entered, or break the worktree itself.
      try discard()
      (isCold, isEmpty) = try fill(commit, cold: cold)
    }
    let need = try provision?.bring(
      into: path, name: name, commit: commit, afresh: isEmpty, isGate: true)
    return (isCold, need)
  }

  /// Makes the tracked files be as the commit has them again, after a set-up command, and removes what it made that
  /// git does not ignore.
  func tidy(_ commit: ObjectID) throws {
    try Repository(opening: path, environment: environment).switchWorktree(to: commit, branch: nil)
    try clean(ignored: false)
  }

  /// The paths that are neither tracked nor ignored.
  func untracked() throws -> [[UInt8]] {
    try git(["ls-files", "-o", "--exclude-standard", "-z"]).output.split(separator: 0).map(
      Array.init)
  }

  private func fill(_ commit: ObjectID, cold: Bool) throws -> (isCold: Bool, isEmpty: Bool) {
    let common = try Repository(opening: state.commonDirectory, environment: environment)
    if FileManager.default.fileExists(
      atPath: state.commonDirectory + "/worktrees/\(name)/info/sparse-checkout")
    {
      try discard()
    }
    let registered = common.worktree(named: name)
    if registered == nil || registered?.valid == false {
      if registered?.lockReason == Repository.beingMade {
        // Cut off while it was made: what stands there, without its link as yet, is its own.
        try discard()
      } else if registered != nil {
        try keepSubmodules(common)
        try common.unlockWorktree(name: name)
        try common.pruneWorktree(name: name)
      }
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true)
      do {
        if isLeftOver(common) { try discard() }
        // The gate judges the whole tree, whatever the person's checkout leaves out.
        try common.addWorktree(
          name: name, path: path, commit: commit, branch: nil, isWhole: true)
      } catch WorktreeError.directoryInTheWay(let path) {
        throw LaneError.directoryInTheWay(path)
      }
      try common.lockWorktree(name: name, reason: "the gate of lanekeeper runs here")
      return (true, true)
    }
    let worktree = try Repository(opening: path, environment: environment)
    StaleLocks.removeOwn(gitDirectory: worktree.gitDirectory)
    try worktree.switchWorktree(to: commit, branch: nil)
    try clean(ignored: cold)
    if cold { return (true, true) }
    let ignored = try git(["ls-files", "-o", "-i", "--exclude-standard", "--directory", "-z"])
    return (ignored.output.isEmpty, ignored.output.isEmpty)
  }

  /// Returns whether the directory was a room of ours whose registration went when it was cut off, or whose
  /// repository was moved: it leads to no repository that is there.
  private func isLeftOver(_ common: Repository) -> Bool {
    guard let link = RegularFile.read(path + "/.git", most: 1 << 16) else { return false }
    let line = String(decoding: link, as: UTF8.self)
    return line.hasPrefix("gitdir: ") && line.hasSuffix("/worktrees/\(name)\n")
      && LaneLink.foreignOwner(of: path, common) == nil
  }

  /// Removes what a gate left that is neither tracked nor ignored; with `ignored` all but the tracked.
  func clean(ignored: Bool) throws {
    // Twice -f: a repository that a gate made inside goes, too.
    let arguments = ["clean", "-f", "-f", "-d", "-q"] + (ignored ? ["-x"] : [])
    do {
      _ = try Programs.$most.withValue(min(Programs.most, Self.mostSeconds)) {
        try git(arguments)
      }
    } catch let error as GitProgramError where error.failure != nil {
      // It reads what tells what is ignored, and waits where that is a pipe.
      removeSpecials()
      try git(arguments)
    }
  }

  /// The time in seconds after which git, clearing the worktree, is checked for something that it waits for.
  private static let mostSeconds = 20.0

  /// Removes the pipes and devices in the places of files that git reads.
  private func removeSpecials() {
    LaneSpecials.remove(path, gitDirectory: state.commonDirectory + "/worktrees/" + name)
  }

  @discardableResult
  private func git(_ arguments: [String]) throws -> GitProgram.Result {
    try GitProgram.check(
      ["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"] + arguments,
      directory: path, environment: environment)
  }

  /// Removes the whole worktree, so that it is made anew.
  func discard() throws {
    let common = try Repository(opening: state.commonDirectory, environment: environment)
    let trash = "\(path).trash-\(getpid())"
    if FileManager.default.fileExists(atPath: path) {
      guard rename(path, trash) == 0 else { throw LaneError.directoryInTheWay(path) }
      try? TreeRemoval.remove(trash)
    }
    guard common.worktree(named: name) != nil else { return }
    try keepSubmodules(common)
    try common.unlockWorktree(name: name)
    try common.pruneWorktree(name: name)
  }

  /// Keeps what a gate has committed in submodules, before git forgets the worktree with them.
  private func keepSubmodules(_ common: Repository) throws {
    try KeptSubmodules.keep(
      ofWorktree: name, common, as: "refs/lanekeeper/rescue/\(name)/\(getpid())",
      identity: try common.defaultSignature()
        ?? Signature(name: "Lanekeeper", email: "lanekeeper@localhost", time: Int64(time(nil))))
  }
}
