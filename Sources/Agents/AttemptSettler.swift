import ClaimRules
import Foundation
import Git
import Lanes
import Processes
import Store

/// Puts away what an agent left in its lane and decides how the attempt ended.
package struct AttemptSettler: Sendable {
  private let settings: AttemptSettings
  private let store: Store
  private let state: StateDirectory
  private let identity: Signature

  package init(
    settings: AttemptSettings, store: Store, state: StateDirectory, identity: Signature
  ) {
    self.settings = settings
    self.store = store
    self.state = state
    self.identity = identity
  }

  /// Commits or rescues the work, ends the attempt in the store and frees the lane. A branch that can't be read
  /// is mended first.
  package func settle(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, lane: LaneRecord, branch: String,
    ending: Ending, run: AgentRun? = nil
  ) throws {
    try BranchMend(
      store: store, state: state, target: settings.target, environment: settings.environment
    ).retrying(
      feature.id, branch: branch, lane: lane
    ) {
      try putAway(feature, attempt, lane: lane, branch: branch, ending: ending, run: run)
    }
  }

  private func putAway(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, lane: LaneRecord, branch: String,
    ending: Ending, run: AgentRun?
  ) throws {
    let sandbox = SandboxRest(settings: settings, store: store, state: state)
    try sandbox.bringIn(feature, attempt, lane, branch)
    let repository = try Repository(opening: lane.path, environment: settings.environment)
    try LaneSync.finishCutOff(repository, lane: lane, store: store)
    var problem = try bringHome(repository, feature, attempt, branch)
    let leftovers = try Leftovers.commit(
      in: repository, litter: settings.litter + (run?.definition.litter ?? []),
      message: message(feature, attempt, ending),
      adding: settings.hookVariables.merging(SupervisorMark.variables) { $1 },
      commit: sandbox.committing(attempt, lane, branch))
    switch leftovers {
    case .nothing, .committed: break
    case .refused(let words):
      try keep(repository, feature, attempt)
      problem = problem ?? .refused(words)
    case .unresolved(let paths):
      try keep(repository, feature, attempt)
      problem = problem ?? .unresolved(paths)
    }
    let tip = try repository.reference(branch)
    if let head = try repository.head().commit {
      try repository.setHead(branch: nil, commit: head)
    }
    var changed: [[UInt8]] = []
    let stands = try StackPlace.find(feature.id, target: settings.target, store)
    guard try repository.reference(settings.target) != nil else {
      // Renamed or deleted meanwhile: what the branch changes can't be told.
      try store.endAttempt(
        feature.id, attempt.number,
        .interrupted(
          detail: "\(Repository.short(settings.target)) does not exist any more; the work stays on "
            + BranchName.short(branch)), tip: tip?.hex, changed: [])
      return
    }
    var hasCommits = false
    if let tip, let target = try repository.reference(stands.reference) {
      hasCommits = try !repository.isAncestor(tip, of: target)
      try BranchMend.verify(branch, tip: tip, beyond: [target], repository)
      let changes = try stands.changes(tip, onto: target, repository)
      changed = changes.map(\.path)
      let marked = ending == .exited(0) ? try ConflictMarkers.find(changes, in: repository) : []
      if !marked.isEmpty { problem = problem ?? .unresolved(marked) }
    }
    var end = try judge(
      feature, attempt, ending, run: run, problem: problem, hasChanges: !changed.isEmpty,
      hasCommits: hasCommits
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

  /// What stands in the way of calling the work done.
  private enum Problem {
    case refused(String)
    case unresolved([String])
    case rescued(String)
  }

  /// Keeps whatever HEAD stands on: what goes on from the branch moves the branch along, anything
  /// else is put under a rescue reference.
  private func bringHome(
    _ repository: Repository, _ feature: FeatureRecord, _ attempt: AttemptRecord, _ branch: String
  ) throws -> Problem? {
    let head = try repository.head()
    if case .branch(branch, _) = head { return nil }
    guard let commit = head.commit, let tip = try repository.reference(branch), commit != tip else {
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
    let name = Rescue.reference(feature.id, attempt.number) + "-head"
    try repository.setReference(name, to: commit, message: "rescue: HEAD at the end")
    return .rescued(
      "HEAD was left on \(commit.short), which does not go on from \(BranchName.short(branch)); "
        + "it is kept as \(name). Bring what is needed of it onto the branch.")
  }

  private func keep(
    _ repository: Repository, _ feature: FeatureRecord, _ attempt: AttemptRecord
  ) throws {
    try Rescue.snapshot(
      repository, reference: Rescue.reference(feature.id, attempt.number),
      message: "feature #\(feature.id): uncommitted work of attempt \(attempt.number)",
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
    _ feature: FeatureRecord, _ attempt: AttemptRecord, _ ending: Ending
  ) -> String {
    let subject =
      ending == .exited(0)
      ? "Feature #\(feature.id): \(feature.shortTitle)"
      : "Feature #\(feature.id): unfinished work of attempt \(attempt.number)"
    return Trailers.append(
      [("Lane-Feature", feature.id), ("Agent", "\(attempt.agent) (\(attempt.modelName))")],
      to: subject + "\n")
  }

  private func judge(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, _ ending: Ending, run: AgentRun?,
    problem: Problem?, hasChanges: Bool, hasCommits: Bool, needsVerdict: () throws -> Bool
  ) throws -> AttemptEnd {
    func failed(_ detail: String, _ more: String? = nil) -> AttemptEnd {
      // Lines for machines tell an agent nothing that its own last words don't.
      let tail =
        run?.definition.output.format == .jsonLines
        ? [run?.report.lastMessage].compactMap(\.self)
        : LogTail.lines(state.log(feature.id, attempt.number), count: 40).map(PlainText.strip)
      var rework = "Attempt \(attempt.number) ended: \(detail)."
      if let more { rework += "\n\n" + more }
      if !tail.isEmpty { rework += "\n\nThe end of its log:\n" + tail.joined(separator: "\n") }
      return .failed(detail: detail, rework: rework, maximum: settings.attempts)
    }
    if run?.endReason == OutputFollower.stopped {
      return .interrupted(detail: OutputFollower.stopped)
    }
    if let reason = run?.endReason { return failed("the attempt was ended: \(reason)") }
    if let limit = run.flatMap(Self.limit) {
      return .interrupted(detail: "met \(limit.kind.words): \(limit.message)")
    }
    if let failure = run?.report.failure, ending == .exited(0) || Self.isExit(ending) {
      return failed("the agent says: \(failure)")
    }
    switch ending {
    case .exited(1...), .signalled:
      // Whoever can't write fails, again and again; that says nothing of the feature.
      if let lane = try store.lane(attempt.lane), DiskSpace.isFull(lane.path) {
        return .interrupted(detail: "it ended since the disk of \(lane.path) is full")
      }
    default: break
    }
    let shortage = memoryWords(run?.memoryKills ?? 0)
    switch ending {
    case .exited(0): break
    case .signalled(SIGKILL) where shortage != nil:
      return failed(
        "the agent was killed for want of memory: it may use \(memoryMB) MB (limits.memory_mb)",
        shortage)
    case .exited(75): return .interrupted(detail: "the agent asks to be run again later")
    case .exited(let status) where shortage != nil:
      return failed(
        "the agent exited with \(status) after processes of it were killed for want of memory: together "
          + "they may use \(memoryMB) MB (limits.memory_mb)", shortage)
    case .exited(let status): return failed("the agent exited with \(status)")
    case .signalled(SIGKILL) where run?.wasShortOfMemory == true:
      return failed(
        "the agent was killed for want of memory; run fewer agents at once (--parallel), or give "
          + "the machine more memory")
    case .signalled(let number):
      if [SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE, SIGTRAP].contains(number) {
        return failed(
          "the agent crashed with signal \(number); bring its program up to date, or name another in "
            + "`agent:`")
      }
      return failed("the agent was ended by signal \(number), which Lanekeeper did not send")
    case .timedOut:
      return failed(
        "no end within \(minutes(settings.attemptSeconds)) minutes (limits.attempt_minutes)")
    case .silent:
      return failed(
        "no output for \(minutes(settings.silenceSeconds)) minutes (limits.silence_minutes)")
    case .outputLimit: return failed("the agent wrote too much output")
    case .diskLimit:
      return failed(
        "its lane grew by over \((settings.diskBytes ?? 0) >> 20) MB (limits.disk_mb)",
        "What it wrote is kept on the branch. Take out of it what does not belong there, such as large "
          + "files that were made by programs, and make less of them.")
    case .couldNotStart(let code):
      return failed("the agent could not be started: \(String(cString: strerror(code)))")
    case .stopped: return .interrupted(detail: "stopped")
    case .locked: return .interrupted(detail: "another process runs this attempt")
    case .guardLost:
      // Its supervisor may have been killed with it, or the machine have been short of memory; what does it again
      // does it itself.
      guard run != nil, try !store.noteGuardLost(feature.id) else {
        return .interrupted(detail: "the guard was killed")
      }
      return failed(
        "the process that supervises the agent (lanekeeper-guard) was killed again while the agent ran",
        "End only processes that you have started, by their ids, and none of those above your own.")
    }
    // Nobody ever gets a frozen path, so there is nothing to wait for.
    let refusals = try store.refusals(of: feature.id).filter { $0.reason != "frozen" }
    if !refusals.isEmpty {
      return .refusedClaim(detail: Self.words(refusals))
    }
    switch problem {
    case .refused(let words):
      return failed("its uncommitted work could not be committed", words)
    case .unresolved(let paths):
      return failed("conflict markers are left in \(paths.joined(separator: ", "))")
    case .rescued(let words): return failed("HEAD was left elsewhere", words)
    case nil: break
    }
    guard hasChanges else {
      if settings.mayChangeNothing, hasCommits { return .completed(review: false) }
      guard let commit = try commitThatHasIt(feature) else { return failed("no changes") }
      return .completed(
        review: settings.reviewRequired(feature),
        detail:
          "nothing was left to do: \(Repository.short(settings.target)) has its changes already, "
          + "at \(commit.short)")
    }
    return .completed(review: try needsVerdict())
  }

  /// Finds the target's tip where everything that earlier attempts on the feature have changed stands on the
  /// target just so, since somebody else has made the same change; `nil` where it does not, or they have
  /// changed nothing.
  private func commitThatHasIt(_ feature: FeatureRecord) throws -> ObjectID? {
    let repository = try Repository(
      opening: state.commonDirectory, environment: settings.environment)
    guard let target = try repository.reference(settings.target) else { return nil }
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

  /// What an attempt was refused, and by whom: `a.txt, b.txt are held by feature #1`.
  private static func words(
    _ refusals: [(path: ClaimPath, reason: String, holder: String?)]
  ) -> String {
    var order: [String] = []
    var paths: [String: [String]] = [:]
    for refusal in refusals {
      let end =
        refusal.reason == ClaimConflict.Reason.staleBase.rawValue
        ? "changed on the target since the branch left it"
        : "held by " + (refusal.holder.map { "feature #\($0)" } ?? "another")
      if paths[end] == nil { order.append(end) }
      paths[end, default: []].append(refusal.path.description)
    }
    return order.map { end in
      let list = paths[end]!
      let verb = end.hasPrefix("held") ? (list.count == 1 ? " is " : " are ") : " "
      return RefusalText.list(list) + verb + end
    }.joined(separator: "; ")
  }

  /// What to tell where processes of the attempt were killed since they used too much memory.
  private func memoryWords(_ kills: Int) -> String? {
    guard kills > 0 else { return nil }
    return
      "\(kills) of its processes \(kills == 1 ? "was" : "were") killed, since together they may use "
      + "\(memoryMB) MB (limits.memory_mb). Build and test less at once, or with less memory."
  }

  private var memoryMB: Int64 { (settings.memoryBytes ?? 0) >> 20 }

  private static func isExit(_ ending: Ending) -> Bool {
    if case .exited = ending { return true }
    return false
  }

  /// The limit that ended a program: what its output tells, or what its exit status stands for.
  private static func limit(_ run: AgentRun) -> LimitNotice? {
    guard case .exited(let status) = run.ending else { return nil }
    if let limit = run.report.limit { return limit }
    return run.definition.exits[status].map {
      LimitNotice(kind: $0, message: "exit status \(status)")
    }
  }

  private func minutes(_ seconds: Double) -> String {
    let minutes = seconds / 60
    return minutes == minutes.rounded() ? String(Int(minutes)) : String(format: "%.2f", minutes)
  }
}
