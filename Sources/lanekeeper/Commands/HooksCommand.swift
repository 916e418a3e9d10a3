import ArgumentParser
import Engine
import Foundation
import Model

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
    commandName: "install", abstract: "Install the hooks for every lane.",
    discussion: """
      Example: lanekeeper hooks install

      In a bare repository shared by several machines it installs `pre-receive` alone: a feature's branch
      is accepted only if no other unlanded one holds what it changes.
      """)
  @OptionGroup var project: ProjectOptions

  func run() throws {
    try PersonOnly.check("hooks install", self.project)
    let changes: [String]
    if let shared = try SharedRepository.find(project) {
      changes = try shared.install()
    } else {
      let project = try project.project()
      changes = try project.hooks().install(
        forPersons: project.configuration.claims.humans != "off")
    }
    for change in changes { Terminal.line(change) }
    if changes.isEmpty { Terminal.line("the hooks are installed already") }
  }
}

struct HooksUninstall: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "uninstall", abstract: "Remove the hooks from the repository's configuration.",
    discussion: "Example: lanekeeper hooks uninstall")
  @OptionGroup var project: ProjectOptions

  func run() throws {
    try PersonOnly.check("hooks uninstall", self.project)
    let changes = try SharedRepository.hooks(project).uninstall()
    for change in changes { Terminal.line(change) }
    if changes.isEmpty { Terminal.line("the hooks were not installed") }
  }
}

struct HooksStatus: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show whether the hooks are installed.",
    discussion: "Example: lanekeeper hooks status")
  @OptionGroup var project: ProjectOptions
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    let report = try SharedRepository.hooks(project).report()
    if json {
      return Terminal.line(
        ([
          "installed": .bool(report.isInstalled), "persons": .bool(report.isInstalledForPersons),
          "intact": .bool(report.isIntact), "directory": .string(report.directory),
          "hooks": .texts(report.names), "user_directory": .string(report.userDirectory),
          "managers": .texts(report.managers), "shadowed": .texts(report.shadowed),
          "overwritten": .texts(report.overwritten), "displaced": .texts(report.displaced),
          "replaced": .texts(report.replaced),
        ] as JSON).text)
    }
    Terminal.line(
      report.isInstalled
        ? "installed: the hooks reach every lane through .git/config"
        : "not installed: `run` hands the hooks to its agents by environment; "
          + "`lanekeeper hooks install` makes that firmer")
    if !report.names.isEmpty {
      Terminal.line("in \(report.directory): \(report.names.joined(separator: ", "))")
    }
    let managers = report.managers.isEmpty ? "" : " (\(report.managers.joined(separator: ", ")))"
    Terminal.line("after them run your own in \(report.userDirectory)\(managers)")
    for line in report.shadowed {
      Terminal.line("in the way: \(line); take it out of .git/config, or the lane is not checked")
    }
    if !report.displaced.isEmpty {
      Terminal.line(
        "written over ours by another program; kept, and run after them: "
          + report.displaced.joined(separator: ", "))
    }
    if !report.replaced.isEmpty {
      Terminal.line("kept, not run: \(report.replaced.joined(separator: ", "))")
    }
    if report.isInstalled, !report.isIntact {
      Terminal.line(
        "another program wrote over \(report.overwritten.joined(separator: ", ")); `lanekeeper "
          + "hooks install` puts ours back and keeps what it wrote")
    }
  }
}
