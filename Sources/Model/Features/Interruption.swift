/// Why an attempt ended through no fault of its feature, as the state file has it; it uses up no attempt.
package enum Interruption: String, Sendable, CaseIterable {
  /// The run was stopped.
  case stopped
  /// A person stopped this attempt alone.
  case stoppedByPerson = "stopped_by_person"
  /// The agent asked to be run again later, by exit status 75.
  case askedLater = "asked_later"
  /// The agent met a limit of its provider.
  case limit
  /// Its lane could not be made ready.
  case lane
  /// The disk is full.
  case disk
  /// Its supervisor was killed, or another process has the attempt.
  case supervisor
  /// It was refused a path that another holds.
  case claim
  /// A hook of the repository refused the commit of what it left.
  case hook
  /// Its work could not be signed.
  case signing
  /// The target does not exist any more.
  case target
  /// A process that was killed had it.
  case cutOff = "cut_off"
  /// A session gave it back.
  case handedBack = "handed_back"

  /// Whether a person may want to change something, or the agent wants to rest, before the next attempt.
  package var wantsRest: Bool { self == .askedLater || self == .stoppedByPerson }
}
