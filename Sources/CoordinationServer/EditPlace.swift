import ClaimRules

/// What the hook needs of the repository.
package struct EditPlace: Sendable {
  /// The person's own checkout.
  package var directory: String
  package var environment: [String: String]
  package var target: String
  package var policies: PathPolicies
  /// `auto`, `strict` or `off`.
  package var policy: String

  package init(
    directory: String, environment: [String: String], target: String, policies: PathPolicies,
    policy: String
  ) {
    self.directory = directory
    self.environment = environment
    self.target = target
    self.policies = policies
    self.policy = policy
  }
}
