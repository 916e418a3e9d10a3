import Foundation
import GRDB
import Model

/// A feature as the store knows it: its place in the backlog and its state.
package struct FeatureRecord: Sendable, Equatable {
  package var id: String
  /// The place in the backlog, from 0.
  package var position: Int
  package var title: String
  package var category: String
  package var description: String
  package var steps: [String]
  package var touches: [String]
  package var priority: Int
  /// The tier that the backlog demands, if any.
  package var model: String?
  package var agent: String?
  /// The names of the slots that an attempt on it holds.
  package var slots: [String] = []
  /// False once the feature is no longer in the backlog file.
  package var inBacklog: Bool
  package var state: FeatureState
  /// The wait of a waiting feature, and the slots of a ready one after ``Store/tellSlotWaits(_:)``.
  package var wait: Wait?
  /// The full name of the feature's branch, once it was claimed.
  package var branch: String?
  /// The branch's tip when the feature completed, in hex.
  package var tip: String?
  /// The number of the last attempt; 0 before the first.
  package var attempts: Int
  /// Attempts that count against `limits.attempts`.
  package var failures: Int
  package var lastTier: Tier?
  /// Whether the next attempt goes one tier up.
  package var climbs: Bool
  /// The last failure, for the next prompt.
  package var rework: String?
  package var landedCommit: String?
  /// When the state last changed, in milliseconds since 1970.
  package var changedAt: Int64

  /// ``wait`` as it is written.
  package var waitingFor: String? { wait?.text }
}

extension FeatureRecord {
  /// A feature on which nothing was done yet.
  package init(id: String, position: Int, title: String, category: String, state: FeatureState) {
    self.init(
      id: id, position: position, title: title, category: category, description: "", steps: [],
      touches: [], priority: 0, model: nil, agent: nil, slots: [], inBacklog: true, state: state,
      wait: nil, branch: nil, tip: nil, attempts: 0, failures: 0, lastTier: nil,
      climbs: false, rework: nil, landedCommit: nil, changedAt: 0)
  }
}

/// One run of one agent on one feature.
package struct AttemptRecord: Sendable, Equatable {
  package enum State: String, Sendable {
    case running, completed, failed, interrupted

    /// The name of the event with which the state begins.
    var event: EventName {
      switch self {
      case .running: .attemptStarted
      case .completed: .attemptCompleted
      case .failed: .attemptFailed
      case .interrupted: .attemptInterrupted
      }
    }
  }
  package var feature: String
  package var number: Int
  package var participant: String
  package var slot: Int
  package var agent: String
  package var lane: Int
  /// The tier of its model; `nil` where a session chose its own model.
  package var tier: Tier?
  package var modelName: String
  /// Why this tier was chosen.
  package var choice: String
  /// The value of `LANEKEEPER_MARK` in the environment of each of the attempt's processes.
  package var mark: String
  /// The commit that the attempt started from, in hex.
  package var base: String
  package var tip: String?
  package var state: State
  /// Why it ended through no fault of the feature.
  package var interruption: Interruption?
  package var detail: String?
  package var costUSD: Double
  /// Milliseconds since 1970.
  package var startedAt: Int64
  package var endedAt: Int64?
  /// The tier as it is stored and shown.
  package var tierName: String { tier?.rawValue ?? "session" }

  /// The agent's name in the output: `agent-1` and so on, or the name that a session gave.
  package var agentID: String { slot > 0 ? "agent-\(slot)" : agent }
}

/// A worktree of Lanekeeper's and what it is used for.
package struct LaneRecord: Sendable, Equatable {
  package enum State: String, Sendable {
    /// Being made; a crash leaves it so and the next start makes it again.
    case preparing
    /// Ready to be given to a feature.
    case free
    /// A feature's branch is checked out.
    case assigned
    /// Directory and registration do not agree; left out until the next run looks again.
    case broken
  }
  package var number: Int
  package var path: String
  package var feature: String?
  /// The agent's name in the output, `agent-1`; `nil` where none is at work.
  package var agent: String?
  package var branch: String?
  /// The merge base of the lane's branch with the target, in hex.
  package var base: String?
  package var state: State
  /// git's name for the worktree.
  package var name: String { "lane-\(number)" }

  /// Reads git's name for a lane's worktree; `nil` for another name.
  package static func number(ofWorktree name: some StringProtocol) -> Int? {
    name.hasPrefix("lane-") ? Int(name.dropFirst(5)) : nil
  }

  /// Returns the number of a lane from its git directory; `nil` for another git directory.
  package static func number(ofGitDirectory path: String) -> Int? {
    let parts = path.split(separator: "/").suffix(2)
    guard parts.count == 2, parts.first == "worktrees" else { return nil }
    return number(ofWorktree: parts[parts.endIndex - 1])
  }
}

