import Git
import Store

/// The approvals of branches, and whether they still hold.
package struct Approvals: Sendable {
  package let rules: ReviewRules
  private let store: Store
  private let target: String

  /// - Parameter target: `refs/heads/…`.
  package init(rules: ReviewRules, store: Store, target: String) {
    self.rules = rules
    self.store = store
    self.target = target
  }

  /// Returns the approvals that hold for a branch as it is, one for each person.
  package func standing(
    _ feature: String, tip: ObjectID, _ repository: Repository
  ) throws -> [ReviewRecord] {
    let approvals = try store.approvals(of: feature)
    guard !approvals.isEmpty else { return [] }
    var digest: String?
    return try approvals.filter { approval in
      if approval.tip == tip.hex { return true }
      if try isMerelySynced(approval.tip, tip, repository) { return true }
      if digest == nil { digest = try state(tip, repository).digest }
      return approval.digest == digest
    }
  }

  /// Returns whether a branch may not land before a person has approved it as it is.
  ///
  /// - Parameter paths: what it changes.
  package func needsVerdict(
    _ feature: FeatureRecord, tip: ObjectID, _ repository: Repository,
    paths: () throws -> [[UInt8]]
  ) throws -> Bool {
    guard try rules.isRequired(feature, paths: paths) else { return false }
    return try standing(feature.id, tip: tip, repository).count < rules.settings.approvals
  }

  /// Reads what a branch is now: its tip, its merge base, and what stands for its diff.
  package func state(_ tip: ObjectID, _ repository: Repository) throws -> ReviewedState {
    let base = try repository.reference(target).flatMap { try repository.mergeBase($0, tip) }
    return ReviewedState(
      tip: tip.hex, base: base?.hex ?? "",
      digest: try ReviewDigest.of(base: base, tip: tip, repository))
  }

  /// Returns whether a branch changes at its tip what it did at an older one.
  package func isSame(_ old: String, _ tip: ObjectID, _ repository: Repository) throws -> Bool {
    if try old == tip.hex || isMerelySynced(old, tip, repository) { return true }
    guard let old = ObjectID(hex: old), (try? repository.commit(old)) != nil else { return false }
    return try state(old, repository).digest == state(tip, repository).digest
  }

  /// Returns whether nothing has come to a branch but merges of the target, put together by git itself.
  private func isMerelySynced(
    _ old: String, _ tip: ObjectID, _ repository: Repository
  ) throws -> Bool {
    guard let old = ObjectID(hex: old), let target = try repository.reference(target) else {
      return false
    }
    var current = tip
    for _ in 0..<100 {
      if current == old { return true }
      let commit = try repository.commit(current)
      guard commit.parents.count == 2,
        try commit.parents[1] == target || repository.isAncestor(commit.parents[1], of: target),
        case .clean(let tree) = try repository.merge(
          ours: commit.parents[0], theirs: commit.parents[1]), tree == commit.tree
      else { return false }
      current = commit.parents[0]
    }
    return false
  }
}
