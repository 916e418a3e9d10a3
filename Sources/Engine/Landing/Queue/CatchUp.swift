import Git
import Store

/// The steps by which a checkout of the target that does not follow the landings catches up.
package struct CatchUp: Sendable {
  private static let key = "unfollowed"
  let context: RepositoryContext
  let settings: LandingSettings
  let store: Store

  /// Notes the commit whose files a checkout still has, at the first landing that it does not follow.
  func note(before: ObjectID, common: Repository) throws {
    guard settings.landing.follow == "never",
      let follow = try Follow.find(target: context.target, common: common, landing: 0)
    else { return }
    let isUpToDate =
      try follow.checkout.git(["diff-index", "--cached", "--quiet", before.hex, "--"]).status == 0
    if try isUpToDate || store.value(Self.key) == nil {
      try store.setValue(Self.key, before.hex)
    }
  }

  /// Returns the command for the person; `nil` where nothing is behind.
  func command(common: Repository) throws -> String? {
    guard settings.landing.follow == "never", let base = try store.value(Self.key),
      let tip = try common.reference(context.target), tip.hex != base,
      let follow = try Follow.find(target: context.target, common: common, landing: 0)
    else { return nil }
    // What a person has staged besides does not count.
    let differing = Set(
      try follow.checkout.git([
        "diff-index", "--cached", "-z", "--no-renames", "--name-only", tip.hex,
      ])
      .output.split(separator: 0).map(Array.init))
    guard let from = ObjectID(hex: base),
      try common.changes(from: try common.commit(from).tree, to: try common.commit(tip).tree)
        .contains(where: { differing.contains($0.path) })
    else { return nil }
    return "git -C \(follow.directory) read-tree -m -u \(base.prefix(12)) \(tip.short)"
  }
}
