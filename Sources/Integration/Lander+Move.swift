import Foundation
import Git
import Store

/// What became of moving the target.
enum Landing: Sendable {
  /// It moved; with what a person should know besides.
  case landed(note: String?)
  /// Somebody else moved it first.
  case lost
  case held(String)
}

extension Lander {
  /// Moves the target to the first links of a chain: push, follow, swap, settle.
  ///
  /// Each phase is written down before it runs, so that ``recover()`` can bring it to an end.
  func move(_ chain: Chain, _ count: Int) throws -> Landing {
    let repository = try open()
    let links = Array(chain.links[..<count])
    let records = links.map(\.record)
    let (commit, tree) = chain.prefix(count)
    guard try repository.reference(settings.target) == chain.target,
      try holdsItsClaims(chain, count, repository)
    else { return .lost }
    try noteBehind(before: chain.target, repository)
    let follow = try follower(repository, landing: chain.id)
    let entries = try entries(from: chain.targetTree, to: tree, repository)
    var isPushed = false
    if let remote = try remoteTarget(repository) {
      // What is pushed can't be taken back, so the checkout is looked at before.
      if let follow, let reason = follow.blocker(entries, try follow.survey()) {
        return .held(reason)
      }
      try store.setPhase(.push, of: records)
      observe(.pushJournaled)
      switch try remote.push(commit, expecting: try repository.reference(remote.tracking)) {
      case .accepted:
        isPushed = true
        try repository.setReference(remote.tracking, to: commit, message: "landing: pushed")
      case .stale: return .lost
      case .refused(let reason): return .held(reason)
      }
      observe(.pushed)
    }
    do {
      try followAndSwap(
        follow, from: chain.target, to: commit, records, entries, repository)
    } catch is Overtaken {
      return isPushed ? try settlePushed(links, chain, repository, "\(targetName) moved") : .lost
    } catch is ReferenceMismatch {
      return isPushed ? try settlePushed(links, chain, repository, "\(targetName) moved") : .lost
    } catch GitErrorCode.locked {
      let reason =
        "\(targetName) is locked by another git; where none is at work, remove "
        + "\(repository.commonDirectory)/\(settings.target).lock"
      return isPushed ? try settlePushed(links, chain, repository, reason) : .held(reason)
    } catch let held as Follow.HeldOff {
      return isPushed
        ? try settlePushed(links, chain, repository, held.reason) : .held(held.reason)
    }
    try settle(links, chain: chain.id, repository, seen: commit)
    return .landed(note: nil)
  }

  func followAndSwap(
    _ follow: Follow?, from target: ObjectID, to commit: ObjectID, _ records: [LandingRecord],
    _ entries: [FollowEntry], _ repository: Repository
  ) throws {
    try follow?.takeLock()
    defer {
      follow?.releaseLock()
      observe(.indexUnlocked)
    }
    if let follow {
      observe(.indexLocked)
      guard try follow.checkout.head().commit == target else { throw Overtaken() }
      let facts = try follow.check(entries)
      try follow.prepare(entries)
      observe(.followPrepared)
      try store.setPhase(.follow, of: records, journal: entries)
      observe(.followJournaled)
      try follow.apply(entries, knowing: facts)
    }
    do {
      try store.setPhase(.swap, of: records)
      observe(.swapJournaled)
      let names = records.map { "#\($0.feature)" }.joined(separator: ", ")
      try store.recordTargetMove(from: target.hex, to: commit.hex, by: "landing")
      try repository.updateReference(
        settings.target, to: commit, expecting: target,
        message: "lanekeeper: feature \(names) landed")
    } catch {
      follow?.rollBack(entries)
      throw error
    }
    observe(.swapped)
  }

  /// The remote has the landing, and the local target can't follow now: it does with the next one.
  private func settlePushed(
    _ links: [Chain.Link], _ chain: Chain, _ repository: Repository, _ reason: String
  ) throws -> Landing {
    try settle(links, chain: chain.id, repository, seen: nil)
    return .landed(
      note: "it was pushed; \(targetName) here follows with the next landing, since \(reason)")
  }

  /// Settles links that are on the target: their features are landed and their claims end, in one
  /// transaction; then references that are of no more use go.
  func settle(
    _ links: [Chain.Link], chain: Int64, _ repository: Repository, seen: ObjectID?
  ) throws {
    try settle(
      links.map(\.record), branches: links.map { ($0.feature, $0.laneTip) }, chain: chain,
      repository, seen: seen)
  }

  func settle(
    _ records: [LandingRecord], branches: [(feature: FeatureRecord, tip: ObjectID)], chain: Int64,
    _ repository: Repository, seen: ObjectID?
  ) throws {
    var notes = try coldNotes(adding: records.filter { $0.kind == .feature }.map(\.feature))
    if let seen { notes[seenKey] = seen.hex }
    try store.settle(records, wasGated: hasGate, notes: notes)
    observe(.settled)
    try repository.deleteReference(landingReference(chain), expecting: nil)
    observe(.landingReferenceDropped)
    guard !settings.keepBranches, settings.landing.style == "merge" else { return }
    let inUse = Set(repository.worktrees().compactMap(\.branch))
    for (record, item) in zip(records, branches) where record.kind == .feature {
      guard let branch = item.feature.branch, !inUse.contains(branch) else { continue }
      // Every commit of the branch is part of the target's history now; else the branch stays.
      guard let commit = record.commit.flatMap({ ObjectID(hex: $0) }),
        try repository.commit(commit).parents.contains(item.tip)
          || repository.isAncestor(item.tip, of: commit)
      else { continue }
      try? repository.deleteReference(branch, expecting: item.tip)
      observe(.branchDropped)
    }
  }
}
