import Backlog
import Model
import Planning
import Store

/// Keeps the schedule of a run in step with what is known of its features.
struct RunScheduler: Sendable {
  private var schedule: RunSchedule
  private var restingSince: Int64?
  private var resting = 0
  /// Features whose agent has ended, and whose work is being settled.
  private var ended: Set<String> = []
  /// Features that are ready and stand in no schedule, as what came in since it was made.
  private var strangers: Set<String> = []
  private let isWanted: @Sendable (String) -> Bool
  /// Milliseconds.
  private let begin: Int64

  /// - Parameters:
  ///   - footprints: `nil` leaves collisions out of account.
  ///   - agents: how many work at once.
  ///   - isWanted: tells whether the run is to start a feature at all.
  ///   - now: milliseconds on the clock of all later calls.
  init(
    _ backlog: Backlog, seconds: [String: Double], footprints: [Footprint]?, agents: Int,
    isWanted: @escaping @Sendable (String) -> Bool = { _ in true }, features: [RunFeature],
    now: Int64
  ) {
    self.isWanted = isWanted
    schedule = RunSchedule(
      backlog, seconds: { seconds[$0] ?? DurationModel.standard },
      collisions: footprints.map { Collisions($0) }, agents: agents)
    begin = now
    for feature in features { note(feature) }
  }

  mutating func advance(to now: Int64) {
    schedule.advance(to: Double(now - begin) / 1000)
  }

  /// Returns the feature that a free agent should start; `nil` where nothing is ready, or resting is
  /// better than a likely collision or than missing something more urgent.
  ///
  /// - Parameters:
  ///   - free: how many agents have nothing to do.
  ///   - now: milliseconds.
  ///   - mayRest: false where no agent is at work.
  ///   - mayExpect: false where nothing is on its way to land.
  mutating func next(free: Int, now: Int64, mayRest: Bool, mayExpect: Bool) -> String? {
    if let since = restingSince {
      schedule.rested(seconds: Double(max(0, now - since)) / 1000, agents: resting)
      restingSince = nil
    }
    switch schedule.next(free: free, mayRest: mayRest, mayExpect: mayExpect) {
    case .start(let id): return id
    case .wait:
      restingSince = now
      resting = free
      return nil
    case .expect: return nil
    case .nothing: return strangers.min()
    }
  }

  /// Notes that a feature is being started.
  mutating func take(_ id: String) {
    strangers.remove(id)
    schedule.set(id, .active)
  }

  /// Notes that a feature's agent has ended: what comes of it is known in a moment.
  mutating func agentEnded(_ id: String, now: Int64) {
    advance(to: now)
    schedule.set(id, .built)
    ended.insert(id)
  }

  /// Notes that a feature's attempt is settled; its state comes with the next ``note(_:)``.
  mutating func attemptEnded(_ id: String) { ended.remove(id) }

  /// Leaves a feature out that can't be started now, until the next ``note(_:)`` of it.
  mutating func putOff(_ id: String) {
    strangers.remove(id)
    schedule.set(id, .out)
  }

  /// Takes over a feature's state.
  mutating func note(_ feature: RunFeature) {
    var state = feature.isInBacklog ? Self.state(feature.state) : .out
    if state == .active, ended.contains(feature.id) { state = .built }
    guard schedule.holds(feature.id) else {
      if state == .ready, isWanted(feature.id) {
        strangers.insert(feature.id)
      } else {
        strangers.remove(feature.id)
      }
      return
    }
    schedule.set(
      feature.id, state, isRework: feature.isRework, priority: feature.priority)
  }

  private static func state(_ state: FeatureState) -> RunSchedule.State {
    switch state {
    case .ready: .ready
    // What is built and not landed holds its paths.
    case .running, .inReview, .approved, .changesRequested, .gateFailed: .active
    case .completed, .queued, .landing: .built
    case .pending: .later
    case .landed: .landed
    case .waiting, .failed, .blocked, .abandoned, .undone: .out
    }
  }
}
