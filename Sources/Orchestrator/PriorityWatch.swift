import Backlog
import Foundation
import Store

/// Notices that a person changed priorities in `features.yml`, and takes them over at once.
///
/// Everything else of the backlog is taken over by the next run.
struct PriorityWatch {
  private let project: Project
  private var seen: Stamp?

  private struct Stamp: Equatable {
    var seconds: Int
    var nanoseconds: Int
    var size: Int64

    init?(_ path: String) {
      var facts = stat()
      guard stat(path, &facts) == 0 else { return nil }
      seconds = facts.st_mtim.tv_sec
      nanoseconds = facts.st_mtim.tv_nsec
      size = Int64(facts.st_size)
    }
  }

  init(project: Project) {
    self.project = project
    seen = Stamp(project.backlogFile)
  }

  /// Looks at the file, and reads it where it has changed.
  mutating func takeOver(into store: Store, tell: (String) -> Void) {
    let stamp = Stamp(project.backlogFile)
    guard let stamp, stamp != seen else { return }
    seen = stamp
    do {
      let backlog = try project.backlog()
      let changed = try store.setPriorities(
        Dictionary(
          backlog.features.map { ($0.id, $0.priority) }, uniquingKeysWith: { first, _ in first }))
      guard !changed.isEmpty else { return }
      tell("new priorities: " + changed.map { "#\($0)" }.joined(separator: ", "))
    } catch {
      tell("features.yml has changed and can't be read, so priorities stay as they are: \(error)")
    }
  }
}
