import Foundation
import Git
import Processes
import Store

/// The checks of `lanekeeper doctor`. They change nothing in the repository.
package struct Diagnosis {
  package struct Check: Sendable {
    package var name: String
    package var isWell: Bool
    package var detail: String
  }

  private let path: String
  private let environment: [String: String]

  package init(path: String, environment: [String: String]) {
    self.path = path
    self.environment = environment
  }

  package func checks() -> [Check] {
    var checks = [check("git") { try git() }]
    let project: Project
    do {
      project = try Project.open(path, environment: environment)
      checks.append(Check(name: "repository", isWell: true, detail: project.directory))
    } catch {
      return checks + [Check(name: "repository", isWell: false, detail: "\(error)")]
    }
    checks.append(check("target") { try target(project) })
    checks.append(check("backlog") { "\(try project.backlog().features.count) features" })
    checks.append(check("file system") { try fileSystem(project) })
    checks.append(check("state") { try state(project) })
    checks.append(
      check("hooks") {
        let report = try project.hooks().report()
        if report.isMoved {
          return "the repository was moved; the next run puts them and the lanes right"
        }
        if let first = report.shadowed.first {
          throw Failure("\(first); take it out of .git/config, or the lane is not checked")
        }
        guard !report.isInstalled || report.isIntact else {
          throw Failure(
            "another program wrote over \(report.overwritten.joined(separator: ", ")); `lanekeeper "
              + "hooks install` puts ours back and keeps what it wrote")
        }
        let others =
          report.displaced.isEmpty
          ? "" : "; of other programs run after them: \(report.displaced.joined(separator: ", "))"
        return report.isInstalled
          ? "installed" + others
          : "by environment only; `lanekeeper hooks install` makes them firmer"
      })
    checks.append(
      check("configuration") {
        let changes = project.configurationChanges
        let left = changes.filter { !$0.isRestored }
        guard left.isEmpty else { throw Failure(left.map(\.text).joined(separator: "; ")) }
        return changes.isEmpty
          ? "as its owner left it" : changes.map(\.text).joined(separator: "; ")
      })
    checks.append(check("gate") { try gate(project) })
    if let detail = submodules(project) {
      checks.append(Check(name: "submodules", isWell: true, detail: detail))
    }
    checks.append(check("checkout") { try unwritten(project) })
    for name in project.configuration.agents {
      checks.append(check("agent \(name)") { try agent(name, project) })
    }
    checks.append(check("sandbox") { try sandbox(project) })
    checks.append(check("memory") { try memory(project) })
    checks.append(check("disk") { try disk(project) })
    return checks
  }

  private func check(_ name: String, _ body: () throws -> String) -> Check {
    do {
      return Check(name: name, isWell: true, detail: try body())
    } catch let error as CustomStringConvertible {
      return Check(name: name, isWell: false, detail: error.description)
    } catch {
      return Check(name: name, isWell: false, detail: (error as NSError).localizedDescription)
    }
  }

  /// Tells whether `limits.memory_mb` can be kept.
  private func memory(_ project: Project) throws -> String {
    let wanted = project.configuration.limits.memoryMB
    if let obstacle = MemoryCgroup.obstacle() {
      guard wanted != nil else { return "limits.memory_mb could not be enforced: \(obstacle)" }
      throw Failure("limits.memory_mb is not enforced: \(obstacle)")
    }
    return wanted.map { "each attempt may use \($0) MB" }
      ?? "not bounded; limits.memory_mb bounds that of each attempt"
  }

  private func git() throws -> String {
    let version = try GitProgram.version(environment: environment)
    guard version.lexicographicallyPrecedes([2, 31]) == false else {
      throw Failure(
        "git \(version.map(String.init).joined(separator: ".")) is too old; 2.31 or newer is needed"
      )
    }
    return version.map(String.init).joined(separator: ".")
  }

  private func target(_ project: Project) throws -> String {
    guard let tip = try project.repository().reference(project.target) else {
      throw Failure("the branch \(project.configuration.target) does not exist; set `target:`")
    }
    if let store = try project.existingStore(), let hold = try project.watch(store).look() {
      throw Failure(TargetWatch.text(hold, target: project.configuration.target))
    }
    if let obstacle = try BranchName.obstacleToAll(
      try project.repository(), pattern: project.configuration.lanes.branch)
    {
      throw Failure("\(obstacle)")
    }
    return "\(project.configuration.target) at \(tip.short)"
  }

  /// Tries write-ahead logging and file locks in a scratch file beside the state.
  private func fileSystem(_ project: Project) throws -> String {
    let scratch = project.state.commonDirectory + "/lanekeeper-doctor-\(getpid())"
    guard mkdir(scratch, 0o700) == 0 else {
      throw Failure(
        "\(project.state.commonDirectory) can't be written: \(String(cString: strerror(errno))); "
          + "Lanekeeper keeps its state there")
    }
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    let store = try Store(path: scratch + "/state.sqlite")
    try store.setValue("doctor", "1")
    try store.close()
    let lock = try FileLock.tryAcquire(scratch + "/lock")
    guard lock != nil, FileLock.isHeld(scratch + "/lock") else {
      throw Failure("file locks don't work in \(project.state.commonDirectory)")
    }
    lock?.release()
    return "write-ahead logging and locks work"
  }

  private func state(_ project: Project) throws -> String {
    guard let store = try project.existingStore() else { return "nothing has run yet" }
    return "\(try store.features().count) features, \(try store.claims().count) claims"
  }

  private func gate(_ project: Project) throws -> String {
    let command = project.configuration.gate.command
    guard !command.isEmpty else { return "none is set, so nothing checks what lands" }
    // What a shell does itself needs no program.
    guard let program = ShellCommand.program(of: command) else { return command }
    guard
      ShellCommand.exists(
        program, directory: project.directory, path: project.environment["PATH"])
    else { throw Failure("`\(command)` starts '\(program)', which is not found") }
    guard let store = try project.existingStore() else { return command }
    if let tip = try project.repository().reference(project.target),
      let words = try Lander.redWords(store, tree: project.repository().commit(tip).tree)
    {
      throw Failure(words)
    }
    let litter = GateLitter.words(try GateLitter.names(store), gate: command)
    return command + (litter.map { "; \($0)" } ?? "")
  }

  /// Tells what becomes of submodules; `nil` where there are none.
  private func submodules(_ project: Project) -> String? {
    guard let repository = try? project.repository(),
      let tip = try? repository.reference(project.target),
      let names = try? Provision.submodules(of: tip, repository), !names.isEmpty
    else { return nil }
    return
      "\(names.joined(separator: ", ")): filled in lanes and for the gate, from .git/modules where that has them"
  }

  /// Looks for files that git shows as changed although nobody has written to them.
  private func unwritten(_ project: Project) throws -> String {
    do {
      return try PhantomChanges.words(project.repository())
        ?? "no file looks changed right after a checkout"
    } catch let error as GitProgramError {
      let last = error.message.split(separator: "\n").last.map(String.init) ?? error.message
      throw Failure(
        "git can't tell what has changed in \(project.directory): \(last); is the program of a "
          + "filter not installed, such as git-lfs?")
    }
  }

  private func agent(_ name: String, _ project: Project) throws -> String {
    let definition = try project.agents.definition(name)
    try AgentCheck(project: project).check(name, definition)
    let version = AgentProbe.version(definition, project)
    return definition.commandLine + (version.map { " (\($0))" } ?? "")
  }

  private func sandbox(_ project: Project) throws -> String {
    let obstacle = Bubblewrap.obstacle(environment: project.environment)
    guard project.configuration.sandbox.isOn else {
      return obstacle.map { "none; \($0)" }
        ?? "none; bubblewrap works here: `sandbox: bubblewrap` keeps agents in their lanes"
    }
    if let obstacle { throw Failure(obstacle) }
    return "bubblewrap, network \(project.configuration.sandbox.network ? "on" : "off")"
  }

  private func disk(_ project: Project) throws -> String {
    try DiskSpace.check(
      project.lanesDirectory, repository: try project.repository(), target: project.target,
      lanes: project.configuration.parallel + 2)
    return "there is room for the lanes in \(project.lanesDirectory)"
  }
}
