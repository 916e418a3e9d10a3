import ArgumentParser
import Engine
import Foundation
import Processes

/// Runs the merge stage once.
struct LandCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "land", abstract: "Land what is ready, once, and end.",
    discussion: """
      Example: lanekeeper land

      Exit status: 0 all that was ready has landed; 1 a feature was sent back; 75 a run lands already,
      or something holds the landing.

      A target that an agent has moved past the hooks is named by `status` and holds every landing.
      `lanekeeper land --accept-target` keeps it; `git reset --keep COMMIT` on the target resets it.
      """)
  @OptionGroup var project: ProjectOptions
  @Flag(help: "Keep a target that was moved past the hooks, and land on it.") var acceptTarget =
    false

  mutating func run() async throws {
    try PersonOnly.check("land", self.project)
    let (opened, store) = try project.opened()
    let project = try MakeCall.current.shared(opened, takesTokens: false)
    if acceptTarget {
      if let hold = try project.watch(store).accept() {
        Terminal.line(
          "\(project.configuration.target) is taken as it is, at \(hold.found.prefix(10))")
      } else {
        Terminal.line("\(project.configuration.target) is where it should be; nothing to accept")
      }
    }
    let stop = StopSignal()
    let end = EndWatch(stop)
    defer { end.finish() }
    let watcher = SignalWatcher([SIGINT, SIGTERM, SIGHUP])
    let signals = Task { for await _ in watcher.signals { stop.set(forced: stop.isSet) } }
    defer { signals.cancel() }
    let status = try await LandOnce(project: project, store: store).run(stop: stop) { event in
      for line in RunLines.lines(event) { Terminal.line(line) }
    }
    if status != 0 { throw ExitCode(status) }
  }
}
