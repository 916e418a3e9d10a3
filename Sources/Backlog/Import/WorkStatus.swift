/// How far a feature is, in the words that all backlogs share.
package enum WorkStatus: String, Sendable, CaseIterable {
  case open
  case inProgress = "in_progress"
  case review
  case blocked
  case done
  case cancelled

  /// Whether nothing is left to build.
  package var isFinished: Bool { self == .done || self == .cancelled }

  /// Reads the word of another program; `nil` where no program writes it.
  package init?(word: String) {
    let plain = word.lowercased().filter { $0.isLetter }
    switch plain {
    case "", "open", "opened", "pending", "todo", "ready", "backlog", "new", "deferred", "reopened",
      "notstarted", "planned", "unstarted":
      self = .open
    case "inprogress", "doing", "started", "active", "wip", "running", "hooked": self = .inProgress
    case "review", "inreview": self = .review
    case "blocked", "conflict", "waiting", "onhold": self = .blocked
    case "done", "closed", "completed", "complete", "landed", "merged", "resolved", "finished",
      "passing", "x":
      self = .done
    case "cancelled", "canceled", "abandoned", "wontfix", "notplanned", "tombstone", "deleted":
      self = .cancelled
    default: return nil
    }
  }
}
