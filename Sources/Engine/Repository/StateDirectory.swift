import Foundation

// Lanes: the worktrees in which agents work. They are made beside the repository with libgit2,
// recycled from feature to feature, and never emptied before what they held is on a branch or
// under a rescue ref.

/// The places inside `<git common dir>/lanekeeper` that all processes agree on.
package struct StateDirectory: Sendable, Equatable {
  /// The git common directory, absolute.
  package let commonDirectory: String

  package init(commonDirectory: String) { self.commonDirectory = commonDirectory }

  /// The directory itself.
  package var path: String { commonDirectory + "/lanekeeper" }
  /// The state file.
  package var stateFile: String { path + "/state.sqlite" }
  /// The directory of git hooks that lanes use.
  package var hooks: String { path + "/hooks" }
  /// The directory of git hooks that the other checkouts use, where `claims.humans` is not `off`.
  package var personHooks: String { path + "/person-hooks" }
  /// Our own copies of the helper programs that git starts.
  package var programs: String { path + "/bin" }
  /// The configuration file that the conditional include brings into each lane.
  package var laneConfiguration: String { path + "/lane.config" }
  /// The configuration file that the conditional include brings into the person's checkout.
  package var personConfiguration: String { path + "/person.config" }

  /// The lock that one `run` holds for its whole life.
  package var runLock: String { locks + "/run" }
  /// The lock that is held while the target is being moved.
  package var landingLock: String { locks + "/landing" }
  /// The lock that is held while worktrees are added or removed.
  package var lanesLock: String { locks + "/lanes" }
  /// The lock that is held while what a killed process left is put right.
  package var recoveryLock: String { locks + "/recovery" }
  /// The lock of the guard that runs a gate.
  package var gateLock: String { locks + "/gate" }
  /// The directory of lock files; they are never removed.
  package var locks: String { path + "/locks" }

  /// The lock that a `run` or `work` process holds for its whole life.
  package func participantLock(_ id: String) -> String { locks + "/participant-\(id)" }
  /// The lock that the guard of an attempt holds.
  package func attemptLock(_ feature: String, _ number: Int) -> String {
    locks + "/attempt-\(feature)-\(number)"
  }

  /// The log of an attempt's output, as it came.
  package func log(_ feature: String, _ number: Int) -> String {
    path + "/logs/\(feature)/\(number).log"
  }

  /// The actions of an agent in an attempt, as JSON lines in one vocabulary for all agents.
  package func journal(_ feature: String, _ number: Int) -> String {
    path + "/logs/\(feature)/\(number).jsonl"
  }

  /// The prompt of an attempt.
  package func prompt(_ feature: String, _ number: Int) -> String {
    path + "/logs/\(feature)/\(number).prompt"
  }

  /// The name of the branch that a feature works on, where it does not lie in our own directory of branches.
  package func branchNote(_ feature: String) -> String { path + "/logs/\(feature)/branch" }

  /// The log of a gate run.
  package func gateLog(_ name: String) -> String { path + "/logs/gate/\(name).log" }

  /// The log of a lane's set-up command.
  package func setUpLog(_ lane: String) -> String { path + "/logs/setup/\(lane).log" }
  /// The lock of the guard that runs it.
  package func setUpLock(_ lane: String) -> String { locks + "/setup-\(lane)" }

  /// The directory in which a sync of a lane writes down what it does; no agent in a sandbox can reach it.
  package func sync(_ lane: String) -> String { path + "/sync/" + lane }
  /// The lock that a sync of a lane holds.
  package func syncLock(_ lane: String) -> String { locks + "/sync-" + lane }

  /// The directory of a lane's sandbox.
  package func sandbox(_ lane: String) -> String { path + "/sandbox/" + lane }
  /// The directory for temporary files that is a lane's own.
  package func temporary(_ lane: String) -> String { path + "/tmp/" + lane }

  /// Makes the directories.
  package func create() throws {
    for directory in [path, locks, hooks, programs, path + "/logs/gate"] {
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true)
    }
  }

  /// Makes the directory for a feature's logs.
  package func createLogs(_ feature: String) throws {
    try FileManager.default.createDirectory(
      atPath: path + "/logs/\(feature)", withIntermediateDirectories: true)
  }
}
