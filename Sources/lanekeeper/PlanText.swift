import Backlog
import Foundation
import Planning

/// A plan for people.
struct PlanText {
  let plan: Plan
  let backlog: Backlog
  let footprints: [Footprint]
  /// Past attempts that the times rest on.
  let attempts: Int
  let agents: Int

  var lines: [String] {
    let features = Dictionary(
      backlog.features.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var lines = ["\(backlog.features.count) features, \(plan.edges.count) dependencies"]
    for (number, wave) in plan.waves.enumerated() {
      lines.append("Wave \(number + 1):")
      for id in wave {
        let feature = features[id]
        let needs = feature?.dependencies.map { "#\($0.id)" } ?? []
        let after = needs.isEmpty ? "" : " (after \(needs.joined(separator: ", ")))"
        lines.append("   #\(id) \(Terminal.cut(feature?.title ?? "", 80))\(after)")
      }
    }
    lines.append("Critical path: " + plan.criticalPath.map { "#\($0)" }.joined(separator: " → "))
    let basis =
      attempts == 0 ? "at ten minutes each" : "by \(attempts) attempts of this repository"
    lines.append(
      "Expected \(basis): \(Duration.text(plan.predicted.sequential)) with 1 agent, "
        + "\(Duration.text(plan.predicted.parallel)) with \(agents) (speed-up "
        + "\(String(format: "%.2f", plan.predicted.speedup)))")
    lines.append(
      "Agents: "
        + plan.paces.map {
          "\($0.agents) → \(Duration.text($0.seconds)) (\(String(format: "%.2f", $0.speedup)))"
        }.joined(separator: ", "))
    for edge in plan.costlyEdges.prefix(3) {
      lines.append(
        "Without #\(edge.dependsOn) before #\(edge.feature): \(Duration.text(edge.seconds)) less")
    }
    return lines + footprintLines
  }

  private var footprintLines: [String] {
    let some = footprints.filter { !$0.paths.isEmpty }
    guard !some.isEmpty else { return [] }
    var lines = ["Footprints (expected, not claimed unless declared):"]
    for footprint in some.prefix(60) {
      let paths = footprint.paths.prefix(4).map {
        $0.likelihood == 1
          ? "\($0.path) (declared)"
          : "\($0.path) (\(Int(($0.likelihood * 100).rounded())) %, \($0.reason))"
      }
      lines.append("   #\(footprint.feature) " + paths.joined(separator: "; "))
    }
    if some.count > 60 { lines.append("   … and \(some.count - 60) more; --json shows all") }
    for pair in Collisions.pairs(footprints).prefix(5) {
      lines.append(
        "   #\(pair.first) and #\(pair.second) may collide on \(pair.path) "
          + "(\(Int((pair.likelihood * 100).rounded())) %)")
    }
    return lines
  }
}
