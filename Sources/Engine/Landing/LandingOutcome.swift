/// The outcome for an entry of the landing queue.
package enum LandingOutcome: Sendable, Equatable {
  /// The feature is on the target.
  case landed(feature: String, commit: String)
  /// The feature's reversal is on the target.
  case undone(feature: String, commit: String)
  /// The feature went back, to its agent or to wait.
  case sentBack(feature: String, detail: String)
  /// The feature left the queue: a person has to look at its branch as it is now.
  case toReview(feature: String, detail: String)
  /// The feature stays landed: it can't be reverted as it was asked for.
  case undoFailed(feature: String, detail: String)
  /// The feature stays in the queue until something else changes.
  case held(feature: String, reason: String)
  /// The run is ending; the feature stays in the queue.
  case stopped(feature: String)
  /// The end of the log of a gate that was red.
  case log(path: String, lines: [String])
  /// Something that a person should know.
  case note(String)
}

/// The result of one round of landing.
package enum LandingProgress: Sendable, Equatable {
  /// Nothing is ready to land.
  case idle
  /// Something landed or left the queue; another round may do more.
  case progressed
  /// Ready features are held until something else changes.
  case held
  /// The machine does not let the gate run, such as by a full disk, which may pass by itself.
  case heldByMachine
  /// The run is ending.
  case stopped
}
