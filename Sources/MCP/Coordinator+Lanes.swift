import Backlog
import Engine
import Foundation
import Git
import Model
import Processes
import Store

extension Coordinator {
  /// Makes the lane of a feature that the session took.
  func openLane(_ feature: String, agentID: String?) async throws -> JSON {
    let actor = try actor(agentID)
    if let lane = actor.lane {
      guard lane.feature == feature else {
        throw ToolFailure("this is the lane of feature #\(lane.feature)")
      }
      return try answer(feature, lane: lane.path, notes: [])
    }
    let attempt = try own(feature, actor)
    if attempt.lane > 0, let lane = try store.lane(attempt.lane) {
      return try answer(feature, lane: lane.path, notes: [])
    }
    try verifyTarget()
    guard let record = try store.feature(feature) else {
      throw ToolFailure(StoreError.unknownFeature(feature).description)
    }
    let pool = project.pool(store)
    let opened = try await BlockingQueue.run { [self] in
      let branch = try branch(of: record)
      let tip = try tip()
      let lane = try pool.take(commit: tip)
      do {
        let repository = try project.repository()
        let base =
          try repository.reference(branch).flatMap { try repository.mergeBase($0, tip) } ?? tip
        try store.assignLane(
          lane.number, to: attempt, agent: actor.agent, branch: branch, base: base.hex)
      } catch {
        try? pool.giveBack(lane)
        throw error
      }
      guard let fresh = try store.attempt(feature, attempt.number) else {
        throw StoreError.unknownFeature(feature)
      }
      let notes = try LaneOpening(
        pool: pool, store: store, target: project.target, policies: policies,
        hookVariables: settings.hookVariables, identity: project.identity()
      ).open(record, fresh, lane: lane, branch: branch)
      return (lane: lane.path, notes: notes)
    }
    return try answer(feature, lane: opened.lane, notes: opened.notes)
  }

  private func branch(of feature: FeatureRecord) throws -> String {
    do {
      return try project.branches(store).branch(of: feature, try project.repository())
    } catch let obstacle as BranchName.Obstacle {
      throw ToolFailure("#\(feature.id) can't have a lane: \(obstacle)")
    } catch let taken as LaneBranches.Taken {
      throw ToolFailure("#\(feature.id) can't have a lane: \(taken)")
    }
  }

  private func answer(_ feature: String, lane: String, notes: [String]) throws -> JSON {
    let record = try store.feature(feature)
    var variables = settings.hookVariables
    let slots = try store.slots(of: .attempt(feature: feature, number: record?.attempts ?? 0))
    variables.merge(SlotName.variables(slots)) { $1 }
    return [
      "lane": .string(lane), "branch": .string(BranchName.short(record?.branch ?? "")),
      "environment": .object(
        variables.sorted { $0.key < $1.key }.map {
          JSON.Member($0.key, .string($0.value))
        }),
      "notes": .texts(notes + (record?.rework.map { ["The last attempt: \($0)"] } ?? [])),
    ]
  }

  /// Brings the target into a lane.
  func syncLane(_ feature: String?, agentID: String?) async throws -> JSON {
    let actor = try actor(agentID)
    let number: Int
    if let lane = actor.lane {
      number = lane.lane
    } else {
      let lanes = try openLanes(actor.agent).filter { feature == nil || $0.feature == feature }
      guard lanes.count == 1 else {
        throw ToolFailure(
          lanes.isEmpty
            ? "you have no lane\(feature.map { " for #\($0)" } ?? ""); open_lane makes it"
            : "say with 'feature_id' which: "
              + lanes.map { "#\($0.feature)" }.joined(separator: ", "))
      }
      number = lanes[0].number
    }
    guard let lane = try store.lane(number) else { throw ToolFailure("lane \(number) is gone") }
    let report = try await Programs.$most.withValue(600) {
      try await BlockingQueue.run { [project, store] in try project.syncReport(lane, store) }
    }
    let detail = [report.messages, report.text].filter { !$0.isEmpty }.joined(separator: "\n")
    return ["synced": .bool(report.isSynced), "detail": .string(detail)]
  }

  /// Settles a session's attempt as completed; in a run's lane it only records the report.
  func complete(_ feature: String, agentID: String?) async throws -> JSON {
    let actor = try actor(agentID)
    if let lane = actor.lane {
      guard lane.feature == feature else {
        throw ToolFailure(
          "this is the lane of feature #\(lane.feature); it can't complete #\(feature)")
      }
      if try store.attempt(lane.feature, lane.attempt)?.session == nil {
        return try completeRun(lane, actor)
      }
    }
    let attempt: AttemptRecord
    if let lane = actor.lane, let own = try store.attempt(lane.feature, lane.attempt) {
      attempt = own
    } else {
      attempt = try own(feature, actor)
    }
    if let missing = try await settlement.obstacle(attempt) {
      return try completion(feature, false, missing)
    }
    try await settlement.complete(attempt)
    let record = try store.feature(feature)
    switch record?.state {
    case .inReview:
      return try completion(feature, true, "a person reviews the branch before it lands")
    case .queued, .landing, .landed:
      return try completion(
        feature, true, "it lands with the next `lanekeeper run` or `lanekeeper land`")
    default:
      let detail = try store.attempt(feature, attempt.number)?.detail
      return try completion(feature, false, detail ?? "see get_feature")
    }
  }

  private func completeRun(_ lane: LaneCaller, _ actor: Actor) throws -> JSON {
    let open = try settlement.refusals(lane.feature)
    if let open { return try completion(lane.feature, false, open) }
    _ = try store.note(
      .completionReported, feature: lane.feature, agent: actor.agent,
      ["attempt": .integer(Int64(lane.attempt))])
    return try completion(
      lane.feature, true,
      "end now: what is uncommitted is committed, and the feature lands by itself")
  }

  private func completion(_ feature: String, _ completed: Bool, _ detail: String) throws -> JSON {
    [
      "completed": .bool(completed),
      "state": .string(try store.feature(feature)?.state.rawValue ?? "unknown"),
      "detail": .string(detail),
    ]
  }
}
