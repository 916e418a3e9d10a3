import ArgumentParser
import Engine
import Foundation
import Model
import Processes
import Store

/// Tells why a feature is where it is.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Explain why a feature is not running, and what would help.",
    discussion: "Example: lanekeeper explain 7")
  @Argument(help: "The feature's id.") var id: String
  @OptionGroup var project: ProjectOptions

  func run() throws {
    let (project, store) = try project.opened()
    guard let feature = try store.feature(id) else {
      guard let new = try? project.backlog().features.first(where: { $0.id == id }) else {
        throw StoreError.unknownFeature(id)
      }
      Terminal.line("#\(new.id) \(new.title): new")
      let isRunning = try ProcessLiveness(project, store).isAnybodyAtWork()
      return Terminal.line(
        "   it stands in features.yml; "
          + (isRunning
            ? "the run takes it up in a moment" : "the next `lanekeeper run` takes it up"))
    }
    Terminal.line("#\(feature.id) \(feature.titleLine): \(feature.state.rawValue)")
    for line in try reasons(feature, project, store) + waits(feature, project, store) {
      Terminal.line("   " + line)
    }
    let isOpen = !feature.state.isFinal || feature.state == .failed
    if isOpen,
      let words = GateLitter.words(committed: try GateLitter.committed(by: id, store))
    {
      Terminal.line("   its branch " + Terminal.visibleLine(words))
    }
    let isRunning = feature.state == .running
    if isRunning { for line in try told(feature, project, store) { Terminal.line("   " + line) } }
    if let rework = feature.rework, !rework.isEmpty, isOpen {
      Terminal.line(
        feature.state == .failed
          ? "   What went wrong last:"
          : isRunning ? "   It was told of what came before:" : "   The next attempt is told:")
      for line in Terminal.strip(rework).split(separator: "\n").suffix(12) {
        Terminal.line("      \(line)")
      }
    }
    let attempts = try store.attempts(of: id)
    if !attempts.isEmpty { Terminal.line("   Attempts:") }
    for attempt in attempts {
      let seconds = Double((attempt.endedAt ?? store.now) - attempt.startedAt) / 1000
      Terminal.line(
        "      \(attempt.number): \(attempt.state.rawValue) after \(Duration.text(seconds)) with "
          + "\(attempt.tierName) (\(attempt.choice))"
          + (attempt.detail.map { ": \(Terminal.strip($0))" } ?? ""))
    }
    let claims = try store.claims(of: .feature(id))
    if !claims.isEmpty {
      Terminal.line("   Holds: " + claims.map(\.path.description).joined(separator: ", "))
    }
    if let landing = try store.lastLanding(of: id), let log = landing.gateLog {
      Terminal.line("   Last gate: \(log) (`lanekeeper logs \(id) --gate`)")
    }
  }

  /// Describes long waits of a feature or of the whole run.
  private func waits(
    _ feature: FeatureRecord, _ project: Project, _ store: Store
  ) throws -> [String] {
    guard !feature.state.isFinal else { return [] }
    return try ProcessLiveness(project, store).runWaits().filter {
      $0.feature == nil || $0.feature == feature.id
    }.map {
      ($0.feature == nil ? "the run waits: " : "it waits: ")
        + Terminal.visibleLine($0.words + $0.since(store.now))
    }
  }

  /// Why another feature has not landed, as the rest of a line.
  private func hold(_ other: FeatureRecord, _ store: Store) throws -> String {
    switch other.state {
    case .queued:
      return try store.heldLandings()[other.id].map { "; it can't land yet: \($0)" } ?? ""
    case .waiting:
      return other.wait.map { ", \($0.words())" } ?? ""
    default: return ""
    }
  }

  /// Describes what a running attempt was refused last, and what its agent was told.
  private func told(
    _ feature: FeatureRecord, _ project: Project, _ store: Store
  ) throws -> [String] {
    var lines: [String] = []
    let refusals = try store.refusals(of: feature.id).sorted { $0.at > $1.at }
    for refusal in refusals.prefix(5) {
      let time =
        "\(JSON.iso(refusal.at)), \(Duration.text(Double(store.now - refusal.at) / 1000)) ago"
      lines.append(
        "it was last refused \(refusal.path) (\(try why(refusal.reason, refusal.holder, store))) at \(time)"
      )
    }
    if refusals.count > 5 { lines.append("and \(refusals.count - 5) more files") }
    let prompt = project.state.prompt(feature.id, feature.attempts)
    if FileManager.default.fileExists(atPath: prompt) {
      lines.append("its agent was given the prompt \(prompt)")
    }
    guard let event = try store.lastEvent(.agentTold, of: feature.id),
      case let facts = event.facts, facts["attempt"]?.plain == String(feature.attempts),
      let detail = facts["detail"]?.plain
    else { return lines }
    return lines + ["and told before it began:"]
      + detail.split(separator: "\n").map { "   " + Terminal.visibleLine(String($0)) }
  }

  private func why(_ reason: String, _ holder: String?, _ store: Store) throws -> String {
    guard let holder else {
      return switch ClaimConflict.Reason(rawValue: reason) {
      case .staleBase: "it has changed on the target since the branch left it"
      case .frozen: "it is frozen"
      default: "others hold it"
      }
    }
    let other = try store.feature(holder)
    return "held by #\(holder)"
      + (other.map { " \(Terminal.visibleLine($0.shortTitle)), \($0.state.rawValue)" } ?? "")
  }

  private func slots(_ feature: FeatureRecord, _ store: Store) throws -> String? {
    var told = [feature]
    try store.tellSlotWaits(&told)
    guard case .slots = told[0].wait else { return nil }
    return try told[0].wait?.words(holds: store.slotHolds())
  }

  /// Who holds what a feature waits for.
  private func words(_ wait: Wait?) -> String {
    guard let wait else { return "for something" }
    guard case .claim(let owner) = wait else { return wait.words() }
    return "for \(holder(owner))"
  }

  private func holder(_ owner: ClaimOwner) -> String {
    return switch owner.kind {
    case .feature: "what feature #\(owner.id) holds"
    case .person: "a file held by \(isSelf(owner) ? "you" : "a person") (\(owner.id))"
    case .session: "what an agent outside any lane holds (\(owner.id))"
    }
  }

  private func isSelf(_ owner: ClaimOwner) -> Bool {
    let environment = ProcessInfo.processInfo.environment
    return owner.id == PersonName.of(user: environment["USER"], logName: environment["LOGNAME"])
  }

  /// Why a feature that is built has not landed yet.
  private func queued(_ feature: FeatureRecord, _ store: Store) throws -> [String] {
    let held = try store.heldLandings()
    if let own = held[feature.id] {
      return ["it can't land yet: \(own)", "it lands when that is no longer so"]
    }
    if let needed = try Lander.waiting(store)[feature.id] {
      let state = try store.feature(needed)?.state.rawValue ?? "gone"
      return ["it lands after #\(needed), which is \(state)"]
    }
    return held.sorted { $0.key < $1.key }.map {
      "the queue is held up, for #\($0.key) can't land yet: \($0.value)"
    }
  }

  private func reasons(
    _ feature: FeatureRecord, _ project: Project, _ store: Store
  ) throws -> [String] {
    let living = try ProcessLiveness(project, store).isAnybodyAtWork()
    let idle = living ? [] : ["no run is active; start one with `lanekeeper run`"]
    func dependencies(_ states: (FeatureState) -> Bool) throws -> [String] {
      try (store.dependencies()[feature.id] ?? []).compactMap { try store.feature($0.id) }
        .filter { states($0.state) }
        .map { "#\($0.id) \($0.shortTitle) is \($0.state.rawValue)" + (try hold($0, store)) }
    }
    guard feature.inBacklog else { return ["it is no longer in features.yml"] }
    switch feature.state {
    case .pending:
      return ["it needs these landed first:"]
        + (try dependencies { $0 != .landed }).map { "  " + $0 }
        + idle
    case .blocked:
      return ["what it needs will not come:"]
        + (try dependencies { [.failed, .blocked, .abandoned, .undone].contains($0) })
        .map { "  " + $0 } + ["`lanekeeper retry ID` gives that one another go"]
    case .ready:
      if try store.controlWord() == .pause { return ["the run is paused; `lanekeeper resume`"] }
      if let slots = try slots(feature, store) {
        return ["it waits \(slots)", "it starts by itself when that is free"] + idle
      }
      return (living ? ["it starts as soon as an agent is free"] : []) + idle
    case .waiting:
      var lines = ["it waits \(words(feature.wait))"]
      let refusals = try store.refusals(of: feature.id)
      for refusal in refusals {
        lines.append(
          "  \(refusal.path): \(refusal.reason)" + (refusal.holder.map { " by #\($0)" } ?? ""))
      }
      if case .claim(let owner) = feature.wait, owner.kind == .person {
        let paths = refusals.map(\.path.description).joined(separator: " ")
        lines.append("`lanekeeper release \(paths)` releases it (only the holder can)")
      }
      if feature.wait?.kind == .limit || feature.wait?.kind == .person {
        for pause in try store.pauses() {
          lines.append("  \(pause.agent): \(pause.detail)")
          if let advice = pause.advice { lines.append("  \(advice)") }
        }
      }
      return lines + ["it goes on by itself when that is free; `lanekeeper retry` tries at once"]
    case .failed:
      return ["its attempts are used up; `lanekeeper retry \(feature.id)` gives it another go"]
    case .inReview:
      return ["it waits for a person: `lanekeeper review \(feature.id)`"]
    case .queued:
      let events = try store.events(after: 0, limit: .max).last {
        $0.feature == feature.id && $0.name == .featureQueued
      }
      var lines = ["it is built and stands in the landing queue"]
      if let detail = events?.facts["detail"]?.plain, !detail.isEmpty {
        lines.append(detail)
      }
      return lines + (try queued(feature, store)) + idle
    case .undone:
      return [
        "it was reverted, or the target was forced to where it is not;",
        "`lanekeeper reopen \(feature.id)` builds it again",
      ]
    case .landing:
      if let slots = try slots(feature, store) { return ["its gate waits \(slots)"] + idle }
      return (try store.landingWords(of: feature).map { ["it is landing: \($0)"] } ?? []) + idle
    case .running: return living ? ["an agent is at work"] : ["it was cut off"] + idle
    default: return []
    }
  }
}
