import Foundation
import Git
import Store

/// The outcome of moving the target.
enum Landing: Sendable {
  /// It moved; with what a person should know besides.
  case landed(note: String?)
  /// Somebody else moved it first.
  case lost
  case held(String)
  /// The link at this place can't stand in the checkout; nothing has landed.
  case unfit(at: Int, String)
}

extension Lander {
  /// Returns what a person has open on the target in a checkout; `nil` where nothing is. A landing meanwhile would be
  /// thrown away where the person goes back.
  func openOperation(_ repository: Repository) throws -> String? {
    try repository.openOperation(on: context.target, besides: laneNames())?
      .text(branch: targetName)
  }

  /// Moves the target to the first links of a chain: push, follow, swap, settle.
  ///
  /// Each phase is written down before it runs, so that ``recover()`` can bring it to an end.
  func move(_ chain: Chain, _ count: Int) throws -> Landing {
    let repository = try open()
    let links = Array(chain.links[..<count])
    let records = links.map(\.record)
    let (commit, tree) = chain.prefix(count)
    guard try repository.reference(context.target) == chain.target,
      try holdsItsClaims(chain, count, repository)
    else { return .lost }
    if let reason = try openOperation(repository) { return .held(reason) }
    try noteBehind(before: chain.target, repository)
    let follow = try follower(repository, landing: chain.id)
    let entries = try entries(from: chain.targetTree, to: tree, repository)
    var isPushed = false
    if let remote = try remoteTarget(repository) {
      // What is pushed can't be taken back, so the checkout is looked at before.
      if let follow {
        if let reason = follow.blocker(entries, try follow.survey()) { return .held(reason) }
        do {
          if let reason = try follow.obstacle(entries) {
            return try unfit(chain, count, follow, repository, reason)
          }
        } catch let held as Follow.HeldOff {
          return .held(held.reason)
        }
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
    var notes: [String] = []
    do {
      notes = try followAndSwap(
        follow, from: chain.target, to: commit, records, entries, repository)
    } catch let error as Follow.Unfit {
      return isPushed
        ? try settlePushed(links, chain, repository, error.reason)
        : try unfit(chain, count, follow, repository, error.reason)
    } catch is Overtaken {
      return isPushed ? try settlePushed(links, chain, repository, "\(targetName) moved") : .lost
    } catch is ReferenceMismatch {
      return isPushed ? try settlePushed(links, chain, repository, "\(targetName) moved") : .lost
    } catch GitErrorCode.locked {
      let reason =
        "\(targetName) is locked by another git; where none is at work, remove "
        + "\(repository.commonDirectory)/\(context.target).lock"
      return isPushed ? try settlePushed(links, chain, repository, reason) : .held(reason)
    } catch let held as Follow.HeldOff {
      return isPushed
        ? try settlePushed(links, chain, repository, held.reason) : .held(held.reason)
    } catch  where !(error is StoreError) {
      // Nothing has moved: files and target are as they were.
      guard try repository.reference(context.target) == chain.target else { throw error }
      let reason = "\(targetName) could not be moved: \(error)"
      return isPushed ? try settlePushed(links, chain, repository, reason) : .held(reason)
    }
    try settle(links, chain: chain.id, repository, seen: commit)
    return .landed(note: notes.isEmpty ? nil : notes.joined(separator: "; "))
  }

  /// Finds the first link that can't stand in the checkout, by halves.
  private func unfit(
    _ chain: Chain, _ count: Int, _ follow: Follow?, _ repository: Repository, _ reason: String
  ) throws -> Landing {
    var (fits, fails, words) = (0, count, reason)
    do {
      while fails - fits > 1 {
        let middle = (fits + fails) / 2
        let part = try entries(
          from: chain.targetTree, to: chain.prefix(middle).tree, repository)
        if let reason = try follow?.obstacle(part) {
          (fails, words) = (middle, reason)
        } else {
          fits = middle
        }
      }
    } catch let held as Follow.HeldOff {
      return .held(held.reason)
    }
    return .unfit(at: fails - 1, words)
  }

  /// Lets the checkout follow and moves the target.
  ///
  /// - Returns: what a person has to know.
  @discardableResult
  func followAndSwap(
    _ follow: Follow?, from target: ObjectID, to commit: ObjectID, _ records: [LandingRecord],
    _ entries: [FollowEntry], _ repository: Repository
  ) throws -> [String] {
    let byGit = try follow?.isSparse() == true
    if byGit, let follow {
      guard try follow.checkout.head().commit == target else { throw Overtaken() }
      guard access(follow.lock, F_OK) != 0 else {
        throw Follow.HeldOff(
          reason: "another git command is at work in \(follow.directory) (\(follow.lock) is there)")
      }
      _ = try follow.check(entries)
      try swap(from: target, to: commit, records, repository)
    } else {
      try followAndSwapUnderLock(
        follow, from: target, to: commit, records, entries, repository)
    }
    guard let follow else { return [] }
    // Further checkouts stand on the target only where a person has forced that.
    let others = try followers(repository).filter { $0.directory != follow.directory }
    return
      ([follow.submoduleNote(entries)]
      + ((byGit ? [follow] : []) + others).map { $0.bringAlong(from: target, to: commit) })
      .compactMap(\.self)
  }

  private func followAndSwapUnderLock(
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
      try swap(from: target, to: commit, records, repository)
    } catch {
      follow?.rollBack(entries)
      throw error
    }
  }

  private func swap(
    from target: ObjectID, to commit: ObjectID, _ records: [LandingRecord],
    _ repository: Repository
  ) throws {
    try store.setPhase(.swap, of: records)
    observe(.swapJournaled)
    let names = records.map { "#\($0.feature)" }.joined(separator: ", ")
    try store.recordTargetMove(from: target.hex, to: commit.hex, by: "landing")
    try repository.updateReference(
      context.target, to: commit, expecting: target,
      message: "lanekeeper: feature \(names) landed")
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
