import Foundation
import Git
import Processes
import Store

/// The steps after an agent in a sandbox has ended.
struct SandboxCleanup {
  let context: RepositoryContext
  let settings: AttemptSettings
  let store: Store

  private var state: StateDirectory { context.state }

  /// Brings the work in that stands in the view of the lane, which is kept where that fails.
  func bringIn(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, _ lane: LaneRecord, _ branch: String
  ) throws {
    let view = SandboxView(state: state, lane: lane, environment: context.environment)
    guard view.isThere else { return }
    view.end()
    let arrival = try view.bringIn(
      branch: branch, rescue: Rescue.reference(feature.id, attempt.number))
    if !arrival.rescued.isEmpty || !arrival.problems.isEmpty {
      try store.record(
        .sandboxRest, feature: feature.id, agent: attempt.agent,
        [
          "attempt": .integer(Int64(attempt.number)),
          "detail": .string(
            (arrival.problems + arrival.rescued.map { "kept as \($0)" }).joined(separator: "; ")),
        ])
    }
    if arrival.problems.isEmpty {
      try view.remove()
    } else {
      try view.putAside("\(feature.id)-\(attempt.number)")
    }
  }

  /// How what is left uncommitted is committed: inside, since the hooks that git starts may be written by
  /// the agent; `nil` where there is no sandbox.
  func committing(
    _ attempt: AttemptRecord, _ lane: LaneRecord, _ branch: String
  ) -> (([String], [UInt8]) throws -> (status: Int32, error: String))? {
    guard let rules = settings.sandbox else { return nil }
    return { arguments, input in
      var inside = GitProgram.clean(
        AgentEnvironment.allowed(context.environment, by: .init(), [:]))
      inside["LANEKEEPER_USER_HOOKS"] = nil
      inside["LANEKEEPER_LANE"] = lane.path
      inside["GIT_TERMINAL_PROMPT"] = "0"
      inside["LC_ALL"] = "C"
      inside.merge(settings.hookVariables) { $1 }
      let session = try SandboxSession(
        rules, attempt: attempt, lane: lane, branch: branch, target: context.target, state: state,
        guardProgram: context.guardProgram, outside: context.environment, inside: inside,
        isLane: try LaneBranches.known(store))
      defer { session.close() }
      let result = try Command.runBlocking(
        session.command(["git"] + arguments), directory: lane.path, environment: inside,
        input: input, timeoutSeconds: 1800)
      let arrival = try session.view.bringIn(branch: branch, rescue: nil)
      guard arrival.problems.isEmpty else {
        // The files in the lane are rescued then, and what was committed stays in the view.
        try session.view.putAside("\(attempt.feature)-\(attempt.number)")
        return (1, arrival.problems.joined(separator: "; "))
      }
      try session.view.remove()
      return (result.status, String(decoding: result.error, as: UTF8.self))
    }
  }
}
