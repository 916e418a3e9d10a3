import Foundation
import Git
import Model
import Store

/// The chain made of the head of the queue.
struct Assembly: Sendable {
  var chain: Chain?
  /// Outcomes of entries that left the queue.
  var outcomes: [LandingOutcome] = []
  /// Entries that stay in the queue, with the reason.
  var held: [LandingOutcome] = []
}

/// A merge that is to become a link.
private struct Merged {
  var feature: FeatureRecord
  var kind: LandingRecord.Kind
  var tip: ObjectID
  var base: ObjectID
  var tree: ObjectID
  /// Makes the commit; what it stands on and its tree are known.
  var commit: () throws -> ObjectID
}

extension Lander {
  /// Merges the head of the queue in memory, as many features as the window takes, and opens their
  /// landings. What can't land is sent away; nothing else changes.
  func assemble(undosOnly: Bool) throws -> Assembly {
    var assembly = Assembly()
    let candidates = try candidates(undosOnly: undosOnly)
    guard !candidates.isEmpty else { return assembly }
    let repository = try open()
    guard let target = try repository.reference(context.target) else {
      assembly.held = [
        .held(feature: candidates[0].id, reason: "\(targetName) does not exist any more")
      ]
      return assembly
    }
    if let reason = try openOperation(repository) {
      assembly.held = [.held(feature: candidates[0].id, reason: reason)]
      return assembly
    }
    // Moved since the look: it is looked at again before anything builds on it.
    guard try store.knownTarget()?.tip == target.hex else { throw Overtaken() }
    let base: ObjectID
    switch try landingBase(target, repository) {
    case .success(let commit): base = commit
    case .failure(let held):
      assembly.held = [.held(feature: candidates[0].id, reason: held.reason)]
      return assembly
    }
    var chain = Chain(
      target: target, targetTree: try repository.commit(target).tree, base: base,
      baseTree: try repository.commit(base).tree, links: [])
    let follow = try follower(repository, landing: 0)
    let survey = try follow?.survey()
    let committer = LandingCommitter(
      context: context, settings: settings, store: store, identity: context.identity(),
      isSigning: try LandingCommitter.isSigning(repository))
    let limit = try window()
    // libgit2 reads commits anew for each walk through a history where they were looked up besides; a
    // handle that only walks keeps them.
    let history = try open()
    try repository.keepObjectsInMemory(visibleTo: history)
    var new: [(landing: NewLanding, feature: FeatureRecord, tip: ObjectID)] = []
    var current = (commit: base, tree: chain.baseTree)
    let landed = try store.landedFeatures()
    let dependencies = try store.dependencies()
    for candidate in candidates where new.count < limit {
      if case .feature(let feature) = candidate {
        // What it needs has landed or is ahead in the chain; else that one has just left it.
        let ahead = Set(new.map(\.feature.id))
        let missing = (dependencies[feature.id] ?? []).map(\.id).first {
          !landed.contains($0) && !ahead.contains($0)
        }
        if missing != nil { continue }
        // Its branch has the work below it under other commits than those that are to land.
        if settings.landing.style != "merge", let stack = try store.stack(of: feature.id),
          ahead.contains(stack.onto)
        {
          continue
        }
      }
      let merged: Merged
      let merge: Merge
      do {
        merge = try self.merge(
          candidate, onto: current, base: base, repository, history, committer)
      } catch  where !(error is Overtaken) && !(error is StoreError) {
        // What one branch does to a merge is no other's matter.
        merge =
          try refuseDamaged(candidate, try open()).map { Merge.left($0) }
          ?? .stays("it can't be merged: \(error)")
      }
      switch merge {
      case .merged(let value): merged = value
      case .left(let outcome):
        assembly.outcomes.append(outcome)
        continue
      case .stays(let reason):
        if let reason { assembly.held.append(.held(feature: candidate.id, reason: reason)) }
        continue
      }
      if let follow, let survey,
        let reason = follow.blocker(
          try entries(from: current.tree, to: merged.tree, repository), survey)
      {
        assembly.held.append(.held(feature: candidate.id, reason: reason))
        continue
      }
      let commit: ObjectID
      do {
        commit = try merged.commit()
      } catch let error as SigningFailed {
        assembly.held.append(.held(feature: candidate.id, reason: error.description))
        break
      }
      new.append(
        (
          NewLanding(
            feature: merged.feature.id, kind: merged.kind, laneTip: merged.tip.hex,
            base: merged.base.hex, previous: current.commit.hex, commit: commit.hex,
            tree: merged.tree.hex), merged.feature, merged.tip
        ))
      current = (commit, merged.tree)
    }
    guard !new.isEmpty else { return assembly }
    // Before the journal and the reference name them.
    try repository.storeObjects()
    let records = try store.beginChain(new.map(\.landing))
    chain.links = zip(records, new).map { record, item in
      Chain.Link(
        record: record, feature: item.feature, laneTip: item.tip,
        commit: ObjectID(hex: item.landing.commit)!, tree: ObjectID(hex: item.landing.tree)!)
    }
    try repository.setReference(
      landingReference(chain.id), to: current.commit, message: "landing: merged")
    assembly.chain = chain
    return assembly
  }

