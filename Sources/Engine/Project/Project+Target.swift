import Git
import Store

extension Project {
  /// Tells that the target is gone, and where its last tip that is known stands now.
  func lostTarget(_ store: Store) throws -> String {
    let name = configuration.target
    let words = "the target branch '\(name)' is gone from \(directory)"
    let stay = "what the agents built stays on its branches"
    guard let known = try store.knownTarget()?.tip else { return "\(words); \(stay)" }
    let isLane = try LaneBranches.known(store)
    let found = try repository().git([
      "for-each-ref", "--contains", known, "--format=%(refname)", "refs/heads",
    ]).text.split(separator: "\n").map(String.init).filter { !isLane($0) }.map(BranchName.short)
    if found.count == 1 {
      return
        "\(words), and '\(found[0])' has its commits: if it was renamed, set `target: \(found[0])` in "
        + "lanekeeper.yml, else put it back by `git branch \(name) \(known.prefix(10))`; \(stay)"
    }
    return "\(words); `git branch \(name) \(known.prefix(10))` puts it back where it stood, or set "
      + "`target:` in lanekeeper.yml; \(stay)"
  }
}
