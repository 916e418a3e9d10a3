import ArgumentParser
import Foundation
import Git
import Landing
import Lanes
import Model
import Run
import Store

/// Brings the target into a lane.
struct SyncCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sync", abstract: "In a lane: merge what has landed meanwhile into its branch.",
    discussion: """
      Example: cd ../app.lanes/2 && lanekeeper sync

      What is not committed stays, on top of what was merged in. Where both sides changed the same lines,
      the files are claimed and the conflicts left in them: resolve, `git add`, `git commit`.

      Exit status: 0 the branch has all of the target; 1 conflicts are left, or it can't be done now;
      75 others hold what would be in conflict, and nothing was changed.
      """)
  @OptionGroup var project: ProjectOptions

  func run() throws {
    let place = try CommandPlace(project)
    guard let lane = place.lane, lane.feature != nil, let branch = lane.branch else {
      throw Failure("\(place.top) is no lane at work; `lanekeeper lanes` shows them")
    }
    if let hold = try place.project.watch(place.store).look() {
      throw Failure(
        TargetWatch.text(hold, target: place.project.configuration.target), status: 75)
    }
    let target = place.project.configuration.target
    let short = BranchName.short(branch)
    switch try place.project.sync(lane, place.store) {
    case .upToDate: Terminal.line("\(short) has all of \(target)")
    case .merged(let commit):
      Terminal.line(
        "\(target) was merged into \(short) (\(commit.short)); what was not committed stays")
    case .conflicts(let names, let message):
      if !message.isEmpty { Terminal.line(message) }
      throw Failure(
        "\(target) was merged into \(short), and conflicts are left in \(names.joined(separator: ", ")), "
          + "which are claimed for you; resolve the conflict markers, `git add` the files and "
          + "`git commit`")
    case .refused(let conflicts):
      let report = ConflictReport(conflicts: conflicts, store: place.store)
      throw Failure(
        "\(target) conflicts with \(short) on files that others hold; nothing was changed:\n"
          + report.lines.joined(separator: "\n"), status: report.status)
    case .notNow(let reason): throw Failure(reason)
    }
  }
}
