import Foundation
import Model
import Processes
import Store

/// Why claims last that others wait for, and what would free them.
package struct StuckClaims {
  private let project: Project
  private let store: Store
  private let features: [String: FeatureRecord]
  private let waiting: [FeatureRecord]

  package init(_ project: Project, _ store: Store) throws {
    self.project = project
    self.store = store
    let all = try store.features()
    features = Dictionary(all.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    waiting = all.filter { $0.state == .waiting }
  }

  package func name(_ owner: ClaimOwner) -> String {
    RefusalText.name(owner) { features[$0]?.title }
  }

  /// Returns the features that wait for an owner.
  package func waiters(_ owner: ClaimOwner) -> [FeatureRecord] {
    waiting.filter { $0.wait == .claim(owner) }
  }

  /// Tells until when a claim lasts.
  package func lasts(_ row: ClaimRow) -> String {
    if row.owner.kind == .feature, let feature = features[row.owner.id] {
      return "until it lands (\(feature.state.rawValue))"
        + (row.isPinned ? ", changed in its lane" : "")
    }
    return row.expiresAt.map { "until \(JSON.iso($0))" } ?? "until `release`"
  }

  /// Explains the claims, holder by holder.
  package func lines(_ rows: [ClaimRow]) -> [String] {
    var lines: [String] = []
    var seen: Set<ClaimOwner> = []
    for owner in rows.map(\.owner) where seen.insert(owner).inserted {
      let paths = rows.filter { $0.owner == owner }.map(\.path.description)
      lines.append("\(name(owner)) holds \(paths.joined(separator: ", "))")
      lines.append(
        "   waited for by "
          + waiters(owner).map { "#\($0.id) \($0.shortTitle)" }.joined(separator: ", ")
      )
      lines += reasons(owner).map { "   " + $0 }
    }
    return lines
  }

  package func json(_ row: ClaimRow) -> JSON {
    .object(
      row.members + [
        ("waiters", .texts(waiters(row.owner).map(\.id))), ("reasons", .texts(reasons(row.owner))),
      ])
  }

  /// Says why an owner still holds its claims, and what would free them.
  private func reasons(_ owner: ClaimOwner) -> [String] {
    switch owner.kind {
    case .person: return ["a person's claims last until `lanekeeper release PATH`"]
    case .session:
      return ["a session's claims end by themselves when it does not renew them"]
    case .feature: break
    }
    guard let feature = features[owner.id] else { return ["its feature is gone"] }
    let id = feature.id
    var lines: [String] = []
    switch feature.state {
    case .running: lines += running(feature)
    case .waiting:
      lines.append("it waits itself, for \(feature.waitingFor ?? "something")")
    case .pending, .ready:
      lines.append(
        "it is \(feature.state.rawValue): its work so far stays claimed until an agent goes on"
          + (isAlive ? "" : "; no run is active; start one with `lanekeeper run`"))
    case .inReview:
      lines.append("it waits for a person: `lanekeeper review \(id) --approve`")
    case .completed, .approved, .queued, .landing, .gateFailed, .changesRequested:
      lines.append(
        "it is built and \(feature.state.rawValue)"
          + (isAlive ? "" : "; no run is active; `lanekeeper land` lands it"))
    case .failed, .blocked, .abandoned, .landed, .undone:
      lines.append("it is \(feature.state.rawValue), and its claims are given back")
    }
    if let edges = try? store.waits(of: id), !edges.isEmpty {
      lines.append(
        "it needs " + edges.map { "#\($0.to) (\($0.reason.rawValue))" }.joined(separator: ", "))
    }
    let changed = (try? project.changedPaths(feature, lane: project.lane(of: id, store))) ?? []
    if !changed.isEmpty {
      lines.append(
        "\(changed.count) files are changed and not landed, so the claims on them never expire")
    }
    lines.append("`lanekeeper abandon \(id)` gives its claims back at once; its branch stays")
    return lines
  }

  private func running(_ feature: FeatureRecord) -> [String] {
    let number = feature.attempts
    if FileLock.isHeld(project.state.attemptLock(feature.id, number)) {
      return ["an agent is at work on it (attempt \(number))"]
    }
    guard let beat = try? store.lastBeat(feature.id, number) else {
      return ["attempt \(number) is being made ready, or was cut off before it began"]
    }
    let quiet = (Boot.uptimeMilliseconds() - beat.uptime) / 1000
    let ago = beat.bootID == Boot.id ? "\(quiet) s ago" : "before the machine was started again"
    return [
      "attempt \(number) was cut off, its last sign of life was \(ago); the next `lanekeeper run` goes on, "
        + "and what it has not changed can be claimed by others "
        + "\(ExpiryCheck.standardLease / 60_000) minutes after that sign"
    ]
  }

  private var isAlive: Bool {
    (try? ProcessLiveness(project, store).isAnybodyAtWork()) ?? false
  }
}

extension ClaimRow {
  /// The claim as `claims --json` gives it.
  package var json: JSON { .object(members) }

  fileprivate var members: [(String, JSON)] {
    [
      ("path", .string(path.description)), ("kind", path.isSubtree ? "subtree" : "file"),
      ("mode", .string(mode.rawValue)),
      ("feature", .text(owner.kind == .feature ? owner.id : nil)),
      ("holder", .string(owner.text)), ("agent", .text(agent)),
      ("generation", .integer(generation)), ("acquired_at", .time(acquiredAt)),
      ("expires_at", .time(expiresAt)),
    ]
  }
}
