import Foundation
import Git
import Processes
import Store

/// A sandbox around one lane, from before its agent starts until its work is put away.
package final class SandboxSession: Sendable {
  package let view: SandboxView
  private let settings: SandboxSettings
  private let lane: LaneRecord
  private let mounts: [Bubblewrap.Mount]
  private let desk: RequestSocket

  /// Makes the lane's view of the repository and listens to what is asked from inside.
  ///
  /// What an earlier sandbox of the lane left must have been brought in.
  /// - Parameters:
  ///   - inside: the environment of what runs inside.
  ///   - needs: what the agent's program needs of HOME.
  ///   - files: further files that can be read inside, such as the prompt.
  ///   - isLane: tells which branches are features'.
  package init(
    _ settings: SandboxSettings, attempt: AttemptRecord, lane: LaneRecord, branch: String,
    target: String, state: StateDirectory, guardProgram: String, outside: [String: String],
    inside: [String: String], needs: SandboxPaths = SandboxPaths(), program: String? = nil,
    files: [String] = [], isLane: (String) -> Bool
  ) throws {
    self.settings = settings
    self.lane = lane
    view = SandboxView(state: state, lane: lane, environment: outside)
    if view.isThere {
      // Whose it is, is not known here: nothing of it goes onto this branch's account alone.
      let time = Int(Date().timeIntervalSince1970 * 1000)
      let rest = try view.bringIn(
        branch: branch, rescue: "refs/lanekeeper/rescue/\(lane.name)/\(time)")
      if !rest.problems.isEmpty { try view.putAside("\(time)") }
    }
    try view.make(branch: branch, isLane: { isLane($0) || $0 == branch })
    try view.makeHome(for: attempt.feature)
    try FileManager.default.createDirectory(
      atPath: state.temporary(lane.name), withIntermediateDirectories: true)
    let plan = SandboxMounts(
      settings: settings, state: state, view: view, lane: lane, environment: inside, needs: needs,
      program: program)
    try plan.copyIntoHome()
    mounts = plan.all() + files.map { .readable($0, from: $0) }
    for file in files { try view.makePlace(for: file) }
    try plan.makePlaces(for: mounts)
    var environment = GitProgram.clean(outside)
    environment[ProcessTree.guardLockVariable] = state.attemptLock(attempt.feature, attempt.number)
    environment[OrphanProcesses.markVariable] = attempt.mark
    environment["LANEKEEPER_LANE"] = lane.path
    environment["LANEKEEPER_USER_HOOKS"] = "none"
    let service = SandboxHost(
      view: view, lane: lane, branch: branch, target: target, guardProgram: guardProgram,
      hookProgram: state.programs + "/lanekeeper-hook", lanekeeper: settings.lanekeeper,
      environment: environment)
    desk = try RequestSocket(directory: view.path, name: "socket") { request, isWanted in
      service.serve(request, isWanted: isWanted)
    }
  }

  /// The command line that runs a command inside.
  package func command(_ argv: [String]) -> [String] {
    Bubblewrap.command(
      argv, program: settings.program, mounts: mounts, network: settings.network,
      directory: lane.path)
  }

  /// Serves nobody any more.
  package func close() {
    view.end()
    desk.close()
  }

  deinit { close() }
}
