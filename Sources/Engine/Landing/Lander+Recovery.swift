import Foundation
import Git
import Processes
import Store

extension Lander {
  /// Gives the slots back that gates of killed processes held or waited for, once nothing of them runs.
  /// The caller holds the landing lock, so that nobody is about to start one.
  package func freeLostSlots() throws {
    for room in try store.roomsWithSlots() where !FileLock.isHeld(GateWorktree.lock(room, state)) {
      try store.giveGateSlotsBack(room: room)
    }
  }

  /// Ends the gates of killed processes, also where their guards were stopped. The caller holds the landing lock, so
  /// that no other is at work. Blocks.
  package func endLeftGates() {
    for lock in GateWorktree.locks(state) { OrphanProcesses.endHolder(ofLock: lock) }
  }

  /// Brings landings that were cut off to an end: on where the target moved, back where it did not.
  ///
  /// Callers hold the landing lock. Blocks. A chain whose checkout is busy stays open, and nothing
  /// lands before it is brought to an end.
  package func recover() throws {
    OrphanProcesses.end(mark: nil, directories: GateWorktree.paths(settings))
    let repository = try open()
    StaleLocks.removeShared(
      commonDirectory: repository.commonDirectory,
      [context.target + ".lock", "packed-refs.lock"]
        + StaleLocks.ofReferences(
          commonDirectory: repository.commonDirectory, below: "refs/lanekeeper"))
    let chains = Dictionary(grouping: try store.openLandings(), by: \.chain)
    for (chain, records) in chains.sorted(by: { $0.key < $1.key }) {
      try? recover(chain, records, repository)
    }
  }

  /// Returns what keeps a chain from being brought to an end that was cut off; `nil` where none is.
  func unfinished() throws -> (feature: String, text: String)? {
    let open = try store.openLandings()
    guard let first = open.first else { return nil }
    do {
      try recover(first.chain, open.filter { $0.chain == first.chain }, try self.open())
    } catch let held as Follow.HeldOff {
      return (first.feature, "a landing was cut off, and \(held.reason)")
    } catch  where !(error is StoreError) {
      return (first.feature, "a landing was cut off and can't be brought to an end: \(error)")
    }
    return try unfinished()
  }

  private func recover(
    _ chain: Int64, _ records: [LandingRecord], _ repository: Repository
  ) throws {
    var landed = try records.filter { try isOnTarget($0, repository) }
    let entries = try store.journal(ofChain: chain)
    if let follow = try Follow.find(
      target: context.target, common: repository, landing: chain, besides: laneNames())
    {
      if entries.isEmpty {
        follow.dropUnused()
        if let first = landed.first, let before = ObjectID(hex: first.targetBefore),
          let after = landed.last?.commit.flatMap({ ObjectID(hex: $0) }), try follow.isSparse()
        {
          _ = follow.bringAlong(from: before, to: after)
        }
      } else {
        try follow.recover(entries, forward: !landed.isEmpty)
      }
    }
    if landed.isEmpty { landed = try bringHomePushed(records, chain, repository) }
    let left = records.filter { record in !landed.contains { $0.id == record.id } }
    if !landed.isEmpty {
      let branches = try landed.map { record in
        (
          feature: try store.feature(record.feature)
            ?? FeatureRecord(
              id: record.feature, position: 0, title: "", category: "", state: .landing),
          tip: ObjectID(hex: record.laneTip) ?? .zero
        )
      }
      try settle(landed, branches: branches, chain: chain, repository, seen: nil)
    }
    try store.requeue(left, detail: "cut off, and taken up again")
    try repository.deleteReference(landingReference(chain), expecting: nil)
  }

  private func isOnTarget(_ record: LandingRecord, _ repository: Repository) throws -> Bool {
    guard let tip = try repository.reference(context.target),
      let commit = record.commit.flatMap({ ObjectID(hex: $0) })
    else { return false }
    // One that can't be read may still be named by what stands on it.
    return try (try? repository.isAncestor(commit, of: tip))
      ?? repository.history(of: context.target).contains(commit)
  }

  /// Lets the target follow where the remote has a landing already that was cut off after its push; the
  /// tree was gated before it was pushed.
  ///
  /// - Returns: the landings that the remote has.
  private func bringHomePushed(
    _ records: [LandingRecord], _ chain: Int64, _ repository: Repository
  ) throws -> [LandingRecord] {
    guard records.contains(where: \.isPushed), let remote = try remoteTarget(repository),
      let target = try repository.reference(context.target)
    else { return [] }
    do {
      try remote.fetch(into: repository)
    } catch is RemoteUnreachable {
      // What stands there is found by the next merge.
      return []
    }
    guard let tip = try repository.reference(remote.tracking) else { return [] }
    let there = try records.filter { record in
      guard record.isPushed, let commit = record.commit.flatMap({ ObjectID(hex: $0) }) else {
        return false
      }
      return try repository.isAncestor(commit, of: tip)
    }
    guard let commit = there.last?.commit.flatMap({ ObjectID(hex: $0) }),
      try repository.isAncestor(target, of: commit)
    else { return there }
    let entries = try entries(
      from: try repository.commit(target).tree, to: try repository.commit(commit).tree, repository)
    do {
      try followAndSwap(
        try follower(repository, landing: chain), from: target, to: commit, there, entries,
        repository)
    } catch is Follow.HeldOff {
    } catch is Follow.Unfit {
      // The target follows with the next landing.
    } catch is Overtaken {
    } catch is ReferenceMismatch {
    }
    return there
  }

  /// Removes what landings of processes that were killed have left: references that keep merges alive,
  /// and branches of features that have landed. Once in a process.
  func sweep() throws {
    guard memory.isFirstSweep() else { return }
    let repository = try open()
    for reference in try repository.references(prefix: "refs/lanekeeper/landing/") {
      try repository.deleteReference(reference.name, expecting: nil)
    }
    guard !settings.keepBranches, settings.landing.style == "merge" else { return }
    let inUse = Set(repository.worktrees().compactMap(\.branch))
    for feature in try store.features(in: [.landed]) {
      guard let branch = feature.branch, !inUse.contains(branch),
        let tip = try repository.reference(branch),
        let commit = feature.landedCommit.flatMap({ ObjectID(hex: $0) }),
        (try? repository.isAncestor(tip, of: commit)) == true
      else { continue }
      try? repository.deleteReference(branch, expecting: tip)
    }
  }
}
