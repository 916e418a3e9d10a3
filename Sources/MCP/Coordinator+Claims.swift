import Engine
import Foundation
import Model
import Store

extension Coordinator {
  /// The claims that a call asks for, and their owner.
  struct Batch: Sendable {
    var actor: Actor
    var requests: [ClaimRequest]
  }

  /// The most paths of one call.
  static let maximumBatch = 10_000

  /// Reads the paths of a call, and finds the owner of the claims.
  ///
  /// A session with lanes of its own claims for the feature of the lane, since the changes are committed there.
  func batch(
    _ texts: [String], _ mode: ClaimMode, agentID: String?, feature: String?
  ) throws -> Batch {
    var actor = try actor(agentID)
    guard !texts.isEmpty else { throw ToolFailure("no path is given") }
    guard texts.count <= Self.maximumBatch else {
      throw ToolFailure("at most \(Self.maximumBatch) paths at once")
    }
    let found: [PathResolver.Found]
    if let lane = actor.lane {
      if let feature, feature != lane.feature {
        throw ToolFailure(
          "this is the lane of feature #\(lane.feature); it can't act for #\(feature)")
      }
      let resolver = try resolver([lane.path])
      found = try texts.map { try resolver.find($0) }
    } else {
      let lanes = try openLanes(actor.agent)
      let resolver = try resolver([project.directory] + lanes.map(\.path))
      found = try texts.map { try resolver.find($0) }
      if let own = try self.feature(feature, among: lanes, paths: found, agent: actor.agent) {
        actor.owner = .feature(own)
      }
    }
    return Batch(
      actor: actor, requests: found.flatMap(\.paths).map { ClaimRequest(path: $0, mode: mode) })
  }

  struct OpenLane: Sendable {
    var feature: String
    var number: Int
    var path: String
  }

  func openLanes(_ agent: String) throws -> [OpenLane] {
    try store.sessionAttempts(agent).compactMap { attempt in
      guard attempt.lane > 0, let lane = try store.lane(attempt.lane) else { return nil }
      return OpenLane(feature: attempt.feature, number: lane.number, path: lane.path)
    }
  }

  func resolver(_ tops: [String]) throws -> PathResolver {
    try PathResolver(project, tops: tops)
  }

  private func feature(
    _ named: String?, among lanes: [OpenLane], paths: [PathResolver.Found], agent: String
  ) throws -> String? {
    if let named {
      guard try !store.sessionAttempts(agent, of: [named]).isEmpty else { return nil }
      return named
    }
    let inLanes = Set(
      paths.compactMap { found in
        lanes.first { $0.path == found.top }?.feature
      })
    if inLanes.count == 1 { return inLanes.first }
    if lanes.count == 1 { return lanes[0].feature }
    guard lanes.isEmpty else {
      throw ToolFailure(
        "say with 'feature_id' for which feature: you have lanes for "
          + lanes.map { "#\($0.feature)" }.joined(separator: ", "))
    }
    return nil
  }

  /// Claims paths, all or nothing.
  func claim(_ batch: Batch) throws -> ClaimOutcome {
    try store.claim(
      batch.requests, owner: batch.actor.owner, agent: batch.actor.agent,
      policies: policies,
      expiresAt: batch.actor.owner.kind == .session ? store.now + SessionRecord.lease : nil,
      stale: try project.staleCheck(batch.actor.owner, store), expiry: project.expiryCheck())
  }

  /// Returns the conflicts of a claim, without claiming.
  func conflicts(_ batch: Batch) throws -> [ClaimConflict] {
    try store.check(
      batch.requests, owner: batch.actor.owner, policies: policies,
      stale: try project.staleCheck(batch.actor.owner, store), expiry: project.expiryCheck())
  }

  /// Releases paths, all or none.
  func release(_ batch: Batch) throws {
    do {
      try store.release(
        batch.requests.map(\.path), owner: batch.actor.owner, changed: try changed(batch.actor))
    } catch let error as ReleaseError {
      throw ToolFailure(error.description)
    }
  }

  /// Returns the paths that the owner's lane has changed.
  private func changed(_ actor: Actor) throws -> [[UInt8]] {
    guard actor.owner.kind == .feature,
      let lane = try store.lanes().first(where: { $0.feature == actor.owner.id })
    else { return [] }
    return try LaneChanges.paths(
      lane: lane.path, target: project.target, environment: project.environment)
  }
}