/// One try to land one feature, phase by phase.
package struct LandingRecord: Sendable, Equatable {
  package enum Phase: String, Sendable {
    case merge, gate, push, follow, swap, settle, done, stopped

    /// The name of the event that the phase is about to begin; `nil` for one that changes nothing that others see.
    var event: EventName? {
      switch self {
      case .push: .landingPush
      case .follow: .landingFollow
      case .swap: .landingSwap
      case .merge, .gate, .settle, .done, .stopped: nil
      }
    }
  }
  /// The kind of change that lands.
  package enum Kind: String, Sendable {
    case feature
    /// The reversal of a feature that landed before.
    case undo
  }
  package var id: Int64
  /// The number of the first landing of the chain that it belongs to.
  package var chain: Int64
  package var kind: Kind
  package var feature: String
  package var phase: Phase
  package var laneTip: String
  package var base: String
  /// The commit that it stands on: the target's tip, or the landing before it in the chain.
  package var targetBefore: String
  package var commit: String?
  package var tree: String?
  package var gateLog: String?
  /// Whether its push was at least begun.
  package var isPushed: Bool
}

/// A process that works on features.
package struct ParticipantRecord: Sendable, Equatable {
  /// The command that it runs.
  package enum Kind: String, Sendable { case run, work }
  package var id: String
  package var kind: Kind
  package var pid: Int32
  package var state: String
  package var parallel: Int
  package var preset: String?
  package var models: [String]
  package var startedAt: Int64

  package init(
    id: String, kind: Kind, pid: Int32, state: String, parallel: Int, preset: String?,
    models: [String], startedAt: Int64
  ) {
    self.id = id
    self.kind = kind
    self.pid = pid
    self.state = state
    self.parallel = parallel
    self.preset = preset
    self.models = models
    self.startedAt = startedAt
  }
}

/// One row of the append-only event log.
package struct EventRecord: Sendable, Equatable {
  package var seq: Int64
  /// Milliseconds since 1970.
  package var time: Int64
  /// The name as it is stored.
  package var type: String
  package var feature: String?
  package var agent: String?
  /// Further facts, as a JSON object.
  package var data: String

  /// The name; `nil` for one that only another version of the program knows.
  package var name: EventName? { EventName(rawValue: type) }

  /// The further facts, sorted by name; `null` where they can't be read.
  package var facts: JSON { (try? JSON(reading: data))?.canonical ?? .null }
}

extension FeatureRecord: FetchableRecord {
  package init(row: Row) throws {
    id = row["id"]
    position = row["position"]
    title = row["title"]
    category = row["category"]
    description = row["description"]
    steps = JSON.strings(in: row["steps"])
    touches = JSON.strings(in: row["touches"])
    priority = row["priority"]
    model = row["model"]
    agent = row["agent"]
    slots = JSON.strings(in: row["slots"])
    inBacklog = row["in_backlog"]
    guard let state = FeatureState(rawValue: row["state"]) else {
      throw StoreError.unreadable(path: "features", reason: "unknown state of feature #\(id)")
    }
    self.state = state
    wait = (row["waiting_for"] as String?).flatMap(Wait.init(text:))
    branch = row["branch"]
    tip = row["tip"]
    attempts = row["attempts"]
    failures = row["failures"]
    lastTier = (row["last_tier"] as String?).flatMap(Tier.init(rawValue:))
    climbs = row["climb"]
    rework = row["rework"]
    landedCommit = row["landed_commit"]
    changedAt = row["changed_at"]
  }
}

extension AttemptRecord: FetchableRecord {
  package init(row: Row) throws {
    feature = row["feature"]
    number = row["number"]
    participant = row["participant"]
    slot = row["slot"]
    agent = row["agent"]
    lane = row["lane"]
    tier = (row["tier"] as String?).flatMap(Tier.init(rawValue:))
    modelName = row["model_name"]
    choice = row["choice"]
    mark = row["mark"]
    base = row["base"]
    tip = row["tip"]
    state = State(rawValue: row["state"]) ?? .interrupted
    interruption = (row["interruption"] as String?).flatMap(Interruption.init)
    detail = row["detail"]
    costUSD = row["cost_usd"]
    startedAt = row["started_at"]
    endedAt = row["ended_at"]
  }
}

extension LaneRecord: FetchableRecord {
  package init(row: Row) throws {
    number = row["number"]
    path = row["path"]
    feature = row["feature"]
    agent = row["agent"]
    branch = row["branch"]
    base = (row["base"] as Data?).map { Hex.string(Array($0)) }
    state = State(rawValue: row["state"]) ?? .preparing
  }
}

extension LandingRecord: FetchableRecord {
  package init(row: Row) throws {
    id = row["id"]
    feature = row["feature"]
    phase = Phase(rawValue: row["phase"]) ?? .stopped
    laneTip = row["lane_tip"]
    base = row["base"]
    targetBefore = row["target_before"]
    commit = row["commit_id"]
    tree = row["tree"]
    gateLog = row["gate_log"]
    chain = row["chain"] ?? id
    kind = Kind(rawValue: row["kind"]) ?? .feature
    isPushed = row["pushed"]
  }
}

extension ParticipantRecord: FetchableRecord {
  package init(row: Row) throws {
    id = row["id"]
    kind = Kind(rawValue: row["kind"]) ?? .work
    pid = row["pid"]
    state = row["state"]
    parallel = row["parallel"]
    preset = row["preset"]
    models = JSON.strings(in: row["models"])
    startedAt = row["started_at"]
  }
}

extension EventRecord: FetchableRecord {
  package init(row: Row) throws {
    seq = row["seq"]
    time = row["time"]
    type = row["type"]
    feature = row["feature"]
    agent = row["agent"]
    data = row["data"]
  }
}
