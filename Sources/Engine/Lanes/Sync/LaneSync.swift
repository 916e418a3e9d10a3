import Foundation
import Git
import Model
import Processes
import Store

/// Brings the target into a lane.
///
/// The merge is made in memory. Where it is clean it becomes a commit of the lane's branch, and what was
/// not committed moves on top of it. Where it is not, the paths in conflict are claimed first; only then
/// are the conflicts left in the lane, as `git merge` leaves them, and the commit that resolves them is
/// judged as a merge. All of it happens or nothing does: a sync that was cut off is brought to its end
/// by the next one, by the next commit's refusal, and by the next start.
package struct LaneSync {
  /// The outcome.
  package enum Outcome: Sendable, Equatable {
    /// The branch has all of the target.
    case upToDate
    case merged(ObjectID)
    /// Conflicts are left in these files, which are claimed; git's messages.
    case conflicts([String], message: String)
    /// Others hold what would be in conflict; nothing was changed.
    case refused([ClaimConflict])
    /// The lane is not in a state in which it can be brought up to date; nothing was changed.
    case notNow(String)
  }

  private let repository: Repository
  private let lane: LaneRecord
  private let feature: String
  private let branch: String
  private let target: String
  private let store: Store
  private let policies: PathPolicies
  private let identity: Signature
  private let commands: MergeCommands

  /// - Parameters:
  ///   - repository: the lane, opened.
  ///   - branch: the full name of the lane's branch.
  ///   - target: the full name of the target.
  package init(
    repository: Repository, lane: LaneRecord, feature: String, branch: String, target: String,
    store: Store, policies: PathPolicies, identity: Signature, commands: MergeCommands
  ) {
    self.repository = repository
    self.lane = lane
    self.feature = feature
    self.branch = branch
    self.target = target
    self.store = store
    self.policies = policies
    self.identity = identity
    self.commands = commands
  }

  private var git: String { repository.gitDirectory }

  /// Waits for a sync that is at work in the lane; `nil` where it goes on for too long.
  private static func lock(
    _ repository: Repository, _ lane: LaneRecord, seconds: Int
  ) throws -> FileLock? {
    let path = StateDirectory(commonDirectory: repository.commonDirectory).syncLock(lane.name)
    let end = ContinuousClock.now + .seconds(seconds)
    while true {
      if let lock = try FileLock.tryAcquire(path) { return lock }
      guard ContinuousClock.now < end else { return nil }
      usleep(2000)
    }
  }

  /// Brings a sync to its end that was cut off in this lane. Blocks.
  package static func finishCutOff(
    _ repository: Repository, lane: LaneRecord, store: Store
  ) throws {
    // A merge may run commands for half an hour.
    guard let lock = try Self.lock(repository, lane, seconds: 2000) else {
      throw LaneError.broken(path: lane.path, reason: "a sync of it does not come to its end")
    }
    defer { lock.release() }
    try SyncSteps(repository: repository, lane: lane, store: store).finish()
  }

  /// Brings the target in. Blocks.
  package func run() throws -> Outcome {
    guard let lock = try Self.lock(repository, lane, seconds: 60) else {
      return .notNow("another sync is at work in this lane; try again when it is done")
    }
    defer { lock.release() }
    let steps = try SyncSteps(repository: repository, lane: lane, store: store)
    try steps.finish()
    let stands = try StackBase.find(feature, target: target, store)
    guard let targetTip = try repository.reference(stands.reference) else {
      return .notNow("the target \(BranchName.short(stands.reference)) is gone")
    }
    guard case .branch(branch, let tip?) = try repository.head() else {
      return .notNow(
        "HEAD is not on \(BranchName.short(branch)); `git switch \(BranchName.short(branch))` first"
      )
    }
    if let reason = try whatIsUnderWay() { return .notNow(reason) }
    let holdsDropped = try stands.holdsDropped(tip, onto: targetTip, repository)
    if try !holdsDropped && repository.isAncestor(targetTip, of: tip) {
      try store.setBase(targetTip.hex, ofLane: lane.number)
      return .upToDate
    }
    guard steps.takeIndexLock() else {
      return .notNow("another git is at work in this lane (index.lock); try again when it is done")
    }
    defer { steps.releaseIndexLock() }
    return try merge(tip, targetTip, stands, steps)
  }

  private func merge(
    _ tip: ObjectID, _ targetTip: ObjectID, _ stands: StackBase, _ steps: SyncSteps
  ) throws -> Outcome {
    let head = try repository.commit(tip).tree
    let work = try steps.snapshot()
    let merging = PolicyMerge(repository: repository, policies: policies, commands: commands)
    let short = BranchName.short(stands.reference)
    // Where the branch left one that has landed under another commit, its own work counts from there.
    let own = try stands.base(tip, onto: targetTip, repository).map {
      try repository.commit($0).tree
    }
    if own != nil, try stands.holdsDropped(tip, onto: targetTip, repository) {
      try store.noteMoved(feature, tip: tip.hex, onto: targetTip.hex)
    }
    func mergeOwn(_ base: ObjectID, _ ours: ObjectID) throws -> MergeDetail {
      try merging.mergeTreesInDetail(
        base: base, ours: ours, theirs: try repository.commit(targetTip).tree)
    }
    let names = (ours: BranchName.short(branch), theirs: short)
    let message = Trailers.append(
      [("Lane-Feature", feature)], to: "Merge \(short) into \(BranchName.short(branch))\n")
    let committed =
      try own.map { try mergeOwn($0, head) }
      ?? merging.mergeInDetail(ours: tip, theirs: targetTip, names: names)
    var journal = SyncJournal(
      branch: branch, tip: tip, target: targetTip, commit: nil, before: work, after: work,
      index: committed.tree, stages: [], staged: try steps.staged(), message: message)
    if committed.isClean {
      let moved =
        work == head
        ? MergeDetail(tree: committed.tree)
        : try merging.mergeTreesInDetail(base: head, ours: committed.tree, theirs: work)
      if moved.isClean {
        journal.after = moved.tree
        if let name = try steps.inTheWay(journal) { return .notNow(Self.inTheWay(name)) }
        let commit =
          try repository.isAncestor(tip, of: targetTip)
          ? targetTip
          : repository.createCommit(
            tree: committed.tree, parents: [tip, targetTip], message: message, author: identity,
            committer: identity)
        journal.commit = commit
        try steps.begin(journal)
        try steps.finish()
        return .merged(commit)
      }
    }
    // The uncommitted work takes part in the merge, so that it is in the files that are left.
    let ours =
      work == head
      ? tip
      : try repository.createCommit(
        tree: work, parents: [tip], message: "uncommitted work\n", author: identity,
        committer: identity)
    let detail =
      ours == tip
      ? committed
      : try own.map { try mergeOwn($0, work) }
        ?? merging.mergeInDetail(
          ours: ours, theirs: targetTip, names: (ours: ours.hex, theirs: short))
    let wanted = detail.paths.map { ClaimRequest(path: ClaimPath(file: $0), mode: .exclusive) }
    if !wanted.isEmpty {
      // The merge brings the target's version in, so a path of it can't be stale.
      let outcome = try store.claim(
        wanted, owner: .feature(feature), agent: lane.agent, policies: policies)
      if case .refused(let conflicts) = outcome { return .refused(conflicts) }
    }
    journal.after = detail.tree
    journal.index = detail.tree
    journal.staged = []
    journal.stages = detail.stages.map {
      SyncJournal.Stage(
        path: SyncJournal.text($0.path), mode: $0.mode, id: $0.id, number: $0.number)
    }
    if let name = try steps.inTheWay(journal) { return .notNow(Self.inTheWay(name)) }
    try steps.begin(journal)
    try steps.finish()
    return .conflicts(detail.paths.map(PathText.quoted), message: detail.message)
  }

  private static func inTheWay(_ name: String) -> String {
    "\(name) is in the way: git ignores it here, and the target has something else there; move it away first"
  }

  /// Says what else is under way in the lane.
  private func whatIsUnderWay() throws -> String? {
    for (name, what) in [
      ("MERGE_HEAD", "a merge"), ("CHERRY_PICK_HEAD", "a cherry-pick"),
      ("REVERT_HEAD", "a revert"), ("rebase-merge", "a rebase"), ("rebase-apply", "a rebase"),
      ("BISECT_LOG", "a bisect"),
    ] where FileManager.default.fileExists(atPath: git + "/" + name) {
      return
        "\(what) is under way here; bring it to its end (resolve, `git add`, `git commit`) first"
    }
    let conflicted = try repository.git(["ls-files", "-u", "-z"]).output
    guard conflicted.isEmpty else {
      return "conflicts are left in the index; resolve them, `git add` the files and commit first"
    }
    return nil
  }
}
