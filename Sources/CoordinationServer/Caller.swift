import ClaimRules
import Foundation
import Git
import Processes
import Store

/// On whose behalf a server or a hook works. It comes from where the process stands and who started
/// it, so that an agent can't act for another one.
package enum Caller: Sendable, Equatable {
  /// The agent of an attempt, in its lane.
  case lane(LaneCaller)
  /// An agent outside any lane; each call names it.
  case session
  /// A process that may look but change nothing, and why.
  case onlooker(String)

  /// Finds out who stands in a directory.
  ///
  /// - Parameters:
  ///   - gitDirectory: the git directory of the worktree.
  ///   - pid: the process that asks.
  package static func find(
    gitDirectory: String, store: Store?, pid: Int32 = getpid()
  ) throws -> Caller {
    let started = ProcessTree.outermostGuardLock(of: pid).map(attempt(ofLock:))
    guard let number = laneNumber(gitDirectory) else {
      guard started == nil else {
        return .onlooker("an agent claims in its own lane; this is not a lane")
      }
      return .session
    }
    guard let store, let lane = try store.lane(number), let feature = lane.feature,
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

  /// Finds the attempt for which a hook of an agent's program is called; `nil` where there is none.
  ///
  /// The program may stand anywhere by then: who started it counts before where it stands.
  package static func hook(
    gitDirectory: String?, store: Store, pid: Int32 = getpid()
  ) throws -> LaneCaller? {
    if let lock = ProcessTree.outermostGuardLock(of: pid) {
      guard let (feature, number) = attempt(ofLock: lock),
        let running = try store.attempt(feature, number), running.state == .running,
        let lane = try store.lane(running.lane)
      else { return nil }
      return LaneCaller(
        lane: lane.number, path: lane.path, feature: feature, attempt: number,
        agent: running.agentID, participant: running.participant)
    }
    guard let gitDirectory,
      case .lane(let caller) = try find(gitDirectory: gitDirectory, store: store, pid: pid)
    else { return nil }
    return caller
  }

  /// Returns the number of the lane that a git directory belongs to.
  package static func laneNumber(_ gitDirectory: String) -> Int? {
    let directory = gitDirectory as NSString
    let name = directory.lastPathComponent
    let parent = (directory.deletingLastPathComponent as NSString).lastPathComponent
    guard parent == "worktrees", name.hasPrefix("lane-") else { return nil }
    return Int(name.dropFirst("lane-".count))
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
package struct LaneCaller: Sendable, Equatable {
  package var lane: Int
  /// The top of the lane.
  package var path: String
  package var feature: String
  /// The attempt's number; a server that outlives it may change nothing any more.
  package var attempt: Int
  package var agent: String
  package var participant: String

  package var owner: ClaimOwner { .feature(feature) }
}
