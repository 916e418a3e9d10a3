import ArgumentParser
import Integration
import Orchestrator
import Processes
import Store

/// Gives a feature another go.
struct RetryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Give a failed, blocked or waiting feature another go.",
    discussion:
      "Example: lanekeeper retry 7\n\nIts attempts count from none again; its branch stays.")
  @Argument(help: "The feature's id.") var id: String
  @OptionGroup var project: ProjectOptions

  func run() throws {
    try PersonOnly.check("retry")
    let (_, store) = try project.opened()
    try store.retry(id)
    let state = try store.feature(id)?.state.rawValue ?? "gone"
    Terminal.line("feature #\(id) is \(state); `lanekeeper run` takes it up")
  }
}

/// Gives a feature up.
struct AbandonCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "abandon", abstract: "Give a feature up; its branch stays, its claims are free.",
    discussion: "Example: lanekeeper abandon 7")
  @Argument(help: "The feature's id.") var id: String
  @OptionGroup var project: ProjectOptions

  func run() throws {
    try PersonOnly.check("abandon")
    let (opened, store) = try project.opened()
    try Steering(opened, store).abandon(id)
    let branch = try store.feature(id)?.branch.map { "; what it did stays on \($0)" } ?? ""
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
    try PersonOnly.check("reopen")
    let (_, store) = try project.opened()
    try store.reopen(id)
    Terminal.line("feature #\(id) is \(try store.feature(id)?.state.rawValue ?? "gone")")
  }
}

/// Lets no new attempt start.
struct PauseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Start no further attempts; those under way go on and land.",
    discussion: """
      Example: lanekeeper pause
               lanekeeper pause --landing
      """)
  @OptionGroup var project: ProjectOptions
  @Flag(help: "Land nothing instead; attempts go on and stand in the queue.") var landing = false

  func run() throws {
    try PersonOnly.check("pause")
    if landing {
      let (_, store) = try project.opened()
      try store.setValue(Lander.pauseKey, "pause")
      try store.record("landing_paused", [:])
      return Terminal.line(
        "nothing lands from now on; `lanekeeper resume --landing` lets it go on")
    }
    try Control.give(.pause, project, done: "paused; `lanekeeper resume` goes on")
  }
}

/// Lets attempts start again.
struct ResumeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Go on after a pause.",
    discussion: "Example: lanekeeper resume")
  @OptionGroup var project: ProjectOptions
  @Flag(help: "Let landings go on.") var landing = false

  func run() throws {
    try PersonOnly.check("resume")
    let (opened, store) = try project.opened()
    if landing {
      try store.setValue(Lander.pauseKey, nil)
      try store.record("landing_resumed", [:])
      return Terminal.line("landings go on")
    }
    try Steering(opened, store).resume()
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
  @Flag(help: "Start nothing new, and end when what is under way has landed.") var drain = false

  @Option(help: "End only the attempt on this feature; it rests a while, then starts again.")
  var feature: String?

  func validate() throws {
    guard [now, drain, feature != nil].count(where: { $0 }) < 2 else {
      throw ValidationError("--now, --drain and --feature exclude each other")
    }
  }

  func run() throws {
    try PersonOnly.check("stop")
    if let feature {
      let (opened, store) = try project.opened()
      try Steering(opened, store).stopAttempt(feature)
      return Terminal.line("the attempt on feature #\(feature) ends; what it did is kept")
    }
    if drain {
      return try Control.give(
        .drain, project, done: "nothing new starts; the run ends when what is under way has landed")
    }
    try Control.give(
      now ? .stopNow : .stop, project,
      done: now ? "the run ends at once" : "the run ends when its agents have had their moment")
  }
}

/// Asks the processes at work for something.
enum Control {
  static func give(_ word: Steering.Word, _ options: ProjectOptions, done: String) throws {
    let (project, store) = try options.opened()
    try Steering(project, store).ask(word)
    Terminal.line(done)
  }
}
