import Engine
import Foundation
import Git
import Model
import Processes
import Store

/// Carries out the tools for one caller.
final class Coordinator: Sendable {
  let project: Project
  let store: Store
  let policies: PathPolicies
  /// The settings of sessions' attempts.
  let settings: AttemptSettings
  private let backlog: BacklogWatch
  let caller: Caller

  /// - Throws: ``Failure`` if one of Lanekeeper's own programs is missing.
  init(_ project: Project, _ store: Store, caller: Caller) throws {
    self.project = project
    self.store = store
    self.caller = caller
    policies = project.pathPolicies
    _ = try HelperPrograms.path("lanekeeper-guard")
    settings = project.attemptSettings(
      hookVariables: try project.hooks().variables(addingTo: project.environment), graceSeconds: 5,
      store: store)
    backlog = BacklogWatch(project)
  }

  /// The agent that a call is for, and the owner of its claims.
  struct Actor: Sendable {
    var owner: ClaimOwner
    var agent: String
    /// The running attempt, if the caller is in a lane.
    var lane: LaneCaller?
  }

  /// Returns the agent of a call, and renews its session's lease.
  ///
  /// - Parameter agentID: the name that the call gives; ignored in a lane.
  func actor(_ agentID: String?) throws -> Actor {
    switch caller {
    case .onlooker(let reason): throw ToolFailure(reason)
    case .lane(let lane):
      try verify(lane)
      return Actor(owner: lane.owner, agent: lane.agent, lane: lane)
    case .session:
      let agent = try sessionName(agentID)
      try endLapsedSessions()
      try store.renewSession(agent)
      return Actor(owner: .session(agent), agent: agent, lane: nil)
    }
  }

  private func sessionName(_ agentID: String?) throws -> String {
    guard let agentID, !agentID.isEmpty else {
      throw ToolFailure(
        "outside a lane 'agent_id' is needed: a name of your own that you keep for all your calls")
    }
    guard agentID.utf8.count <= 128,
      agentID.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f })
    else { throw ToolFailure("'agent_id' has at most 128 bytes and no control characters") }
    return agentID
  }

  /// Refuses calls of an attempt that has ended, such as those of a process that outlived it.
  func verify(_ lane: LaneCaller) throws {
    guard let attempt = try store.attempt(lane.feature, lane.attempt), attempt.state == .running,
      try store.lane(lane.lane)?.feature == lane.feature
    else {
      throw ToolFailure(
        "attempt \(lane.attempt) on feature #\(lane.feature) has ended; nothing can be changed for "
          + "it any more")
    }
  }

  func title(_ feature: String) -> String? { try? store.feature(feature)?.title }

  /// Refuses new work while the target is held: an agent has moved it past the hooks, and no person has decided.
  func verifyTarget() throws {
    if let held = try project.targetHold(store) { throw ToolFailure(held) }
  }

  /// The target's tip.
  func tip() throws -> ObjectID {
    guard let tip = try project.repository().reference(project.target) else {
      throw ToolFailure("the target \(BranchName.short(project.target)) is gone")
    }
    return tip
  }

  /// Takes over the backlog if its file has changed. In a lane the backlog of its run counts.
  func refresh() throws {
    guard case .session = caller else { return }
    try backlog.takeOver(into: store)
  }

  /// The length of the longest chain of features that starts with each feature; it orders what is ready.
  var remaining: [String: Double] { backlog.remaining }

  /// Recovers after killed processes, so that what they held is free.
  ///
  /// Lanes in preparation are left alone: they may be those of other sessions, which are no participants.
  func recover() throws {
    let recovery = Recovery(
      project: project, store: store, settings: settings,
      lander: project.lander(store), participant: nil,
      holdsLanes: true)
    if try recovery.isNeeded() { try recovery.run() }
  }

  var settlement: SessionSettlement {
    SessionSettlement(project: project, store: store, settings: settings)
  }
}
