import Backlog
import Engine
import Foundation
import Git
import LandingSimulation
import Model
import Processes
import Store

// landing-probe: what tests of the merge stage need as a process of its own. It is built with the tests
// and not installed.
//
//   landing-probe figures
//     prints gate runs per landed feature beside the closed formulas.
//   landing-probe land GITDIR WORKTREE GUARD GATE STYLE WINDOW PUSH TIMEOUT STEP COUNT
//     lands what is queued, and kills itself the COUNT-th time that it comes to STEP.

let words = CommandLine.arguments.dropFirst()

func land(_ words: [String]) async throws {
  guard words.count == 10, let count = Int(words[9]) else { exit(64) }
  let state = StateDirectory(commonDirectory: words[0])
  var configuration = Configuration(repositoryName: "repo")
  configuration.gate.command = words[3]
  configuration.gate.timeoutMinutes = Double(words[7]) ?? 30
  configuration.landing.style = words[4]
  configuration.landing.window = Int(words[5]).map { .size($0) } ?? .auto
  configuration.landing.push = words[6].isEmpty ? nil : words[6]
  let step = LandingStep(rawValue: words[8])
  let counter = StepCounter()
  let lander = Lander(
    RepositoryContext(
      directory: FileManager.default.currentDirectoryPath, state: state,
      environment: ProcessInfo.processInfo.environment, guardProgram: words[2],
      identity: { Signature(name: "T", email: "t@example.org", time: 1, offsetMinutes: 0) }),
    settings: LandingSettings(
      gate: configuration.gate, landing: configuration.landing, attempts: 3, claimPolicy: "auto",
      keepBranches: false, worktree: words[1]),
    store: try Store(path: state.stateFile),
    observe: { reached in
      guard reached == step, counter.next() == count else { return }
      kill(getpid(), SIGKILL)
      pause()
    })
  guard let lock = try FileLock.tryAcquire(state.landingLock) else { exit(75) }
  defer { lock.release() }
  try await BlockingQueue.run { try lander.recover() }
  while true {
    let progress = try await lander.landNext(stop: StopSignal()) { print($0) }
    guard progress == .progressed else { break }
  }
}

/// Counts how often a step was reached, from whatever thread.
final class StepCounter: @unchecked Sendable {
  private let lock = NSLock()
  private var count = 0

  func next() -> Int {
    lock.withLock {
      count += 1
      return count
    }
  }
}

switch words.first {
case "figures":
  for line in GateTable().lines { print(line) }
case "land":
  do {
    try await land(Array(words.dropFirst()))
  } catch {
    print("\(error)")
    exit(1)
  }
default: exit(64)
}
