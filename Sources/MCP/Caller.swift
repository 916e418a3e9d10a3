import Foundation
import Git
import Model
import Processes
import Store

/// The party that a server or a hook acts for. It follows from the process's directory and ancestors, so that an
/// agent can't act for another one.
enum Caller: Sendable, Equatable {
  /// The agent of an attempt, in its lane.
  case lane(LaneCaller)
  /// An agent outside any lane; each call names it.
  case session
  /// A process that may read but change nothing, with the reason.
  case onlooker(String)

  /// Finds the caller of this process.
  ///
  /// Outside of lanes the hooks' rule holds: while a run is at work, a process counts as started by an attempt
  /// unless its ancestors show that it was not.
  /// - Parameters:
  ///   - gitDirectory: the git directory of the worktree.
  ///   - locks: the directory of lock files, in which runs note their namespace.
  static func find(gitDirectory: String, store: Store, locks: String) throws -> Caller {
    let started = ProcessTree.outermostGuardLock(of: getpid()).map(attempt(ofLock:))
    guard let number = LaneRecord.number(ofGitDirectory: gitDirectory) else {
      if started != nil || ProcessTree.hasGuardAmongAncestors() {
        return .onlooker("an agent claims in its own lane; this is not a lane")
      }
      guard !ProcessTree.hasGuardAmongAncestors(locks: locks) else {
        return .onlooker(
          "nothing can be claimed here: this process is in a PID namespace that the run at work does not share, "
            + "or its /proc hides who has started it, so nobody can tell it from an agent of the run; start it "
            + "where the run was started, or when the run has ended")
      }
      return .session
    }
    guard let lane = try store.lane(number), let feature = lane.feature,
      let running = try store.runningAttempts().first(where: { $0.feature == feature })
    else { return .onlooker("no feature is at work in this lane, so nothing can be claimed in it") }
    if let started, started?.feature != feature || started?.number != running.number {
      return .onlooker(
        "this is the lane of feature #\(feature), and it is not the one that this process was "
          + "started for")
    }
    return .lane(
      LaneCaller(
        lane: number, path: lane.path, feature: feature, attempt: running.number,
        agent: running.agentID, participant: running.participant))
  }

  /// Finds the attempt that an agent's hook is called for; `nil` if there is none.
  ///
  /// The guard among the ancestors counts before the directory, since the program may have changed that.
  static func hook(
    gitDirectory: String?, store: Store, locks: String
  ) throws -> LaneCaller? {
    if let lock = ProcessTree.outermostGuardLock(of: getpid()) {
      guard let (feature, number) = attempt(ofLock: lock),
        let running = try store.attempt(feature, number), running.state == .running,
        let lane = try store.lane(running.lane)
      else { return nil }
      return LaneCaller(
        lane: lane.number, path: lane.path, feature: feature, attempt: number,
        agent: running.agentID, participant: running.participant)
    }
    guard let gitDirectory,
      case .lane(let caller) = try find(
        gitDirectory: gitDirectory, store: store, locks: locks)
    else { return nil }
    return caller
  }

  /// Reads `attempt-<feature>-<number>`; `nil` for another lock, such as a gate's.
  static func attempt(ofLock path: String) -> (feature: String, number: Int)? {
    let name = (path as NSString).lastPathComponent
    guard name.hasPrefix("attempt-"), let dash = name.lastIndex(of: "-"),
      let number = Int(name[name.index(after: dash)...])
    else { return nil }
    let feature = name.dropFirst("attempt-".count).prefix(upTo: dash)
    return feature.isEmpty ? nil : (String(feature), number)
  }
}

/// The attempt that a process in a lane belongs to.
struct LaneCaller: Sendable, Equatable {
  var lane: Int
  /// The top of the lane.
  var path: String
  var feature: String
  /// The attempt's number; a server that outlives it may change nothing.
  var attempt: Int
  var agent: String
  var participant: String

  var owner: ClaimOwner { .feature(feature) }
}
