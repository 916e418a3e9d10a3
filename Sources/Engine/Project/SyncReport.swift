import Foundation
import Store

/// The result of a sync, for people and agents.
package struct SyncReport: Sendable, Equatable {
  /// True if the lane's branch has all of the target now.
  package var isSynced = false
  /// Git's messages about the conflicts that are left.
  package var messages = ""
  /// What the sync did, and what remains to do.
  package var text: String
  /// The exit status of `lanekeeper sync`.
  package var status: Int32 = 1
}

extension Project {
  /// Brings the target into a lane, unless the target is held (``TargetWatch``). Blocks.
  package func syncReport(_ lane: LaneRecord, _ store: Store) throws -> SyncReport {
    if let hold = try targetHold(store) { return SyncReport(text: hold, status: 75) }
    let (target, branch) = (configuration.target, BranchName.short(lane.branch ?? ""))
    switch try sync(lane, store) {
    case .upToDate:
      return SyncReport(isSynced: true, text: "\(branch) has all of \(target)", status: 0)
    case .merged(let commit):
      return SyncReport(
        isSynced: true,
        text:
          "\(target) was merged into \(branch) (\(commit.short)); what was not committed stays",
        status: 0)
    case .conflicts(let names, let messages):
      return SyncReport(
        messages: messages,
        text:
          "\(target) was merged into \(branch), and conflicts are left in \(names.joined(separator: ", ")), "
          + "which are claimed for you; resolve the conflict markers, `git add` the files and "
          + "`git commit`")
    case .refused(let conflicts):
      let report = ConflictReport(conflicts, store)
      return SyncReport(
        text:
          "\(target) conflicts with \(branch) on files that others hold; nothing was changed:\n"
          + report.lines.joined(separator: "\n"), status: report.status)
    case .notNow(let reason): return SyncReport(text: reason)
    }
  }

  /// The words for a person where an agent has moved the target past the hooks; `nil` where it has not.
  package func targetHold(_ store: Store) throws -> String? {
    try watch(store).look().map { TargetWatch.text($0, target: configuration.target) }
  }
}
