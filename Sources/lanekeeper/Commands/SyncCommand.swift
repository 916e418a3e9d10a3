import ArgumentParser
import Foundation
import Git
import Lanes
import Orchestrator
import Store

/// Brings the target into a lane.
struct SyncCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sync", abstract: "In a lane: merge what has landed meanwhile into its branch.",
    discussion: """
      Example: cd ../app.lanes/2 && lanekeeper sync

      Uncommitted work is kept; where it is in the way of the merge, git says so and nothing changes.
      """)
  @OptionGroup var project: ProjectOptions

  func run() throws {
    let place = try CommandPlace(project)
    guard let lane = place.lane, let feature = lane.feature else {
      throw Failure("\(place.top) is no lane at work; `lanekeeper lanes` shows them")
    }
    let repository = try Repository(opening: place.top, environment: place.project.environment)
    guard case .branch(let branch, let tip?) = try repository.head() else {
      throw Failure(
        "\(place.top) is on no branch; switch back to \(lane.branch ?? "its own") first")
    }
    guard let target = try repository.reference(place.project.target) else {
      throw Failure("the target \(place.project.configuration.target) is gone")
    }
    if try repository.isAncestor(target, of: tip) {
      return Terminal.line(
        "\(StatusView.short(branch)) has all of \(place.project.configuration.target)")
    }
    let variables = try place.project.hooks().variables(addingTo: place.project.environment)
    let message =
      "Merge \(place.project.configuration.target) into \(StatusView.short(branch))\n\n"
      + "Lane-Feature: \(feature)\n"
    let result = try GitProgram.run(
      ["merge", "--no-edit", "-m", message, target.hex], directory: place.top,
      environment: place.project.environment, adding: variables)
    Terminal.write(result.text.isEmpty ? "" : result.text + "\n")
    guard result.status == 0 else {
      throw Failure(
        result.error.isEmpty
          ? "the merge stopped; resolve the conflict markers, `git add` the files and `git commit`"
          : result.error.trimmingCharacters(in: .whitespacesAndNewlines))
    }
    try place.store.setBase(target.hex, ofLane: lane.number)
  }
}
