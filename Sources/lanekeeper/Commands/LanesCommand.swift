import ArgumentParser
import Engine
import Foundation
import Git
import Model
import Processes
import Store

/// Shows the lanes.
struct LanesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lanes", abstract: "Show the worktrees in which agents work.",
    discussion: "Example: lanekeeper lanes",
    subcommands: [LanesListCommand.self, LanesCleanCommand.self],
    defaultSubcommand: LanesListCommand.self)
}

struct LanesListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Show the worktrees.",
    discussion: "Example: lanekeeper lanes list")
  @OptionGroup var project: ProjectOptions
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    let (project, store) = try project.opened()
    let lanes = try store.lanes()
    let forecast = Forecast(project: project, lanes: lanes)
    if json {
      return Terminal.line(
        (["lanes": .array(lanes.map { StatusView.json($0, forecast) })] as JSON).text)
    }
    guard !lanes.isEmpty else { return Terminal.line("there are no lanes") }
    let rows = lanes.map { lane in
      [
        String(lane.number), lane.state.rawValue, lane.feature.map { "#\($0)" } ?? "",
        lane.branch.map(BranchName.short) ?? "", lane.path,
        (forecast.conflicts[lane.number] ?? []).map { conflict in
          conflict.feature.map { "#\($0)" } ?? project.configuration.target
        }.joined(separator: ", "),
      ]
    }
    let titles = ["LANE", "STATE", "FEATURE", "BRANCH", "PATH", "CONFLICTS WITH"]
    for line in Terminal.table(titles, rows) {
      Terminal.line(line)
    }
  }
}

struct LanesCleanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clean", abstract: "Remove free lanes; unlanded work is kept.",
    discussion: """
      Example: lanekeeper lanes clean

      Uncommitted work is kept under refs/lanekeeper/rescue first; branches stay.
      """)
  @OptionGroup var project: ProjectOptions

  func run() throws {
    try PersonOnly.check("lanes clean", self.project)
    let (project, store) = try project.opened()
    guard let lock = try FileLock.tryAcquire(project.state.runLock) else {
      throw Failure("a run is at work; its lanes are in use", status: 75)
    }
    defer { lock.release() }
    let pool = project.pool(store)
    var removed = 0
    for lane in try store.lanes() {
      guard let reserved = try store.reserveLane(only: lane.number) else {
        Terminal.line(
          "lane \(lane.number) is kept: "
            + (lane.feature.map { "feature #\($0) is in it" } ?? "it is \(lane.state.rawValue)"))
        continue
      }
      do {
        let note = try pool.remove(reserved)
        removed += 1
        Terminal.line("lane \(lane.number) is removed" + (note.map { "; \($0)" } ?? ""))
      } catch {
        try store.freeLane(lane.number)
        Terminal.line("lane \(lane.number) is kept: \(error)")
      }
    }
    for line in try pool.removeIntegration() { Terminal.line(line) }
    if removed == 0 { Terminal.line("there was no lane to remove") }
  }
}
