import ArgumentParser
import Engine

/// Brings the target into a lane.
struct SyncCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sync", abstract: "In a lane: merge the target into its branch.",
    discussion: """
      Example: cd ../app.lanes/2 && lanekeeper sync

      Uncommitted work stays, on top of the merge. If both sides changed the same lines, the files are
      claimed and conflict markers are left in them: resolve, `git add`, `git commit`.

      Exit status: 0 the branch has all of the target; 1 conflicts are left, or it can't be done now;
      75 others hold what would be in conflict, and nothing was changed.
      """)
  @OptionGroup var project: ProjectOptions

  func run() throws {
    let place = try CommandPlace(project)
    guard let lane = place.lane, lane.feature != nil, lane.branch != nil else {
      throw Failure("\(place.top) is no lane at work; `lanekeeper lanes` shows them")
    }
    let report = try place.project.syncReport(lane, place.store)
    if !report.messages.isEmpty { Terminal.line(report.messages) }
    guard report.isSynced else { throw Failure(report.text, status: report.status) }
    Terminal.line(report.text)
  }
}
