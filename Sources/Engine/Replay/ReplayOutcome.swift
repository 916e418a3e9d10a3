import Foundation
import Git
import Store

/// The result of one run of a replay, read from the event log and the history.
package struct ReplayOutcome: Sendable, Codable, Equatable {
  /// A change that did not land, and why.
  package struct Left: Sendable, Codable, Equatable {
    package var number: Int
    package var title: String
    package var state: String
    package var reason: String
  }

  package var features = 0
  package var landed = 0
  /// Of those that landed, how many changed nothing by then.
  package var empty = 0
  package var left: [Left] = []
  /// Features that waited at least once for a path that another held.
  package var waited = 0
  /// Claims that were refused, by reason.
  package var refused: [String: Int] = [:]
  /// Landings that met a textual conflict.
  package var conflictsAtLanding = 0
  /// Cycles of features that waited for one another and were broken.
  package var deadlocks = 0
  package var attempts = 0
  package var wallSeconds = 0.0
  package var agentSeconds = 0.0
  package var speedup = 0.0
  /// The paths on which the final tree differs from upstream's; empty where they are equal.
  package var different: [String] = []
  /// Whether there is a tree of upstream's to compare with: one order has none.
  package var isComparable = true
  package var wasStopped = false

  init(project: Project, plan: ReplayPlan, summary: RunSummary) throws {
    let store = try project.store()
    let repository = try project.repository()
    let titles = Dictionary(uniqueKeysWithValues: plan.changes.map { ($0.id, $0) })
    features = plan.changes.count
    for feature in try store.features() {
      if feature.state == .landed {
        landed += 1
        if try Self.isEmpty(feature, store, repository) { empty += 1 }
      } else if let change = titles[feature.id] {
        let last = try store.attempts(of: feature.id).last?.detail
        left.append(
          Left(
            number: change.number, title: change.title, state: feature.state.rawValue,
            reason: Self.reason(last ?? feature.rework ?? "it was not started")))
      }
    }
    left.sort { $0.number < $1.number }
    try count(store)
    conflictsAtLanding = try store.landingConflicts().count
    attempts = summary.attempts
    wallSeconds = summary.wallSeconds
    agentSeconds = summary.agentSeconds
    speedup = summary.speedup
    wasStopped = summary.wasStopped
    isComparable = plan.order != .shuffled
    guard isComparable, let last = plan.changes.last else { return }
    guard let tip = try repository.reference(project.target) else { return }
    different = try repository.changes(
      from: try repository.commit(tip).tree, to: try repository.commit(last.after).tree
    ).map { String(decoding: $0.path, as: UTF8.self) }
  }

  private static func isEmpty(
    _ feature: FeatureRecord, _ store: Store, _ repository: Repository
  ) throws -> Bool {
    guard let landing = try store.lastLanding(of: feature.id), let tree = landing.tree,
      let before = ObjectID(hex: landing.targetBefore)
    else { return false }
    return try repository.commit(before).tree.hex == tree
  }

  /// Removes the path of the report from a reason, since the clone is deleted by then.
  private static func reason(_ text: String) -> String {
    String(text.prefix(300)).components(separatedBy: "; see ")[0]
  }

  private mutating func count(_ store: Store) throws {
    var waiting: Set<String> = []
    var after: Int64 = 0
    while true {
      let events = try store.events(after: after)
      for event in events {
        switch event.name {
        case .featureWaiting: if let id = event.feature { waiting.insert(id) }
        case .claimRefused:
          for reason in event.facts["reasons"]?.strings ?? [] { refused[reason, default: 0] += 1 }
        case .deadlockResolved: deadlocks += 1
        default: break
        }
      }
      guard let last = events.last else { break }
      after = last.seq
    }
    waited = waiting.count
  }
}
