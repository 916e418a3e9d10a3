import Git
import Store

/// The facts that a person sees of a branch before giving a verdict.
package struct ReviewFacts: Sendable {
  package var feature: FeatureRecord
  /// The branch as it is now; `nil` where there is none.
  package var state: ReviewedState?
  /// The recovery of a deleted branch.
  package var branchReturn: BranchReturn?
  package var isRequired = false
  package var neededApprovals = 1
  /// The approvals that hold for the branch as it is.
  package var approvals: [ReviewRecord] = []
  /// Every verdict so far, oldest first.
  package var verdicts: [ReviewRecord] = []
  package var files: [ReviewFile] = []
  package var commits: [ReviewCommit] = []
  package var claims: [String] = []
  /// Where it can be looked at on a forge.
  package var address: String?
  package var forecast: LandingForecast?
  package var attempt: AttemptRecord?
  /// The name of the agent's definition, and the model as its output tells.
  package var agent: String?
  package var model: String?
  /// US dollars, over all attempts.
  package var costUSD = 0.0
  /// Seconds, over all attempts.
  package var seconds = 0.0
  package var dependsOn: [FeatureRecord] = []
  /// Features that depend on it.
  package var waiting: [FeatureRecord] = []

  package var additions: Int { files.reduce(0) { $0 + ($1.additions ?? 0) } }
  package var deletions: Int { files.reduce(0) { $0 + ($1.deletions ?? 0) } }
  /// The verdict that the next look is compared with.
  package var lastVerdict: ReviewRecord? { verdicts.last }
}

/// A file that a branch changes.
package struct ReviewFile: Sendable, Equatable {
  package var path: String
  /// Lines; `nil` in a binary file.
  package var additions: Int?
  package var deletions: Int?
  /// The gate is made of it.
  package var isGate: Bool
  /// The branch adds it, and the gate makes it by itself.
  package var isProduct = false
}

/// A commit of a branch.
package struct ReviewCommit: Sendable, Equatable {
  package enum Origin: Sendable, Equatable {
    case attempt(Int)
    /// It came while no agent was at work.
    case person
    /// The target was merged in.
    case sync
  }
  package var id: ObjectID
  package var subject: String
  package var author: Signature
  package var origin: Origin
}
