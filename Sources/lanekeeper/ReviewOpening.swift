import Engine
import Foundation
import Git
import Processes
import Store

/// Shows a branch in another program.
struct ReviewOpening {
  let desk: Reviews
  let feature: FeatureRecord
  let state: ReviewedState
  let diff: String

  /// Starts git's difftool where one is configured, else the editor on the diff, and waits for it.
  func run() throws {
    let git = desk.repository
    if try git.git(["config", "diff.tool"]).status == 0, !state.base.isEmpty {
      return try start([
        "git", "-C", desk.project.directory, "difftool", "--dir-diff", "--no-prompt", state.base,
        state.tip,
      ])
    }
    let editor = try git.git(["var", "GIT_EDITOR"])
    guard editor.status == 0, !editor.text.isEmpty else {
      throw Failure("git knows no editor; set core.editor, or diff.tool for a difftool")
    }
    let directory = NSTemporaryDirectory() + "lanekeeper-review-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let file = directory + "/feature-\(feature.id).diff"
    try Data(diff.utf8).write(to: URL(fileURLWithPath: file))
    // As git does it: the editor's name may hold arguments, the file's name is never part of a command.
    try start(["/bin/sh", "-c", editor.text + " \"$@\"", "editor", file])
  }

  /// Runs a program on this terminal.
  private func start(_ argv: [String]) throws {
    let status = try Foreground.run(argv)
    guard status == 0 else { throw Failure("\(argv[0]) ended with status \(status)") }
  }
}
