import Backlog

// Landing: the merge stage. It takes completed features in order, merges each in memory, runs
// the gate on the merged tree, and moves the target only to a tree that passed.

/// The settings of landings.
package struct LandingSettings: Sendable {
  package var gate: Configuration.Gate
  package var landing: Configuration.Landing
  /// The number of failures after which a feature is given up.
  package var attempts: Int
  package var claimPolicy: String
  package var keepBranches: Bool
  /// The path of the integration worktree; absolute.
  package var worktree: String
  package var review = Configuration.Review()
  /// The copies and set-up of gate worktrees besides a commit's files; `nil` for none.
  package var provision: Provision?

  package init(
    gate: Configuration.Gate, landing: Configuration.Landing, attempts: Int, claimPolicy: String,
    keepBranches: Bool, worktree: String
  ) {
    self.gate = gate
    self.landing = landing
    self.attempts = attempts
    self.claimPolicy = claimPolicy
    self.keepBranches = keepBranches
    self.worktree = worktree
  }
}
