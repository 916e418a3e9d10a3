import Engine
import Foundation
import Model

/// The report of a replay.
struct ReplayText {
  let plan: ReplayPlan
  /// Steps of the history that changed nothing.
  let empty: Int
  var on: ReplayOutcome?
  var off: ReplayOutcome?

  init(plan: ReplayPlan, empty: Int) {
    self.plan = plan
    self.empty = empty
  }

  /// Whether all landed, no landing met a conflict, and the tree is upstream's where it must be.
  var isGood: Bool {
    guard let on else { return false }
    return on.left.isEmpty && on.conflictsAtLanding == 0
      && (plan.order != .history || on.different.isEmpty)
  }

  var opening: [String] {
    let merges = plan.changes.count(where: \.isMerge)
    let concurrent = plan.changes.count { $0.isMerge && $0.wasConcurrent }
    var lines = [
      "⏪ \(merges) merged branches"
        + (plan.order == .shuffled ? "" : ", \(plan.changes.count - merges) runs of direct commits")
        + ", from \(plan.start.short), order: \(plan.order.rawValue)",
      "   \(concurrent) of the branches were open while something else landed",
    ]
    if empty > 0 { lines.append("   \(empty) steps changed nothing and are left out") }
    return lines
  }

  var lines: [String] {
    guard let on else { return [] }
    func row(_ name: String, _ value: (ReplayOutcome) -> String) -> String {
      let name = name.padding(toLength: 26, withPad: " ", startingAt: 0)
      let first = value(on).padding(toLength: 14, withPad: " ", startingAt: 0)
      return ("   " + name + first + (off.map(value) ?? "")).trimmingSuffix()
    }
    var lines = ["", row("") { $0 == on ? "claims on" : "" }]
    if off != nil {
      lines[1] = "   " + String(repeating: " ", count: 26) + "claims on     claims off"
    }
    lines.append(row("Landed") { "\($0.landed) of \($0.features)" })
    if on.empty + (off?.empty ?? 0) > 0 {
      lines.append(row("Changed nothing by then") { "\($0.empty)" })
    }
    lines.append(row("Conflicts at landing") { "\($0.conflictsAtLanding)" })
    lines.append(row("Waited for a path") { "\($0.waited)" })
    lines.append(row("Refused claims: held") { "\($0.refused["held"] ?? 0)" })
    lines.append(row("Refused claims: stale") { "\($0.refused["stale_base"] ?? 0)" })
    lines.append(row("Deadlocks broken") { "\($0.deadlocks)" })
    lines.append(row("Attempts") { "\($0.attempts)" })
    lines.append(row("Wall time") { Duration.text($0.wallSeconds) })
    lines.append(row("Agent time") { Duration.text($0.agentSeconds) })
    lines.append(row("Speed-up") { String(format: "%.2f", $0.speedup) })
    if on.isComparable {
      lines.append(
        row("Final tree") {
          $0.different.isEmpty ? "upstream's" : "\($0.different.count) differ"
        })
    }
    for left in on.left.prefix(20) {
      lines.append(
        "   ✗ #\(left.number) \(Terminal.cut(left.title, 80)) is \(left.state): "
          + Terminal.cut(left.reason.replacing("\n", with: " "), 200))
    }
    if on.left.count > 20 { lines.append("   and \(on.left.count - 20) more") }
    for path in on.different.prefix(10) { lines.append("   ≠ \(Terminal.cut(path, 200))") }
    return lines
  }

  var json: JSON {
    func value(_ outcome: ReplayOutcome?) -> JSON {
      guard let outcome else { return .null }
      return [
        "features": .integer(Int64(outcome.features)), "landed": .integer(Int64(outcome.landed)),
        "empty": .integer(Int64(outcome.empty)),
        "conflicts_at_landing": .integer(Int64(outcome.conflictsAtLanding)),
        "waited": .integer(Int64(outcome.waited)),
        "refused": .object(
          outcome.refused.sorted { $0.key < $1.key }.map { ($0.key, .integer(Int64($0.value))) }),
        "deadlocks": .integer(Int64(outcome.deadlocks)),
        "attempts": .integer(Int64(outcome.attempts)),
        "wall_s": .number(outcome.wallSeconds), "agent_s": .number(outcome.agentSeconds),
        "speedup": .number(outcome.speedup),
        "tree_equal": outcome.isComparable ? .bool(outcome.different.isEmpty) : .null,
        "different": .array(outcome.different.map { .string($0) }),
        "left": .array(
          outcome.left.map {
            [
              "number": .integer(Int64($0.number)), "title": .string($0.title),
              "state": .string($0.state), "reason": .string($0.reason),
            ]
          }),
      ]
    }
    return [
      "order": .string(plan.order.rawValue), "start": .string(plan.start.hex),
      "merges": .integer(Int64(plan.changes.count(where: \.isMerge))),
      "concurrent": .integer(Int64(plan.changes.count { $0.isMerge && $0.wasConcurrent })),
      "empty": .integer(Int64(empty)), "claims_on": value(on), "claims_off": value(off),
    ]
  }
}

extension String {
  fileprivate func trimmingSuffix() -> String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
