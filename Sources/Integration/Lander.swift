import ClaimRules
import Foundation
import Git
import Lanes
import Processes
import Store

/// Lands queued features, one at a time, by the phases merge, gate, follow, swap and settle.
///
/// One process lands at a time; callers hold ``StateDirectory/landingLock``.
package struct Lander: Sendable {
  package let settings: LandingSettings
  private let store: Store
  private let state: StateDirectory
  private let identity: @Sendable () -> Signature

  package init(
    settings: LandingSettings, store: Store, state: StateDirectory,
    identity: @escaping @Sendable () -> Signature
  ) {
    self.settings = settings
    self.store = store
    self.state = state
    self.identity = identity
  }

  private var gate: Gate { Gate(settings: settings, store: store, state: state) }

  private var catchUp: CatchUp { CatchUp(settings: settings, store: store) }

  /// Returns the command by which a checkout that does not follow (`landing.follow: never`) catches
  /// up with what has landed; `nil` where nothing is behind.
  package func catchUpCommand() throws -> String? { try catchUp.command(common: try open()) }

  private func open() throws -> Repository {
    try Repository(opening: state.commonDirectory, environment: settings.environment)
  }

  /// Lands the feature at the queue's head; `nil` where nothing is queued.
  ///
  /// - Parameter order: compares two queued features.
  package func landNext(
    order: @Sendable (FeatureRecord, FeatureRecord) -> Bool, stop: StopSignal
  ) async throws -> LandingOutcome? {
    guard let feature = try store.features(in: [.queued]).sorted(by: order).first else {
      return nil
    }
    while true {
      if stop.isSet { return .stopped(feature: feature.id) }
      do {
        return try await land(feature, stop: stop)
      } catch is LostSwap {
        // Somebody else moved the target; merge and gate again on the new tip.
        continue
      }
    }
  }

  private struct LostSwap: Error {}

  /// A merged commit that waits for its gate.
  private struct Merged: Sendable {
    var record: LandingRecord
    var commit: ObjectID
    var tree: ObjectID
    var target: ObjectID
    var targetTree: ObjectID
    var laneTip: ObjectID
  }

  private enum Step: Sendable {
    case merged(Merged)
    case done(LandingOutcome)
  }

  private func land(_ feature: FeatureRecord, stop: StopSignal) async throws -> LandingOutcome {
    let lander = self
    let merged: Merged
    switch try await Offload.run({ try lander.merge(feature) }) {
    case .done(let outcome): return outcome
    case .merged(let value): merged = value
    }
    if !settings.gate.command.isEmpty,
      let outcome = try await runGate(feature, merged, stop: stop)
    {
      return outcome
    }
    if stop.isForced {
      try store.stopLanding(
        merged.record.id, feature: feature.id, .requeued(detail: "stopped before the swap"))
      try? dropLandingReference(merged.record.id)
      return .stopped(feature: feature.id)
    }
    return try await Offload.run { try lander.swap(feature, merged) }
  }

  // MARK: merge

  private func merge(_ feature: FeatureRecord) throws -> Step {
    let repository = try open()
    guard let target = try repository.reference(settings.target) else {
      return .done(
        .held(
          feature: feature.id,
          reason: "\(BranchName.short(settings.target)) does not exist any more"))
    }
    guard let branch = feature.branch, let tip = try repository.reference(branch) else {
      try store.transition(
        feature.id, from: [.queued], to: .failed,
        detail: "its branch \(feature.branch ?? "") is gone")
      try store.settleReadiness()
      return .done(.sentBack(feature: feature.id, detail: "its branch is gone"))
    }
    if let open = try openDependency(of: feature) {
      return .done(
        .held(feature: feature.id, reason: "it depends on #\(open), which has not landed"))
    }
    let base = try repository.mergeBase(target, tip)
    let record = try store.beginLanding(
      feature.id, laneTip: tip.hex, base: (base ?? target).hex, target: target.hex)
    let targetTree = try repository.commit(target).tree
    if try repository.isAncestor(tip, of: target) {
      // A person merged the branch by hand; the feature is there.
      try store.settleLanding(record.id, feature: feature.id, commit: target.hex)
      return .done(.landed(feature: feature.id, commit: target.hex))
    }
    switch try repository.merge(ours: target, theirs: tip) {
    case .conflicts(let paths, let message):
      let names = paths.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ", ")
      let detail = "conflicts with \(BranchName.short(settings.target)) in \(names)"
      try store.stopLanding(
        record.id, feature: feature.id,
        .sentBack(
          detail: detail,
          rework: "The branch \(detail). \(message)\nThe target has been merged into it now, or is "
            + "to be: resolve the conflicts so that both sides' work is kept.",
          maximum: settings.attempts))
      return .done(.sentBack(feature: feature.id, detail: detail))
    case .clean(let tree):
      if let outcome = try checkClaims(
        feature, record, repository, from: targetTree, to: tree, base: base ?? target,
        target: target)
      {
        return .done(outcome)
      }
      let commit = try makeCommit(
        feature, repository, tree: tree, target: target, tip: tip, base: base)
      try repository.setReference(
        landingReference(record.id), to: commit, message: "landing: merged")
      try store.setPhase(.gate, ofLanding: record.id, commit: commit.hex, tree: tree.hex)
      return .merged(
        Merged(
          record: record, commit: commit, tree: tree, target: target, targetTree: targetTree,
          laneTip: tip))
    }
  }

  private func landingReference(_ id: Int64) -> String { "refs/lanekeeper/landing/\(id)" }

  private func dropLandingReference(_ id: Int64) throws {
    try open().deleteReference(landingReference(id), expecting: nil)
  }

  private func openDependency(of feature: FeatureRecord) throws -> String? {
    for dependency in try store.dependencies()[feature.id] ?? [] {
      if let other = try store.feature(dependency.dependsOn), other.state != .landed {
        return other.id
      }
    }
    return nil
  }

  /// Checks P3 on the real difference: every path must be claimed by the feature, or be free to be
  /// claimed now.
  private func checkClaims(
    _ feature: FeatureRecord, _ record: LandingRecord, _ repository: Repository,
    from old: ObjectID, to new: ObjectID, base: ObjectID, target: ObjectID
  ) throws -> LandingOutcome? {
    guard settings.claimPolicy != "off" else { return nil }
    let paths = try repository.changes(from: old, to: new).map(\.path)
    let requests = paths.map { ClaimRequest(path: ClaimPath(file: $0), mode: .exclusive) }
    let environment = settings.environment
    let common = state.commonDirectory
    let stale = StaleCheck(base: base.hex, tip: target.hex) { base, tip in
      let repository = try Repository(opening: common, environment: environment)
      return try repository.changes(
        from: try repository.commit(ObjectID(hex: base)!).tree,
        to: try repository.commit(ObjectID(hex: tip)!).tree
      ).map(\.path)
    }
    let owner = ClaimOwner.feature(feature.id)
    var conflicts: [ClaimConflict] = []
    if settings.claimPolicy == "strict" {
      let held = try store.claims(of: owner)
      conflicts = requests.filter { request in
        settings.policies.policy(for: request.path) != .free
          && !held.contains { ClaimRule.covers($0, request) }
      }.map { ClaimConflict(path: $0.path, reason: .held, holder: nil) }
    }
    if conflicts.isEmpty,
      case .refused(let refused) = try store.claim(
        requests, owner: owner, agent: nil, policies: settings.policies, stale: stale)
    {
      conflicts = refused
    }
    guard !conflicts.isEmpty else { return nil }
    let lines = conflicts.map { conflict in
      "\(conflict.path): "
        + (conflict.holder == nil && conflict.reason == .held
          ? "not claimed by this feature" : RefusalText.reason(conflict) { _ in nil })
    }
    let detail = "it changes what it may not: " + lines.joined(separator: "; ")
    if let holder = conflicts.compactMap(\.holder).first, holder.owner.kind == .feature {
      try store.sendBackToWait(
        record.id, feature: feature.id, holder: holder.owner.id, detail: detail)
    } else {
      try store.stopLanding(
        record.id, feature: feature.id,
        .sentBack(
          detail: detail, rework: "The landing was refused:\n" + lines.joined(separator: "\n"),
          maximum: settings.attempts))
    }
    return .sentBack(feature: feature.id, detail: detail)
  }

  private func makeCommit(
    _ feature: FeatureRecord, _ repository: Repository, tree: ObjectID, target: ObjectID,
    tip: ObjectID, base: ObjectID?
  ) throws -> ObjectID {
    let attempt = try store.attempts(of: feature.id).last { $0.state == .completed }
    let message = LandingMessage.text(
      feature, attempt: attempt, gate: settings.gate.command,
      reviewers: Approval.reviewers(try store.value(Approval.key(feature.id)), tip: tip),
      branch: BranchName.short(feature.branch ?? ""))
    let signature = identity()
    if settings.landing.style == "rebase",
      let commit = try rebase(
        repository, tree: tree, target: target, tip: tip, message: message, signature)
    {
      return commit
    }
    let parents = settings.landing.style == "merge" ? [target, tip] : [target]
    return try repository.createCommit(
      tree: tree, parents: parents, message: message, author: signature, committer: signature)
  }

  /// Plays the branch's commits again on the target; `nil` where that does not give the merged tree,
  /// or the branch holds merges.
  private func rebase(
    _ repository: Repository, tree: ObjectID, target: ObjectID, tip: ObjectID, message: String,
    _ signature: Signature
  ) throws -> ObjectID? {
    let commits = try repository.commits(from: tip, excluding: [target]).reversed()
    guard commits.allSatisfy({ $0.parents.count == 1 }) else { return nil }
    var current = target
    for (number, commit) in commits.enumerated() {
      let merged = try repository.mergeTrees(
        base: try repository.commit(commit.parents[0]).tree,
        ours: try repository.commit(current).tree, theirs: commit.tree)
      guard let next = merged.tree else { return nil }
      let isLast = number == commits.count - 1
      guard !isLast || next == tree else { return nil }
      let trailers = isLast ? Trailers.parse(message) : []
      current = try repository.createCommit(
        tree: next, parents: [current],
        message: Trailers.append(trailers.map { ($0.key, $0.value) }, to: commit.message),
        author: commit.author, committer: signature)
    }
    return current
  }

  // MARK: gate

  /// Runs the gate on the merged tree; `nil` lets the landing go on.
  private func runGate(
    _ feature: FeatureRecord, _ merged: Merged, stop: StopSignal
  ) async throws -> LandingOutcome? {
    let id = merged.record.id
    let name = "\(feature.id)-\(id)"
    func stopped() throws -> LandingOutcome {
      try store.stopLanding(id, feature: feature.id, .requeued(detail: "stopped during the gate"))
      try dropLandingReference(id)
      return .stopped(feature: feature.id)
    }
    try? await restoreRoom()
    guard
      var verdict = try await gate.run(merged.commit, tree: merged.tree, name: name, stop: stop)
    else { return try stopped() }
    var confirmed = 0
    while !verdict.result.passed, confirmed < settings.gate.retries {
      // A red is confirmed from cold, since a stale cache can turn a green tree red.
      confirmed += 1
      guard
        let again = try await gate.run(
          merged.commit, tree: merged.tree, name: "\(name)-cold", afresh: true, cold: true,
          stop: stop)
      else { return try stopped() }
      verdict = again
    }
    try store.setPhase(.gate, ofLanding: id, gateLog: verdict.result.log)
    guard !verdict.result.passed else { return nil }
    guard
      let bare = try await gate.run(
        merged.target, tree: merged.targetTree, name: "target-\(merged.target.short)",
        stop: stop)
    else { return try stopped() }
    let command = settings.gate.command
    if !bare.result.passed {
      let reason =
        "the gate is red on \(BranchName.short(settings.target)) itself: \(command) "
        + "\(bare.result.status); see \(bare.result.log)"
      try store.stopLanding(id, feature: feature.id, .requeued(detail: reason))
      try dropLandingReference(id)
      return .held(feature: feature.id, reason: reason)
    }
    let detail = "gate: \(command) \(verdict.result.status)"
    let tail = Self.tail(verdict.result.log)
    try store.stopLanding(
      id, feature: feature.id,
      .gateFailed(
        detail: detail,
        rework: "The gate `\(command)` \(verdict.result.status) on your work merged with the "
          + "target. Its log ends:\n\n\(tail)", maximum: settings.attempts))
    try dropLandingReference(id)
    return .sentBack(feature: feature.id, detail: detail)
  }

  /// Waits until a gate that a killed process left behind has ended.
  private func restoreRoom() async throws {
    let lock = try await FileLock.acquire(state.gateLock)
    lock.release()
  }

  private static func tail(_ path: String) -> String {
    guard let data = FileManager.default.contents(atPath: path) else { return "" }
    return String(decoding: data.suffix(8000), as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).suffix(80).joined(separator: "\n")
  }

  // MARK: follow and swap

  private func swap(_ feature: FeatureRecord, _ merged: Merged) throws -> LandingOutcome {
    let repository = try open()
    let id = merged.record.id
    try catchUp.note(before: merged.target, common: repository)
    let follow =
      settings.landing.follow == "clean"
      ? try Follow.find(target: settings.target, common: repository, landing: id) : nil
    let entries = try repository.changes(from: merged.targetTree, to: merged.tree).map {
      FollowEntry(
        path: $0.path, oldMode: $0.old?.mode, oldID: $0.old?.id.hex, newMode: $0.new?.mode,
        newID: $0.new?.id.hex)
    }
    do {
      try follow?.takeLock()
      defer { follow?.releaseLock() }
      if let follow {
        guard try follow.checkout.head().commit == merged.target else { throw LostSwap() }
        let facts = try follow.check(entries)
        try follow.prepare(entries)
        try store.setPhase(.follow, ofLanding: id, journal: entries)
        try follow.apply(entries, knowing: facts)
      }
      try store.setPhase(.swap, ofLanding: id)
      do {
        try repository.updateReference(
          settings.target, to: merged.commit, expecting: merged.target,
          message: "lanekeeper: feature #\(feature.id) landed")
      } catch let error {
        follow?.rollBack(entries)
        throw error
      }
    } catch let held as Follow.HeldOff {
      try store.stopLanding(id, feature: feature.id, .requeued(detail: held.reason))
      try dropLandingReference(id)
      return .held(feature: feature.id, reason: held.reason)
    } catch is ReferenceMismatch {
      try store.stopLanding(id, feature: feature.id, .requeued(detail: "the target moved"))
      try dropLandingReference(id)
      throw LostSwap()
    } catch is LostSwap {
      try store.stopLanding(id, feature: feature.id, .requeued(detail: "the target moved"))
      try dropLandingReference(id)
      throw LostSwap()
    }
    try settle(repository, feature, id, merged.commit, tip: merged.laneTip)
    return .landed(feature: feature.id, commit: merged.commit.hex)
  }

  private func settle(
    _ repository: Repository, _ feature: FeatureRecord, _ id: Int64, _ commit: ObjectID,
    tip: ObjectID
  ) throws {
    try store.settleLanding(id, feature: feature.id, commit: commit.hex)
    try repository.deleteReference(landingReference(id), expecting: nil)
    guard !settings.keepBranches, settings.landing.style == "merge", let branch = feature.branch,
      !repository.worktrees().contains(where: { $0.branch == branch })
    else { return }
    // Every commit of the branch is part of the target's history now.
    try? repository.deleteReference(branch, expecting: tip)
  }

  // MARK: recovery

  /// Brings landings that were cut off to an end: on where the target moved, back where it did not.
  ///
  /// Callers hold the landing lock. Blocks.
  package func recover() throws {
    let repository = try open()
    StaleLocks.removeShared(
      commonDirectory: repository.commonDirectory, [settings.target + ".lock", "packed-refs.lock"])
    for record in try store.openLandings() {
      let commit = record.commit.flatMap { ObjectID(hex: $0) }
      let tip = try repository.reference(settings.target)
      let moved =
        try commit.map { commit in
          try tip.map { try repository.isAncestor(commit, of: $0) } ?? false
        } ?? false
      let entries = try store.journal(ofLanding: record.id)
      if let follow = try Follow.find(
        target: settings.target, common: repository, landing: record.id)
      {
        if !entries.isEmpty {
          try follow.recover(entries, forward: moved)
        } else {
          follow.removeStaleLock()
        }
      }
      if moved, let commit, let feature = try store.feature(record.feature) {
        try settle(
          repository, feature, record.id, commit, tip: ObjectID(hex: record.laneTip) ?? commit)
      } else {
        try store.stopLanding(
          record.id, feature: record.feature, .requeued(detail: "cut off, and taken up again"))
        try repository.deleteReference(landingReference(record.id), expecting: nil)
      }
    }
  }
}
