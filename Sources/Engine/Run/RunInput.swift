import Model
import Store

/// The facts of a feature that a run uses.
struct RunFeature: Sendable, Equatable {
  var id: String
  var state: FeatureState
  var isInBacklog = true
  /// The names of the slots that an attempt on it holds.
  var slots: [String] = []
  var priority = 0
  /// Whether it was built before and goes back to an agent.
  var isRework = false
  var wait: Wait?

  func lacksSlot(_ free: [String: Int]) -> Bool { slots.contains { free[$0, default: 0] <= 0 } }
}

extension RunFeature {
  init(_ record: FeatureRecord) {
    self.init(
      id: record.id, state: record.state, isInBacklog: record.inBacklog, slots: record.slots,
      priority: record.priority, isRework: record.rework != nil, wait: record.wait)
  }
}

/// Facts read before attempts may start.
struct RunFacts: Sendable {
  /// The features that have changed since the last look.
  var changed: [RunFeature] = []
  var control: ControlWord?
  /// `nil` where it was not looked at.
  var isTargetHeld: Bool?
  var lent = 0
  /// How many instances of each slot are free.
  var freeSlots: [String: Int] = [:]
  /// The number of the last event.
  var lastEvent: Int64 = 0
  var hasToken = true
  /// A schedule of all features, where the state asked for one.
  var schedule: RunScheduler?
}

/// Facts read while nothing of this process is under way.
struct StandstillFacts: Sendable {
  var features: [String: RunFeature] = [:]
  /// The feature after which a queued one lands.
  var standsOn: [String: String] = [:]
  var hasUndoRequests = false
  /// Whether the backlog has just been changed and is not read yet.
  var isBehindBacklog = false
  /// Ready features of which a slot is taken.
  var waitsForSlot: Set<String> = []
  /// The kinds of other processes that are at work.
  var others: Set<RunOptions.Kind> = []

  /// Whether some feature waits for a limit whose end is known.
  var hasLimited: Bool {
    features.values.contains {
      guard $0.isInBacklog, $0.state == .waiting, case .limit(until: .some) = $0.wait else {
        return false
      }
      return true
    }
  }
}

/// An input of ``RunState``.
enum RunInput: Sendable {
  /// The store was read.
  case look(RunFacts)
  /// All features were read, since nothing is under way.
  case standstill(StandstillFacts)
  /// Half a second is over.
  case tick
  case stop(isForced: Bool)
  /// The backlog is another one.
  case backlogChanged
  /// The attempt holds its slots; its agent is about to start.
  case slotsTaken(String)
  /// Nothing of the agent runs any more.
  case agentEnded(String)
  /// The attempt is settled, or was never begun.
  case attemptEnded(String)
  /// The end of an attempt was recorded.
  case judged(FirstRound.Facts)
  /// An agent can't work at all.
  case agentRefused(String)
  /// A feature is not to be started for a while.
  case backOff(String, BackOff)
  case landing(Landing)
  case forgeVisited
  /// Something has changed in the store; the look that follows each input finds it.
  case wake
  /// A part of the work succeeded.
  case works(RunPart)
  case fails(RunPart, RunTrouble)

  enum Landing: Sendable {
    case began
    /// The queue is empty.
    case nothing
    case progress(LandingProgress, queue: [String])
    case held(feature: String, reason: String)
    case landed
    case ended
    /// Another process is landing.
    case atAnother
    /// The pause after ``atAnother`` is over.
    case looksAgain
  }
}

/// For how long a feature is not started again: twice as long each time.
enum BackOff: Sendable {
  /// Its lane could not be made ready.
  case brief
  /// The agent asked for a later try, or a person stopped it and may want to change something.
  case long

  /// - Parameter count: how often it was put off before.
  func milliseconds(after count: Int) -> Int64 {
    let (first, most): (Int64, Int64) =
      switch self {
      case .brief: (1000, 60_000)
      case .long: (30_000, 600_000)
      }
    return min(most, first << Int64(min(count, 10)))
  }
}

/// A part of the work that may fail and is tried again.
enum RunPart: Hashable, Sendable {
  /// Looking for what can start.
  case starting
  /// Starting one feature.
  case start(feature: String)
  /// Running an agent; what fails here can't be written down.
  case attempt
  /// Taking note of how an attempt ended.
  case note(feature: String)
  case landing
  /// Running the gate once more without caches at the end.
  case coldGate
  /// Looking at what is left to do.
  case ending
}

/// An error as far as it decides how a run goes on.
struct RunTrouble: Sendable {
  var error: any Error
  /// It does not go by itself.
  var isLasting: Bool
  /// Something was ended since the end of the run was asked for.
  var isCancellation: Bool
}
