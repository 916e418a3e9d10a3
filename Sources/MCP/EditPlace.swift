import Model

/// What the hook needs of the repository.
package struct EditPlace: Sendable {
  /// The person's own checkout.
  package var directory: String
  package var environment: [String: String]
  package var policies: PathPolicies
  /// `auto`, `strict` or `off`.
  package var policy: String
  package var checks: ClaimChecks

  package init(
    directory: String, environment: [String: String], policies: PathPolicies, policy: String,
    checks: ClaimChecks
  ) {
    self.directory = directory
    self.environment = environment
    self.policies = policies
    self.policy = policy
    self.checks = checks
  }
}
