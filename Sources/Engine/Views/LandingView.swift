import Foundation
import Model
import Store

/// The landing queue, what lands now, and how gates went before.
package enum LandingView {
  package static func json(_ project: Project, _ store: Store) throws -> JSON {
    try store.consistently {
      let waiting = try Lander.waiting(store)
      let queue = try Lander.queue(store).map { id -> JSON in
        let feature = try store.feature(id)
        return [
          "feature": .string(id), "title": .text(feature?.title),
          "priority": .whole(feature?.priority), "waits_for": .text(waiting[id]),
        ]
      }
      let history = try store.landingHistory(limit: 100)
      return [
        "seq": .integer(try store.lastEvent()), "queue": .array(queue),
        "paused": .bool(try store.isLandingPaused()),
        "gate": .string(project.configuration.gate.command),
        "open": .array(history.filter { $0.endedAt == nil }.reversed().map(row)),
        "history": .array(history.filter { $0.endedAt != nil }.map(row)),
        "gates": .array(
          try store.gateHistory(limit: 100).map { gate in
            [
              "tree": .string(gate.tree), "passed": .bool(gate.result.passed),
              "status": .string(gate.result.status), "seconds": .number(gate.result.seconds),
              "cold": .bool(gate.result.isCold), "flaky": .bool(gate.result.isFlaky),
              "log": .text(name(gate.result.log, project)), "at": .time(gate.at),
            ]
          }),
        "running_log": .text(runningLog(project, history)),
      ]
    }
  }

  private static func row(_ entry: LandingHistory) -> JSON {
    [
      "id": .integer(entry.landing.id), "feature": .string(entry.landing.feature),
      "kind": .string(entry.landing.kind.rawValue), "phase": .string(entry.landing.phase.rawValue),
      "commit": .text(entry.landing.commit), "detail": .text(entry.detail),
      "log": .text(entry.landing.gateLog.map { ($0 as NSString).lastPathComponent }),
      "started_at": .time(entry.startedAt), "ended_at": .time(entry.endedAt),
    ]
  }

  private static func name(_ log: String, _ project: Project) -> String? {
    log.isEmpty ? nil : (log as NSString).lastPathComponent
  }

  /// The log that the gate writes at this moment: its name tells the tree.
  private static func runningLog(_ project: Project, _ history: [LandingHistory]) -> String? {
    let gated = history.filter { $0.endedAt == nil && $0.landing.phase == .gate }
    guard let since = gated.map(\.startedAt).min() else { return nil }
    let directory = (project.state.gateLog("x") as NSString).deletingLastPathComponent
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    // The name begins with when the gate was started.
    return names.filter { (Int64($0.prefix { $0.isNumber }) ?? 0) >= since }.max()
  }
}
