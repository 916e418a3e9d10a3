import Backlog
import Model
import Processes

// Landing: the merge stage. It takes completed features in order, merges each in memory, runs
// the gate on the merged tree, and moves the target only to a tree that passed.

/// The settings of landings.
package struct LandingSettings: Sendable {
  /// `refs/heads/…`
  package var target: String
  package var gate: Configuration.Gate
  package var landing: Configuration.Landing
  /// The number of failures after which a feature is given up.
  package var attempts: Int
  package var claimPolicy: String
  package var policies: PathPolicies
  package var keepBranches: Bool
  /// The path of the integration worktree; absolute.
  package var worktree: String
  package var guardProgram: String
  package var environment: [String: String]
  package var review = Configuration.Review()
  /// Each gate takes a token of it.
  package var jobs: JobServer?
  /// The copies and set-up of gate worktrees besides a commit's files; `nil` for none.
  package var provision: Provision?

  package init(
    target: String, gate: Configuration.Gate, landing: Configuration.Landing, attempts: Int,
    claimPolicy: String, policies: PathPolicies, keepBranches: Bool, worktree: String,
    guardProgram: String, environment: [String: String]
  ) {
    self.target = target
    self.gate = gate
    self.landing = landing
    self.attempts = attempts
    self.claimPolicy = claimPolicy
    self.policies = policies
    self.keepBranches = keepBranches
    self.worktree = worktree
    self.guardProgram = guardProgram
    self.environment = environment
  }
}
