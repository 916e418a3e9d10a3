import Engine
import Foundation
import MCP
import Processes
import Store
import Synchronization

/// The project that the page shows, and the state that its requests share.
package final class Site: Sendable {
  private struct State {
    var project: Project
    var stamp: String
    var status: (seq: Int64, at: Date, text: String)?
  }

  let store: Store
  let feed: EventFeed
  let version: String
  private let directory: String
  private let environment: [String: String]
  private let state: Mutex<State>
  private let forecaster = Mutex(Forecaster())

  package init(
    _ project: Project, _ store: Store, directory: String, environment: [String: String],
    version: String
  ) throws {
    self.store = store
    self.directory = directory
    self.environment = environment
    self.version = version
    feed = try EventFeed(store)
    state = Mutex(State(project: project, stamp: Self.stamp(project)))
  }

  /// Returns the project; it is opened again if its configuration has changed.
  func project() throws -> Project {
    let (project, stamp) = state.withLock { ($0.project, $0.stamp) }
    let now = Self.stamp(project)
    guard now != stamp else { return project }
    let fresh = try Project.open(directory, environment: environment)
    state.withLock {
      $0.project = fresh
      $0.stamp = now
    }
    return fresh
  }

  /// Returns the text of `status --json`, shared by all requests within half a second without an event.
  func status() throws -> String {
    let seq = try store.lastEvent()
    let known = state.withLock { $0.status }
    if let known, known.seq == seq, Date().timeIntervalSince(known.at) < 0.5 { return known.text }
    let project = try project()
    let view = try forecaster.withLock { try StatusView(project, $0) }
    let text = view.json.text
    state.withLock { $0.status = (view.seq, Date(), text) }
    return text
  }

  private static func stamp(_ project: Project) -> String {
    var facts = stat()
    let file = project.directory + "/" + Project.configurationFile
    guard stat(file, &facts) == 0 else { return "" }
    return "\(facts.st_ino) \(facts.st_size) \(facts.st_mtim.tv_sec).\(facts.st_mtim.tv_nsec)"
  }
}
