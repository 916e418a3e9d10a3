import Backlog
import Foundation
import Model
import Processes
import Store

/// Starts `lanekeeper run` as a person would at the command line, in a session of its own.
package struct RunLaunch: Sendable {
  package var parallel: Int?
  package var preset: String?
  package var models: [String] = []
  package var agent: String?
  package var features: [String] = []
  package var maxCostUSD: Double?

  package init() {}

  /// The words behind the program's name.
  package var arguments: [String] {
    var words = ["run"]
    if let parallel { words += ["--parallel", "\(parallel)"] }
    if let preset { words += ["--preset", preset] }
    if !models.isEmpty { words += ["--models", models.joined(separator: ",")] }
    if let agent { words += ["--agent", agent] }
    if let maxCostUSD { words += ["--max-cost", "\(maxCostUSD)"] }
    if !features.isEmpty { words += ["--feature"] + features }
    return words
  }

  /// Where its output goes.
  package static func log(_ project: Project) -> String { project.state.path + "/logs/run.log" }

  /// Puts what earlier runs wrote aside once it is long, as `run.log.1`; what was aside before goes.
  static func rotate(_ log: String, most: UInt64 = 8 << 20) {
    let size = (try? FileManager.default.attributesOfItem(atPath: log)[.size] as? UInt64) ?? 0
    if size > most { rename(log, log + ".1") }
  }

  /// Starts the run, and waits until it is at work or has said why not. Blocks.
  ///
  /// - Returns: its process id.
  /// - Throws: ``Failure`` with what the run said.
  package func start(_ project: Project, _ store: Store) throws -> Int32 {
    for word in [preset, agent].compactMap({ $0 }) + models + features
    where word.isEmpty || word.hasPrefix("-") {
      throw Failure("'\(word)' is no name", status: 64)
    }
    let most = project.configuration.limits.maxParallel
    if let parallel, !(1...most).contains(parallel) {
      throw Failure(
        "the number of agents at once has to be from 1 to \(most), not \(parallel)"
          + (parallel > most ? "; limits.max_parallel in lanekeeper.yml raises it" : ""), status: 64
      )
    }
    if let maxCostUSD, !NumberRange.dollars.contains(maxCostUSD) {
      throw Failure(
        "what a run may cost has to be more than 0 dollars, and 1000000 at most", status: 64)
    }
    try project.state.create()
    // Of two that are started at once the second waits until the first is at work, and is refused then.
    let starting = try FileLock.acquireBlocking(project.state.locks + "/start")
    defer { starting.release() }
    guard !FileLock.isHeld(project.state.runLock) else {
      throw Failure("a run is at work already", status: 75)
    }
    let log = Self.log(project)
    Self.rotate(log)
    let before = (try? FileManager.default.attributesOfItem(atPath: log)[.size] as? UInt64) ?? 0
    let run = try Detached(
      [try HelperPrograms.path("lanekeeper")] + arguments
        + ["--project-dir", project.directory],
      environment: project.environment, directory: project.directory, output: log)
    for _ in 0..<400 {
      if let status = run.status {
        // A short run may be over already.
        if status != 64, status != 65, try store.lastParticipant()?.pid == run.pid {
          return run.pid
        }
        throw Failure(words(of: log, from: before), status: status == 0 ? 1 : status)
      }
      if try store.openParticipants().contains(where: { $0.pid == run.pid }) { return run.pid }
      usleep(25_000)
    }
    return run.pid
  }

  private func words(of log: String, from offset: UInt64) -> String {
    guard let handle = RegularFile.handle(log) else { return "the run ended at once" }
    try? handle.seek(toOffset: offset)
    let text = String(
      decoding: (try? handle.read(upToCount: 16_384)) ?? Data(), as: UTF8.self
    ).trimmingCharacters(in: .whitespacesAndNewlines)
    return text.isEmpty ? "the run ended at once" : TerminalSafeText.strip(text)
  }
}
