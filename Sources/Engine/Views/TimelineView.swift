import Foundation
import Model
import Processes
import Store

/// The timeline of each lane: agents at work, waits, gates and landings, as bars over time.
package enum TimelineView {
  package static func json(_ project: Project, _ store: Store) throws -> JSON {
    try store.consistently {
      let now = store.now
      let attempts = try store.attempts().sorted { $0.startedAt < $1.startedAt }.suffix(2000)
      let run = try store.lastParticipant()
      let from = min(attempts.first?.startedAt ?? now, run?.startedAt ?? now)
      var bars = attempts.map { attempt -> JSON in
        bar(
          "agent", attempt.feature, lane: attempt.lane, agent: attempt.agentID,
          state: attempt.state.rawValue, attempt.startedAt, attempt.endedAt,
          detail: attempt.detail)
      }
      let lanes = Dictionary(attempts.map { ($0.feature, $0.lane) }, uniquingKeysWith: { $1 })
      bars += try waits(store, lanes)
      for entry in try store.landingHistory(limit: 1000).reversed() {
        bars += landing(entry, lanes[entry.landing.feature], gates: try gates(store))
      }
      return [
        "seq": .integer(try store.lastEvent()), "now": .time(now), "from": .time(from),
        "bars": .array(bars),
        "run": speedup(Array(attempts), run, ProcessLiveness(project, store), now),
      ]
    }
  }

  private static func bar(
    _ kind: String, _ feature: String, lane: Int?, agent: String? = nil, state: String,
    _ start: Int64, _ end: Int64?, detail: String? = nil
  ) -> JSON {
    [
      "kind": .string(kind), "feature": .string(feature), "lane": .whole(lane),
      "agent": .text(agent), "state": .string(state), "from": .time(start), "to": .time(end),
      "detail": .text(detail),
    ]
  }

  private static let window: Int64 = 200_000

  /// From each `feature_waiting` to the next change of that feature's state.
  private static func waits(_ store: Store, _ lanes: [String: Int]) throws -> [JSON] {
    let names = FeatureState.allCases.map(EventName.init(entering:))
    var open: [String: EventRecord] = [:]
    var bars: [JSON] = []
    func close(_ event: EventRecord, at end: Int64?) {
      guard let feature = event.feature else { return }
      let state = event.name == .featureInReview ? "review" : "claim"
      bars.append(bar("wait", feature, lane: lanes[feature], state: state, event.time, end))
    }
    for event in try store.events(named: names, window: window) {
      guard let feature = event.feature else { continue }
      if let start = open.removeValue(forKey: feature) { close(start, at: event.time) }
      if event.name == .featureWaiting || event.name == .featureInReview {
        open[feature] = event
      }
    }
    for event in open.values.sorted(by: { $0.seq < $1.seq }) { close(event, at: nil) }
    return bars
  }

  /// When the gate of each landing began and ended, by the number of the landing.
  private static func gates(_ store: Store) throws -> [Int64: (start: Int64, end: Int64?)] {
    let names: [EventName] = [.landingStarted, .landingPush, .landingFollow, .landingSwap]
    var result: [Int64: (start: Int64, end: Int64?)] = [:]
    for event in try store.events(named: names, window: window) {
      guard let id = event.facts["landing"]?.integer else { continue }
      if event.name == .landingStarted {
        result[id] = (event.time, nil)
      } else if let gate = result[id], gate.end == nil {
        result[id]?.end = event.time
      }
    }
    return result
  }

  private static func landing(
    _ entry: LandingHistory, _ lane: Int?, gates: [Int64: (start: Int64, end: Int64?)]
  ) -> [JSON] {
    let (id, feature) = (entry.landing.id, entry.landing.feature)
    guard let gate = gates[id] else {
      return [
        bar(
          "landing", feature, lane: lane, state: entry.landing.phase.rawValue, entry.startedAt,
          entry.endedAt, detail: entry.detail)
      ]
    }
    let end = gate.end ?? entry.endedAt
    var bars = [
      bar(
        "gate", feature, lane: lane, state: entry.landing.phase.rawValue, gate.start, end,
        detail: entry.detail)
    ]
    if let end, gate.end != nil {
      bars.append(
        bar(
          "landing", feature, lane: lane, state: entry.landing.phase.rawValue, end, entry.endedAt))
    }
    return bars
  }

  /// How much faster the last run was than its agents one after the other.
  private static func speedup(
    _ attempts: [AttemptRecord], _ run: ParticipantRecord?, _ liveness: ProcessLiveness,
    _ now: Int64
  ) -> JSON {
    guard let run else { return .null }
    let own = attempts.filter { $0.participant == run.id }
    let isAlive = liveness.isAlive(run.id)
    let last = own.map { $0.endedAt ?? now }.max() ?? run.startedAt
    let wall = Double((isAlive ? now : last) - run.startedAt) / 1000
    let agents = own.reduce(0.0) { $0 + Double(($1.endedAt ?? now) - $1.startedAt) / 1000 }
    return [
      "started_at": .time(run.startedAt), "wall_s": .number(wall), "agent_s": .number(agents),
      "speedup": .number(wall > 0 ? agents / wall : 1), "running": .bool(isAlive),
    ]
  }
}
