import Foundation
import Git
import Model
import Store

// What no checkout, or no server, would take goes back to whoever made it and holds nobody else.
extension Lander {
  /// Returns what git refuses of what a branch brings, as a sentence's part; `nil` where it takes all.
  ///
  /// - Throws: ``BranchDamage`` where something can't be read at all, which is no one's doing.
  func unsound(
    _ branch: String, of feature: String, _ tip: ObjectID, beyond forks: [ObjectID],
    _ repository: Repository
  ) throws -> String? {
    let found = try repository.unsoundObjects(from: tip, beyond: forks)
    guard !found.isEmpty else { return nil }
    if !found.contains(where: \.isEndless) {
      try BranchDamage.verify(branch, of: feature, tip: tip, beyond: forks, repository)
    }
    let words = found.prefix(3).map { object in
      object.path.map {
        ($0.isEmpty ? "the top directory" : PathText.quoted($0)) + ": " + object.words
      }
        ?? object.words
    }
    return "git refuses what it brings (`git fsck --strict`): " + words.joined(separator: "; ")
      + (found.count > 3 ? "; …" : "")
  }

  /// Sends a feature back whose branch can't land on any machine like this one.
  func sendBackUnfit(
    _ feature: FeatureRecord, tip: ObjectID, base: ObjectID, target: ObjectID, _ detail: String
  ) throws -> LandingOutcome {
    let kept = try keepUnfit(feature, tip)
    try store.turnAway(
      feature.id, laneTip: tip.hex, base: base.hex, target: target.hex,
      .sentBack(detail: detail, rework: Self.rework(detail, kept), maximum: settings.attempts))
    try setBack(feature, from: tip, to: base, detail)
    return .sentBack(feature: feature.id, detail: detail)
  }

  /// Sends the feature of a link back that could be merged and can't be checked out.
  func sendBackUnfit(_ link: Chain.Link, _ reason: String) throws -> LandingOutcome {
    let detail = "it can't be checked out: \(reason)"
    guard link.record.kind == .feature else {
      try store.stopLanding(
        link.record, .sentBack(detail: detail, rework: "", maximum: settings.attempts))
      return .undoFailed(feature: link.feature.id, detail: detail)
    }
    let kept = try keepUnfit(link.feature, link.laneTip)
    try store.stopLanding(
      link.record,
      .sentBack(detail: detail, rework: Self.rework(detail, kept), maximum: settings.attempts))
    if let base = ObjectID(hex: link.record.base) {
      try setBack(link.feature, from: link.laneTip, to: base, detail)
    }
    return .sentBack(feature: link.feature.id, detail: detail)
  }

  private static func rework(_ detail: String, _ kept: String) -> String {
    "The branch could not land: \(detail). Since no lane could be filled with it either, it begins "
      + "anew from the target; all that it held is kept as \(kept), from which `git checkout \(kept) -- "
      + "PATH` takes a file. Do the work again without what is named here."
  }

  /// Keeps a branch that is about to be set back (P4).
  private func keepUnfit(_ feature: FeatureRecord, _ tip: ObjectID) throws -> String {
    let attempt = try store.attempts(of: feature.id).last?.number ?? 0
    let reference = Rescue.reference(feature.id, attempt) + "-unfit"
    try open().setReference(reference, to: tip, message: "rescue: it can't be checked out")
    return reference
  }

  /// Sets the branch of a feature back to where it left the target: a lane that is to be filled with it would seem
  /// broken. What cuts this off leaves the branch as it was.
  private func setBack(
    _ feature: FeatureRecord, from tip: ObjectID, to base: ObjectID, _ detail: String
  ) throws {
    guard let branch = feature.branch else { return }
    let repository = try open()
    guard repository.worktrees(on: branch).isEmpty else { return }
    do {
      try repository.updateReference(
        branch, to: base, expecting: tip, message: "lane: back to what can be checked out")
    } catch is ReferenceMismatch {
      return
    }
    try store.noteSetBack(
      feature.id, from: tip.hex, to: base.hex,
      [
        "branch": .string(BranchName.short(branch)), "from": .string(tip.hex),
        "to": .string(base.hex), "detail": .string(detail),
      ])
  }

  /// The longest of the directories into which the tree has to fit, in bytes.
  var longestPlace: Int {
    let checkout = state.commonDirectory.utf8.count + "/lanekeeper-follow/new/".utf8.count
    return max(checkout, settings.worktree.utf8.count + "-cold/".utf8.count)
  }
}
