import ArgumentParser
import Engine
import Foundation
import Model
import Processes
import Store

/// Shows the event log.
struct EventsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "Show what happened, event by event.",
    discussion: "Example: lanekeeper events --since 120 --follow --json")
  @OptionGroup var project: ProjectOptions
  @Option(help: ArgumentHelp("Only events after this number.", valueName: "seq")) var since: Int64 =
    0
  @Flag(help: "Keep printing new events, until Ctrl+C.") var follow = false
  @Flag(help: "As JSON, one object a line.") var json = false
  /// Prints the table of all names instead, for the reference.
  @Flag(help: .hidden) var names = false

  func run() throws {
    guard !names else { return Terminal.line(EventName.table.text) }
    signal(SIGPIPE, SIG_DFL)
    let (_, store) = try project.opened()
    var last = since
    while true {
      let events = try store.events(after: last)
      for event in events {
        Terminal.line(json ? event.json.text : Self.line(event))
        last = event.seq
      }
      if events.isEmpty {
        guard follow else { return }
        usleep(200_000)
      }
    }
  }

  static func line(_ event: EventRecord) -> String {
    var text = "\(event.seq)  \(JSON.iso(event.time))  \(event.type)"
    if let feature = event.feature { text += "  #\(feature)" }
    if let agent = event.agent { text += "  \(agent)" }
    for fact in event.facts.members ?? [] where fact.value.plain != "" {
      text += "  \(fact.name)=\(fact.value.plain)"
    }
    return Terminal.cut(text, 400)
  }
}

/// Shows what an agent wrote.
struct LogsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs", abstract: "Show what the agent of a feature wrote.",
    discussion: """
      Example: lanekeeper logs 7 --follow
               lanekeeper logs 7 --gate
      """)
  @Argument(help: "The feature's id.") var id: String
  @OptionGroup var project: ProjectOptions
  @Flag(help: "Keep printing new lines, until the attempt ends.") var follow = false
  @Option(help: "The attempt; by default the last.") var attempt: Int?
  @Flag(help: "Show the output of the last gate run on it instead.") var gate = false
  @Flag(help: "Unchanged, including sequences that set colours and move the cursor.") var raw =
    false

  func run() throws {
    signal(SIGPIPE, SIG_DFL)
    let (opened, store) = try project.opened()
    guard try store.feature(id) != nil else { throw StoreError.unknownFeature(id) }
    if gate { return try showGate(store) }
    let attempts = try store.attempts(of: id)
    guard let chosen = attempts.last(where: { attempt == nil || $0.number == attempt }) else {
      guard let attempt else { throw Failure("no attempt was made on feature #\(id) yet") }
      throw Failure(
        "feature #\(id) has no attempt \(attempt); it has \(attempts.count)", status: 64)
    }
    var reader = try LogReader(opened, store, chosen, isRaw: raw)
    let file = opened.state.log(id, chosen.number)
    guard let handle = RegularFile.handle(file) else {
      guard chosen.state == .running else {
        return Terminal.line("(attempt \(chosen.number) of feature #\(id) wrote nothing)")
      }
      throw Failure(
        "attempt \(chosen.number) of feature #\(id) has not written anything yet", status: 75)
    }
    while true {
      let hasEnded = try store.attempt(id, chosen.number)?.state != .running
      while let data = try handle.read(upToCount: 1 << 16), !data.isEmpty {
        if raw {
          FileHandle.standardOutput.write(data)
        } else {
          for line in reader.lines(data) { Terminal.line(line) }
        }
      }
      if !follow || hasEnded { break }
      usleep(200_000)
    }
    if !raw, let line = reader.lastLine { Terminal.line(line) }
  }

  private func showGate(_ store: Store) throws {
    guard let log = try store.lastLanding(of: id)?.gateLog else {
      throw Failure("no gate has run on feature #\(id) yet")
    }
    guard let handle = RegularFile.handle(log) else {
      throw Failure("the log of the gate is gone: \(log)")
    }
    while let data = try handle.read(upToCount: 1 << 16), !data.isEmpty {
      if raw {
        FileHandle.standardOutput.write(data)
      } else {
        Terminal.write(Terminal.strip(String(decoding: data, as: UTF8.self)))
      }
    }
  }
}
