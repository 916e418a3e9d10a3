import Foundation
import Git
import Processes
import Store

extension Lander {
  private var book: Approvals {
    Approvals(rules: ReviewRules(settings.review), store: store, target: context.target)
  }

  /// Says why a person has to look at a queued branch before it may land; `nil` where none has to.
  func missingVerdict(
    _ feature: FeatureRecord, tip: ObjectID, _ repository: Repository
  ) throws -> String? {
    let needs = try book.needsVerdict(feature, tip: tip, repository) {
      guard let target = try repository.reference(context.target) else { return [] }
      return try repository.branchChanges(tip: tip, target: target).changes.map(\.path)
    }
    guard needs else { return nil }
    return try store.approvals(of: feature.id).isEmpty
      ? "its branch has to be reviewed first" : "its branch changes other things than were approved"
  }

  /// Merges a branch with the target as a landing would; `nil` where that gives a conflict.
  private func merged(_ tip: ObjectID, _ repository: Repository) throws -> (
    target: ObjectID, tree: ObjectID
  )? {
    guard let target = try repository.reference(context.target) else { return nil }
    guard case .clean(let tree) = try policyMerge(repository).merge(ours: target, theirs: tip)
    else { return nil }
    return (target, tree)
  }

  /// Returns the known gate result of the tree that would land.
  package func forecast(_ tip: ObjectID) throws -> LandingForecast {
    let repository = try open()
    guard let merged = try merged(tip, repository) else { return .conflicts }
    guard hasGate else { return .noGate }
    guard let known = try gate.known(merged.tree) else { return .notAsked }
    return .gate(passed: known.passed, status: known.status, log: known.log)
  }

  /// Runs the gate on the tree that would land; what it says is remembered for the landing.
  ///
  /// The caller holds ``StateDirectory/landingLock``.
  package func gateAhead(_ tip: ObjectID, stop: StopSignal) async throws -> LandingForecast {
    let repository = try open()
    guard let merged = try merged(tip, repository) else { return .conflicts }
    guard hasGate else { return .noGate }
    if let known = try gate.known(merged.tree) {
      return .gate(passed: known.passed, status: known.status, log: known.log)
    }
    let commit = try repository.createCommit(
      tree: merged.tree, parents: [merged.target, tip], message: "review: a merge to be gated\n",
      author: context.identity(), committer: context.identity())
    let reference = "refs/lanekeeper/landing/review-\(tip.short)"
    try repository.setReference(reference, to: commit, message: "review: merged")
    let verdict = try await gate.run(commit, tree: merged.tree, cold: false, stop: stop)
    try repository.deleteReference(reference, expecting: nil)
    switch verdict {
    case .result(let result):
      return .gate(passed: result.passed, status: result.status, log: result.log)
    case .stopped: return .notAsked
    case .unready(let reason): return .impossible("it can't be checked out: \(reason)")
    case .impossible(let reason): return .impossible(reason)
    }
  }
}

/// The outcome of a branch if it landed now.
package enum LandingForecast: Sendable, Equatable {
  case conflicts
  case noGate
  /// The gate has not run on that tree.
  case notAsked
  case gate(passed: Bool, status: String, log: String)
  case impossible(String)
}
