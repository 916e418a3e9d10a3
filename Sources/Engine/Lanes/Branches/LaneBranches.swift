import Backlog
import Foundation
import Git
import Processes
import Store

/// Knows which branch is whose: what the state file has counts, and the pattern only names new ones.
package struct LaneBranches: Sendable {
  /// All of what lies here is Lanekeeper's, whatever the pattern.
  private static let own = "refs/heads/" + BranchPattern.standard.prefix

  private let pattern: BranchPattern
  /// `refs/heads/…` of the target.
  private let target: String
  private let store: Store

  package init(pattern: BranchPattern, target: String, store: Store) {
    self.pattern = pattern
    self.target = target
    self.store = store
  }

  /// A name that a feature's branch would have, and that something else has.
  package struct Taken: Error, CustomStringConvertible, Equatable {
    let branch: String
    /// The feature whose branch it is; `nil` for the target or a branch of a person.
    let feature: String?
    let isTarget: Bool

    package var description: String {
      let name = BranchName.short(branch)
      let way = "change `lanes.branch` in lanekeeper.yml or the feature's id"
      if isTarget { return "its branch would be \(name), which is the target; \(way)" }
      if let feature {
        return "its branch would be \(name), which is that of feature #\(feature); \(way)"
      }
      return
        "its branch would be \(name), and there is one that is not Lanekeeper's; rename that one, e.g. "
        + "`git branch -m \(name) \(name)-old`, or \(way)"
    }
  }

  /// Returns the branch of a feature: the one that it has, or a fresh one that git can make and nobody has.
  ///
  /// - Throws: ``BranchName/Obstacle``, ``Taken`` where there is none.
  package func branch(of feature: FeatureRecord, _ repository: Repository) throws -> String {
    if let own = feature.branch {
      if try repository.reference(own) != nil { return own }
      if try BranchName.obstacle(to: own, repository) == nil { return own }
    }
    let others = try store.branches().filter { $0.key != feature.id }
    func taken(_ name: String) throws -> Taken? {
      if name == target { return Taken(branch: name, feature: nil, isTarget: true) }
      if let other = others.first(where: { $0.value == name }) {
        return Taken(branch: name, feature: other.key, isTarget: false)
      }
      // Outside of our own directory a branch of the right name may be a person's.
      guard !name.hasPrefix(Self.own), try repository.reference(name) != nil else { return nil }
      return Taken(branch: name, feature: nil, isTarget: false)
    }
    let name = try BranchName.of(
      feature: feature.id, title: feature.title, besides: try store.longerIDs(feature.id),
      pattern: pattern
    ) { try taken($0) == nil && BranchName.obstacle(to: $0, repository) == nil }
    if let taken = try taken(name) { throw taken }
    if let obstacle = try BranchName.obstacle(to: name, repository) { throw obstacle }
    return name
  }

  /// Returns the branches that are there and belong to features.
  package func all(_ repository: Repository) throws -> [(name: String, target: ObjectID)] {
    let inside = try repository.references(prefix: Self.own)
    let names = Set(try store.branches().values).subtracting(inside.map(\.name))
    return try inside
      + names.sorted().compactMap { name in
        try repository.reference(name).map { (name: name, target: $0) }
      }
  }

  /// Returns a predicate for branches of features.
  package static func known(_ store: Store) throws -> @Sendable (_ branch: String) -> Bool {
    let names = Set(try store.branches().values)
    return { $0.hasPrefix(Self.own) || names.contains($0) }
  }

  /// Writes down beside the logs which branch a feature works on, where its name alone would not tell.
  package static func note(_ branch: String, of feature: String, _ state: StateDirectory) throws {
    guard !branch.hasPrefix(own) else { return }
    try state.createLogs(feature)
    try Data((branch + "\n").utf8).write(
      to: URL(fileURLWithPath: state.branchNote(feature)), options: .atomic)
  }

  /// The branch that a feature worked on before the state file was made again: as it was written down, or by its
  /// name, where that lies in our own directory.
  ///
  /// - Parameter ids: those of the whole backlog.
  package func lost(
    of feature: FeatureRecord, among ids: [String], _ state: StateDirectory,
    _ repository: Repository
  ) throws -> String? {
    if let bytes = RegularFile.read(state.branchNote(feature.id), most: 1024) {
      let name = String(decoding: bytes, as: UTF8.self).trimmingCharacters(
        in: .whitespacesAndNewlines)
      if name.hasPrefix("refs/heads/"), name != target, try repository.reference(name) != nil {
        return name
      }
    }
    let found = try repository.references(prefix: Self.own).map(\.name)
      .filter { BranchName.owner(of: $0, among: ids) == feature.id }
    let name = BranchName.of(
      feature: feature.id, title: feature.title, besides: try store.longerIDs(feature.id))
    // A title may have changed since.
    return found.first { $0 == name } ?? (found.count == 1 ? found[0] : nil)
  }
}
