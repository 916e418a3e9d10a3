import Git
import Processes
import Store

/// Commands of a person to a run and its features, from the command line and the web page alike.
package struct RunControl {
  private let project: Project
  private let store: Store

  package init(_ project: Project, _ store: Store) {
    self.project = project
    self.store = store
  }

  private var liveness: ProcessLiveness { ProcessLiveness(project, store) }

  /// Asks the processes at work for something.
  package func ask(_ word: ControlWord) throws {
    guard try liveness.isAnybodyAtWork() else {
      throw Failure("no run is at work in \(project.directory)")
    }
    try store.setValue("control_at", String(store.now))
    try store.setControlWord(word)
    try store.record(.control, ["word": .string(word.rawValue)])
  }

  /// Forgets a word that was meant for processes that have ended. A pause stays until it is taken back, or a
  /// person starts a run.
  ///
  /// What `make -k` starts right after the word still obeys it.
  /// - Parameters:
  ///   - asks: whether a person has asked for a run, which takes any word back.
  ///   - participant: who begins.
  func forgetOldWord(asks: Bool, participant: String) throws {
    guard let word = try store.controlWord() else { return }
    if !asks {
      let isOld = store.now - (try store.value("control_at").flatMap(Int64.init) ?? 0) > 5000
      guard word != .pause, isOld, try !liveness.isAnybodyAtWork(besides: participant) else {
        return
      }
    }
    try store.setControlWord(nil)
  }

  /// Takes a pause back.
  package func resume() throws {
    try store.setControlWord(nil)
    try store.record(.resumed, [:])
  }

  /// Asks for the end of the attempt that is under way on a feature; no other is touched, and it counts as
  /// interrupted.
  package func stopAttempt(_ id: String) throws {
    guard let feature = try store.feature(id) else { throw StoreError.unknownFeature(id) }
    guard let attempt = try store.runningAttempts().first(where: { $0.feature == id }),
      liveness.isAlive(attempt.participant)
    else {
      throw Failure("no agent is at work on feature #\(id), which is \(feature.state.rawValue)")
    }
    try store.askStop(id, attempt.number)
  }

  /// Gives a feature another go.
  ///
  /// - Parameter fresh: lets it begin from the target again; its branch is kept under a rescue reference.
  /// - Returns: what became of it, for people.
  package func retry(_ id: String, fresh: Bool = false) throws -> String {
    guard let feature = try store.feature(id) else { throw StoreError.unknownFeature(id) }
    let repository = try project.repository()
    var startsOver = fresh
    var notes: [String] = []
    if !fresh, let found = try BranchReturn.look(feature, repository, store) {
      if found.tip != nil {
        return "feature #\(id) is \(feature.state.rawValue) as before: \(found); "
          + "`lanekeeper retry \(id) --fresh` builds it from the start"
      }
      notes.append("\(found)")
      startsOver = true
    }
    guard startsOver else {
      guard Store.retriable.contains(feature.state) else {
        throw Failure(wayOut(feature, "retried"))
      }
      try store.retry(id)
      return try told(id, notes)
    }
    if let attempt = try store.runningAttempts().first(where: { $0.feature == id }) {
      throw Failure(
        "\(attempt.agentID) is at work on feature #\(id); `lanekeeper stop --feature \(id)` ends that "
          + "first", status: 75)
    }
    guard Store.restartable.contains(feature.state) else {
      throw Failure(wayOut(feature, "retried"))
    }
    try store.retry(id) { feature in
      if let kept = try putAway(feature, repository) { notes.append(kept) }
    }
    return try told(id, notes)
  }

  /// Keeps a feature's branch under a rescue reference and takes its name away.
  private func putAway(_ feature: FeatureRecord, _ repository: Repository) throws -> String? {
    guard let branch = feature.branch, let tip = try repository.reference(branch) else {
      return nil
    }
    let short = BranchName.short(branch)
    if let worktree = repository.worktrees(on: branch).first {
      throw Failure(
        "\(short) is checked out in \(worktree.path); `git switch --detach` there, then try again")
    }
    if case .branch(branch, _) = try repository.head() {
      throw Failure("\(short) is checked out in \(project.directory); switch to another branch")
    }
    var whole: ObjectID? = tip
    if BranchDamage.find(branch, of: feature.id, beyond: project.target, repository) != nil {
      whole = try BranchDamage.lastWhole(branch, tip: tip, beyond: project.target, repository)
    }
    let kept = try whole.map {
      try Rescue.keep(
        $0, as: Rescue.reference(feature.id, feature.attempts) + "-branch",
        message: "the feature starts over", in: repository)
    }
    try repository.deleteReference(branch, expecting: tip)
    guard let kept, let whole else { return "nothing of its branch \(short) could be read" }
    return whole == tip
      ? "its branch \(short) is kept as \(kept)"
      : "what can be read of its branch \(short), up to \(whole.short), is kept as \(kept)"
  }

  private func told(_ id: String, _ notes: [String]) throws -> String {
    let state = try store.feature(id)?.state
    var words = "feature #\(id) is \(state?.rawValue ?? "gone")"
    if state == .ready {
      words +=
        try liveness.isAnybodyAtWork()
        ? " and will be picked up by the run"
        : " and will be picked up by the next `lanekeeper run`"
    }
    return ([words] + notes).joined(separator: "; ")
  }

  /// Takes a finished feature back to the start of its life.
  package func reopen(_ id: String) throws {
    do {
      try store.reopen(id)
    } catch let error as StoreError {
      guard case .stateChanged = error, let feature = try store.feature(id) else { throw error }
      throw Failure(wayOut(feature, "reopened"))
    }
  }

  /// Tells what a feature can't become as it is, and what it can.
  private func wayOut(_ feature: FeatureRecord, _ verb: String) -> String {
    let id = feature.id
    let ways =
      switch feature.state {
      case .inReview:
        "`lanekeeper review \(id)` shows its branch, `lanekeeper retry \(id) --fresh` builds it from the "
          + "start"
      case .approved, .queued, .changesRequested:
        "`lanekeeper retry \(id) --fresh` builds it from the start, `lanekeeper abandon \(id)` gives it up"
      case .landed, .undone: "`lanekeeper reopen \(id)` builds it again"
      case .waiting, .blocked, .ready, .pending, .completed:
        "`lanekeeper explain \(id)` says what it needs"
      default: "`lanekeeper status` shows it"
      }
    return "feature #\(id) is \(feature.state.rawValue), so it can't be \(verb); \(ways)"
  }

  /// Returns the branch on which a feature's work stays; `nil` where there is none.
  package func branch(of id: String) throws -> String? {
    guard let branch = try store.feature(id)?.branch,
      try project.repository().reference(branch) != nil
    else { return nil }
    return BranchName.short(branch)
  }

  /// Gives a feature up, unless an agent is at work on it.
  package func abandon(_ id: String) throws {
    if let attempt = try store.runningAttempts().first(where: { $0.feature == id }),
      liveness.isAlive(attempt)
    {
      throw Failure(
        "\(attempt.agentID) is at work on feature #\(id); `lanekeeper stop` ends the run first",
        status: 75)
    }
    // A branch that was deleted meanwhile comes back, so that what is given up is not lost.
    if let feature = try store.feature(id) {
      _ = try? BranchReturn.look(feature, project.repository(), store)
    }
    try store.abandon(id)
  }
}
