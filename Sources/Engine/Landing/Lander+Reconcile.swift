import Foundation
import Git
import Store

extension Lander {
  /// The last known commit of the target.
  var seenKey: String { "target.seen:\(context.target)" }

  /// Whether the target stands elsewhere than after the last landing that was settled, or look at it.
  package var hasUnseenMove: Bool {
    get throws {
      guard let seen = try store.value(seenKey) else { return false }
      return try open().reference(context.target).map { $0.hex != seen } ?? false
    }
  }

  /// Looks what others did to the target, also while nothing is queued: what a person has thrown away is told and
  /// stays reachable. The caller holds the landing lock.
  package func noticeMoves() throws -> [LandingOutcome] {
    guard try store.openLandings().isEmpty, try watch.look() == nil else { return [] }
    return try reconcile()
  }

  /// Looks what others did to the target since it was last seen: settles branches that a person merged
  /// by hand, and where the target was forced elsewhere finds out what is gone from it.
  func reconcile() throws -> [LandingOutcome] {
    let repository = try open()
    guard let tip = try repository.reference(context.target) else { return [] }
    let before = try store.value(seenKey).flatMap { ObjectID(hex: $0) }
    if before == tip { return [] }
    var outcomes: [LandingOutcome] = []
    if let before {
      if (try? repository.isAncestor(before, of: tip)) != true {
        outcomes += try reconcileForced(from: before, to: tip, repository)
      }
      outcomes += try settleMergedByHand(tip, repository)
    }
    try store.setValue(seenKey, tip.hex)
    return outcomes
  }

  private func settleMergedByHand(
    _ tip: ObjectID, _ repository: Repository
  ) throws -> [LandingOutcome] {
    var outcomes: [LandingOutcome] = []
    for (feature, completed) in try store.completedTips() {
      guard let commit = ObjectID(hex: completed),
        (try? repository.isAncestor(commit, of: tip)) == true
      else { continue }
      // A branch that went on since then is not merged yet as it stands.
      if let branch = feature.branch, let own = try repository.reference(branch),
        (try? repository.isAncestor(own, of: tip)) != true
      {
        continue
      }
      let landed = try mergeCommit(of: commit, tip, repository)
      try store.settleForeign(
        feature.id, from: [.ready, .waiting, .inReview, .approved, .queued, .failed],
        laneTip: completed, commit: landed.hex)
      outcomes.append(.landed(feature: feature.id, commit: landed.hex))
    }
    return outcomes
  }

  /// Returns the first commit on the target's first-parent line that has another one in its history.
  func mergeCommit(of commit: ObjectID, _ tip: ObjectID, _ repository: Repository) throws
    -> ObjectID
  {
    let listing = try repository.git([
      "rev-list", "--first-parent", "--ancestry-path", "--reverse", "\(commit.hex)..\(tip.hex)",
    ])
    // Where the branch itself is on that line, the target was moved along to it.
    let line = try repository.git(["rev-list", "--first-parent", "-1000", tip.hex]).text
    if line.split(separator: "\n").contains(where: { $0 == commit.hex }) { return commit }
    return listing.text.split(separator: "\n").first.flatMap { ObjectID(hex: String($0)) } ?? tip
  }

  /// Returns where a queued feature stands on what it would land on, if it does already: since a
  /// person merged it, or since an earlier landing was pushed and then cut off.
  ///
  /// - Parameter isContained: whether what is merged so far has the tip in its history.
  func whereItStands(
    _ feature: FeatureRecord, tip: ObjectID, _ base: ObjectID, _ repository: Repository,
    isContained: Bool
  ) throws -> ObjectID? {
    if let last = try store.lastLanding(of: feature.id), last.isPushed, last.phase == .stopped,
      let commit = last.commit.flatMap({ ObjectID(hex: $0) }),
      (try? repository.isAncestor(commit, of: base)) == true
    {
      return commit
    }
    guard try isContained && repository.isAncestor(tip, of: base) else { return nil }
    return try mergeCommit(of: tip, base, repository)
  }

  private func reconcileForced(
    from before: ObjectID, to tip: ObjectID, _ repository: Repository
  ) throws -> [LandingOutcome] {
    let features = try store.features(in: [.landed]).filter { feature in
      guard let commit = feature.landedCommit.flatMap({ ObjectID(hex: $0) }) else { return false }
      return (try? repository.isAncestor(commit, of: tip)) != true
    }
    // A rewritten history may hold them still, under other commits.
    var moved: [String: String] = [:]
    if !features.isEmpty {
      let present =
        (try? repository.commits(from: tip, excluding: [before], firstParent: true)) ?? []
      for commit in present {
        for trailer in Trailers.parse(commit.message) where trailer.key == "Feature" {
          if moved[trailer.value] == nil { moved[trailer.value] = commit.id.hex }
        }
      }
    }
    moved = moved.filter { id, _ in features.contains { $0.id == id } }
    let lost = features.map(\.id).filter { moved[$0] == nil }
    var detail = "\(targetName) was forced from \(before.short) to \(tip.short)"
    // What is gone from the target stays reachable.
    let rescue = "refs/lanekeeper/rescue/target/\(before.short)"
    if (try? repository.commit(before)) != nil {
      try repository.setReference(rescue, to: before, message: "rescue: \(detail)")
      detail += " (the old tip is kept as \(rescue))"
    }
    try store.reconcileForced(
      moved: moved, lost: lost, detail: detail, notes: [seenKey: tip.hex])
    guard !lost.isEmpty else { return [.note(detail)] }
    let names = lost.map { "#\($0)" }.joined(separator: ", ")
    return [
      .note(
        "\(detail); what is not on it any more is undone and not built again by itself: \(names). "
          + "`lanekeeper reopen ID` does that")
    ]
  }
}
