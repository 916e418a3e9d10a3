import ArgumentParser
import Engine
import Model
import Store

/// Gives claims back.
struct ReleaseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "release", abstract: "Release claims.",
    discussion: """
      Example: lanekeeper release docs/

      All of them or none. What the lane has changed stays claimed until the feature lands, or is handed
      back whole with `lanekeeper abandon`.
      """)
  @Argument(help: "The paths, as they were claimed.") var paths: [String]
  @Option(help: "The feature whose claims they are.") var feature: String?
  @Option(help: "Only if the claims still have this generation, as `claim --json` told it.")
  var generation: Int64?
  @OptionGroup var project: ProjectOptions

  func run() throws {
    let place = try CommandPlace(project)
    if place.lane == nil { try PersonOnly.check("release", self.project) }
    let (owner, _) = try place.owner(feature: feature)
    let held = try place.store.claims(of: owner).map(\.path)
    let wanted = try place.paths(paths).map { path in
      // What was a directory when it was claimed may be one no longer, and the other way round.
      held.contains(path) ? path : held.first { $0.bytes == path.bytes } ?? path
    }
    var changed: [[UInt8]] = []
    if owner.kind == .feature, let record = try place.store.feature(owner.id) {
      let lane = try place.lane ?? place.project.lane(of: owner.id, place.store)
      changed = try place.project.changedPaths(record, lane: lane)
    }
    let generations = generation.map { number in
      Dictionary(wanted.map { ($0, number) }, uniquingKeysWith: { first, _ in first })
    }
    try place.store.release(
      wanted, owner: owner, generations: generations ?? [:], changed: changed)
    for path in wanted { Terminal.line("released \(path)") }
  }
}
