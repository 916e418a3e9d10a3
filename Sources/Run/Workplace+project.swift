import Attempts
import Backlog
import Foundation
import Git
import Landing
import Lanes
import MCP
import Model
import Planning
import Processes
import Store
import Synchronization

extension Workplace {
  /// What the coordination server needs of a project.
  package init(_ project: Project, _ store: Store) throws {
    let hooks = try project.hooks()
    let backlog = BacklogWatch(project)
    let attempts = project.attemptSettings(
      guardProgram: try HelperPrograms.path("lanekeeper-guard"),
      hookVariables: hooks.variables(addingTo: project.environment), graceSeconds: 5, store: store)
    self.init(
      directory: project.directory, environment: project.environment, target: project.target,
      policies: project.pathPolicies, checks: ClaimChecks(project, store), state: project.state,
      pool: project.pool(store),
      attempts: attempts,
      identity: project.identity,
      sync: { lane in try SyncCall.run(lane, project.environment) },
      refresh: { store in try backlog.takeOver(into: store) },
      recover: { store in try recoverIfNeeded(project, attempts, store) },
      remaining: { backlog.remaining })
  }
}

/// Other sessions may have lanes in preparation, and are no participants: those lanes are left alone.
private func recoverIfNeeded(_ project: Project, _ attempts: AttemptSettings, _ store: Store) throws
{
  let recovery = Recovery(
    project: project, store: store, settings: attempts,
    lander: project.lander(store, guardProgram: attempts.guardProgram), participant: nil,
    holdsLanes: true)
  if try recovery.isNeeded() { try recovery.run() }
}

extension ClaimChecks {
  /// The checks of a project, as the commands make them.
  package init(_ project: Project, _ store: Store) {
    self.init(
      stale: { feature, branch in project.staleCheck(feature, branch: branch) },
      expiry: { project.expiryCheck() },
      look: {
        try project.watch(store).look().map {
          TargetWatch.text($0, target: project.configuration.target)
        }
      })
  }
}

/// Takes over `features.yml` whenever its file has changed, once for all processes that ask.
private final class BacklogWatch: Sendable {
  private struct Seen {
    var stamp = ""
    var remaining: [String: Double] = [:]
  }

  private let project: Project
  private let seen = Mutex(Seen())
  private static let key = "backlog_stamp"

  init(_ project: Project) { self.project = project }

  var remaining: [String: Double] { seen.withLock { $0.remaining } }

  /// - Throws: ``ToolFailure`` where the file is wrong; the backlog stays as it was.
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

  /// Changes with the file; `nil` where there is none.
  private var stamp: String? {
    var found = stat()
    guard stat(project.backlogFile, &found) == 0 else { return nil }
    return "\(found.st_ino) \(found.st_size) \(found.st_mtim.tv_sec).\(found.st_mtim.tv_nsec)"
  }
}

/// Brings the target into a lane as `lanekeeper sync` does there.
private enum SyncCall {
  static func run(_ lane: String, _ environment: [String: String]) throws -> SyncReport {
    let result = try Command.runBlocking(
      [try HelperPrograms.path("lanekeeper"), "sync"], directory: lane, environment: environment,
      timeoutSeconds: 600)
    let words = [result.output, result.error].map {
      String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }.filter { !$0.isEmpty }.joined(separator: "\n")
    return SyncReport(
      isSynced: result.status == 0, detail: words.isEmpty ? "the target was merged in" : words)
  }
}

extension Dispatcher {
  /// The coordination server of a project.
  ///
  /// - Parameter directory: where the server stands; a lane gives its identity.
  package init(
    _ project: Project, _ store: Store, directory: String, version: String
  ) throws {
    let repository = try Repository(
      opening: try Repository.discover(from: directory) ?? directory,
      environment: project.environment)
    self.init(
      coordinator: Coordinator(
        store: store, workplace: try Workplace(project, store),
        caller: try Caller.find(
          gitDirectory: repository.gitDirectory, store: store, locks: project.state.locks)),
      version: version, tellsOfChanges: true)
  }
}
