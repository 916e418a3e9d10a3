import Backlog
import Foundation
import Git
import Model
import Store

/// The hooks of a bare repository that several machines push to.
package struct BareRepositoryHooks: Sendable {
  package let installation: HookInstallation
  private let state: StateDirectory
  private let repository: String
  private let environment: [String: String]

  /// Returns the bare repository at a place; `nil` where there is none, or one with a checkout.
  package static func find(
    _ path: String, environment: [String: String]
  ) throws -> BareRepositoryHooks? {
    guard let repository = try? Repository(at: path, environment: environment), repository.isBare,
      !repository.isLinkedWorktree,
      !repository.worktrees().contains(where: { !CheckoutFinder.isOurs($0.name) })
    else { return nil }
    let state = StateDirectory(commonDirectory: repository.commonDirectory)
    return BareRepositoryHooks(
      installation: HookInstallation(
        state: state, repository: repository.commonDirectory,
        program: try HelperPrograms.path("lanekeeper-hook"), environment: environment),
      state: state, repository: repository.commonDirectory, environment: environment)
  }

  /// Makes the state file where it is absent, and takes the settings over from `lanekeeper.yml` on the
  /// branch that HEAD names.
  ///
  /// - Returns: what was changed, a sentence each.
  package func install() throws -> [String] {
    let repository = try Repository(opening: repository, environment: environment)
    guard case .branch(let head, let tip) = try repository.head() else {
      throw Failure(
        "HEAD of \(self.repository) names no branch; set it with `git symbolic-ref HEAD`")
    }
    var configuration = Configuration(repositoryName: "shared")
    if let tip,
      let entry = try repository.entry(
        at: Array(Project.configurationFile.utf8), inTree: try repository.commit(tip).tree)
    {
      let text = String(decoding: try repository.blob(entry.id), as: UTF8.self)
      do {
        configuration = try ConfigurationReader.read(
          text: text, file: Project.configurationFile, repositoryName: "shared")
      } catch {
        throw Failure(error.description, status: 65)
      }
    }
    let pattern = configuration.lanes.branch
    guard !pattern.prefix.isEmpty else {
      throw Failure(
        "`lanes.branch: \(pattern.text)` in lanekeeper.yml names the branches of features as any other may be "
          + "named, so that they can't be told apart here; begin it with a text, such as feature/{id}",
        status: 65)
    }
    let project = Project(
      directory: self.repository, state: state, configuration: configuration, isConfigured: true,
      environment: environment,
      naming: PathNaming(
        ignoresCase: try repository.configBool("core.ignorecase"),
        composesUnicode: try repository.configBool("core.precomposeunicode")))
    let store = try project.store()
    try store.setClaimSettings(
      target: head, policy: configuration.claims.policy, humans: configuration.claims.humans,
      policies: project.policies, naming: project.naming)
    // What was pushed under an earlier pattern stays the feature's.
    let known = try store.value(ClaimSchema.branchPrefixesKey)?.split(separator: "\n") ?? []
    var prefixes = ["refs/heads/" + pattern.prefix]
    for prefix in known.map(String.init) + ["refs/heads/" + BranchPattern.standard.prefix]
    where !prefixes.contains(prefix) { prefixes.append(prefix) }
    try store.setValue(ClaimSchema.branchPrefixesKey, prefixes.joined(separator: "\n"))
    try store.close()
    return try installation.install(forPersons: true)
  }
}
