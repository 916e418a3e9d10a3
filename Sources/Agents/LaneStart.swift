import Foundation
import Git
import Lanes
import Store

/// Brings a lane into the state in which an attempt begins.
struct LaneStart {
  let pool: LanePool
  let store: Store
  let target: String
  let hookVariables: [String: String]
  let identity: Signature

  /// Puts the lane onto the feature's branch, brings the target in, and takes up rescued work.
  ///
  /// - Parameter prepared: the commit that the lane is known to be a clean checkout of.
  /// - Returns: notes for the prompt.
  func run(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, lane: LaneRecord, branch: String,
    prepared: ObjectID?
  ) throws -> [String] {
    let repository = try pool.open(lane, commit: ObjectID(hex: attempt.base)!)
    let tip = try repository.reference(branch)
    let start = tip ?? ObjectID(hex: attempt.base)!
    if tip == nil, prepared == start {
      try repository.createReference(branch, target: start, message: "lane: starts")
      try repository.setHead(branch: branch, commit: start)
      return []
    }
    try pool.enter(lane, branch: branch, commit: start)
    guard tip != nil else { return [] }
    var notes: [String] = []
    notes += try bringTargetIn(repository, feature, lane, branch)
    if notes.isEmpty { notes += try takeUpRescue(repository, feature, attempt) }
    return notes
  }

  /// Merges the target into the branch: in memory where it is clean, else the conflict is left in the
  /// lane for the agent.
  private func bringTargetIn(
    _ repository: Repository, _ feature: FeatureRecord, _ lane: LaneRecord, _ branch: String
  ) throws -> [String] {
    guard let targetTip = try repository.reference(target),
      let tip = try repository.reference(branch)
    else { return [] }
    if try repository.isAncestor(targetTip, of: tip) {
      try store.setBase(targetTip.hex, ofLane: lane.number)
      return []
    }
    let short = BranchName.short(target)
    let message = Trailers.append(
      [("Lane-Feature", feature.id)],
      to: "Merge \(short) into \(BranchName.short(branch))\n")
    switch try repository.merge(ours: tip, theirs: targetTip) {
    case .clean(let tree):
      let commit: ObjectID
      if try repository.isAncestor(tip, of: targetTip) {
        commit = targetTip
      } else {
        commit = try repository.createCommit(
          tree: tree, parents: [tip, targetTip], message: message, author: identity,
          committer: identity)
      }
      try repository.updateReference(branch, to: commit, expecting: tip, message: "lane: sync")
      try repository.switchWorktree(to: commit, branch: branch)
      try store.setBase(targetTip.hex, ofLane: lane.number)
      return []
    case .conflicts(let paths, _):
      let result = try GitProgram.run(
        ["merge", "--no-ff", "--no-commit", "-m", message, targetTip.hex],
        directory: lane.path, environment: repository.environment, adding: hookVariables)
      let names = paths.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ", ")
      return [
        "\(short) was merged into your branch and conflicts in \(names). Resolve the conflict "
          + "markers, keep what both sides want, and commit."
          + (result.status > 1 ? " git said: \(result.error)" : "")
      ]
    }
  }

  /// Puts back what the attempt before left uncommitted and could not commit.
  private func takeUpRescue(
    _ repository: Repository, _ feature: FeatureRecord, _ attempt: AttemptRecord
  ) throws -> [String] {
    guard attempt.number > 1 else { return [] }
    let name = Rescue.reference(feature.id, attempt.number - 1)
    guard let rescue = try repository.reference(name) else { return [] }
    let parent = try repository.commit(rescue).parents.first
    let result = try GitProgram.run(
      ["cherry-pick", "--no-commit", rescue.hex],
      directory: repository.workingDirectory ?? "", environment: repository.environment,
      adding: hookVariables)
    guard parent != nil else { return [] }
    return result.status == 0
      ? ["What the last attempt left uncommitted is here again, uncommitted (kept as \(name))."]
      : [
        "What the last attempt left uncommitted was taken up again (kept as \(name)) and conflicts "
          + "with what has landed since; resolve the conflict markers and commit."
      ]
  }
}
