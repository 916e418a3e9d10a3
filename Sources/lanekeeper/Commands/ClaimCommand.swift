import ArgumentParser
import ClaimRules
import Orchestrator
import Store

/// Claims paths by hand.
struct ClaimCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "claim", abstract: "Claim files, or directories with everything below.",
    discussion: """
      Example: lanekeeper claim src/routes.py docs/

      All of them or none. In a lane the claim is the feature's; elsewhere yours, until `release`.

      Exit status: 0 granted; 1 frozen; 75 held by another, or stale.
      """)
  @Argument(help: "Paths; a directory stands for everything below it.") var paths: [String]
  @Option(help: "Claim for this feature.") var feature: String?
  @Flag(help: "Let others that claim it shared change it, too.") var shared = false
  @OptionGroup var project: ProjectOptions
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    let opened = try project.project()
    let store = try opened.store()
    let place = try CommandPlace(project, opened, store)
    let (owner, agent) = try place.owner(feature: feature)
    let requests = try place.paths(paths).map {
      ClaimRequest(path: $0, mode: shared ? .shared : .exclusive)
    }
    let outcome = try store.claim(
      requests, owner: owner, agent: agent, policies: place.project.pathPolicies,
      stale: try place.staleCheck(owner))
    switch outcome {
    case .granted(let rows):
      if json {
        return Terminal.line(
          (["granted": true, "claims": .array(rows.map(ClaimsCommand.json))] as JSONValue).text)
      }
      for request in requests { Terminal.line("claimed \(request.path)") }
    case .refused(let conflicts):
      let report = ConflictReport(conflicts: conflicts, store: store)
      if json {
        Terminal.line((["granted": false, "conflicts": report.json] as JSONValue).text)
      } else {
        Terminal.error("nothing was claimed:\n" + report.lines.joined(separator: "\n"))
      }
      throw ExitCode(report.status)
    }
  }
}

/// Gives claims back.
struct ReleaseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "release", abstract: "Give claims back.",
    discussion: "Example: lanekeeper release docs/")
  @Argument(help: "The paths, as they were claimed.") var paths: [String]
  @Option(help: "The feature whose claims they are.") var feature: String?
  @OptionGroup var project: ProjectOptions

  func run() throws {
    let place = try CommandPlace(project)
    if place.lane == nil { try PersonOnly.check("release") }
    let (owner, _) = try place.owner(feature: feature)
    let held = try place.store.claims(of: owner).map(\.path)
    let wanted = try place.paths(paths).map { path in
      // What was a directory when it was claimed may be one no longer, and the other way round.
      held.contains(path) ? path : held.first { $0.bytes == path.bytes } ?? path
    }
    try place.store.release(wanted, owner: owner)
    for path in wanted { Terminal.line("released \(path)") }
  }
}

/// Shows the lock table.
struct ClaimsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "claims", abstract: "Show who holds which paths.",
    discussion: "Example: lanekeeper claims --stuck")
  @OptionGroup var project: ProjectOptions
  @Flag(help: "Only claims that others wait for, and why they last.") var stuck = false
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    let (_, store) = try project.opened()
    var rows = try store.claims()
    let features = Dictionary(
      try store.features().map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let waiting = features.values.filter { $0.state == .waiting }
    func waiters(_ row: ClaimRow) -> [String] {
      waiting.filter { $0.waitingFor == "\(row.owner.kind.rawValue):\(row.owner.id)" }
        .map { "#\($0.id)" }.sorted()
    }
    if stuck { rows = rows.filter { !waiters($0).isEmpty } }
    if json {
      return Terminal.line((["claims": .array(rows.map(Self.json))] as JSONValue).text)
    }
    guard !rows.isEmpty else {
      return Terminal.line(stuck ? "nothing waits for a claim" : "nothing is claimed")
    }
    let table = rows.map { row -> [String] in
      let owner = RefusalText.name(row.owner) { features[$0]?.title }
      let reason: String
      if row.owner.kind == .feature, let feature = features[row.owner.id] {
        reason =
          "until it lands (\(feature.state.rawValue))"
          + (row.isPinned ? ", changed in its lane" : "")
      } else {
        reason = row.expiresAt.map { "until \(JSONValue.iso($0))" } ?? "until `release`"
      }
      let others = waiters(row)
      return [
        row.path.description, row.mode.rawValue, owner, row.agent ?? "",
        reason + (others.isEmpty ? "" : "; waited for by " + others.joined(separator: ", ")),
      ]
    }
    for line in Terminal.table(["PATH", "MODE", "HOLDER", "AGENT", "LASTS"], table) {
      Terminal.line(line)
    }
  }

  static func json(_ row: ClaimRow) -> JSONValue {
    [
      "path": .string(row.path.description), "kind": row.path.isSubtree ? "subtree" : "file",
      "mode": .string(row.mode.rawValue),
      "feature": .text(row.owner.kind == .feature ? row.owner.id : nil),
      "holder": .string("\(row.owner.kind.rawValue):\(row.owner.id)"), "agent": .text(row.agent),
      "generation": .integer(row.generation), "acquired_at": .time(row.acquiredAt),
      "expires_at": .time(row.expiresAt),
    ]
  }
}

/// Tells what a commit would meet.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Tell whether paths could be claimed, without claiming them.",
    discussion: """
      Example: lanekeeper check src/routes.py

      Without paths: what is staged here. Exit status: 0 free or yours; 1 frozen; 75 held or stale.
      """)
  @Argument(help: "Paths; by default what is staged.") var paths: [String] = []
  @Option(help: "Ask for this feature.") var feature: String?
  @OptionGroup var project: ProjectOptions
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    let opened = try project.project()
    let store = try opened.store()
    let place = try CommandPlace(project, opened, store)
    let (owner, _) = try place.owner(feature: feature)
    let wanted = paths.isEmpty ? try Staged.paths(place) : try place.paths(paths)
    let conflicts = try store.check(
      wanted.map { ClaimRequest(path: $0, mode: .exclusive) }, owner: owner,
      policies: place.project.pathPolicies, stale: try place.staleCheck(owner))
    let report = ConflictReport(conflicts: conflicts, store: store)
    if json {
      Terminal.line(
        (["granted": .bool(conflicts.isEmpty), "conflicts": report.json] as JSONValue).text)
    } else if conflicts.isEmpty {
      Terminal.line(wanted.isEmpty ? "nothing is staged" : "free: \(wanted.count) paths")
    } else {
      for line in report.lines { Terminal.line(line) }
    }
    if !conflicts.isEmpty { throw ExitCode(report.status) }
  }
}
