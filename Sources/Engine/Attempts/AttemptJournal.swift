import Foundation
import Model
import Store

/// Journal of an agent's actions in one format for all agents, one JSON object per line; it stands beside the log of its
/// output, which is as the agent wrote it.
///
/// Its size is bounded by the number of events that are told of an attempt. Losing a line is no reason to end an
/// attempt, so that nothing here throws.
struct AttemptJournal {
  private let file: FileHandle?

  /// - Parameter path: a file for this user alone; it is made where it is not there.
  init(path: String) {
    let descriptor = open(
      path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0o600)
    file = descriptor < 0 ? nil : FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  /// Appends events of one moment, in milliseconds since 1970: what each is, and its facts.
  func append(_ rows: [(kind: String, facts: [String: JSON])], at time: Int64) {
    let moment = JSON.time(time)
    let lines = rows.map { row in
      var facts = row.facts
      facts["type"] = .string(row.kind)
      facts["time"] = moment
      return JSON.sorted(facts).text + "\n"
    }
    try? file?.write(contentsOf: Data(lines.joined().utf8))
  }
}
