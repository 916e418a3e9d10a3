import Processes
import Store

/// What a person asks of a run and of features, from the command line and from the web page alike.
package struct Steering {
  private let project: Project
  private let store: Store

  package init(_ project: Project, _ store: Store) {
    self.project = project
    self.store = store
  }

  private var liveness: Liveness { Liveness(project, store) }

  /// What the processes at work can be asked for.
  package enum Word: String, Sendable {
    case pause, drain, stop
    case stopNow = "stop-now"
  }

  /// Asks the processes at work for something.
  package func ask(_ word: Word) throws {
    guard try liveness.isAnybodyAtWork() else {
      throw Failure("no run is at work in \(project.directory)")
    }
    try store.setValue("control_at", String(store.now))
    try store.setValue("control", word.rawValue)
    try store.record("control", ["word": .string(word.rawValue)])
  }

  /// Forgets a word that was meant for processes that have ended. A pause stays until it is taken back, or a
  /// person starts a run.
  ///
  /// What `make -k` starts right after the word still obeys it.
  /// - Parameters:
  ///   - asks: whether a person has asked for a run, which takes any word back.
  ///   - participant: who begins.
  func forgetOldWord(asks: Bool, participant: String) throws {
    guard let word = try store.value("control").flatMap(Word.init) else { return }
    if !asks {
      let isOld = store.now - (try store.value("control_at").flatMap(Int64.init) ?? 0) > 5000
      guard word != .pause, isOld, try !liveness.isAnybodyAtWork(besides: participant) else {
        return
      }
    }
    try store.setValue("control", nil)
  }

  /// Takes a pause back.
  package func resume() throws {
    try store.setValue("control", nil)
    try store.record("resumed", [:])
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

  /// Gives a feature up, unless an agent is at work on it.
  package func abandon(_ id: String) throws {
    if let attempt = try store.runningAttempts().first(where: { $0.feature == id }),
      liveness.isAlive(attempt)
    {
      throw Failure(
        "\(attempt.agentID) is at work on feature #\(id); `lanekeeper stop` ends the run first",
        status: 75)
    }
    try store.abandon(id)
  }
}
