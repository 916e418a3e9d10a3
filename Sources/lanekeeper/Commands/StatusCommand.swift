import ArgumentParser
import Engine
import Foundation
import Git
import Processes
import Store

/// Shows how the backlog stands.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show the state of the backlog and the agents at work.",
    discussion: "Example: lanekeeper status --watch")
  @OptionGroup var project: ProjectOptions
  @Flag(help: "Show it again whenever something changes, until Ctrl+C.") var watch = false
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    signal(SIGPIPE, SIG_DFL)
    let project = try project.project()
    guard watch else { return try show(project) }
    var seen: Int64?
    var shown = Date.distantPast
    let forecaster = Forecaster()
    while true {
      let seq = try project.existingStore()?.lastEvent() ?? 0
      // Times go on although nothing happens.
      if seq != seen || (Terminal.isTerminal && Date().timeIntervalSince(shown) >= 1) {
        if Terminal.isTerminal, !json { Terminal.write("\u{1b}[H\u{1b}[2J") }
        try show(project, forecaster)
        seen = seq
        shown = Date()
      }
      usleep(250_000)
    }
  }

  private func show(_ project: Project, _ forecaster: Forecaster = Forecaster()) throws {
    let status = try StatusView(project, forecaster, readsBacklog: true)
    if json { return Terminal.line(status.json.text) }
    for line in status.lines { Terminal.line(line) }
  }
}
