import Foundation
import Git
import Model
import Processes
import Store

/// The state of a project, for people and as JSON.
package struct StatusView {
  package private(set) var project: Project
  package private(set) var store: Store?
  package private(set) var features: [FeatureRecord] = []
  package private(set) var dependencies: [String: [String]] = [:]
  package private(set) var attempts: [String: AttemptRecord] = [:]
  package private(set) var costs: [String: Double] = [:]
  package private(set) var lanes: [LaneRecord] = []
  package private(set) var slotHolds: [SlotHold] = []
  private var claims = 0
  /// The number of the event that it shows the state after.
  package private(set) var seq: Int64 = 0
  private var queue: [String] = []
  package private(set) var run: ParticipantRecord?
  package private(set) var runState = "idle"
  /// Long waits of the processes at work.
  package private(set) var waits: [RunWait] = []
  package private(set) var eta: Double?
  package private(set) var head: ObjectID?
  package private(set) var hold: TargetHold?
  /// Queued features that can't land yet, with the reasons.
  package private(set) var landingHolds: [(feature: String, reason: String)] = []
  /// Words where the gate was last found red on what the target stands on.
  package private(set) var redGate: String?
  package private(set) var forecast = Forecast()
  package private(set) var stacks: [String: String] = [:]
  /// Files left by the gate that unlanded branches add, by feature.
  package private(set) var gateProducts: [String: [String]] = [:]

  /// Reads everything at one event number, whatever other processes write meanwhile.
  ///
  /// - Parameters:
  ///   - readsBacklog: adds what stands in `features.yml` and was not taken up yet.
  ///   - isHeld: tells whether a process holds the lock at a path.
  package init(
    _ project: Project, _ forecaster: Forecaster = Forecaster(), readsBacklog: Bool = false,
    isHeld: @escaping @Sendable (String) -> Bool = { FileLock.isHeld($0) }
  ) throws {
    self.project = project
    store = try project.existingStore()
    head = try project.repository().reference(project.target)
    guard let store else {
      try fromBacklog()
      return
    }
    hold = try project.watch(store).look()
    try Self.noticeMoves(project, store)
    if let head, !project.configuration.gate.command.isEmpty {
      redGate = try Lander.redWords(store, tree: project.repository().commit(head).tree)
    }
    let liveness = ProcessLiveness(project, store, isHeld: isHeld)
    let unread = self
    repeat {
      self = unread
      try store.consistently { try read(store, liveness) }
      // Who ended between the moment that is shown and the look at the lock was not killed.
    } while try runState == "killed" && store.participant(run?.id ?? "")?.state != run?.state
    if features.isEmpty { try fromBacklog() } else if readsBacklog { try? fromBacklog() }
    forecast = forecaster.forecast(project, lanes)
  }

  /// Looks whether somebody has thrown landings away, so that nothing is shown as landed that is not there.
  private static func noticeMoves(_ project: Project, _ store: Store) throws {
    let lander = project.lander(store)
    guard try lander.hasUnseenMove,
      let lock = try FileLock.tryAcquire(project.state.landingLock)
    else { return }
    defer { lock.release() }
    _ = try lander.noticeMoves()
  }

  private mutating func read(_ store: Store, _ liveness: ProcessLiveness) throws {
    seq = try store.lastEvent()
    features = try store.features().filter { $0.inBacklog || !$0.state.isFinal }
    try store.tellSlotWaits(&features)
    slotHolds = try store.slotHolds()
    dependencies = try store.dependencies().mapValues { $0.map(\.id) }
    for attempt in try store.attempts() {
      attempts[attempt.feature] = attempt
      costs[attempt.feature, default: 0] += attempt.costUSD
    }
    lanes = try store.lanes()
    stacks = try store.stacks()
    for feature in features where !feature.state.isFinal && feature.attempts > 0 {
      let names = try GateLitter.committed(by: feature.id, store)
      gateProducts[feature.id] = names.isEmpty ? nil : names
    }
    claims = try store.claims().count
    let living = try liveness.participants()
    waits = try liveness.runWaits()
    run = try living.first { $0.kind == .run } ?? living.first ?? store.lastParticipant()
    if let run {
      let isAlive = living.contains { $0.id == run.id }
      if isAlive {
        switch try store.controlWord() {
        case .pause: runState = "paused"
        case .drain: runState = "draining"
        default: runState = run.state
        }
      } else {
        runState = run.state == "running" || run.state == "stopping" ? "killed" : run.state
      }
    }
    eta = living.isEmpty ? nil : try TimeLeft.seconds(project: project, store: store)
    // What is landing, then what stands in the queue, in the order in which it lands.
    let held = try store.heldLandings()
    landingHolds = features.filter { $0.state == .queued }.compactMap { feature in
      held[feature.id].map { (feature.id, $0) }
    }
    queue = try features.filter { $0.state == .landing }.map(\.id) + Lander.queue(store)
  }

  /// Before anything ran, the backlog itself tells.
  private mutating func fromBacklog() throws {
    guard FileManager.default.fileExists(atPath: project.backlogFile) else { return }
    let known = Set(features.map(\.id))
    for (position, feature) in try project.backlog().features.enumerated()
    where !known.contains(feature.id) {
      dependencies[feature.id] = feature.dependencies.map(\.id)
      features.append(
        FeatureRecord(
          id: feature.id, position: position, title: feature.title, category: feature.category,
          state: feature.dependencies.isEmpty ? .ready : .pending))
    }
  }

  /// The lane of a feature, where it has one.
  package func lane(_ feature: String) -> LaneRecord? { lanes.first { $0.feature == feature } }

  /// As `status --json` gives it.
  package var json: JSON {
    .object([
      ("seq", .integer(seq)),
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
      ), ("gate_red", .text(redGate)),
      ("waits", .array(waits.map(Self.json))),
      (
        "held",
        .array(
          landingHolds.map { ["feature": .string($0.feature), "reason": .string($0.reason)] })
      ), ("queue", .texts(queue)), ("claims", .whole(claims)),
    ])
  }

  private static func json(_ wait: RunWait) -> JSON {
    [
      "feature": .text(wait.feature), "reason": .string(wait.words), "since": .time(wait.since),
    ]
  }

  private func featureJSON(_ feature: FeatureRecord) -> JSON {
    let attempt = attempts[feature.id]
    let isRunning = attempt?.state == .running
    return .object([
      ("id", .string(feature.id)), ("title", .string(feature.title)),
      ("category", .string(feature.category)), ("state", .string(feature.state.rawValue)),
      ("depends_on", .texts(dependencies[feature.id] ?? [])),
      ("branch", .text(feature.branch.map(BranchName.short))),
      ("lane", .text(lane(feature.id)?.path)), ("agent", .text(isRunning ? attempt?.agentID : nil)),
      ("model", .text(attempt?.tierName)), ("attempts", .whole(feature.attempts)),
      ("cost_usd", .number(costs[feature.id] ?? 0)), ("landed_commit", .text(feature.landedCommit)),
      ("waiting_for", .text(feature.waitingFor)), ("stacked_on", .text(stacks[feature.id])),
      ("changed_at", .time(feature.changedAt)),
      ("gate_products", .texts(gateProducts[feature.id] ?? [])),
    ])
  }

  /// A lane as `lanes --json` gives it.
  package static func json(_ lane: LaneRecord, _ forecast: Forecast) -> JSON {
    [
      "number": .whole(lane.number), "path": .string(lane.path),
      "branch": .text(lane.branch.map(BranchName.short)), "feature": .text(lane.feature),
      "state": .string(lane.state.rawValue),
      "conflicts": forecast.conflicts[lane.number].map { .array($0.map(json)) } ?? .null,
    ]
  }

  private static func json(_ conflict: Forecast.Conflict) -> JSON {
    [
      "with": .string(conflict.feature == nil ? "target" : "feature"),
      "feature": .text(conflict.feature), "paths": .texts(conflict.paths),
    ]
  }
}
