import ArgumentParser
import Engine
import Foundation
import Model
import Planning
import Processes
import Store

/// The option that every command takes.
struct ProjectOptions: ParsableArguments {
  @Option(
    name: .customLong("project-dir"),
    help: ArgumentHelp(
      "The repository; by default the one of the current directory.", valueName: "dir"))
  var projectDirectory: String?

  var path: String {
    let current = FileManager.default.currentDirectoryPath
    guard let projectDirectory else { return current }
    return projectDirectory.hasPrefix("/") ? projectDirectory : current + "/" + projectDirectory
  }

  func project() throws -> Project {
    var environment = ProcessInfo.processInfo.environment
    // What is named by an option counts more than what git was told.
    if projectDirectory != nil {
      for name in ["GIT_DIR", "GIT_WORK_TREE"] { environment[name] = nil }
    }
    let project = try Project.open(path, environment: environment)
    for note in project.notes {
      FileHandle.standardError.write(Data("lanekeeper: \(note)\n".utf8))
    }
    return project
  }

  /// Opens the project and its state, which must be there.
  func opened() throws -> (project: Project, store: Store) {
    let project = try project()
    guard let store = try project.existingStore() else {
      throw Failure(
        "nothing has run in \(project.directory) yet; `\(NextStep.build)` begins", status: 1)
    }
    return (project, store)
  }
}

/// The options by which models are chosen.
struct ModelOptions: ParsableArguments {
  @Option(help: "quality, balanced, economy, cheap or experimental.")
  var preset: String?

  @Option(help: ArgumentHelp("The tiers to use, e.g. opus,haiku.", valueName: "a,b"))
  var models: String?

  func wish() throws -> ModelChoice.Wish? {
    guard preset == nil || models == nil else {
      throw Failure("--preset and --models exclude each other; give one of them", status: 64)
    }
    do {
      if let preset { return .preset(try Preset.named(preset).id) }
      if let models { return .models(try Tier.list(models)) }
    } catch {
      throw Failure("\(error)", status: 64)
    }
    return nil
  }
}

/// Refuses what only a person may do where an agent is among the ancestors, or could be.
enum PersonOnly {
  static func check(_ what: String, _ options: ProjectOptions) throws {
    guard !ProcessTree.hasGuardAmongAncestors() else {
      throw Failure("`lanekeeper \(what)` is a person's command; an agent can't give it")
    }
    guard !ProcessTree.isSeenOutside, let project = try? options.project(),
      ProcessTree.hasGuardAmongAncestors(locks: project.state.locks)
    else { return }
    throw Failure(
      "`lanekeeper \(what)` is a person's command, and here, in a PID namespace that the run at work does not "
        + "share, nobody can tell you from an agent; give it where the run was started, or when it has ended"
    )
  }
}
