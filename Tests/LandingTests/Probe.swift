import Engine
import Foundation
import TestSupport

/// Lands what is queued in a process of its own, which can be killed.
struct Probe {
  let fixture: LandingFixture
  var gate = ""
  var style = "merge"
  var window = "4"
  var push = ""
  var environment: [String: String] = [:]

  init(_ fixture: LandingFixture, gate: String = "") {
    self.fixture = fixture
    self.gate = gate
  }

  /// - Parameters:
  ///   - step: where it kills itself.
  ///   - count: the how many-th time that it comes there.
  ///   - smallDisk: lets the lanes stand on a file system of their own that is soon full.
  func land(
    killedAt step: LandingStep? = nil, count: Int = 1, smallDisk: Bool = false
  ) throws -> TestProgramResult {
    let command = [
      BuiltPrograms.path("landing-probe"), "land", fixture.state.commonDirectory,
      fixture.lander.settings.worktree, fixture.lander.context.guardProgram, gate, style, window,
      push, "1", step?.rawValue ?? "", "\(count)",
    ]
    let wrapped =
      smallDisk
      ? ["unshare", "-rm", "sh", "-c", SmallDisk.script, fixture.test.root.path("lanes")] + command
      : command
    return try TestProgram.run(
      wrapped, directory: fixture.test.root.path,
      environment: fixture.test.environment.merging(environment) { $1 })
  }
}
