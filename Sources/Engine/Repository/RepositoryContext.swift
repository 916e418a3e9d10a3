import Git
import Model
import Processes

/// The values that all work on one repository shares.
package struct RepositoryContext: Sendable {
  /// The person's checkout, absolute; `lanes.copy` is taken from it.
  package let directory: String
  package let state: StateDirectory
  /// The environment of git and of every program that is started.
  package var environment: [String: String]
  /// `refs/heads/…` of the branch that landings move.
  package var target: String
  /// How each path is claimed and merged.
  package var policies: PathPolicies
  /// The author of Lanekeeper's own commits, at the time of the call.
  package let identity: @Sendable () -> Signature
  /// The path of `lanekeeper-guard`, under which agents, gates and set-up commands run.
  package let guardProgram: String
  /// The job server of which each gate and set-up command takes a token; `nil` for none.
  package let jobs: JobServer?

  package init(
    directory: String, state: StateDirectory, environment: [String: String],
    target: String = "refs/heads/main", policies: PathPolicies = PathPolicies([]),
    guardProgram: String = "lanekeeper-guard", jobs: JobServer? = nil,
    identity: @escaping @Sendable () -> Signature
  ) {
    self.directory = directory
    self.state = state
    self.environment = environment
    self.target = target
    self.policies = policies
    self.guardProgram = guardProgram
    self.jobs = jobs
    self.identity = identity
  }

  /// Opens the repository by its git directory, whatever checkout or lane is worked on.
  package func repository() throws -> Repository {
    try Repository(opening: state.commonDirectory, environment: environment)
  }
}
