import Engine
import Foundation
import Model
import Store

extension Coordinator {
  /// Takes ready features for a session.
  func claimFeatures(_ count: Int, agent: String) throws -> [FeatureRecord] {
    try refresh()
    if case .session = caller { try recover() }
    try verifyTarget()
    func take() throws -> [FeatureRecord] {
      try store.claimFeatures(
        count, agent: agent, remaining: remaining, policies: policies,
        expiry: project.expiryCheck(), requests: { try requests($0) }, base: { try tip().hex })
    }
    do {
      return try take()
    } catch let error where !(error is StoreError) {
      // A branch may be damaged; which one is not known here.
      let repository = try project.repository()
      let damages = try store.features(in: [.ready]).compactMap { feature in
        feature.branch.flatMap {
          BranchDamage.find($0, of: feature.id, beyond: project.target, repository)
        }
      }
      guard !damages.isEmpty else { throw error }
      for damage in damages { try store.refuse(damage.feature, "\(damage); \(damage.advice)") }
      return try take()
    }
  }

  /// Returns the claims of a feature: its declared paths, and those that its branch changes.
  private func requests(_ feature: FeatureRecord) throws -> [ClaimRequest] {
    var paths = try feature.touches.map { try ClaimPath(normalising: $0) }
    if let branch = feature.branch {
      let work = try project.repository().branchWork(branch, target: project.target)
      paths += work.paths.map { ClaimPath(file: $0) }
    }
    return paths.map { ClaimRequest(path: $0, mode: .exclusive) }
  }

  /// Hands features back; their work stays on their branches.
  func releaseFeatures(_ ids: [String], agentID: String?) async throws {
    let actor = try actor(agentID)
    if let lane = actor.lane {
      throw ToolFailure(
        "feature #\(lane.feature) is this lane's; end here to hand it back, and your work is kept")
    }
    do {
      let held = try store.sessionAttempts(actor.agent, of: ids)
      for attempt in held where attempt.lane > 0 { try await settlement.handBack(attempt) }
      let rest = held.filter { $0.lane == 0 }.map(\.feature)
      try store.releaseFeatures(rest, agent: actor.agent)
    } catch let error as NotHeldBySession {
      throw ToolFailure("\(error); list_features shows who works on what")
    }
  }

  /// Returns the graph as the store has it, discovered edges included.
  func graph() throws -> JSON {
    try refresh()
    let features = try store.features().filter { $0.inBacklog || !$0.state.isFinal }
    let dependencies = try store.dependencies()
    return [
      "features": .array(
        features.map {
          [
            "id": .string($0.id), "title": .string($0.title), "state": .string($0.state.rawValue),
          ]
        }),
      "edges": .array(
        features.flatMap { feature in
          (dependencies[feature.id] ?? []).map { edge -> JSON in
            [
              "feature": .string(feature.id), "depends_on": .string(edge.id),
              "source": .string(edge.source.rawValue),
              "confidence": edge.confidence.map { .number($0) } ?? .null,
              "reason": .text(edge.reason),
            ]
          }
        }),
    ]
  }

  /// Records a line in the event log.
  func reportProgress(_ feature: String, _ message: String, agentID: String?) throws -> Int64 {
    let actor = try actor(agentID)
    guard !message.isEmpty, message.count <= 4000 else {
      throw ToolFailure("'message' has 1 to 4,000 characters")
    }
    if let lane = actor.lane, lane.feature != feature {
      throw ToolFailure(
        "this is the lane of feature #\(lane.feature); it can't report on #\(feature)")
    }
    if actor.lane == nil { _ = try own(feature, actor) }
    return try store.note(
      .progress, feature: feature, agent: actor.agent, ["message": .string(message)])
  }

  /// Returns the session's attempt on a feature.
  func own(_ feature: String, _ actor: Actor) throws -> AttemptRecord {
    do {
      return try store.sessionAttempts(actor.agent, of: [feature])[0]
    } catch let error as NotHeldBySession {
      throw ToolFailure("\(error); claim_features takes what is ready")
    }
  }
}
