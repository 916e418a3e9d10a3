import Engine
import Foundation
import Store

extension StatusView {
  /// The state for people.
  var lines: [String] {
    var lines: [String] = []
    let landed = features.count { $0.state == .landed }
    lines.append(
      "\(project.name): \(landed) of \(features.count) features landed on "
        + "\(project.configuration.target)" + (head.map { " (\($0.short))" } ?? ""))
    var runLine = "run: \(runState)"
    if let run, runState == "running" || runState == "paused" {
      runLine += ", process \(run.pid), \(run.parallel) agents, preset \(run.preset ?? "custom")"
    }
    if let eta, eta > 0 { runLine += ", about \(Duration.text(eta)) to go" }
    lines.append(runLine)
    if let hold {
      lines.append("held: " + TargetWatch.text(hold, target: project.configuration.target))
    }
    for held in landingHolds {
      lines.append("held: #\(held.feature) can't land yet: " + Terminal.visibleLine(held.reason))
    }
    for wait in waits { lines.append("waits: " + Terminal.visibleLine(words(wait))) }
    for feature in features {
      guard let words = GateLitter.words(committed: gateProducts[feature.id] ?? []) else {
        continue
      }
      lines.append("warning: the branch of #\(feature.id) " + Terminal.visibleLine(words))
    }
    if let redGate { lines.append("red: " + Terminal.visibleLine(redGate)) }
    lines += project.configurationChanges.map { "configuration: " + $0.text }
    guard !features.isEmpty else {
      return lines + ["features.yml holds no features yet"]
    }
    lines.append("")
    let rows = features.map { feature -> [String] in
      let attempt = attempts[feature.id]
      return [
        "#" + feature.id, Terminal.cut(feature.title, 44), feature.state.rawValue,
        attempt?.tierName ?? "", attempt.map { $0.state == .running ? $0.agentID : "" } ?? "",
        note(feature),
      ]
    }
    return lines + Terminal.table(["FEATURE", "TITLE", "STATE", "MODEL", "AGENT", ""], rows)
      + forecastLines
  }

  private func words(_ wait: RunWait) -> String {
    (wait.feature.map { "feature #\($0): " } ?? "") + wait.words + wait.since(store?.now)
  }

  private var forecastLines: [String] {
    // Two lanes name each other; the one that stands first in the backlog does it for both.
    var told: Set<String> = []
    let atWork = features.compactMap { lane($0.id) }
    let words = atWork.flatMap { lane in
      defer { told.insert(lane.feature ?? "") }
      return (forecast.conflicts[lane.number] ?? []).compactMap { conflict -> String? in
        if let other = conflict.feature, told.contains(other) { return nil }
        let with = conflict.feature.map { "#\($0)" } ?? project.configuration.target
        return "as it is now, #\(lane.feature ?? "?") would conflict with \(with) in "
          + Terminal.cut(conflict.paths.joined(separator: ", "), 80)
      }
    }
    return words.isEmpty ? [] : [""] + words
  }

  private func note(_ feature: FeatureRecord) -> String {
    switch feature.state {
    case .landed: return feature.landedCommit.map { String($0.prefix(7)) } ?? ""
    case .pending:
      let open = (dependencies[feature.id] ?? []).filter { id in
        features.first { $0.id == id }?.state != .landed
      }
      return "after " + open.map { "#\($0)" }.joined(separator: ", ")
    case .waiting:
      return feature.wait?.words() ?? ""
    case .landing where feature.wait == nil:
      return (try? store?.landingWords(of: feature)) ?? ""
    case .ready, .landing:
      return feature.wait?.words(holds: slotHolds) ?? ""
    case .running:
      guard let attempt = attempts[feature.id], let store else { return "" }
      return Duration.text(Double(store.now - attempt.startedAt) / 1000)
    case .failed:
      // Rather what was wrong with the work than how its last attempt ended.
      let rework = feature.rework?.split(separator: "\n").first.map(String.init)
      return Terminal.cut(rework ?? attempts[feature.id]?.detail ?? "", 60)
    default: return ""
    }
  }
}
