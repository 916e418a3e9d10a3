/// The states in the life of a feature, as they stand in the store and in `--json`.
///
/// The one table of allowed transitions is ``allowedSuccessors``; the store refuses every other.
package enum FeatureState: String, Sendable, CaseIterable, Codable {
  /// Dependencies are open.
  case pending
  /// All dependencies have landed; nobody works on it.
  case ready
  /// One attempt is under way.
  case running
  /// The agent is done and its work is committed.
  case completed
  /// A person's verdict is asked for.
  case inReview = "in_review"
  /// A person approved the branch.
  case approved
  /// Stands in the landing queue.
  case queued
  /// Is being merged, gated and landed.
  case landing
  /// Is on the target.
  case landed
  /// Waits for a claim that another holds, or for a usage limit's reset.
  case waiting
  /// A person asked for changes; the next attempt gets the comments.
  case changesRequested = "changes_requested"
  /// The gate failed on the merged tree; the next attempt gets the log.
  case gateFailed = "gate_failed"
  /// Its attempts are used up.
  case failed
  /// A dependency failed or was abandoned.
  case blocked
  /// A person gave it up.
  case abandoned
  /// Landed and reverted.
  case undone

  /// Returns the states that may follow this one.
  package var allowedSuccessors: Set<FeatureState> {
    switch self {
    case .pending: [.ready, .blocked, .abandoned]
    case .ready: [.running, .waiting, .pending, .blocked, .abandoned, .failed, .queued]
    case .running: [.completed, .waiting, .ready, .failed, .abandoned]
    case .completed: [.inReview, .queued, .ready, .waiting, .abandoned]
    case .inReview: [.approved, .changesRequested, .queued, .pending, .abandoned]
    case .approved: [.queued, .inReview, .pending, .abandoned]
    case .queued: [.landing, .inReview, .ready, .waiting, .pending, .failed, .abandoned]
    case .landing: [.landed, .queued, .gateFailed, .ready, .waiting, .failed]
    case .landed: [.undone, .pending]
    case .waiting: [.ready, .pending, .blocked, .abandoned, .failed, .queued]
    case .changesRequested: [.ready, .failed, .abandoned]
    case .gateFailed: [.ready, .failed, .abandoned]
    case .failed: [.ready, .pending, .abandoned, .queued]
    case .blocked: [.pending, .ready, .abandoned]
    case .abandoned: [.pending]
    case .undone: [.pending]
    }
  }

  /// Whether nothing more happens to the feature without a person's word.
  package var isFinal: Bool {
    switch self {
    case .landed, .failed, .blocked, .abandoned, .undone: true
    default: false
    }
  }
}
