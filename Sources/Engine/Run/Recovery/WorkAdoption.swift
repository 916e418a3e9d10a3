import Foundation
import Git
import Store

/// Recognises, by branches, logs and rescue references, what attempts have done before the state file was
/// made again, so that the next ones go on from there.
package enum WorkAdoption {
  /// Takes over the branches of features that have not landed, with their claims and the number of attempts.
  ///
  /// Call it after ``HistoryAdoption``, on a state file without attempts.
  /// - Returns: the features that go on from their branch, sorted by id.
  @discardableResult
  package static func run(_ project: Project, into store: Store) throws -> [String] {
    let repository = try project.repository()
    var adopted: [String] = []
    let ids = try store.features().map(\.id)
    let branches = project.branches(store)
    for feature in try store.features(in: [.pending, .ready, .blocked]) {
      guard
        let branch = try branches.lost(of: feature, among: ids, project.state, repository)
      else { continue }
      guard let tip = try repository.reference(branch) else { continue }
      // A damaged branch is refused when the feature is to go on.
      let paths = (try? repository.branchWork(branch, target: project.target).paths) ?? []
      let attempts = max(
        lastLog(feature.id, project.state), try lastRescue(feature.id, repository))
      let isTaken = try store.adoptWork(
        feature.id, branch: branch, tip: tip.hex, attempts: attempts, paths: paths,
        policies: project.pathPolicies)
      if isTaken { adopted.append(feature.id) }
    }
    return adopted
  }

  /// The highest number among a feature's logs; 0 where it has none.
  private static func lastLog(_ feature: String, _ state: StateDirectory) -> Int {
    let directory = (state.log(feature, 1) as NSString).deletingLastPathComponent
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.compactMap { Int($0.prefix { $0 != "." }) }.max() ?? 0
  }

  /// The highest number among a feature's rescue references; 0 where it has none.
  private static func lastRescue(_ feature: String, _ repository: Repository) throws -> Int {
    let prefix = "refs/lanekeeper/rescue/\(feature)/"
    return try repository.references(prefix: prefix).compactMap {
      Int($0.name.dropFirst(prefix.count).prefix { $0 != "-" })
    }.max() ?? 0
  }
}
