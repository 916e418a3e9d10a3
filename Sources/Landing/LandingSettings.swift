import Backlog
import Lanes
import Model
import Processes

// Landing: the merge stage. It takes completed features in order, merges each in memory, runs
// the gate on the merged tree, and moves the target only to a tree that passed.

/// How features are landed.
package struct LandingSettings: Sendable {
  /// `refs/heads/…`
  package var target: String
  package var gate: Configuration.Gate
  package var landing: Configuration.Landing
  /// How often a feature may fail before it is given up.
  package var attempts: Int
  package var claimPolicy: String
  package var policies: PathPolicies
  package var keepBranches: Bool
  /// Where the integration worktree stands; absolute.
  package var worktree: String
  package var guardProgram: String
  package var environment: [String: String]
  package var review = Configuration.Review()
  /// Each gate takes a token of it.
  package var jobs: JobServer?
  /// What the worktrees of gates get besides a commit's files; `nil` for nothing.
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