  /// Refuses a feature whose branch can't be read.
  ///
  /// - Returns: `nil` where all of the branch can be read.
  private func refuseDamaged(
    _ candidate: Candidate, _ repository: Repository
  ) throws -> LandingOutcome? {
    guard case .feature(let feature) = candidate, let branch = feature.branch,
      let damage = BranchDamage.find(branch, of: feature.id, beyond: context.target, repository)
    else { return nil }
    let tip = try repository.reference(branch)?.hex ?? ""
    let detail = "\(damage); \(damage.advice)"
    try store.turnAway(
      feature.id, laneTip: tip, base: tip, target: try store.knownTarget()?.tip ?? "",
      .sentBack(detail: detail, rework: "\(damage)", maximum: 0))
    return .sentBack(feature: feature.id, detail: detail)
  }

  private enum Merge {
    case merged(Merged)
    /// It is no longer in the queue.
    case left(LandingOutcome)
    /// It stays in the queue for now, with what to tell.
    case stays(String?)
  }

  private func merge(
    _ candidate: Candidate, onto current: (commit: ObjectID, tree: ObjectID), base: ObjectID,
    _ repository: Repository, _ history: Repository, _ committer: LandingCommitter
  ) throws -> Merge {
    switch candidate {
    case .undo(let feature, let request):
      return try revert(feature, request, onto: current, repository, committer)
    case .feature(let feature):
      return try merge(feature, onto: current, base: base, repository, history, committer)
    }
  }

  /// Puts a branch back that somebody has deleted; where none of its commits is left, the feature is built
  /// again.
  private func missingBranch(
    _ feature: FeatureRecord, base: ObjectID, _ repository: Repository
  ) throws -> Merge {
    let found: BranchReturn?
    do {
      found = try BranchReturn.look(feature, repository, store)
    } catch let obstacle as BranchName.Obstacle {
      return .stays("its branch was deleted, and \(obstacle)")
    }
    if let found, found.tip != nil {
      return .left(.note("feature #\(feature.id): \(found)"))
    }
    let detail =
      found?.description ?? "its branch \(feature.branch.map(BranchName.short) ?? "") is gone"
    try store.turnAway(
      feature.id, laneTip: feature.tip ?? "", base: base.hex, target: base.hex,
      .sentBack(
        detail: detail, rework: "The work on this feature is lost: \(detail). Build it again.",
        maximum: settings.attempts))
    return .left(.sentBack(feature: feature.id, detail: detail))
  }

  private func merge(
    _ feature: FeatureRecord, onto current: (commit: ObjectID, tree: ObjectID), base: ObjectID,
    _ repository: Repository, _ history: Repository, _ committer: LandingCommitter
  ) throws -> Merge {
    guard let branch = feature.branch, let tip = try repository.reference(branch) else {
      return try missingBranch(feature, base: base, repository)
    }
    let forks = try history.mergeBases(current.commit, tip)
    if let commit = try whereItStands(
      feature, tip: tip, base, repository, isContained: forks.contains(tip))
    {
      try store.settleForeign(
        feature.id, from: [.queued], laneTip: tip.hex, commit: commit.hex)
      return .left(.landed(feature: feature.id, commit: commit.hex))
    }
    if let detail = try unsound(branch, of: feature.id, tip, beyond: forks, repository) {
      return .left(
        try sendBackUnfit(
          feature, tip: tip, base: forks.first ?? base, target: base, detail))
    }
    let stands = try StackBase.find(feature.id, target: context.target, store)
    if let below = stands.dropped,
      try stands.holdsDropped(tip, onto: current.commit, repository),
      try stands.base(tip, onto: current.commit, repository) == nil
    {
      return .stays(
        "its branch holds the work of #\(below), which it does not need any more and which has not "
          + "landed; `lanekeeper retry \(feature.id)` after taking that out, or land #\(below) first"
      )
    }
    let own = try stands.base(tip, onto: current.commit, repository)
    let fork = own ?? forks.first ?? current.commit
    let merging = policyMerge(repository)
    let result: TreeMerge
    if let own {
      // Only what the branch itself has changed since it left the one below.
      let detail = try merging.mergeTreesInDetail(
        base: try repository.commit(own).tree, ours: current.tree,
        theirs: try repository.commit(tip).tree)
      result =
        detail.isClean ? .clean(detail.tree) : .conflicts(detail.paths, message: detail.message)
    } else {
      result = try merging.merge(ours: current.commit, theirs: tip, bases: forks)
    }
    switch result {
    case .conflicts(let paths, let message):
      // With what is before it in the chain; it is tried again once that has landed.
      guard current.commit == base else { return .stays(nil) }
      let names = paths.map(PathText.quoted).joined(separator: ", ")
      let detail = "conflicts with \(targetName) in \(names)"
      try store.turnAway(
        feature.id, laneTip: tip.hex, base: fork.hex, target: base.hex,
        .conflicts(
          detail: detail,
          rework: "The branch \(detail). \(message)\nThe target has been merged into it now, or is "
            + "to be: resolve the conflicts so that both sides' work is kept.",
          maximum: settings.attempts))
      return .left(.sentBack(feature: feature.id, detail: detail))
    case .clean(let tree):
      if let fault = try CheckoutFault.find(
        from: current.tree, to: tree, repository, naming: context.policies.naming,
        room: longestPlace)
      {
        // What is before it in the chain may be what it collides with.
        if fault.isOfTwo, current.commit != base { return .stays(nil) }
        return .left(
          try sendBackUnfit(
            feature, tip: tip, base: fork, target: base,
            "it can't be checked out: \(fault.text)"))
      }
      if let detail = try missingVerdict(feature, tip: tip, repository) {
        try store.sendToReview(feature.id, detail: detail)
        return .left(.toReview(feature: feature.id, detail: detail))
      }
      let refusals = try claimRefusals(
        feature, repository, from: current.tree, to: tree, base: fork, target: current.commit)
      if !refusals.isEmpty {
        guard current.commit == base || refusals.contains(where: { $0.holder != nil }) else {
          return .stays(nil)
        }
        return .left(
          try turnAway(feature, refusals, tip: tip, base: fork, target: current.commit))
      }
      try BranchDamage.verify(branch, of: feature.id, tip: tip, beyond: forks, repository)
      let links = try Gitlinks(repository).refusals(
        repository.changes(from: current.tree, to: tree), tree: tree,
        keptAs: "refs/lanekeeper/rescue/\(feature.id)/landing")
      if !links.isEmpty {
        let words = links.map(\.words).joined(separator: "\n")
        let detail = "it needs commits of other repositories that nobody else has: \(words)"
        try store.turnAway(
          feature.id, laneTip: tip.hex, base: fork.hex, target: base.hex,
          .sentBack(
            detail: detail, rework: "The landing was refused:\n\(words)", maximum: settings.attempts
          ))
        return .left(.sentBack(feature: feature.id, detail: detail))
      }
      let place = current.commit
      return .merged(
        Merged(feature: feature, kind: .feature, tip: tip, base: fork, tree: tree) {
          try committer.landing(
            of: feature, repository, tree: tree, onto: place, tip: tip, branch: branch,
            above: own, isAlone: own != nil || stands.dropped != nil)
        })
    }
  }

