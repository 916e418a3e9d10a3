import Foundation
import Git
import Model
import Processes
import Store

/// Puts away what an agent left in its lane and decides how the attempt ended.
package struct AttemptSettler: Sendable {
  private let context: RepositoryContext
  private let settings: AttemptSettings
  private let store: Store
  private let identity: Signature

  package init(_ context: RepositoryContext, settings: AttemptSettings, store: Store) {
    self.context = context
    self.settings = settings
    self.store = store
    identity = context.identity()
  }

  private var state: StateDirectory { context.state }

  /// Commits or rescues the work, ends the attempt in the store and frees the lane. Where the branch can't be read,
  /// what the lane's files hold is rescued and the feature fails.
  package func settle(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, lane: LaneRecord, branch: String,
    ending: Ending, run: AgentRun? = nil
  ) throws {
    do {
      try putAway(feature, attempt, lane: lane, branch: branch, ending: ending, run: run)
    } catch {
      let common = try context.repository()
      guard
        let damage = BranchDamage.find(
          branch, of: feature.id, beyond: context.target, common)
      else { throw error }
      try refuse(feature, attempt, lane: lane, damage, tip: try common.reference(branch))
    }
  }

  /// Rescues what the lane's files hold beside a damaged branch, as a change of what the attempt began from, so that
  /// the next attempt takes it up; then fails the feature.
  private func refuse(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, lane: LaneRecord, _ damage: BranchDamage,
    tip: ObjectID?
  ) throws {
    let repository = try Repository(opening: lane.path, environment: context.environment)
    var kept = KeptWork(feature: feature, attempt: attempt)
    if let base = ObjectID(hex: attempt.base) {
      try BranchDamage.detach(repository, onto: base)
      let snapshot = try keep(repository, kept.reference, "what its lane's files hold")
      kept.take(snapshot, "what its lane's files hold", comesBack: true)
      try clear(snapshot, onto: base, repository, &kept)
    }
    try kept.record(store)
    let notes = ([damage.advice] + kept.notes).joined(separator: "; ")
    try store.endAttempt(
      feature.id, attempt.number,
      .failed(detail: "\(damage); \(notes)", rework: "\(damage)", maximum: 0), tip: tip?.hex,
      changed: [])
  }

  private func putAway(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, lane: LaneRecord, branch: String,
    ending: Ending, run: AgentRun?
  ) throws {
    let sandbox = SandboxCleanup(context: context, settings: settings, store: store)
    try sandbox.bringIn(feature, attempt, lane, branch)
    // The lane's own link to its part of the git directory is not believed: what it names is emptied of pipes.
    let specials = LaneSpecials.remove(
      lane.path, gitDirectory: state.commonDirectory + "/worktrees/" + lane.name)
    if !specials.isEmpty {
      try store.record(
        .specialFilesRemoved, feature: feature.id, agent: attempt.agent,
        [
          "detail": .string(
            "pipes or devices where git reads files, which hold no work: "
              + specials.prefix(5).joined(separator: ", "))
        ])
    }
    var kept = KeptWork(feature: feature, attempt: attempt)
    let repository = try open(lane, branch, attempt, &kept)
    try LaneSync.finishCutOff(repository, lane: lane, store: store)
    var problem = try bringHome(repository, feature, attempt, branch, &kept)
    if !kept.isCleared {
      let leftovers = try commitLeftovers(
        repository, feature, attempt, lane: lane, branch: branch, ending: ending, run: run, sandbox,
        &kept)
      problem = problem ?? leftovers
    }
    if repository.mayHideFiles {
      kept.take(
        try keep(repository, kept.reference + "-hidden", "edits hidden from git"),
        "edits that git was told not to look at", comesBack: false)
    }
    if let left = try LeftCommits.keep(
      repository, branch: branch,
      reference: kept.reference + "-left",
      message: "feature #\(feature.id): commits that attempt \(attempt.number) left behind",
      identity: identity)
    {
      kept.note(beside: "commits that are not on its branch any more are kept as \(left)")
    }
    let stashed = try LaneStash.keep(
      repository, branch: branch, target: context.target, since: attempt.startedAt,
      reference: kept.reference + "-stash",
      message: "feature #\(feature.id): what attempt \(attempt.number) put into the stash",
      identity: identity)
    if !stashed.isEmpty {
      kept.note(
        beside: "what was put into the stash, which all worktrees share, is kept as "
          + stashed.joined(separator: " and "))
    }
    try kept.record(store)
    let tip = try repository.reference(branch)
    if let head = try repository.head().commit ?? tip ?? ObjectID(hex: attempt.base) {
      try repository.setHead(branch: nil, commit: head)
    }
    var changed: [[UInt8]] = []
    let stands = try StackBase.find(feature.id, target: context.target, store)
    guard try repository.reference(context.target) != nil else {
      // Renamed or deleted meanwhile: what the branch changes can't be told.
      try store.endAttempt(
        feature.id, attempt.number,
        .interrupted(
          .target,
          detail: "\(Repository.short(context.target)) does not exist any more; the work stays on "
            + BranchName.short(branch)), tip: tip?.hex, changed: [])
      return
    }
    var hasCommits = false
    if let tip, let target = try repository.reference(stands.reference) {
      hasCommits = try !repository.isAncestor(tip, of: target)
      try BranchDamage.verify(
        branch, of: feature.id, tip: tip, beyond: [target], repository)
      let changes = try stands.changes(tip, onto: target, repository)
      changed = changes.map(\.path)
      try GateLitter.note(changes, of: feature.id, store)
      let links = try Gitlinks(repository).refusals(
        changes, tree: try repository.commit(tip).tree, keptAs: kept.reference)
      if !links.isEmpty {
        problem = problem ?? .elsewhere(links.map(\.words).joined(separator: "\n"))
      }
      let marked = ending == .exited(0) ? try ConflictMarkers.find(changes, in: repository) : []
      if !marked.isEmpty { problem = problem ?? .unresolved(marked) }
    }
    var end = try judge(
      feature, attempt, ending, run: run, problem: problem, products: try GateLitter.paths(store),
      hasCommits: hasCommits,
      elsewhere: changed.isEmpty
        ? { [context] in
          WorkElsewhere(
            lane: lane, attempt: attempt, state: context.state, checkout: context.directory,
            environment: context.environment
          ).words()
        } : nil
    ) { [changed] in
      guard let tip, let needsVerdict = settings.needsVerdict else {
        return settings.reviewRequired(feature)
      }
      return try needsVerdict(feature, tip, changed)
    }
    if let run {
      let tree = try changed.isEmpty ? nil : tip.map { try repository.commit($0).tree.hex }
      end = try AttemptHistory(store: store, state: state).keep(
        feature, attempt, run, end, work: tree)
    }
    if case .rescued = problem {
      let rescue = Rescue.reference(feature.id, attempt.number)
      changed += try rescuedPaths(repository, rescue)
    } else if problem != nil {
      // Committed conflict markers have no rescue reference; then this adds nothing.
      changed += try rescuedPaths(repository, Rescue.reference(feature.id, attempt.number))
    }
    try store.endAttempt(feature.id, attempt.number, end, tip: tip?.hex, changed: changed)
  }

  /// Work kept beside the branch, and work that could not be kept.
  private struct KeptWork {
    let feature: FeatureRecord
    let attempt: AttemptRecord
    /// Sentences.
    var notes: [String] = []
    /// Those of them that the next attempt is told, since nothing else brings it what was kept.
    var beside: [String] = []
    /// Nothing of the attempt is in the lane any more.
    var isCleared = false

    var reference: String { Rescue.reference(feature.id, attempt.number) }

    /// - Parameter comesBack: tells that the next attempt finds it in its files.
    mutating func take(_ snapshot: Rescue.Snapshot, _ what: String, comesBack: Bool) {
      if let words = snapshot.words {
        let note = "\(what): kept as \(words)"
        if comesBack { notes.append(note) } else { self.note(beside: note) }
      }
      note(left: snapshot.left)
    }

    mutating func note(beside words: String) {
      notes.append(words)
      beside.append(words)
    }

    mutating func note(left paths: [[UInt8]]) {
      guard !paths.isEmpty else { return }
      let names = paths.prefix(20).map { PathText.quoted($0) }.joined(separator: ", ")
      let more = paths.count > 20 ? " and \(paths.count - 20) more" : ""
      notes.append("git does not take \(names)\(more), so it is in the lane alone")
    }

    func record(_ store: Store) throws {
      guard !notes.isEmpty else { return }
      var data: [String: JSON] = [
        "attempt": .integer(Int64(attempt.number)),
        "detail": .string(notes.joined(separator: "; ")),
      ]
      if !beside.isEmpty { data["beside"] = .string(beside.joined(separator: "; ")) }
      try store.record(.workKept, feature: feature.id, agent: attempt.agent, data)
    }
  }

  /// Opens the lane, after tying it to the repository again where the agent has undone that.
  private func open(
    _ lane: LaneRecord, _ branch: String, _ attempt: AttemptRecord, _ kept: inout KeptWork
  ) throws -> Repository {
    let common = try context.repository()
    try LaneLink.repair(lane.name, path: lane.path, common)
    if let commit = try common.reference(branch) ?? ObjectID(hex: attempt.base) {
      try common.repairHead(ofWorktree: lane.name, branch: branch, commit: commit)
    }
    if let own = try LaneLink.restore(
      lane.name, path: lane.path, common, keptAs: kept.reference + "-repository", identity: identity
    ) {
      kept.note(
        beside:
          "the lane's .git was replaced by a repository of its own, whose history is kept as "
          + own
      )
    }
    let repository = try Repository(opening: lane.path, environment: context.environment)
    try repository.putUnreadableIndexAside()
    return repository
  }

  /// Commits what is uncommitted, or keeps it where that can't be.
  private func commitLeftovers(
    _ repository: Repository, _ feature: FeatureRecord, _ attempt: AttemptRecord, lane: LaneRecord,
    branch: String, ending: Ending, run: AgentRun?, _ sandbox: SandboxCleanup,
    _ kept: inout KeptWork
  ) throws -> AttemptProblem? {
    var problem: AttemptProblem?
    var notes = kept
    let lastEvent = try store.lastEvent()
    let leftovers = try Leftovers.commit(
      in: repository, litter: settings.litter + (run?.definition.litter ?? []),
      products: try GateLitter.paths(store),
      message: message(feature, attempt, ending, settings.commitMessage),
      fallback: settings.commitMessage == nil
        ? message(feature, attempt, ending, Self.conventional(feature)) : nil,
      author: settings.author.map { ($0.name, $0.email) },
      adding: settings.hookVariables.merging(SupervisorMark.variables) { $1 },
      repositories: { status in
        if status.contains(where: { $0.staged != nil && $0.unstaged != nil }) {
          let snapshot = try Rescue.snapshot(
            repository, reference: notes.reference, message: "what was staged", identity: identity,
            keepsFiles: false)
          if let staged = snapshot.staged {
            notes.note(beside: "what was only staged is kept as \(staged)")
          }
        }
        let outcome = try LaneRepositories(
          repository, keptAs: notes.reference, identity: identity
        ).dissolve(status, try changes(of: branch, feature, repository))
        for note in outcome.notes { notes.note(beside: note) }
        problem = outcome.problem.map { .elsewhere($0) }
        return outcome.dissolved
      }, left: { notes.note(left: $0) }, commit: sandbox.committing(attempt, lane, branch))
    let refusal: AttemptProblem? =
      switch leftovers {
      case .nothing, .committed: nil
      case .refused(let words): .refused(words)
      // Our own hook, where `claims.policy` is strict.
      case .hookRefused(let words):
        try wasRefusedClaims(feature, after: lastEvent) ? .refused(words) : .hookRefused(words)
      case .unsigned(let words): .unsigned(words)
      case .unresolved(let paths): .unresolved(paths)
      }
    if let refusal {
      notes.take(
        try keep(repository, notes.reference), "what was not committed", comesBack: true)
      problem = refusal
    }
    kept = notes
    return problem
  }

  private func changes(
    of branch: String, _ feature: FeatureRecord, _ repository: Repository
  ) throws -> [TreeChange] {
    let stands = try StackBase.find(feature.id, target: context.target, store)
    guard let tip = try repository.reference(branch),
      let target = try repository.reference(stands.reference)
    else { return [] }
    return try stands.changes(tip, onto: target, repository)
  }

  /// Keeps whatever HEAD stands on: what goes on from the branch moves the branch along, anything
  /// else is put under a rescue reference.
  private func bringHome(
    _ repository: Repository, _ feature: FeatureRecord, _ attempt: AttemptRecord, _ branch: String,
    _ kept: inout KeptWork
  ) throws -> AttemptProblem? {
    let head = try repository.head()
    if case .branch(branch, _) = head, head.commit != nil { return nil }
    guard let commit = head.commit else {
      return try leaveUnborn(head, repository, attempt, branch, &kept)
    }
    guard let tip = try repository.reference(branch) else { return nil }
    if commit == tip {
      // What is uncommitted goes onto the branch, whatever other name HEAD was given.
      try repository.setHead(branch: branch, commit: tip)
      return nil
    }
    if try repository.isAncestor(tip, of: commit) {
      let moved = try GitProgram.run(
        ["update-ref", branch, commit.hex, tip.hex], directory: repository.workingDirectory ?? "",
        environment: repository.environment,
        adding: settings.hookVariables.merging(SupervisorMark.variables) { $1 })
      if moved.status == 0 {
        try repository.setHead(branch: branch, commit: commit)
        return nil
      }
    }
    // The snapshot's parent is that commit, so that one reference keeps both.
    let snapshot = try keep(
      repository, kept.reference + "-head", "HEAD and what was uncommitted at the end")
    kept.take(
      snapshot, "what HEAD was left on, \(commit.short), with what was uncommitted",
      comesBack: false)
    let name: String
    if let reference = snapshot.reference {
      name = reference
    } else {
      name = try Rescue.keep(
        commit, as: kept.reference + "-head", message: "HEAD at the end", in: repository)
      kept.note(beside: "what HEAD was left on, \(commit.short), is kept as \(name)")
    }
    try clear(snapshot, onto: tip, repository, &kept)
    return .rescued(
      "HEAD was left on \(commit.short), which does not go on from \(BranchName.short(branch)); "
        + "it is kept as \(name), with what was uncommitted. Bring what is needed of it onto the branch."
    )
  }

  /// Puts the lane back onto its branch where HEAD stands on one that has no commit.
  private func leaveUnborn(
    _ head: Repository.Head, _ repository: Repository, _ attempt: AttemptRecord, _ branch: String,
    _ kept: inout KeptWork
  ) throws -> AttemptProblem? {
    guard case .branch(let unborn, _) = head else { return nil }
    if unborn == branch {
      // The branch was deleted while the lane was on it; its log tells where it was.
      let places = repository.formerPlaces(in: repository.gitDirectory + "/logs/HEAD")
      let last = places.first { (try? repository.commit($0)) != nil } ?? ObjectID(hex: attempt.base)
      if let last { try repository.createReference(branch, target: last, message: "lane: again") }
      return nil
    }
    guard let commit = try repository.reference(branch) ?? ObjectID(hex: attempt.base) else {
      return nil
    }
    let snapshot = try keep(
      repository, kept.reference + "-head", "what was on \(BranchName.short(unborn))")
    kept.take(
      snapshot, "what was on \(BranchName.short(unborn)), which has no commit", comesBack: false)
    try clear(snapshot, onto: commit, repository, &kept)
    guard let reference = snapshot.words else { return nil }
    return .rescued(
      "HEAD was left on \(BranchName.short(unborn)), a branch without a commit, instead of "
        + "\(BranchName.short(branch)); what was there is kept as \(reference). Stay on your branch, and bring "
        + "what is needed of it there: `git checkout \(snapshot.reference ?? reference) -- PATH`.")
  }

  /// Takes what was kept out of the lane, which then stands detached on a commit; files that git does not take stay.
  private func clear(
    _ snapshot: Rescue.Snapshot, onto commit: ObjectID, _ repository: Repository,
    _ kept: inout KeptWork
  ) throws {
    if snapshot.left.isEmpty {
      try repository.switchWorktree(to: commit, branch: nil, removeUntracked: true)
    } else {
      try repository.setHead(branch: nil, commit: commit)
    }
    kept.isCleared = true
  }

  private func keep(
    _ repository: Repository, _ reference: String, _ what: String = "uncommitted work"
  ) throws -> Rescue.Snapshot {
    try Rescue.snapshot(
      repository, reference: reference, message: "\(what), kept as \(reference)",
      identity: identity)
  }

  private func rescuedPaths(_ repository: Repository, _ reference: String) throws -> [[UInt8]] {
    guard let rescue = try repository.reference(reference),
      let parent = try repository.commit(rescue).parents.first
    else { return [] }
    return try repository.changes(
      from: try repository.commit(parent).tree, to: try repository.commit(rescue).tree
    ).map(\.path)
  }

  private func message(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, _ ending: Ending, _ template: String?
  ) -> String {
    let unfinished = "unfinished work of attempt \(attempt.number)"
    var text =
      ending == .exited(0)
      ? "Feature #\(feature.id): \(feature.shortTitle)\n"
      : "Feature #\(feature.id): \(unfinished)\n"
    if let template {
      text =
        Placeholders.fill(
          template,
          [
            "id": feature.id, "title": feature.titleLine, "category": feature.category,
            "agent": attempt.agent,
          ]) + "\n" + (ending == .exited(0) ? "" : "\nThis is \(unfinished).\n")
    }
    return Trailers.append(
      [("Lane-Feature", feature.id), ("Agent", "\(attempt.agent) (\(attempt.modelName))")],
      to: text)
  }

  /// The form of a first line that most rules for messages ask for, of those that have one.
  private static func conventional(_ feature: FeatureRecord) -> String {
    let kind = ["testing": "test", "documentation": "docs"][feature.category] ?? "feat"
    let title = feature.titleLine
    return "\(kind): \(title.prefix(1).lowercased())\(title.dropFirst().prefix(60))"
  }

  /// Reads the facts of an attempt's end, and decides by them.
  private func judge(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, _ ending: Ending, run: AgentRun?,
    problem: AttemptProblem?, products: Set<[UInt8]>, hasCommits: Bool,
    elsewhere: (() -> String?)?, needsVerdict: () throws -> Bool
  ) throws -> AttemptEnd {
    var facts = AttemptVerdict.Facts(ending: ending, hasRun: run != nil)
    facts.endReason = run?.endReason
    facts.limit = run.flatMap(Self.limit)
    facts.agentFailure = run?.report.failure
    if let lane = try store.lane(attempt.lane), DiskSpace.isFull(lane.path) {
      facts.fullDisk = lane.path
    }
    facts.memoryKills = run?.memoryKills ?? 0
    facts.wasShortOfMemory = run?.wasShortOfMemory == true
    if case .guardLost = ending, run != nil {
      facts.hasLostGuard = try !store.noteGuardLost(feature.id)
    }
    let refusals = try store.refusals(of: feature.id)
    facts.wasRefusedAnything = !refusals.isEmpty
    facts.refusals = refusals.filter {
      // Nobody ever gets a frozen path, so there is nothing to wait for. What a gate leaves is no work, so that nobody
      // has to wait for it.
      $0.reason != ClaimConflict.Reason.frozen.rawValue
        && !($0.path.isSubtree == false && products.contains($0.path.bytes))
    }.map {
      AttemptVerdict.Refusal(
        path: $0.path.description,
        isStale: $0.reason == ClaimConflict.Reason.staleBase.rawValue, holder: $0.holder)
    }
    facts.problem = problem
    facts.isStopping = Programs.stop?.isSet == true
    facts.mayChangeNothing = settings.mayChangeNothing
    facts.hasCommits = hasCommits
    facts.withoutAgent = run?.withoutAgent
    if let elsewhere {
      facts.hasChanges = false
      if ending == .exited(0), problem == nil, !(settings.mayChangeNothing && hasCommits) {
        facts.isOnTarget = try commitThatHasIt(feature).map {
          "\(Repository.short(context.target)) has its changes already, at \($0.short)"
        }
        facts.elsewhere = facts.isOnTarget == nil ? elsewhere() : nil
      }
    }
    facts.attemptMinutes = settings.attemptSeconds / 60
    facts.silenceMinutes = settings.silenceSeconds / 60
    facts.memoryMB = (settings.memoryBytes ?? 0) >> 20
    facts.diskMB = (settings.diskBytes ?? 0) >> 20
    switch AttemptVerdict(facts) {
    case .completed(let detail):
      let isReviewed =
        facts.hasChanges
        ? try needsVerdict() : facts.isOnTarget != nil && settings.reviewRequired(feature)
      return .completed(review: isReviewed, detail: detail)
    case .failed(let detail, let more): return failed(attempt, run, detail, more)
    case .interrupted(let reason, let detail): return .interrupted(reason, detail: detail)
    case .refusedClaim(let detail): return .refusedClaim(detail: detail)
    case .unsigned(let words):
      return .heldUp(
        detail: "signing failed: \(words)",
        until: "until commits can be signed; then `lanekeeper run`")
    case .sentBack(let words):
      return try sendBack(feature, words) { failed(attempt, run, $0, $1) }
    }
  }

  private func failed(
    _ attempt: AttemptRecord, _ run: AgentRun?, _ detail: String, _ more: String?
  ) -> AttemptEnd {
    // Lines for machines tell an agent nothing that its own last words don't.
    let tail =
      run?.definition.output.format == .jsonLines
      ? [run?.report.lastMessage].compactMap(\.self)
      : LogTail.lines(state.log(attempt.feature, attempt.number), count: 40).map(
        TerminalSafeText.strip)
    var rework = "Attempt \(attempt.number) ended: \(detail)."
    if let more { rework += "\n\n" + more }
    if !tail.isEmpty { rework += "\n\nThe end of its log:\n" + tail.joined(separator: "\n") }
    return .failed(detail: detail, rework: rework, maximum: settings.attempts)
  }

  /// Finds the target's tip where everything that earlier attempts on the feature have changed stands on the
  /// target just so, since somebody else has made the same change; `nil` where it does not, or they have
  /// changed nothing.
  private func commitThatHasIt(_ feature: FeatureRecord) throws -> ObjectID? {
    let repository = try Repository(
      opening: state.commonDirectory, environment: context.environment)
    guard let target = try repository.reference(context.target) else { return nil }
    let tree = try repository.commit(target).tree
    let works = try repository.references(prefix: "refs/lanekeeper/rescue/\(feature.id)/")
    var isThere = false
    for work in works {
      let commit = try repository.commit(work.target)
      guard let parent = commit.parents.first else { continue }
      let changes = try repository.changes(
        from: try repository.commit(parent).tree, to: commit.tree)
      for change in changes {
        guard try repository.entry(at: change.path, inTree: tree) == change.new else { return nil }
        isThere = true
      }
    }
    return isThere ? target : nil
  }

  /// Returns whether Lanekeeper's own hook has refused a commit of a feature since an event.
  private func wasRefusedClaims(_ feature: FeatureRecord, after event: Int64) throws -> Bool {
    try store.lastEvent(.claimRefused, of: feature.id).map { $0.seq > event } ?? false
  }

  /// How often a feature goes back to its agent because a hook of the repository refused the commit of what the
  /// agent left uncommitted.
  private static let mostReturns = 2

  /// Gives a hook's words to the agent, as if they were a gate's log; that uses up no attempt, and ends.
  private func sendBack(
    _ feature: FeatureRecord, _ words: String, _ failed: (String, String?) -> AttemptEnd
  ) throws -> AttemptEnd {
    let detail = "the repository's hooks refused the commit of what it left uncommitted"
    let text =
      "A hook of this repository refused the commit of the work that you had left uncommitted. It said:\n\n"
      + words + "\n\nCommit your work yourself, with a message that the hook lets pass."
    let key = "hook_refusals.\(feature.id)"
    let count = Int(try store.value(key) ?? "") ?? 0
    guard count < Self.mostReturns else {
      try store.setValue(key, nil)
      let more =
        words
        + "\n\nIts work is kept. `lanes.commit_message` and `lanes.author` in lanekeeper.yml say how "
        + "Lanekeeper commits what an agent leaves, `lanes.branch` how fresh branches are named "
        + "(`lanekeeper retry \(feature.id) --fresh` begins one)."
      guard case .failed(_, let rework, _) = failed("\(detail): \(Self.firstLine(words))", more)
      else { return failed(detail, more) }
      return .failed(
        detail: "\(detail): \(Self.firstLine(words))", rework: rework, maximum: 0)
    }
    try store.setValue(key, String(count + 1))
    return .interrupted(.hook, detail: "\(detail): \(Self.firstLine(words))", rework: text)
  }

  private static func firstLine(_ words: String) -> String {
    String(words.split(separator: "\n").first ?? "")
  }

  /// The limit that ended a program: what its output tells, or what its exit status stands for.
  private static func limit(_ run: AgentRun) -> LimitNotice? {
    guard case .exited(let status) = run.ending else { return nil }
    if let limit = run.report.limit { return limit }
    return run.definition.exits[status].map {
      LimitNotice(kind: $0, message: "exit status \(status)")
    }
  }
}
