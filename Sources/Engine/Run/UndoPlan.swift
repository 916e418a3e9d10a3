import Git
import Planning
import Store

/// The plan for undoing a feature.
package struct UndoPlan: Sendable {
  /// The feature to be undone.
  package let feature: FeatureRecord
  /// Its landed dependents, direct and transitive, dependents first.
  package let landedDependents: [FeatureRecord]
  /// Its dependents that have not landed.
  package let openDependents: [FeatureRecord]
  private let sources: [String: (commit: String, previous: String)]

  /// - Throws: ``Failure`` where the feature has not landed, or its commit is not known.
  package init(_ id: String, project: Project, store: Store) throws {
    guard let feature = try store.feature(id) else { throw StoreError.unknownFeature(id) }
    guard feature.state == .landed else {
      throw Failure(
        "feature #\(id) is \(feature.state.rawValue); only one that has landed can be undone")
    }
    self.feature = feature
    let needs = try store.dependencies()
    var after: [String: [String]] = [:]
    for (other, edges) in needs {
      for edge in edges { after[edge.id, default: []].append(other) }
    }
    // Depth first, each after everything that depends on it.
    var order: [String] = []
    var seen: Set<String> = [id]
    var stack: [(id: String, next: Int)] = [(id, 0)]
    while let (top, next) = stack.last {
      let followers = (after[top] ?? []).sorted()
      if next < followers.count {
        stack[stack.count - 1].next += 1
        if seen.insert(followers[next]).inserted { stack.append((followers[next], 0)) }
      } else {
        stack.removeLast()
        if top != id { order.append(top) }
      }
    }
    let dependents = try order.compactMap { try store.feature($0) }
    landedDependents = dependents.filter { $0.state == .landed }
    openDependents = dependents.filter { $0.state != .landed && $0.inBacklog }
    let repository = try project.repository()
    var sources: [String: (commit: String, previous: String)] = [:]
    for item in [feature] + landedDependents {
      guard let commit = item.landedCommit, let object = ObjectID(hex: commit) else { continue }
      if let landing = try store.lastLanding(of: item.id), landing.commit == commit,
        landing.targetBefore != commit
      {
        sources[item.id] = (commit, landing.targetBefore)
      } else if let before = try Self.before(object, item, repository, store) {
        sources[item.id] = (commit, before.hex)
      }
    }
    self.sources = sources
  }

  /// Returns what the target had before a feature that a person merged, or that landed before the state
  /// file was made; `nil` where that can't be told.
  private static func before(
    _ commit: ObjectID, _ feature: FeatureRecord, _ repository: Repository, _ store: Store
  ) throws -> ObjectID? {
    let parents = try repository.commit(commit).parents
    guard parents.count == 1,
      let start = try store.attempts(of: feature.id).first.flatMap({ ObjectID(hex: $0.base) }),
      start != parents[0], try repository.isAncestor(start, of: commit)
    else { return parents.first }
    // The target was moved along to the branch: all of its commits are the feature's, where none of
    // them brought something else in.
    let own = try repository.commits(from: commit, excluding: [start])
    return own.allSatisfy { $0.parents.count == 1 } ? start : nil
  }

  /// The lines that name who depends on it.
  package var lines: [String] {
    landedDependents.map { "feature #\($0.id) \($0.shortTitle) has landed and depends on it" }
      + openDependents.map {
        "feature #\($0.id) \($0.shortTitle) is \($0.state.rawValue) and depends on it"
      }
  }

  /// Returns the requests for the landing queue, in order.
  ///
  /// - Throws: ``Failure`` where the commit of one is not known.
  package func requests(withDependents: Bool) throws -> [(
    feature: String, commit: String, previous: String
  )] {
    try ((withDependents ? landedDependents : []) + [feature]).map { item in
      guard let source = sources[item.id] else {
        throw Failure(
          "the commit by which feature #\(item.id) landed is not known; revert it by hand")
      }
      return (item.id, source.commit, source.previous)
    }
  }
}
