import Backlog
import Model
import Planning
import Store

/// Keeps the schedule of a run in step with the store, by its events alone.
struct RunScheduler {
  private var schedule: RunSchedule
  private var seen: Int64
  private var restingSince: Int64?
  private var resting = 0
  /// Features whose state is read again with the next event.
  private var unsure: Set<String> = []
  /// Features whose agent has ended, and whose work is being put away.
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
  init(
    _ backlog: Backlog, seconds: [String: Double], footprints: [Footprint]?, agents: Int,
    isWanted: @escaping @Sendable (String) -> Bool = { _ in true }, store: Store
  ) throws {
    self.isWanted = isWanted
    schedule = RunSchedule(
      backlog, seconds: { seconds[$0] ?? DurationModel.standard },
      collisions: footprints.map { Collisions($0) }, agents: agents)
    begin = store.now
    seen = try store.lastEvent()
    for feature in try store.features() {
      note(feature)
    }
  }

  /// Takes note of what happened since the last call.
  mutating func follow(_ store: Store) throws {
    schedule.advance(to: Double(store.now - begin) / 1000)
    for id in unsure { if let feature = try store.feature(id) { note(feature) } }
    while true {
      let events = try store.events(after: seen, limit: 1000)
      guard let last = events.last else { return }
      seen = last.seq
      for id in Set(events.compactMap(\.feature)) {
        guard let feature = try store.feature(id) else { continue }
        note(feature)
      }
    }
  }

  /// Returns the feature that a free agent should start; `nil` where nothing is ready, or resting is
  /// better than a likely collision or than missing something more urgent.
  ///
  /// - Parameters:
  ///   - free: how many agents have nothing to do.
  ///   - now: milliseconds.
  ///   - mayRest: false where no agent is at work.
  mutating func next(free: Int, now: Int64, mayRest: Bool) -> String? {
    if let since = restingSince {
      schedule.rested(seconds: Double(max(0, now - since)) / 1000, agents: resting)
      restingSince = nil
    }
    switch schedule.next(free: free, mayRest: mayRest) {
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
    schedule.advance(to: Double(now - begin) / 1000)
    schedule.set(id, .built)
    ended.insert(id)
  }

  /// Notes that a feature's attempt is put away; its state is read with the next event.
  mutating func attemptEnded(_ id: String) {
    ended.remove(id)
    unsure.insert(id)
  }

  /// Leaves a feature out that can't be started now; it is offered again at the next event.
  mutating func putOff(_ id: String) {
    strangers.remove(id)
    schedule.set(id, .out)
    unsure.insert(id)
  }

  private mutating func note(_ feature: FeatureRecord) {
    unsure.remove(feature.id)
    var state = feature.inBacklog ? Self.state(feature.state) : .out
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
      feature.id, state, isRework: feature.rework != nil, priority: feature.priority)
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
