import Foundation
import Git
import Model
import Store

/// Which lanes at work would conflict with the target, or with each other, if they landed as they are
/// now, uncommitted work included.
package struct Forecast: Sendable, Equatable {
  /// One conflict that a lane would meet.
  package struct Conflict: Sendable, Equatable {
    /// The feature in the other lane; `nil` is the target.
    package var feature: String?
    package var paths: [String]
  }

  /// The conflicts by the number of the lane; a lane that could not be looked at is absent.
  package private(set) var conflicts: [Int: [Conflict]] = [:]

  package init() {}

  /// Looks at the lanes in which features are at work.
  ///
  /// Nothing but objects is written. What fails for one lane, such as one that is just being made, leaves
  /// out that lane only.
  package init(project: Project, lanes: [LaneRecord]) {
    let views = Self.views(project, lanes.filter { $0.state == .assigned && $0.feature != nil })
    for view in views { conflicts[view.lane] = [] }
    guard !views.isEmpty, let repository = try? project.repository(),
      let target = try? repository.reference(project.target),
      let targetTree = try? repository.commit(target).tree
    else { return }
    let policies = project.pathPolicies
    func paths(_ base: ObjectID, _ one: ObjectID, _ two: ObjectID) -> [String] {
      Self.paths(repository, base: base, one, two, policies)
    }
    for view in views {
      guard let base = try? repository.mergeBase(view.snapshot.head, target) else { continue }
      note(view, nil, paths(base, view.snapshot.tree, targetTree))
    }
    for (number, one) in views.enumerated() {
      for two in views[(number + 1)...] {
        guard let base = try? repository.mergeBase(one.snapshot.head, two.snapshot.head) else {
          continue
        }
        let found = paths(base, one.snapshot.tree, two.snapshot.tree)
        note(one, two, found)
        note(two, one, found)
      }
    }
  }

  private struct View: Sendable {
    var lane: Int
    var feature: String
    var snapshot: LaneSnapshot
  }

  private mutating func note(_ view: View, _ other: View?, _ paths: [String]) {
    guard !paths.isEmpty else { return }
    conflicts[view.lane, default: []].append(Conflict(feature: other?.feature, paths: paths))
  }

  /// Reads the lanes, several at a time.
  private static func views(_ project: Project, _ lanes: [LaneRecord]) -> [View] {
    let environment = project.environment
    let litter = project.configuration.lanes.litter
    let results = Results(count: lanes.count)
    DispatchQueue.concurrentPerform(iterations: lanes.count) { number in
      let lane = lanes[number]
      guard let feature = lane.feature,
        let repository = try? Repository(opening: lane.path, environment: environment),
        let snapshot = try? LaneSnapshot.take(repository, litter: litter)
      else { return }
      results.set(number, View(lane: lane.number, feature: feature, snapshot: snapshot))
    }
    return results.all
  }

  private final class Results: @unchecked Sendable {
    private let lock = NSLock()
    private var views: [View?]
    init(count: Int) { views = Array(repeating: nil, count: count) }
    func set(_ number: Int, _ view: View) { lock.withLock { views[number] = view } }
    var all: [View] { lock.withLock { views.compactMap { $0 } } }
  }

  private static func paths(
    _ repository: Repository, base: ObjectID, _ one: ObjectID, _ two: ObjectID,
    _ policies: PathPolicies
  ) -> [String] {
    guard
      case .conflicts(let paths, _) = try? repository.merge(ours: one, theirs: two, leaving: base)
    else { return [] }
    // What several may change at a time is merged by its strategy.
    return paths.filter { path in
      !policies.policy(for: ClaimPath(file: path, naming: policies.naming)).isShared
    }.map { String(decoding: $0, as: UTF8.self) }
  }
}
