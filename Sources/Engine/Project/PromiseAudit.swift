import Foundation
import Git
import Model
import Processes
import Store

/// The checks of `lanekeeper doctor --deep`: whether the promises P1 to P9 hold in the present state.
///
/// Nothing is changed. It may run beside a run: what is only under way is looked at a second time before it
/// counts.
package struct PromiseAudit {
  private let project: Project
  private let store: Store
  private let repository: Repository

  package init(_ project: Project, _ store: Store) throws {
    self.project = project
    self.store = store
    repository = try project.repository()
  }

  private typealias Check = (name: String, holds: String, broken: () throws -> [String])

  /// Looks at a project, or tells that nothing has run in it yet.
  package static func checks(path: String, environment: [String: String]) throws
    -> [Diagnosis.Check]
  {
    let project = try Project.open(path, environment: environment)
    guard let store = try project.existingStore() else {
      return [Diagnosis.Check(name: "promises", isWell: true, detail: "nothing has run yet")]
    }
    return try PromiseAudit(project, store).checks()
  }

  package func checks() -> [Diagnosis.Check] {
    let list: [Check] = [
      ("P1 one attempt at a time", "no feature has two", attemptsThatMeet),
      ("P2 one holder of a path", "no two claims conflict", claimsThatConflict),
      (
        "P3 only gated trees land", "each landing is on the target once, after what it needs",
        landings
      ),
      ("P4 no work is lost", "every branch and rescue reference is whole", lostWork),
      ("P5 no process is left", "none outlives its attempt", processesThatAreLeft),
      ("P6 the checkout is the person's", "nothing of ours is open in it", openInCheckout),
      ("P7 the state is consistent", "state file, lanes and journals agree", inconsistencies),
      ("P8 nothing listens beyond loopback", "no port of ours is open to others", openPorts),
      ("P9 no textual conflict", "no landing has met one under strict claims", conflicts),
    ]
    return list.map { check in
      do {
        var broken = try check.broken()
        if !broken.isEmpty {
          usleep(500_000)
          let again = Set(try check.broken())
          broken = broken.filter(again.contains)
        }
        return Diagnosis.Check(
          name: check.name, isWell: broken.isEmpty,
          detail: broken.isEmpty ? check.holds : broken.joined(separator: "; "))
      } catch {
        return Diagnosis.Check(name: check.name, isWell: false, detail: "can't be told: \(error)")
      }
    }
  }

  // MARK: P1, P2

  private func attemptsThatMeet() throws -> [String] {
    let attempts = Dictionary(grouping: try store.attempts(), by: \.feature)
    return attempts.sorted { $0.key < $1.key }.flatMap { feature, list in
      let sorted = list.sorted { $0.number < $1.number }
      return zip(sorted, sorted.dropFirst()).compactMap { one, next in
        guard let end = one.endedAt, end <= next.startedAt else {
          return "attempts \(one.number) and \(next.number) of feature #\(feature) ran at once"
        }
        return nil
      }
    }
  }

  private func claimsThatConflict() throws -> [String] {
    let rows = try store.claims().sorted { $0.path.bytes.lexicographicallyPrecedes($1.path.bytes) }
    let states = Dictionary(
      uniqueKeysWithValues: try store.features().map { ($0.id, $0.state) })
    var found: [String] = []
    // In the order of paths, whatever overlaps with a row stands among its ancestors.
    var open: [ClaimRow] = []
    for row in rows {
      let ancestors = Set(row.path.ancestors + [row.path.bytes])
      open.removeAll {
        !ancestors.contains($0.path.bytes) && !row.path.bytes.starts(with: $0.path.bytes)
      }
      for other in open
      where ClaimRule.conflict(
        other, ClaimRequest(path: row.path, mode: row.mode), owner: row.owner)
      {
        found.append("\(row.path) is held by \(row.owner) and by \(other.owner)")
      }
      open.append(row)
      if row.owner.kind == .feature,
        [.landed, .failed, .abandoned, .undone, nil].contains(states[row.owner.id])
      {
        found.append("\(row.path) is held by \(row.owner), which is at its end")
      }
    }
    return found
  }

  // MARK: P3

  private func landings() throws -> [String] {
    guard let tip = try repository.reference(project.target) else {
      return ["the target \(project.configuration.target) is gone"]
    }
    let line = try firstParents(tip)
    var place: [String: Int] = [:]
    for (index, commit) in line.enumerated() { place[commit] = index }
    var found: [String] = []
    let features = try store.features()
    var landedAt: [String: Int] = [:]
    for feature in features where feature.state == .landed {
      guard let commit = feature.landedCommit, let index = place[commit] else {
        // What a person merged by hand lies beside the first-parent line.
        if let commit = feature.landedCommit.flatMap(ObjectID.init(hex:)),
          try repository.isAncestor(commit, of: tip)
        {
          continue
        }
        found.append("feature #\(feature.id) is called landed and is not on the target")
        continue
      }
      landedAt[feature.id] = index
    }
    let records = try store.endedLandings()
    let dependencies = try store.dependencies()
    for (id, index) in landedAt {
      for dependency in dependencies[id] ?? [] {
        // The line goes from the newest to the oldest.
        if let other = landedAt[dependency.id], other < index,
          try !wasThere(dependency.id, before: index, records, place),
          try !store.isLateNeed(id, dependency.id)
        {
          found.append("feature #\(id) landed before #\(dependency.id), which it needs")
        }
      }
    }
    let gated = try store.gatedLandings()
    let green = try store.greenTrees()
    let hasGate = !project.configuration.gate.command.isEmpty
    for record in records {
      found += try problems(of: record, place)
      guard hasGate, gated.contains(record.id) else { continue }
      // The target moved to the end of what it landed with.
      let moved = records.filter { $0.chain == record.chain && $0.id >= record.id }
      if !moved.contains(where: { $0.tree.map(green.contains) ?? false }) {
        found.append("no gate has passed for the landing of #\(record.feature)")
      }
    }
    return found.sorted()
  }

  /// Returns whether a feature stood on the target at a place of its line, though it has landed once more since:
  /// it was undone by itself and built again.
  private func wasThere(
    _ feature: String, before index: Int, _ records: [LandingRecord], _ place: [String: Int]
  ) throws -> Bool {
    let own = records.filter { $0.feature == feature }.compactMap { record in
      record.commit.flatMap { place[$0] }.map { (place: $0, isLanding: record.kind == .feature) }
    }
    if let last = own.filter({ $0.place > index }).min(by: { $0.place < $1.place }) {
      return last.isLanding
    }
    // A state file that was made again has no records of what was before.
    let trailers = try repository.git([
      "log", "--first-parent",
      "--format=%(trailers:key=Feature,valueonly,separator=%x2C)"
        + "%x09%(trailers:key=Reverts-Feature,valueonly,separator=%x2C)", project.target,
    ])
    let lines = String(decoding: trailers.output, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false)
    for line in lines.dropFirst(index + 1) {
      let sides = line.split(separator: "\t", omittingEmptySubsequences: false).map {
        $0.split(separator: ",").contains { $0 == feature }
      }
      if sides.first == true { return true }
      if sides.last == true { return false }
    }
    return false
  }

  /// Lists what is wrong with one landing: another tree than the gate judged, or changes that its lane did not make.
  private func problems(of record: LandingRecord, _ place: [String: Int]) throws -> [String] {
    guard record.kind == .feature, let hex = record.commit, place[hex] != nil,
      let commit = ObjectID(hex: hex), let tree = record.tree, record.base != hex
    else { return [] }
    var found: [String] = []
    let written = try repository.commit(commit)
    if written.tree.hex != tree {
      found.append(
        "the landing of #\(record.feature) has another tree than the one that was judged")
    }
    guard let before = ObjectID(hex: record.targetBefore), let lane = ObjectID(hex: record.laneTip),
      let base = try? repository.mergeBase(lane, before)
    else { return found }
    let own = Set(
      try repository.changes(
        from: try repository.commit(base).tree, to: try repository.commit(lane).tree
      ).map(\.path))
    let landed = try repository.changes(
      from: try repository.commit(before).tree, to: written.tree
    ).map(\.path)
    let policies = project.pathPolicies
    for path in landed where !own.contains(path) {
      if policies.policy(for: ClaimPath(file: path)).isShared { continue }
      found.append(
        "the landing of #\(record.feature) changed \(PathText.quoted(path)), its lane did not")
    }
    return found
  }

  private func firstParents(_ tip: ObjectID) throws -> [String] {
    try repository.git(["rev-list", "--first-parent", tip.hex]).text.split(separator: "\n")
      .map(String.init)
  }

  // MARK: P4

  private func lostWork() throws -> [String] {
    var found: [String] = []
    for feature in try store.features() {
      guard let hex = feature.tip, let tip = ObjectID(hex: hex) else { continue }
      if [.landed, .undone].contains(feature.state) { continue }
      guard (try? repository.commit(tip)) != nil else {
        found.append("the last commit of feature #\(feature.id), \(tip.short), is gone")
        continue
      }
      if try !isReachable(tip, from: feature) {
        found.append("the last commit of feature #\(feature.id), \(tip.short), is on no branch")
      }
    }
    let check = try repository.git([
      "-c", "advice.graftFileDeprecated=false", "fsck", "--no-dangling", "--no-progress",
      "--connectivity-only", "--no-reflogs",
    ])
    if check.status != 0 {
      found.append(
        "git fsck: "
          + "\(check.text)\n\(check.error)".split(separator: "\n").prefix(3).joined(separator: ", ")
      )
    }
    if let target = try repository.reference(project.target) {
      found += try Gitlinks(repository).unavailable(in: try repository.commit(target).tree)
        .map { "on \(BranchName.short(project.target)), \($0)" }
    }
    return try found + damaged()
  }

  /// Files on branches and rescue references that can't be read; `git fsck` looks at no content here, which would
  /// take long.
  private func damaged() throws -> [String] {
    let landed = try repository.history(of: project.target)
    let ends =
      try project.branches(store).all(repository)
      + repository.references(prefix: "refs/lanekeeper/rescue/")
    return try ends.flatMap { end in
      try repository.unreadable(from: end.target, besides: landed).map {
        "\(BranchName.short(end.name)) needs the object \($0.short), which can't be read; "
          + "restore it from another copy of the repository"
      }
    }
  }

  private func isReachable(_ tip: ObjectID, from feature: FeatureRecord) throws -> Bool {
    var ends = [feature.branch, project.target].compactMap(\.self)
    ends += try repository.references(prefix: "refs/lanekeeper/rescue/\(feature.id)/").map(\.name)
    for end in ends {
      if let commit = try repository.reference(end), try repository.isAncestor(tip, of: commit) {
        return true
      }
    }
    return false
  }

  // MARK: P5

  private func processesThatAreLeft() throws -> [String] {
    var found: [String] = []
    let running = try store.runningAttempts()
    let living = Set(running.map(\.mark))
    // A mark is in the environment of each process of an attempt.
    for attempt in try store.attempts() where !living.contains(attempt.mark) {
      guard attempt.session == nil else { continue }
      for pid in OrphanProcesses.find(mark: attempt.mark) {
        found.append(
          "process \(pid) is left of attempt \(attempt.number) of feature #\(attempt.feature)")
      }
    }
    let busy = Set(running.map(\.lane))
    guard try !hasLivingParticipants() else { return found }
    for lane in try store.lanes() where !busy.contains(lane.number) {
      for pid in OrphanProcesses.find(standingIn: lane.path) where OrphanProcesses.isMarked(pid) {
        found.append("process \(pid) stands in lane \(lane.number), in which no attempt runs")
      }
    }
    return found
  }

  // MARK: P6, P7

  private func openInCheckout() throws -> [String] {
    guard try !isLanding() else { return [] }
    var found: [String] = []
    if try !store.openLandings().isEmpty {
      found.append("a landing was cut off; the next start brings it to an end")
    }
    return found + (try FollowLeftovers.find(target: project.target, common: repository))
  }

  private func inconsistencies() throws -> [String] {
    var found = try store.integrityProblems()
    let isAlive = try hasLivingParticipants()
    let running = try store.runningAttempts()
    let byFeature = Dictionary(grouping: running, by: \.feature)
    for feature in try store.features() {
      let hasAttempt = byFeature[feature.id] != nil
      if feature.state == .running && !hasAttempt {
        found.append("feature #\(feature.id) is called running and has no attempt")
      }
      if feature.state == .landing, !isAlive {
        found.append("feature #\(feature.id) is called landing and nothing lands it")
      }
    }
    for attempt in running {
      if try liveness.isCutOff(attempt) {
        found.append(
          "attempt \(attempt.number) of feature #\(attempt.feature) was cut off; "
            + "the next start takes it up")
      }
    }
    for hold in try store.slotHolds() {
      switch hold.holder {
      case .attempt(let feature, let number):
        if byFeature[feature]?.contains(where: { $0.number == number }) != true {
          found.append("the slot \(hold.name) is held by feature #\(feature), which is not at work")
        }
      case .gate(let room):
        if !FileLock.isHeld(project.state.landingLock),
          !FileLock.isHeld(GateWorktree.lock(room, project.state))
        {
          found.append("the slot \(hold.name) is held by a gate that was cut off")
        }
      }
    }
    let lanesInUse = Set(running.map(\.lane))
    for lane in try store.lanes() {
      if lane.state == .assigned, !lanesInUse.contains(lane.number) {
        found.append("lane \(lane.number) is called taken and no attempt runs in it")
      }
      guard lane.state == .free, !isAlive, let info = repository.worktree(named: lane.name) else {
        continue
      }
      if let branch = info.branch {
        found.append("lane \(lane.number) is free and stands on \(BranchName.short(branch))")
      }
      if StaleLocks.existOwn(gitDirectory: info.gitDirectory) {
        found.append("lane \(lane.number) is free and locked (index.lock)")
      }
    }
    return found
  }

  private var liveness: ProcessLiveness { ProcessLiveness(project, store) }

  private func hasLivingParticipants() throws -> Bool { try liveness.isAnybodyAtWork() }

  private func isLanding() throws -> Bool { FileLock.isHeld(project.state.landingLock) }

  // MARK: P8, P9

  private func openPorts() throws -> [String] {
    ListeningPorts.beyondLoopback().map {
      "process \($0.pid) listens on \($0.address)"
    }
  }

  private func conflicts() throws -> [String] {
    // A target that somebody else moved may conflict: that is no landing's fault.
    guard project.configuration.claims.policy != "off", try !wasMovedByOthers() else { return [] }
    return try store.landingConflicts().map {
      "the landing of #\($0.feature) met a conflict: \($0.detail)"
    }
  }

  /// Returns whether the target has commits of others above the first landing.
  private func wasMovedByOthers() throws -> Bool {
    guard let tip = try repository.reference(project.target) else { return true }
    let landings = Set(try store.endedLandings().compactMap(\.commit))
    guard !landings.isEmpty else { return try store.targetHold() != nil }
    let line = try firstParents(tip)
    guard let first = line.lastIndex(where: landings.contains) else { return true }
    return line[...first].contains { !landings.contains($0) }
  }
}
