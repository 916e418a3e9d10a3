import Processes
import Store

/// Watches whether the first attempts of a run all fail alike without having written anything: then the agent is at
/// fault and not the features, and each further start would only cost.
struct FirstRound: Sendable {
  /// How many features make sure.
  private static let enough = 3

  private struct Failure: Equatable, Sendable {
    var ending: Ending
    var errorKey: String
  }

  /// How many features the run is about.
  let total: Int
  private var failures: [String: (failure: Failure, features: Set<String>)] = [:]
  /// Agents that have done something, or have failed in different ways.
  private var proven: Set<String> = []
  /// Why nobody is started any more; `nil` while all is well.
  private(set) var verdict: String?

  init(total: Int) { self.total = total }

  /// Lets nobody start, for a reason that was found before anybody has.
  mutating func refuse(_ words: String) { verdict = verdict ?? words }

  /// The features whose failures are the agent's.
  func blameless(of agent: String) -> Set<String> { failures[agent]?.features ?? [] }

  /// Returns whether a feature has failed and others are better tried first.
  func isSuspect(_ feature: String) -> Bool {
    verdict == nil
      && failures.contains { !proven.contains($0.key) && $0.value.features.contains(feature) }
  }

  /// The facts about an agent from an attempt's end.
  struct Facts: Sendable {
    var feature: String
    var attempt: Int
    /// The name of the agent's definition.
    var agent: String
    var state: AttemptRecord.State
    /// How the program ended; `nil` where it was not started.
    var ending: Ending?
    /// What is the same where two attempts met the same error (``AgentReportRecord/errorKey``).
    var errorKey: String
    /// The same for people.
    var detail: String
    var hasWritten: Bool
  }

  /// Notes how an attempt ended.
  ///
  /// - Returns: whether its failure is the agent's rather than the feature's, as is certain now.
  mutating func note(_ facts: Facts) -> Bool {
    guard facts.state != .interrupted, let ending = facts.ending else { return false }
    let agent = facts.agent
    let failure = Failure(ending: ending, errorKey: facts.errorKey)
    guard facts.state == .failed, !facts.hasWritten, !proven.contains(agent),
      failures[agent].map({ $0.failure == failure }) ?? true
    else {
      if verdict == nil { proven.insert(agent) }
      return false
    }
    failures[agent, default: (failure, [])].features.insert(facts.feature)
    let count = failures[agent]?.features.count ?? 0
    guard count >= Self.enough || count >= total && Self.isUnstartable(ending) else { return false }
    if verdict == nil {
      verdict =
        "the first attempts of \(count == 1 ? "the only feature" : "\(count) features") all ended alike "
        + "(\(facts.detail.isEmpty ? "failed" : facts.detail)) and wrote nothing, so the agent '\(agent)' itself seems to be at "
        + "fault: nobody else is started, and no attempt is used up; correct it, then `lanekeeper run`"
    }
    return true
  }

  /// A shell's word for a program that is not there or can't be run.
  private static func isUnstartable(_ ending: Ending) -> Bool {
    switch ending {
    case .exited(126), .exited(127), .couldNotStart: true
    default: false
    }
  }
}

extension FirstRound.Facts {
  init(_ attempt: AttemptRecord, agent: String, ending: Ending?, errorKey: String?) {
    self.init(
      feature: attempt.feature, attempt: attempt.number, agent: agent, state: attempt.state,
      ending: ending, errorKey: errorKey ?? "", detail: attempt.detail ?? "",
      hasWritten: attempt.tip != nil && attempt.tip != attempt.base)
  }
}
