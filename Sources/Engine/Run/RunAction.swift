/// An action for ``RunLoop`` to perform.
enum RunAction: Sendable, Equatable {
  /// Begins an attempt on the feature.
  case start(String)
  /// Works on the landing queue.
  case land
  case landAfter(milliseconds: Int)
  /// Asks for the end of the run, as a person did in another terminal.
  case stop(isForced: Bool)
  case tell(RunNotice)
  /// Takes back that attempts on the features have failed.
  case takeBackFailures(Set<String>)
  /// Takes features up again whose limit has run out.
  case wakeLimited
  case followBacklog
  /// Tells of features that could not be moved on as they should.
  case tellTroubles
  /// Tells other processes that this one lives.
  case showLife
  /// Brings branches to a forge and verdicts back; at another time than its own only where something new waits.
  case visitForge(isTime: Bool)
  case takeOverFromTheDead
  /// Ends the run.
  case end
}

/// A message to the person who runs it.
enum RunNotice: Equatable, Sendable {
  case stopping(isForced: Bool)
  /// A part of the work failed, and is tried again.
  case fails(RunPart, String)
  case leftOut(feature: String, String)
  case held(feature: String, reason: String)
  case agentAtFault(String)
  /// The end of an attempt's log.
  case log(feature: String, attempt: Int)
  /// Nothing has happened for long, though features are ready.
  case stuck(milliseconds: Int64, features: [String])
}

extension RunPart {
  /// For people, as the subject of "failed".
  var words: String {
    switch self {
    case .starting: "looking for what can start"
    case .start(let feature): "the start of feature #\(feature)"
    case .attempt: "an attempt"
    case .note(let feature): "taking note of the attempt on feature #\(feature)"
    case .landing: "landing"
    case .coldGate: "the gate without caches"
    case .ending: "looking at what is left to do"
    }
  }
}