  private func revert(
    _ feature: FeatureRecord, _ request: UndoRequest,
    onto current: (commit: ObjectID, tree: ObjectID), _ repository: Repository,
    _ committer: LandingCommitter
  ) throws -> Merge {
    func fails(_ detail: String) throws -> Merge {
      try store.dropUndo(feature.id, detail: detail)
      return .left(.undoFailed(feature: feature.id, detail: detail))
    }
    guard let commit = ObjectID(hex: request.commit), let previous = ObjectID(hex: request.previous)
    else { return try fails("its landing commit is not known") }
    let tree: ObjectID
    switch try repository.revert(
      from: previous, to: commit, in: current.tree, signature: context.identity())
    {
    case .clean(let merged): tree = merged
    case .conflicts(let paths, _):
      let names = paths.map(PathText.quoted).joined(separator: ", ")
      return try fails("what landed later changed the same lines in \(names); revert it by hand")
    }
    let refusals = try claimRefusals(
      feature, repository, from: current.tree, to: tree, base: current.commit,
      target: current.commit, isUndo: true)
    if let first = refusals.first {
      return .stays("\(first.path): " + RefusalText.reason(first) { _ in nil })
    }
    let place = current.commit
    return .merged(
      Merged(feature: feature, kind: .undo, tip: commit, base: previous, tree: tree) {
        try committer.undo(of: feature, commit, repository, tree: tree, onto: place)
      })
  }

  /// Returns the differences between two trees as entries of a journal.
  func entries(
    from old: ObjectID, to new: ObjectID, _ repository: Repository
  ) throws -> [FollowEntry] {
    try repository.changes(from: old, to: new).map {
      FollowEntry(
        path: $0.path, oldMode: $0.old?.mode, oldID: $0.old?.id.hex, newMode: $0.new?.mode,
        newID: $0.new?.id.hex)
    }
  }

  /// Returns the checkout that is to follow; `nil` where none stands on the target or none shall.
  func follower(_ repository: Repository, landing: Int64) throws -> Follow? {
    guard settings.landing.follow == "clean" else { return nil }
    var follow = try Follow.find(
      target: context.target, common: repository, landing: landing, besides: laneNames())
    follow?.observe = observe
    follow?.repairConfiguration = { (try? repairConfiguration()) != false }
    return follow
  }

  /// Returns all checkouts that are to follow.
  func followers(_ repository: Repository) throws -> [Follow] {
    guard settings.landing.follow == "clean" else { return [] }
    return try Follow.all(
      target: context.target, common: repository, landing: 0, besides: laneNames())
  }

  /// git's names of the worktrees that agents work in.
  func laneNames() throws -> Set<String> { Set(try store.lanes().map(\.name)) }
}

extension Candidate {
  var id: String {
    switch self {
    case .feature(let feature), .undo(let feature, _): feature.id
    }
  }
}
