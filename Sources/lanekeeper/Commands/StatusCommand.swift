import ArgumentParser
import Foundation
import Git
import Integration
import Orchestrator
import Processes
import Store

/// Shows how the backlog stands.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show how the backlog stands and who is at work.",
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
    let status = try StatusView(project, forecaster)
    if json { return Terminal.line(status.json.text) }
    for line in status.lines { Terminal.line(line) }
  }
}

/// The state of a project, for people and as JSON.
struct StatusView {
  let project: Project
  let store: Store?
  private var features: [FeatureRecord] = []
  private var dependencies: [String: [String]] = [:]
  private var attempts: [String: AttemptRecord] = [:]
  private var costs: [String: Double] = [:]
  private var lanes: [LaneRecord] = []
  private var claims = 0
  private var run: ParticipantRecord?
  private var runState = "idle"
  private var eta: Double?
  private var head: ObjectID?
  private var hold: TargetHold?
  private var forecast = Forecast()
  private var stacks: [String: String] = [:]

  init(_ project: Project, _ forecaster: Forecaster = Forecaster()) throws {
    self.project = project
    store = try project.existingStore()
    head = try project.repository().reference(project.target)
    guard let store else {
      try fromBacklog()
      return
    }
    features = try store.features().filter { $0.inBacklog || !$0.state.isFinal }
    if features.isEmpty { try fromBacklog() }
    dependencies = try store.dependencies().mapValues { $0.map(\.dependsOn) }
    for attempt in try store.attempts() {
      attempts[attempt.feature] = attempt
      costs[attempt.feature, default: 0] += attempt.costUSD
    }
    lanes = try store.lanes()
    forecast = forecaster.forecast(project, lanes)
    stacks = try store.stacks()
    claims = try store.claims().count
    let living = try store.openParticipants().filter {
      FileLock.isHeld(project.state.participantLock($0.id))
    }
    run = try living.first { $0.kind == "run" } ?? living.first ?? store.lastParticipant()
    if let run {
      let isAlive = living.contains { $0.id == run.id }
      if isAlive {
        runState = try store.value("control") == "pause" ? "paused" : run.state
      } else {
        runState = run.state == "running" || run.state == "stopping" ? "killed" : run.state
      }
    }
    hold = try project.watch(store).look()
    eta = living.isEmpty ? nil : try TimeLeft.seconds(project: project, store: store)
  }

  /// Before anything ran, the backlog itself tells.
  private mutating func fromBacklog() throws {
    guard FileManager.default.fileExists(atPath: project.backlogFile) else { return }
    for (position, feature) in try project.backlog().features.enumerated() {
      dependencies[feature.id] = feature.dependencies.map(\.id)
      features.append(
        FeatureRecord(
          id: feature.id, position: position, title: feature.title, category: feature.category,
          state: feature.dependencies.isEmpty ? .ready : .pending))
    }
  }

  /// What is landing, then what stands in the queue, in the order in which it lands.
  private var queue: [String] {
    features.filter { $0.state == .landing }.map(\.id)
      + (store.flatMap { try? Lander.queue($0) } ?? [])
  }

  private func lane(_ feature: String) -> LaneRecord? { lanes.first { $0.feature == feature } }

  var json: JSONValue {
    .object([
      ("seq", .integer((try? store?.lastEvent()) ?? 0)),
      ("time", .time(Int64(Date().timeIntervalSince1970 * 1000))),
      ("target", .string(project.configuration.target)), ("head", .text(head?.hex)),
      ("eta_s", eta.map { .number($0) } ?? .null),
      ("cost_usd", .number(costs.values.reduce(0, +))),
      (
        "run",
        [
          "state": .string(runState), "parallel": .whole(run?.parallel),
          "preset": .text(run?.preset), "models": .texts(run?.models ?? []),
          "pid": .whole(run.map { Int($0.pid) }),
        ]
      ), ("features", .array(features.map(featureJSON))),
      ("lanes", .array(lanes.map { Self.json($0, forecast) })),
      (
        "target_hold",
        hold.map { hold in
          [
            "known": .string(hold.known), "found": .string(hold.found),
            "evidence": .string(hold.evidence),
            "lanes": .array(
              hold.suspects.map {
                [
                  "lane": .whole($0.lane), "feature": .string($0.feature),
                  "agent": .string($0.agent),
                ]
              }),
          ]
        } ?? .null
      ), ("queue", .texts(queue)), ("claims", .whole(claims)),
    ])
  }

