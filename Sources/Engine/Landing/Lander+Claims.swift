import Foundation
import Git
import Model
import Store

extension Lander {
  /// Checks P3 on the real difference: every path must be claimed by the feature, or be free to be
  /// claimed now.
  ///
  /// - Parameters:
  ///   - base: where the branch left what it lands on.
  ///   - target: the commit that it lands on: the target, or the link before it.
  ///   - isUndo: what is not claimed is claimed now, whatever `claims.policy` says.
  /// - Returns: what stands against it.
  func claimRefusals(
    _ feature: FeatureRecord, _ repository: Repository, from old: ObjectID, to new: ObjectID,
    base: ObjectID, target: ObjectID, isUndo: Bool = false
  ) throws -> [ClaimConflict] {
    guard settings.claimPolicy != "off" else { return [] }
    let requests = try repository.changes(from: old, to: new).map {
      ClaimRequest(path: ClaimPath(file: $0.path), mode: .exclusive)
    }
    let owner = ClaimOwner.feature(feature.id)
    let uncovered = try uncovered(requests, owner)
    if uncovered.isEmpty { return [] }
    // Nobody could claim for an undo, whose feature gave its claims back when it landed.
    if settings.claimPolicy == "strict", !isUndo {
      return uncovered.map { ClaimConflict(path: $0.path, reason: .held, holder: nil) }
    }
    // Staleness is looked up by another handle, which sees what is stored.
    try repository.storeObjects()
    let environment = context.environment
    let common = state.commonDirectory
    let stale = StaleCheck(base: base.hex, tip: target.hex) { base, tip in
      let repository = try Repository(opening: common, environment: environment)
      return try repository.changes(
        from: try repository.commit(ObjectID(hex: base)!).tree,
        to: try repository.commit(ObjectID(hex: tip)!).tree
      ).map(\.path)
    }
    let outcome = try store.claim(
      requests, owner: owner, agent: nil, policies: context.policies, stale: stale)
    if case .refused(let conflicts) = outcome { return conflicts }
    return []
  }

  /// Returns the paths that the owner neither holds nor needs to hold.
  private func uncovered(
    _ requests: [ClaimRequest], _ owner: ClaimOwner
  ) throws -> [ClaimRequest] {
    guard !requests.isEmpty else { return [] }
    let held = try store.claimsWithKin(of: owner.id)
    let exact = Dictionary(
      held.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    return requests.filter { request in
      let policy = context.policies.policy(for: request.path)
      if policy == .free { return false }
      if policy == .frozen { return true }
      var request = request
      request.path = request.path.named(by: context.policies.naming)
      if case .shared = policy { request.mode = .shared }
      if let row = exact[request.path], ClaimRule.covers(row, request) { return false }
      return !held.contains { $0.path.isSubtree && ClaimRule.covers($0, request) }
    }
  }

  /// Tells, right before the target moves, whether each link still holds what it changes.
  func holdsItsClaims(_ chain: Chain, _ count: Int, _ repository: Repository) throws -> Bool {
    guard settings.claimPolicy != "off" else { return true }
    for (number, link) in chain.links[..<count].enumerated() {
      let requests = try repository.changes(from: chain.prefix(number).tree, to: link.tree).map {
        ClaimRequest(path: ClaimPath(file: $0.path), mode: .exclusive)
      }
      guard try uncovered(requests, .feature(link.feature.id)).isEmpty else { return false }
    }
    return true
  }

  /// Sends a feature away that changes what it may not.
  func turnAway(
    _ feature: FeatureRecord, _ conflicts: [ClaimConflict], tip: ObjectID, base: ObjectID,
    target: ObjectID
  ) throws -> LandingOutcome {
    let short = Repository.short(context.target)
    func isUnclaimed(_ conflict: ClaimConflict) -> Bool {
      conflict.holder == nil && conflict.reason == .held
    }
    let unclaimed = conflicts.filter(isUnclaimed).map(\.path.description)
    let lines =
      (unclaimed.isEmpty
        ? [] : ["\(RefusalText.list(unclaimed)): not claimed by this feature"])
      + RefusalText.grouped(
        conflicts.filter { !isUnclaimed($0) }, target: short, titleOf: { _ in nil })
    let detail = "it changes what it may not: " + lines.joined(separator: "; ")
    let rework = "The landing was refused:\n" + lines.joined(separator: "\n")
    var stop = LandingStop.sentBack(detail: detail, rework: rework, maximum: settings.attempts)
    if let holder = conflicts.compactMap(\.holder).first, holder.owner.kind == .feature {
      stop = .waits(holder: holder.owner.id, detail: detail, rework: rework)
    }
    try store.turnAway(
      feature.id, laneTip: tip.hex, base: base.hex, target: target.hex, stop)
    return .sentBack(feature: feature.id, detail: detail)
  }
}
