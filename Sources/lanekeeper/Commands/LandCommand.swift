import ArgumentParser
import Foundation
import Orchestrator
import Processes

/// Runs the merge stage once.
struct LandCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "land", abstract: "Land what is ready, once, and end.",
    discussion: """
      Example: lanekeeper land

      Exit status: 0 all that was ready has landed; 1 a feature was sent back; 75 a run lands already,
      or something holds the landing off.
      """)
  @OptionGroup var project: ProjectOptions

  mutating func run() async throws {
    try PersonOnly.check("land")
    let (project, store) = try project.opened()
    let stop = StopSignal()
    let watcher = SignalWatcher([SIGINT, SIGTERM, SIGHUP])
    let signals = Task { for await _ in watcher.signals { stop.set(forced: stop.isSet) } }
    defer { signals.cancel() }
    let status = try await LandOnce(project: project, store: store).run(stop: stop) { event in
      for line in RunLines.lines(event) { Terminal.line(line) }
    }
    if status != 0 { throw ExitCode(status) }
  }
}
