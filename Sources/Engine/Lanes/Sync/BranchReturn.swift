import Git
import Store

/// Puts the branch of a feature back that somebody has deleted while it waited for a verdict or its landing.
package struct BranchReturn: Sendable, CustomStringConvertible {
  /// The branch, `refs/heads/…`.
  package let branch: String
  /// The restored tip; `nil` if none of its commits is left.
  package let tip: ObjectID?

  /// Looks for the branch of a feature that is built, and puts it back where it is missing and its last
  /// commit that is known is still there.
  ///
  /// - Returns: what was found out; `nil` where the branch is there, or the feature has none.
  package static func look(
    _ feature: FeatureRecord, _ repository: Repository, _ store: Store
  ) throws -> BranchReturn? {
    guard [.inReview, .approved, .queued].contains(feature.state), let branch = feature.branch,
      try repository.reference(branch) == nil
    else { return nil }
    guard let tip = try lastCommit(feature, repository) else {
      return BranchReturn(branch: branch, tip: nil)
    }
    if let obstacle = try BranchName.obstacle(to: branch, repository) { throw obstacle }
    do {
      try repository.createReference(branch, target: tip, message: "lane: the branch was deleted")
    } catch is ReferenceMismatch {
      // Another process was first.
      return nil
    }
    try store.record(
      .branchRestored, feature: feature.id,
      ["branch": .string(BranchName.short(branch)), "tip": .string(tip.hex)])
    return BranchReturn(branch: branch, tip: tip)
  }

  /// The tip that an attempt left, or what a person has approved since on top of it.
  private static func lastCommit(
    _ feature: FeatureRecord, _ repository: Repository
  ) throws -> ObjectID? {
    guard let tip = feature.tip.flatMap({ ObjectID(hex: $0) }),
      (try? repository.commit(tip)) != nil
    else { return nil }
    if let reviewed = try repository.reference("refs/lanekeeper/reviewed/\(feature.id)"),
      (try? repository.isAncestor(tip, of: reviewed)) == true
    {
      return reviewed
    }
    return tip
  }

  package var description: String {
    let name = "its branch \(BranchName.short(branch)) was deleted"
    return tip.map { "\(name) and is back at \($0.short), the last commit that is known of it" }
      ?? "\(name), and its commits are gone, too"
  }
}