  private func featureJSON(_ feature: FeatureRecord) -> JSONValue {
    let attempt = attempts[feature.id]
    let isRunning = attempt?.state == .running
    return .object([
      ("id", .string(feature.id)), ("title", .string(feature.title)),
      ("category", .string(feature.category)), ("state", .string(feature.state.rawValue)),
      ("depends_on", .texts(dependencies[feature.id] ?? [])),
      ("branch", .text(feature.branch.map(Self.short))),
      ("lane", .text(lane(feature.id)?.path)), ("agent", .text(isRunning ? attempt?.agentID : nil)),
      ("model", .text(attempt?.tier)), ("attempts", .whole(feature.attempts)),
      ("cost_usd", .number(costs[feature.id] ?? 0)), ("landed_commit", .text(feature.landedCommit)),
      ("waiting_for", .text(feature.waitingFor)), ("stacked_on", .text(stacks[feature.id])),
      ("changed_at", .time(feature.changedAt)),
    ])
  }

  static func json(_ lane: LaneRecord, _ forecast: Forecast) -> JSONValue {
    [
      "number": .whole(lane.number), "path": .string(lane.path),
      "branch": .text(lane.branch.map(short)), "feature": .text(lane.feature),
      "state": .string(lane.state.rawValue),
      "conflicts": forecast.conflicts[lane.number].map { .array($0.map(json)) } ?? .null,
    ]
  }

  private static func json(_ conflict: Forecast.Conflict) -> JSONValue {
    [
      "with": .string(conflict.feature == nil ? "target" : "feature"),
      "feature": .text(conflict.feature), "paths": .texts(conflict.paths),
    ]
  }

  static func short(_ branch: String) -> String {
    branch.hasPrefix("refs/heads/") ? String(branch.dropFirst("refs/heads/".count)) : branch
  }

  var lines: [String] {
    var lines: [String] = []
    let landed = features.count { $0.state == .landed }
    lines.append(
      "\(project.name): \(landed) of \(features.count) features landed on "
        + "\(project.configuration.target)" + (head.map { " (\($0.short))" } ?? ""))
    var runLine = "run: \(runState)"
    if let run, runState == "running" || runState == "paused" {
      runLine += ", process \(run.pid), \(run.parallel) agents, preset \(run.preset ?? "custom")"
    }
    if let eta, eta > 0 { runLine += ", about \(Duration.text(eta)) to go" }
    lines.append(runLine)
    if let hold {
      lines.append("held: " + TargetWatch.text(hold, target: project.configuration.target))
    }
    guard !features.isEmpty else {
      return lines + ["features.yml holds no features yet"]
    }
    lines.append("")
    let rows = features.map { feature -> [String] in
      let attempt = attempts[feature.id]
      return [
        "#" + feature.id, Terminal.cut(feature.title, 44), feature.state.rawValue,
        attempt?.tier ?? "", attempt.map { $0.state == .running ? $0.agentID : "" } ?? "",
        note(feature),
      ]
    }
    return lines + Terminal.table(["FEATURE", "TITLE", "STATE", "MODEL", "AGENT", ""], rows)
      + forecastLines
  }

  private var forecastLines: [String] {
    // Two lanes name each other; the one that stands first in the backlog does it for both.
    var told: Set<String> = []
    let atWork = features.compactMap { lane($0.id) }
    let words = atWork.flatMap { lane in
      defer { told.insert(lane.feature ?? "") }
      return (forecast.conflicts[lane.number] ?? []).compactMap { conflict -> String? in
        if let other = conflict.feature, told.contains(other) { return nil }
        let with = conflict.feature.map { "#\($0)" } ?? project.configuration.target
        return "as it is now, #\(lane.feature ?? "?") would conflict with \(with) in "
          + Terminal.cut(conflict.paths.joined(separator: ", "), 80)
      }
    }
    return words.isEmpty ? [] : [""] + words
  }

  private func note(_ feature: FeatureRecord) -> String {
    switch feature.state {
    case .landed: return feature.landedCommit.map { String($0.prefix(7)) } ?? ""
    case .pending:
      let open = (dependencies[feature.id] ?? []).filter { id in
        features.first { $0.id == id }?.state != .landed
      }
      return "after " + open.map { "#\($0)" }.joined(separator: ", ")
    case .waiting:
      let waitingFor = feature.waitingFor ?? ""
      return LimitWait.words(waitingFor) ?? "for \(waitingFor)"
    case .running:
      guard let attempt = attempts[feature.id], let store else { return "" }
      return Duration.text(Double(store.now - attempt.startedAt) / 1000)
    case .failed: return Terminal.cut(attempts[feature.id]?.detail ?? "", 60)
    default: return ""
    }
  }
}
