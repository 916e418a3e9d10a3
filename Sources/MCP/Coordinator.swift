import Foundation
import Git
import Lanes
import Model
import Store

/// Does what the tools offer, for one caller; the protocol stands above it.
package final class Coordinator: Sendable {
  let store: Store
  let workplace: Workplace
  package let caller: Caller

  package init(store: Store, workplace: Workplace, caller: Caller) {
    self.store = store
    self.workplace = workplace
    self.caller = caller
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

  /// How to tell whether a path is stale for an owner, after a look at the target.
  func staleCheck(_ owner: ClaimOwner) throws -> StaleCheck? {
    try workplace.checks.staleCheck(owner, store)
  }

  /// Refuses new work where an agent has moved the target past the hooks, until a person has decided.
  func verifyTarget() throws {
    if let held = try workplace.checks.look() { throw ToolFailure(held) }
  }
}
