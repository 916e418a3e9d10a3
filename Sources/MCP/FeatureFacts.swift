import Engine
import Foundation
import Model
import Store

/// Encodes features for tools and resources.
struct FeatureFacts {
  let dependencies: [String: [Dependency]]
  let lanes: [String: LaneRecord]
  let attempts: [String: AttemptRecord]

  private let store: Store

  init(_ store: Store) throws {
    self.store = store
    dependencies = try store.dependencies()
    lanes = Dictionary(
      try store.lanes().compactMap { lane in lane.feature.map { ($0, lane) } },
      uniquingKeysWith: { first, _ in first })
    attempts = Dictionary(
      try store.runningAttempts().map { ($0.feature, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Encodes features in their order, with the resources that each waits for.
  func json(_ features: [FeatureRecord]) throws -> [JSON] {
    var told = features
    try store.tellSlotWaits(&told)
    return told.map(json)
  }

  private func json(_ feature: FeatureRecord) -> JSON {
    [
      "id": .string(feature.id), "title": .string(feature.title),
      "category": .string(feature.category), "description": .string(feature.description),
      "steps": .texts(feature.steps),
      "depends_on": .texts((dependencies[feature.id] ?? []).map(\.id)),
      "touches": .texts(feature.touches), "slots": .texts(feature.slots),
      "priority": .whole(feature.priority),
      "state": .string(feature.state.rawValue),
      "branch": .text(feature.branch.map(BranchName.short)),
      "lane": .text(lanes[feature.id]?.path), "agent": .text(attempts[feature.id]?.agentID),
      "waiting_for": .text(feature.waitingFor), "landed_commit": .text(feature.landedCommit),
      "rework": .text(feature.rework),
    ]
  }
}
