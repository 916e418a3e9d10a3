import Engine
import Foundation
import Model

/// The lines of `run` in a pipe, as the contract gives them.
enum RunLines {
  /// One line each, whatever stands in titles and details: none of these can look like another.
  static func lines(_ event: RunEvent) -> [String] {
    words(event).map { $0.contains(where: \.isNewline) ? Terminal.visibleLine($0) : $0 }
  }

  private static func words(_ event: RunEvent) -> [String] {
    switch event {
    case .initialized(let project, let parallel, let preset, let models):
      return [
        "🚀 Agent Manager initialized", "   Project: \(project)", "   Max Agents: \(parallel)",
        "   Model Preset: \(preset ?? "custom")",
        "   Available Models: \(models.joined(separator: ", "))", "",
        "🎯 Starting parallel feature development...", "",
      ]
    case .note(let text): return ["ℹ️  \(text)"]
    case .started(let agent, let feature, let title, let category, let tier):
      return [
        "🤖 \(agent): Started feature #\(feature) - \(Terminal.cut(ShortTitle.of(title), 2 * ShortTitle.length))",
        "   Category: \(category)", "   Model: \(tier.rawValue.uppercased())",
      ]
    case .completed(let agent, let feature): return ["✅ \(agent): Feature #\(feature) completed!"]
    case .failed(let agent, let feature, let detail, let retry):
      let end = retry.map { ", will retry with \($0.rawValue.uppercased())" } ?? ""
      return ["❌ \(agent ?? "landing"): Feature #\(feature) failed (\(detail))\(end)"]
    case .interrupted(let agent, let feature, let detail):
      return ["⏸️  \(agent): Feature #\(feature) interrupted (\(detail))"]
    case .waiting(let feature, let detail): return ["⏳ Feature #\(feature) waits: \(detail)"]
    case .removed(let agent, _, let seconds):
      return ["🧹 \(agent): Removed from tracking (duration: \(String(format: "%.1f", seconds))s)"]
    case .landed(let feature, let target, let commit):
      return ["🔀 Feature #\(feature) landed on \(target) as \(commit.prefix(7))"]
    case .undone(let feature, let target, let commit):
      return ["↩️  Feature #\(feature) undone on \(target) by \(commit.prefix(7))"]
    case .log(let path, let lines):
      return lines.map { "   │ " + Terminal.cut(Terminal.strip($0), 200) } + ["   Log: \(path)"]
    case .held(let feature, let reason): return ["⚠️  Feature #\(feature) can't land yet: \(reason)"]
    case .stopping(let forced):
      return [
        forced
          ? "🛑 Ending at once; what the agents wrote is kept"
          : "🛑 Stopping: agents get a moment to end; once more Ctrl+C ends at once"
      ]
    }
  }

  /// Returns the lines for the end of a make recipe: none where all went well.
  static func recipeEnd(_ summary: RunSummary) -> [String] {
    guard summary.status == 75 else { return [] }
    return summary.leftOver.map { "⏳ \($0)" }
      + [
        "   nothing has failed, although make calls this Error 75; the next `make` of the same target goes on"
      ]
  }

  static func summary(_ summary: RunSummary) -> [String] {
    var lines = ["", "📊 Summary"]
    func add(_ name: String, _ value: String) { lines.append("   \(name): \(value)") }
    add("Landed", String(summary.landed))
    add("Failed", String(summary.failed))
    add("Blocked", String(summary.blocked))
    if summary.open > 0 { add("Open", String(summary.open)) }
    add("Attempts", String(summary.attempts))
    add("Wall time", Duration.text(summary.wallSeconds))
    add("Agent time", Duration.text(summary.agentSeconds))
    add("Speed-up", String(format: "%.2f", summary.speedup))
    add("Cost", String(format: "$%.2f", summary.costUSD))
    if !summary.leftOver.isEmpty {
      lines.append("   Not done:")
      lines += summary.leftOver.prefix(20).map { "     \($0)" }
      if summary.leftOver.count > 20 {
        lines.append("     and \(summary.leftOver.count - 20) more")
      }
    }
    return lines
  }
}
