import Backlog
import Foundation
import Store

extension Project {
  package func attemptSettings(
    hookVariables: [String: String], graceSeconds: Double, store: Store? = nil
  ) -> AttemptSettings {
    let review = configuration.review
    var settings = AttemptSettings(
      gate: configuration.gate.command,
      reviewRequired: { review.required || review.categories.contains($0.category) },
      attempts: configuration.limits.attempts,
      attemptSeconds: configuration.limits.attemptMinutes * 60,
      silenceSeconds: configuration.limits.silenceMinutes * 60, litter: configuration.lanes.litter,
      hookVariables: hookVariables, graceSeconds: graceSeconds)
    settings.prompts = prompts
    settings.serverProgram = try? HelperPrograms.path("lanekeeper")
    settings.staggerSeconds = configuration.limits.staggerSeconds
    settings.sandbox = sandboxSettings
    settings.memoryBytes = configuration.limits.memoryMB.map { Int64($0) << 20 }
    settings.diskBytes = configuration.limits.diskMB.map { Int64($0) << 20 }
    settings.nice = configuration.limits.nice
    settings.commitMessage = configuration.lanes.commitMessage
    settings.author = configuration.lanes.author
    if let store {
      let (book, project) = (reviewBook(store), self)
      settings.needsVerdict = { feature, tip, paths in
        try book.needsVerdict(feature, tip: tip, try project.repository()) { paths }
      }
    }
    return settings
  }

  /// The context of attempts: tokens of our own are for gates and set-up commands, since an agent may be killed with
  /// some in its hands.
  package var attemptContext: RepositoryContext {
    var context = context
    if jobs?.isOwn == true { context.environment["MAKEFLAGS"] = nil }
    return context
  }

  /// The approvals of this repository's branches.
  package func reviewBook(_ store: Store) -> Approvals {
    Approvals(rules: ReviewRules(configuration.review), store: store, target: target)
  }

  package func lander(_ store: Store) -> Lander {
    var settings = LandingSettings(
      gate: configuration.gate, landing: configuration.landing,
      attempts: configuration.limits.attempts, claimPolicy: configuration.claims.policy,
      keepBranches: configuration.lanes.keepBranches, worktree: lanesDirectory + "/integration")
    settings.review = configuration.review
    settings.provision = pool(store).provision
    return Lander(context, settings: settings, store: store)
  }
}
