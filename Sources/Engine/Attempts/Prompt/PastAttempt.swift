import Foundation
import Model
import Processes
import Store

/// Reads how the previous attempt ended.
struct PastAttempt {
  let store: Store
  let state: StateDirectory

  private static let longest = 2000

  /// Says how the attempt before ended and what it said last; `nil` where there was none, or it was cut off.
  func words(_ feature: FeatureRecord, _ attempt: AttemptRecord) throws -> String? {
    guard attempt.number > 1,
      let report = try store.agentReport(feature.id, attempt.number - 1),
      let ending = report.ending
    else { return nil }
    var text = "Attempt \(attempt.number - 1): \(ending)"
    if report.endedWell {
      text +=
        report.isDone
        ? ", and so said that its work was done"
        : ", and so said that its work was done or that only held files kept it from being committed"
    }
    text += "."
    // The log's end stands in the words of a failure already.
    let known = feature.rework ?? ""
    if let last = report.lastWords, !last.isEmpty, !known.contains(last) {
      text += " Its last words were:\n" + last
    }
    return text
  }

  /// Tells why no agent is needed: the attempt before said that its work was done, and only Lanekeeper could not
  /// commit it, for others held it or a signer failed. The gate judges it in any case.
  func done(_ feature: FeatureRecord, _ attempt: AttemptRecord) throws -> String? {
    guard attempt.number > 1,
      let last = try store.attempt(feature.id, attempt.number - 1), last.state == .interrupted,
      let report = try store.agentReport(feature.id, last.number), report.isDone,
      try store.openRequest(of: feature.id) == nil, isSameTask(feature, last)
    else { return nil }
    return
      "no agent was needed: attempt \(last.number) had said that its work was done, and what kept it from being "
      + "committed is gone"
  }

  /// Returns whether the attempt was given the same task as it is now.
  private func isSameTask(_ feature: FeatureRecord, _ attempt: AttemptRecord) -> Bool {
    // Attempts without an agent have no prompt.
    let prompts = (1...attempt.number).reversed().lazy.compactMap {
      FileManager.default.contents(atPath: state.prompt(feature.id, $0))
    }
    guard let data = prompts.first else { return false }
    let text = String(decoding: data, as: UTF8.self)
    return ([feature.title, feature.description] + feature.steps).allSatisfy {
      $0.isEmpty || text.contains($0.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }

  /// Returns an agent's last message, or the end of its log where it writes no messages.
  static func lastWords(_ run: AgentRun, log: String) -> String? {
    let lines =
      run.definition.output.format == .jsonLines
      ? [run.report.lastMessage].compactMap(\.self)
      : LogTail.lines(log, count: 10).map(TerminalSafeText.strip)
    let text = lines.joined(separator: "\n").trimmingCharacters(in: .whitespacesAndNewlines)
    return text.isEmpty ? nil : String(text.suffix(longest))
  }
}
