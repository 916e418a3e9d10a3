import Backlog
import Foundation
import Git
import Processes
import Store

/// Looks, before anything is changed, whether a run can work.
struct Preflight {
  let project: Project
  let options: RunOptions

  /// - Throws: ``Failure`` with the first thing that makes a run impossible.
  func check(_ backlog: Backlog) throws -> [String: AgentDefinition] {
    let repository = try project.repository()
    let configuration = project.configuration
    guard options.parallel >= 1, options.parallel <= configuration.limits.maxParallel else {
      throw Failure(
        "--parallel must be from 1 to \(configuration.limits.maxParallel), not \(options.parallel); "
          + "limits.max_parallel in lanekeeper.yml raises the bound, to 64 at most", status: 64)
    }
    if case .detached = try repository.head() {
      throw Failure(
        "HEAD of \(project.directory) is detached, so it is not clear what the work is based on; "
          + "switch to a branch, e.g. `git switch \(configuration.target)`")
    }
    guard try repository.reference(project.target) != nil else {
      guard let store = try project.existingStore(), try store.knownTarget() != nil else {
        throw Failure(
          "the target branch '\(configuration.target)' does not exist in \(project.directory); "
            + "make a first commit on it, or set `target:` in lanekeeper.yml")
      }
      throw Failure(try project.lostTarget(store))
    }
    let pattern = configuration.lanes.branch
    if let obstacle = try BranchName.obstacleToAll(repository, pattern: pattern) {
      throw Failure(
        "`lanes.branch` names the branches of the lanes \(pattern.text), and \(obstacle)")
    }
    // Better no run than one that only seems to be kept apart.
    if configuration.sandbox.isOn,
      let obstacle = Bubblewrap.obstacle(environment: project.environment)
    {
      throw Failure(
        "`sandbox: bubblewrap` in lanekeeper.yml can't be kept: \(obstacle); `sandbox: none` lets "
          + "agents run without one")
    }
    for id in (options.only ?? []).sorted()
    where !backlog.features.isEmpty && !backlog.features.contains(where: { $0.id == id }) {
      throw Failure(
        "there is no feature '\(id)' in features.yml; `lanekeeper status` lists them", status: 64)
    }
    try checkGate()
    let agents = try checkBacklog(backlog)
    try LaneOwner.take(project.lanesDirectory, repository.commonDirectory)
    try DiskSpace.check(
      project.lanesDirectory, repository: repository, target: project.target,
      lanes: options.parallel + 2)
    return agents
  }

  /// The same of a backlog alone, which may change while a run goes on.
  func checkBacklog(_ backlog: Backlog) throws -> [String: AgentDefinition] {
    guard !backlog.features.isEmpty else {
      throw Failure(
        "\(project.backlogFile) holds no features; add some, or bring a backlog in with "
          + "`lanekeeper import FILE`", status: 65)
    }
    return try agents(backlog)
  }

  private func checkGate() throws {
    let command = project.configuration.gate.command
    guard !command.isEmpty, let program = ShellCommand.program(of: command) else { return }
    guard
      ShellCommand.exists(
        program, directory: project.directory, path: project.environment["PATH"])
    else {
      throw Failure(
        "the gate `\(command)` starts '\(program)', which is not found; install it, or correct "
          + "`gate:` in lanekeeper.yml")
    }
  }

  /// Finds the definition of every agent that the features ask for.
  private func agents(_ backlog: Backlog) throws -> [String: AgentDefinition] {
    let configuration = project.configuration
    var names = Set(
      backlog.features.filter { options.only?.contains($0.id) ?? true }.compactMap(\.agent))
    names.formUnion(configuration.agents.isEmpty ? ["claude"] : configuration.agents)
    if let agent = options.agent { names = [agent] }
    let catalogue = project.agents
    var result: [String: AgentDefinition] = [:]
    for name in names.sorted() {
      do {
        let definition = try catalogue.definition(name)
        try AgentCheck(project: project).check(name, definition)
        result[name] = definition
      } catch let error as AgentError {
        throw Failure("\(error)", status: options.agent == name ? 64 : 65)
      } catch let problems as InputProblems {
        throw Failure(problems.description, status: 65)
      }
    }
    return result
  }
}
