import Foundation
import Git
import Store

extension Lander {
  /// The reason why nothing can be merged now.
  struct NoBase: Error { let reason: String }

  /// Returns where landings are pushed to; `nil` where they are not.
  func remoteTarget(_ repository: Repository) throws -> RemoteTarget? {
    guard let text = settings.landing.push, !text.isEmpty else { return nil }
    return RemoteTarget(
      text,
      remotes: try repository.git(["remote"]).text.split(separator: "\n").map(String.init),
      target: context.target,
      directory: repository.mainWorktreePath ?? repository.commonDirectory,
      environment: context.environment)
  }

  /// Returns what a chain stands on: the target, or, where landings are pushed, what the remote has
  /// beyond it. The local target moves only to what was gated on that.
  func landingBase(
    _ target: ObjectID, _ repository: Repository
  ) throws -> Result<ObjectID, NoBase> {
    guard let remote = try remoteTarget(repository) else { return .success(target) }
    do {
      try remote.fetch(into: repository)
    } catch let error as RemoteUnreachable {
      return .failure(NoBase(reason: error.description))
    }
    guard let tip = try repository.reference(remote.tracking) else { return .success(target) }
    if try repository.isAncestor(target, of: tip) { return .success(tip) }
    let branch = BranchName.short(remote.branch)
    let reason =
      try repository.isAncestor(tip, of: target)
      ? "\(targetName) has commits that \(remote.remote)/\(branch) has not; push them first"
      : "\(targetName) and \(remote.remote)/\(branch) have gone apart; bring them together first, "
        + "e.g. by `git pull`"
    return .failure(NoBase(reason: reason))
  }
}
