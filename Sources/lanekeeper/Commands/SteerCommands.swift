import ArgumentParser
import Engine
import Processes
import Store

/// Gives features another go.
struct RetryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Retry failed, blocked or waiting features.",
    discussion: """
      Example: lanekeeper retry 7
               lanekeeper retry 7 9 12
               lanekeeper retry --failed
               lanekeeper retry 7 --fresh

      The count of attempts is reset; the branch stays, and the next attempt continues on it. With --fresh
      it starts from the target instead, also if the branch is built and waits for its review or
      landing; the old branch is kept under refs/lanekeeper/rescue/.
      """)
  @Argument(help: "The features' ids.") var ids: [String] = []
  @Flag(help: "All that have failed.") var failed = false
  @Flag(help: "Start over from the target; the old branch is kept under a rescue reference.")
  var fresh = false
  @OptionGroup var project: ProjectOptions

  func validate() throws {
    guard failed || !ids.isEmpty else {
      throw ValidationError("name the features, or all that have failed by --failed")
    }
  }

  func run() throws {
    try PersonOnly.check("retry", self.project)
    let (opened, store) = try project.opened()
    var wanted = ids
    if failed {
      let all = try store.features(in: [.failed]).filter(\.inBacklog).map(\.id)
      wanted += all
      if all.isEmpty { Terminal.line("no feature has failed") }
    }
    var seen: Set<String> = []
    var statuses: Set<Int32> = []
    // One that can't be does not hold the others up.
    for id in wanted where seen.insert(id).inserted {
      do {
        Terminal.line(try RunControl(opened, store).retry(id, fresh: fresh))
      } catch let failure as Failure {
        Terminal.error(failure.description)
        statuses.insert(failure.status)
      } catch let error as StoreError {
        Terminal.error(error.description)
        statuses.insert(1)
      }
    }
    if let status = statuses.min() { throw ExitCode(status) }
  }
}

/// Gives a feature up.
struct AbandonCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "abandon",
    abstract: "Abandon a feature; keeps its branch, releases its claims.",
    discussion: "Example: lanekeeper abandon 7")
  @Argument(help: "The feature's id.") var id: String
  @OptionGroup var project: ProjectOptions

  func run() throws {
    try PersonOnly.check("abandon", self.project)
    let (opened, store) = try project.opened()
    let steering = RunControl(opened, store)
    try steering.abandon(id)
    let branch = try steering.branch(of: id).map { "; what it did stays on \($0)" } ?? ""
    Terminal.line("feature #\(id) is abandoned\(branch)")
  }
}

/// Starts a finished feature's life again.
struct ReopenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reopen", abstract: "Build a landed, failed or abandoned feature again.",
    discussion: "Example: lanekeeper reopen 7")
  @Argument(help: "The feature's id.") var id: String
  @OptionGroup var project: ProjectOptions

  func run() throws {
    try PersonOnly.check("reopen", self.project)
    let (opened, store) = try project.opened()
    try RunControl(opened, store).reopen(id)
    Terminal.line("feature #\(id) is \(try store.feature(id)?.state.rawValue ?? "gone")")
  }
}

/// Lets no new attempt start.
struct PauseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Start no further attempts; running ones continue and land.",
    discussion: """
      Example: lanekeeper pause
               lanekeeper pause --landing
      """)
  @OptionGroup var project: ProjectOptions
  @Flag(help: "Land nothing instead; attempts continue and wait in the queue.") var landing = false

  func run() throws {
    try PersonOnly.check("pause", self.project)
    if landing {
      let (_, store) = try project.opened()
      try store.setLandingPaused(true)
      try store.record(.landingPaused, [:])
      return Terminal.line(
        "nothing lands from now on; `lanekeeper resume --landing` lets it go on")
    }
    try Control.give(.pause, project, done: "paused; `lanekeeper resume` goes on")
  }
}

/// Lets attempts start again.
struct ResumeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Continue after a pause.",
    discussion: "Example: lanekeeper resume")
  @OptionGroup var project: ProjectOptions
  @Flag(help: "Allow landings again.") var landing = false

  func run() throws {
    try PersonOnly.check("resume", self.project)
    let (opened, store) = try project.opened()
    if landing {
      try store.setLandingPaused(false)
      try store.record(.landingResumed, [:])
      return Terminal.line("landings go on")
    }
    try RunControl(opened, store).resume()
    Terminal.line("going on")
  }
}

/// Ends the run from another terminal.
struct StopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop", abstract: "End the run; what the agents wrote is kept.",
    discussion: """
      Example: lanekeeper stop --now
               lanekeeper stop --drain
               lanekeeper stop --feature 7
      """)
  @OptionGroup var project: ProjectOptions
  @Flag(help: "Give the agents no time to end.") var now = false
  @Flag(help: "Start nothing new, and end when everything under way has landed.") var drain = false

  @Option(help: "End only the attempt on this feature; it starts again after a while.")
  var feature: String?

  func validate() throws {
    guard [now, drain, feature != nil].count(where: { $0 }) < 2 else {
      throw ValidationError("--now, --drain and --feature exclude each other")
    }
  }

  func run() throws {
    try PersonOnly.check("stop", self.project)
    if let feature {
      let (opened, store) = try project.opened()
      try RunControl(opened, store).stopAttempt(feature)
      return Terminal.line("the attempt on feature #\(feature) ends; what it did is kept")
    }
    if drain {
      return try Control.give(
        .drain, project, done: "nothing new starts; the run ends when what is under way has landed")
    }
    try Control.give(
      now ? .stopNow : .stop, project,
      done: now
        ? "the run ends at once"
        : "stopping; the agents get a moment to end, and what they wrote is kept")
  }
}

/// Asks the processes at work for something.
enum Control {
  static func give(_ word: ControlWord, _ options: ProjectOptions, done: String) throws {
    let (project, store) = try options.opened()
    try RunControl(project, store).ask(word)
    Terminal.line(done)
  }
}
