import Foundation
import Model
import Processes
import Store

/// The attempts under way, each with what its agent is doing.
package enum WorkView {
  /// - Parameter lines: how many lines of its log each brings along.
  package static func json(_ project: Project, _ store: Store, lines: Int) throws -> JSON {
    let attempts = try store.consistently { () throws -> [JSON] in
      let claims = Dictionary(grouping: try store.claims(), by: \.owner)
      return try store.runningAttempts().compactMap { attempt in
        guard let feature = try store.feature(attempt.feature) else { return nil }
        let report = try store.agentReport(attempt.feature, attempt.number)
        return [
          "agent": .string(attempt.agentID), "feature": .string(feature.id),
          "title": .string(feature.title), "category": .string(feature.category),
          "state": .string(feature.state.rawValue), "attempt": .whole(attempt.number),
          "model": .string(attempt.tierName), "model_name": .string(attempt.modelName),
          "reason": .string(attempt.choice), "program": .text(report?.agent),
          "lane": .whole(attempt.lane), "lane_path": .text(try store.lane(attempt.lane)?.path),
          "started_at": .time(attempt.startedAt),
          "last_activity_at": .time(activity(project, attempt)),
          "alive": .bool(
            FileLock.isHeld(project.state.attemptLock(attempt.feature, attempt.number))),
          "progress": .text(try store.lastWord(of: attempt.feature)),
          "claims": .texts(
            (claims[.feature(feature.id)] ?? []).map(\.path.description).sorted()),
          "log_tail": .texts(
            tail(try LogReader(project, store, attempt), project, attempt, lines)),
        ]
      }
    }
    return ["seq": .integer(try store.lastEvent()), "attempts": .array(attempts)]
  }

  /// When the log last grew, in milliseconds since 1970; before that, the start.
  private static func activity(_ project: Project, _ attempt: AttemptRecord) -> Int64 {
    var facts = stat()
    guard stat(project.state.log(attempt.feature, attempt.number), &facts) == 0 else {
      return attempt.startedAt
    }
    return Int64(facts.st_mtim.tv_sec) * 1000 + Int64(facts.st_mtim.tv_nsec) / 1_000_000
  }

  private static func tail(
    _ reader: LogReader, _ project: Project, _ attempt: AttemptRecord, _ lines: Int
  ) -> [String] {
    guard lines > 0 else { return [] }
    var reader = reader
    let text = LogTail.lines(
      project.state.log(attempt.feature, attempt.number), count: lines * 4, bytes: 8192)
    return reader.lines(Data((text.joined(separator: "\n") + "\n").utf8)).suffix(lines)
      .map { String($0.prefix(400)) }
  }
}
