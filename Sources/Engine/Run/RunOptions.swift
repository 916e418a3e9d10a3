import Model
import Planning
import Store

/// The options of a run.
package struct RunOptions: Sendable {
  package typealias Kind = ParticipantRecord.Kind
  package var kind: Kind
  /// Agents at once, at least 1.
  package var parallel: Int
  package var wish: ModelChoice.Wish?
  /// The tier for every attempt, by `work --model`.
  package var tier: Tier?
  package var agent: String?
  /// The features to build; `nil` for the whole backlog.
  package var only: Set<String>?
  /// Seconds that agents get to end when the run is stopped.
  package var graceSeconds: Double
  /// US dollars for the whole run, over `limits.max_cost_usd`.
  package var maxCostUSD: Double?
  /// The token of make's job server on which `work` runs.
  package var token: JobToken?
  /// Goes on when a person has given a verdict, instead of ending where one is needed.
  package var waitsForReview = false
  /// Takes work that changes nothing for done, where commits say that it was.
  package var mayChangeNothing = false
  /// Seconds without anything under way or waited for after which a run ends that has something ready.
  package var idleSeconds = 120.0
  /// Seconds for which an error that comes and goes is borne, such as that of a file that is just being written.
  package var troubleSeconds = 300.0
  /// Tells of a feature that it is not to be started now, though it could be.
  package var holdsBack: @Sendable (String) -> Bool = { _ in false }

  package init(
    kind: Kind, parallel: Int, wish: ModelChoice.Wish? = nil, tier: Tier? = nil,
    agent: String? = nil, only: Set<String>? = nil, graceSeconds: Double = 10
  ) {
    self.kind = kind
    self.parallel = parallel
    self.wish = wish
    self.tier = tier
    self.agent = agent
    self.only = only
    self.graceSeconds = graceSeconds
  }
}

/// An event of a run, for display.
package enum RunEvent: Sendable {
  case initialized(project: String, parallel: Int, preset: String?, models: [String])
  case note(String)
  case started(agent: String, feature: String, title: String, category: String, tier: Tier)
  case completed(agent: String, feature: String)
  case failed(agent: String?, feature: String, detail: String, retryWith: Tier?)
  case interrupted(agent: String, feature: String, detail: String)
  case waiting(feature: String, detail: String)
  case removed(agent: String, feature: String, seconds: Double)
  case landed(feature: String, target: String, commit: String)
  case undone(feature: String, target: String, commit: String)
  case held(feature: String, reason: String)
  /// The end of a gate's log.
  case log(path: String, lines: [String])
  case stopping(forced: Bool)
}

/// The result of a run.
package struct RunSummary: Sendable, Equatable {
  package var landed = 0
  package var failed = 0
  package var blocked = 0
  package var open = 0
  package var attempts = 0
  package var wallSeconds = 0.0
  package var agentSeconds = 0.0
  package var costUSD = 0.0
  /// Why features are left that are neither landed nor failed, one line each.
  package var leftOver: [String] = []
  package var wasStopped = false
  /// The exit status of the contract.
  package var status: Int32 = 0

  package var speedup: Double { wallSeconds > 0 ? agentSeconds / wallSeconds : 1 }
}
