import Foundation
import Processes

extension Project {
  /// How agents are kept in their lanes; `nil` where the configuration does not ask for it, or this machine
  /// has no bubblewrap, which a run finds out before it begins.
  var sandboxSettings: SandboxSettings? {
    let sandbox = configuration.sandbox
    guard sandbox.isOn, let program = Bubblewrap.program(path: environment["PATH"]),
      let lanekeeper = try? HelperPrograms.path("lanekeeper")
    else { return nil }
    return SandboxSettings(
      checkout: directory, lanes: lanesDirectory, home: environment["HOME"] ?? NSHomeDirectory(),
      network: sandbox.network,
      paths: SandboxPaths(read: sandbox.read, write: sandbox.write), program: program,
      lanekeeper: lanekeeper)
  }
}
