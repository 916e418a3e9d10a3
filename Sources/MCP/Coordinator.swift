import Attempts
import Foundation
import Git
import Lanes
import Model
import Processes
import Run
import Store

/// Does what the tools offer, for one caller; the protocol stands above it.
package final class Coordinator: Sendable {
  let project: Project
  let store: Store
  let policies: PathPolicies
  /// For the attempts of sessions.
  let settings: AttemptSettings
  private let backlog: BacklogWatch
  package let caller: Caller

  /// - Throws: ``Failure`` where Lanekeeper's own programs are missing.
  package init(_ project: Project, _ store: Store, caller: Caller) throws {
    self.project = project
    self.store = store
    self.caller = caller
    policies = project.pathPolicies
    settings = project.attemptSettings(
      guardProgram: try HelperPrograms.path("lanekeeper-guard"),
      hookVariables: try project.hooks().variables(addingTo: project.environment), graceSeconds: 5,
      store: store)
    backlog = BacklogWatch(project)
  }

  /// Who claims, once it is clear which agent a session's call is for.
  struct Actor: Sendable {
    var owner: ClaimOwner
    var agent: String
    /// The running attempt in a lane.
    var lane: LaneCaller?
  }

  /// Finds out for whom a call is, and renews a session's lease.
  ///
  /// - Parameter agentID: what the call says; in a lane it does not count.
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

  /// Refuses what comes from an attempt that has ended, as from a process that outlived it.
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

  /// Refuses new work where an agent has moved the target past the hooks, until a person has decided.
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

  /// Takes over the backlog where its file has changed; a lane goes by what its run has read.
  func refresh() throws {
    guard case .session = caller else { return }
    try backlog.takeOver(into: store)
  }

  /// Orders what is ready: the length of the longest chain that starts with each feature.
  var remaining: [String: Double] { backlog.remaining }

  /// Takes up what killed processes have left, so that what they held is free.
  ///
  /// Other sessions may have lanes in preparation, and are no participants: those lanes are left alone.
  func recover() throws {
    let recovery = Recovery(
      project: project, store: store, settings: settings,
      lander: project.lander(store, guardProgram: settings.guardProgram), participant: nil,
      holdsLanes: true)
    if try recovery.isNeeded() { try recovery.run() }
  }

  var settlement: SessionSettlement {
    SessionSettlement(project: project, store: store, settings: settings)
  }
}
