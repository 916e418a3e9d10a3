import Backlog
import Engine
import Foundation
import Planning
import Store
import Synchronization

/// Takes over `features.yml` when it has changed, once for all processes.
final class BacklogWatch: Sendable {
  private struct Seen {
    var stamp = ""
    var remaining: [String: Double] = [:]
  }

  private let project: Project
  private let seen = Mutex(Seen())
  private static let key = "backlog_stamp"

  init(_ project: Project) { self.project = project }

  /// The length of the longest chain of features that starts with each feature.
  var remaining: [String: Double] { seen.withLock { $0.remaining } }

  /// - Throws: ``ToolFailure`` if the file is invalid; the backlog stays as it was.
  func takeOver(into store: Store) throws {
    guard let stamp else { return }
    guard seen.withLock({ $0.stamp }) != stamp else { return }
    let backlog: Backlog
    do {
      backlog = try project.plannedBacklog().backlog
    } catch let failure as Failure {
      throw ToolFailure(failure.description)
    }
    if try store.value(Self.key) != stamp {
      try project.takeOver(backlog, into: store)
      _ = try Adoption.run(project, into: store)
      try store.setValue(Self.key, stamp)
    }
    let remaining = DependencyGraph(backlog).remainingPath { _ in 1 }
    seen.withLock { $0 = Seen(stamp: stamp, remaining: remaining) }
  }

  /// Changes with the file; `nil` if there is none.
  private var stamp: String? {
    var found = stat()
    guard stat(project.backlogFile, &found) == 0 else { return nil }
    return "\(found.st_ino) \(found.st_size) \(found.st_mtim.tv_sec).\(found.st_mtim.tv_nsec)"
  }
}
