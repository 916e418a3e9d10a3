import Engine
import Git

/// The paths that differ between a lane and the target, committed or not.
enum LaneChanges {
  /// Returns the paths, sorted.
  ///
  /// - Parameters:
  ///   - lane: the top of the lane.
  ///   - target: `refs/heads/…` of the target.
  static func paths(
    lane: String, target: String, environment: [String: String]
  ) throws -> [[UInt8]] {
    let repository = try Repository(opening: lane, environment: environment)
    var paths = Set(try repository.status().map(\.path))
    if let tip = try repository.head().commit, let target = try repository.reference(target) {
      paths.formUnion(try repository.branchChanges(tip: tip, target: target).changes.map(\.path))
    }
    return paths.sorted { $0.lexicographicallyPrecedes($1) }
  }
}
