import Foundation
import Model
import Processes
import Store

/// Keeps what an attempt told, lets agents rest that met a limit, and ends what goes round in cycles.
struct AttemptHistory {
  let store: Store
  let state: StateDirectory

  /// The number of the same ends in a row that makes a cycle.
  private static let cycle = 3

  /// - Parameter work: what is the same where two attempts left the same work.
  /// - Returns: how the attempt ends, given those before it.
  func keep(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, _ run: AgentRun, _ end: AttemptEnd,
    work: String?
  ) throws -> AttemptEnd {
    var record = run.record(feature.id, attempt.number)
    record.workKey = work
    var end = end
    switch end {
    case .failed(let detail, _, _): record.errorKey = Self.key(detail)
    case .interrupted:
      if let limit = run.report.limit ?? exitLimit(run) {
        record.limit = limit.kind.rawValue
        try rest(run.definition, limit)
      }
    case .completed, .refusedClaim, .heldUp: break
    }
    // After any other end the next attempt needs an agent.
    switch end {
    case .refusedClaim, .heldUp: break
    default: record.isDone = false
    }
    if record.limit == nil, run.report.messages + run.report.editCount > 0 {
      try store.endPauses(agent: run.definition.name)
    }
    if let cycle = try findCycle(feature, record, end) {
      let report = try writeReport(feature, attempt, cycle)
      // What was wrong with it stays to be read, and to be told where a person lets it try again.
      var rework = feature.rework
      if case .failed(_, let own?, _) = end { rework = own }
      end = .failed(detail: "\(cycle); see \(report)", rework: rework, maximum: 0)
    }
    try store.saveReport(record)
    try store.releaseCost(feature.id)
    return end
  }

  private func exitLimit(_ run: AgentRun) -> LimitNotice? {
    guard case .exited(let status) = run.ending, let kind = run.definition.exits[status] else {
      return nil
    }
    return LimitNotice(kind: kind, message: "exit status \(status)")
  }

  private func rest(_ definition: AgentDefinition, _ limit: LimitNotice) throws {
    let base = definition.backoffSeconds * 1000
    // A usage limit that does not say its end is looked at again every now and then as well.
    let backOff: ((Int) -> Int64)? =
      limit.kind == .login
      ? nil
      : { count in
        let step = min(base * Double(1 << min(count, 10)), max(base, 600_000))
        return Int64(step * Double.random(in: 0.5...1.5))
      }
    try store.pause(
      agent: definition.name, kind: limit.kind.rawValue, until: limit.resetsAt,
      detail: limit.message, backOff: backOff)
  }

  private func findCycle(
    _ feature: FeatureRecord, _ record: AgentReportRecord, _ end: AttemptEnd
  ) throws -> String? {
    let before = try store.lastReports(of: feature.id, count: Self.cycle - 1)
    guard before.count == Self.cycle - 1 else { return nil }
    switch end {
    case .failed:
      if let key = record.errorKey, before.allSatisfy({ $0.errorKey == key }) {
        return "the same error \(Self.cycle) times in a row (\(key))"
      }
      if let key = record.workKey, before.allSatisfy({ $0.workKey == key }) {
        return "the same work \(Self.cycle) times in a row"
      }
    case .completed:
      // It was sent back each time, or it would not be here again.
      if feature.rework != nil, let key = record.workKey,
        before.allSatisfy({ $0.workKey == key })
      {
        return "the same work \(Self.cycle) times in a row, which was sent back each time"
      }
    case .interrupted, .refusedClaim, .heldUp: break
    }
    return nil
  }

  /// Numbers such as times and ids differ although the error is the same.
  static func key(_ detail: String) -> String {
    let plain = detail.replacing(/[0-9a-f]{8,}|\d+(\.\d+)?(?=\s*(s|ms|minutes|seconds))/) { _ in "#"
    }
    return String(plain.prefix(300))
  }

  private func writeReport(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, _ cycle: String
  ) throws -> String {
    try state.createLogs(feature.id)
    let path = state.path + "/logs/\(feature.id)/report.md"
    var lines = [
      "# Feature \(feature.id): \(feature.title)", "", "It repeated itself: \(cycle).", "",
    ]
    for old in try store.attempts(of: feature.id) {
      let told = try store.agentReport(feature.id, old.number)
      lines.append(
        "- attempt \(old.number), \(told?.agent ?? "agent"), \(old.tierName): \(old.state.rawValue)"
          + (old.detail.map { ", \($0)" } ?? "") + "; log: \(state.log(feature.id, old.number))")
    }
    if let rework = feature.rework {
      lines += ["", "## What the last attempt had to repair", rework]
    }
    let tail = LogTail.lines(state.log(feature.id, attempt.number), count: 40)
      .map(TerminalSafeText.strip)
    if !tail.isEmpty { lines += ["", "## The end of the last log", ""] + tail.map { "    " + $0 } }
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(
      to: URL(fileURLWithPath: path), options: .atomic)
    return path
  }
}
