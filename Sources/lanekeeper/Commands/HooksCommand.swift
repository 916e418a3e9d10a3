import ArgumentParser
import Foundation
import Orchestrator

/// The git hooks.
struct HooksCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hooks", abstract: "Install, remove or show the git hooks.",
    discussion: "Example: lanekeeper hooks status",
    subcommands: [HooksInstall.self, HooksUninstall.self, HooksStatus.self],
    defaultSubcommand: HooksStatus.self)
}

struct HooksInstall: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "install", abstract: "Bring the hooks to every lane.",
    discussion: "Example: lanekeeper hooks install")
  @OptionGroup var project: ProjectOptions

  func run() throws {
    try PersonOnly.check("hooks install")
    let project = try project.project()
    let changes = try project.hooks().install(
      forPersons: project.configuration.claims.humans != "off")
    for change in changes { Terminal.line(change) }
    if changes.isEmpty { Terminal.line("the hooks are installed already") }
  }
}

struct HooksUninstall: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "uninstall", abstract: "Take the hooks out of the repository's configuration.",
    discussion: "Example: lanekeeper hooks uninstall")
  @OptionGroup var project: ProjectOptions

  func run() throws {
    try PersonOnly.check("hooks uninstall")
    let changes = try project.project().hooks().uninstall()
    for change in changes { Terminal.line(change) }
    if changes.isEmpty { Terminal.line("the hooks were not installed") }
  }
}

struct HooksStatus: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Tell whether the hooks are installed.",
    discussion: "Example: lanekeeper hooks status")
  @OptionGroup var project: ProjectOptions
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    let project = try project.project()
    let hooks = try project.hooks()
    let isInstalled = try hooks.isInstalled()
    let names =
      ((try? FileManager.default.contentsOfDirectory(atPath: project.state.hooks)) ?? [])
      .filter { $0 != "user" }.sorted()
    if json {
      return Terminal.line(
        ([
          "installed": .bool(isInstalled), "directory": .string(project.state.hooks),
          "hooks": .texts(names),
        ] as JSONValue).text)
    }
    Terminal.line(
      isInstalled
        ? "installed: the hooks reach every lane through .git/config"
        : "not installed: `run` hands the hooks to its agents by environment; "
          + "`lanekeeper hooks install` makes that firmer")
    if !names.isEmpty {
      Terminal.line("in \(project.state.hooks): \(names.joined(separator: ", "))")
    }
  }
}
