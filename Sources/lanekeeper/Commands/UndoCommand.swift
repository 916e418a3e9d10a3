import ArgumentParser
import Engine
import Foundation
import Processes
import Store

/// Reverts a feature that has landed.
struct UndoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "undo", abstract: "Revert a landed feature.",
    discussion: """
      Example: lanekeeper undo 7

      The reversal is a separate commit. It is gated and lands through the queue, as features do. The
      feature is then undone, and is not built again before `lanekeeper reopen`. If landed features
      depend on it, they are named, and nothing is changed; --with-dependents reverts them first,
      --alone leaves them.

      Exit status: 0 it is undone, or a running run will do it; 1 it can't be; 75 something holds it.
      """)
  @Argument(help: "The feature's id.") var id: String
  @OptionGroup var project: ProjectOptions
  @Flag(help: "Revert what depends on it and has landed, too.") var withDependents = false
  @Flag(help: "Leave what depends on it where it is.") var alone = false

  mutating func run() async throws {
    try PersonOnly.check("undo", self.project)
    guard !(withDependents && alone) else {
      throw Failure("--with-dependents and --alone exclude each other", status: 64)
    }
    let (project, store) = try project.opened()
    let plan = try UndoPlan(id, project: project, store: store)
    for line in plan.lines { Terminal.line(line) }
    guard plan.landedDependents.isEmpty || withDependents || alone else {
      throw Failure(
        "what depends on feature #\(id) has landed and would stay without it; "
          + "`lanekeeper undo \(id) --with-dependents` reverts that first, --alone leaves it")
    }
    try store.requestUndo(try plan.requests(withDependents: withDependents))
    let stop = StopSignal()
    let end = EndWatch(stop)
    defer { end.finish() }
    let watcher = SignalWatcher([SIGINT, SIGTERM, SIGHUP])
    let signals = Task { for await _ in watcher.signals { stop.set(forced: stop.isSet) } }
    defer { signals.cancel() }
    guard !FileLock.isHeld(project.state.landingLock) else {
      return Terminal.line("it stands in the landing queue; the run that is at work lands it")
    }
    let status = try await LandOnce(project: project, store: store).run(
      undosOnly: true, stop: stop
    ) { event in
      for line in RunLines.lines(event) { Terminal.line(line) }
    }
    if status != 0 { throw ExitCode(status) }
    guard try store.feature(id)?.state == .undone else { throw ExitCode(1) }
  }
}
