import ArgumentParser
import Engine
import Model
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
  @Flag(help: "Let others that claim it shared change it as well.") var shared = false
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
      stale: try place.project.staleCheck(owner, place.store), expiry: place.project.expiryCheck())
    switch outcome {
    case .granted(let rows):
      if json {
        return Terminal.line(
          (["granted": true, "claims": .array(rows.map(\.json))] as JSON).text)
      }
      for request in requests { Terminal.line("claimed \(request.path)") }
    case .refused(let conflicts):
      let report = ConflictReport(conflicts, store)
      if json {
        Terminal.line((["granted": false, "conflicts": report.json] as JSON).text)
      } else {
        Terminal.error("nothing was claimed:\n" + report.lines.joined(separator: "\n"))
      }
      throw ExitCode(report.status)
    }
  }
}

/// Tells what a commit would meet.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Check whether paths could be claimed, without claiming them.",
    discussion: """
      Example: lanekeeper check src/routes.py

      Without paths: what is staged here. Exit status: 0 free or yours; 1 frozen; 75 held or stale.
      """)
  @Argument(help: "Paths; by default what is staged.") var paths: [String] = []
  @Option(help: "Check for this feature.") var feature: String?
  @OptionGroup var project: ProjectOptions
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    let opened = try project.project()
    let store = try opened.store()
    let place = try CommandPlace(project, opened, store)
    let (owner, _) = try place.owner(feature: feature)
    let wanted = paths.isEmpty ? try StagedPaths.paths(place) : try place.paths(paths)
    let conflicts = try store.check(
      wanted.map { ClaimRequest(path: $0, mode: .exclusive) }, owner: owner,
      policies: place.project.pathPolicies, stale: try place.project.staleCheck(owner, place.store),
      expiry: place.project.expiryCheck())
    let report = ConflictReport(conflicts, store)
    if json {
      Terminal.line(
        (["granted": .bool(conflicts.isEmpty), "conflicts": report.json] as JSON).text)
    } else if conflicts.isEmpty {
      Terminal.line(wanted.isEmpty ? "nothing is staged" : "free: \(wanted.count) paths")
    } else {
      for line in report.lines { Terminal.line(line) }
    }
    if !conflicts.isEmpty { throw ExitCode(report.status) }
  }
}
