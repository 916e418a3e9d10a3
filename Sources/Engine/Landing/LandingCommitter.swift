import Foundation
import Git
import Store

/// The user's git is set to sign commits, and that failed.
struct SigningFailed: Error, CustomStringConvertible {
  let reason: String
  var description: String {
    "commits are to be signed (commit.gpgSign), and that failed: \(reason)"
  }
}

/// Makes the commits that land, in the style of `landing.style`.
struct LandingCommitter {
  let context: RepositoryContext
  let settings: LandingSettings
  let store: Store
  let identity: Signature
  /// Whether the user's git is set to sign commits.
  let isSigning: Bool

  private var book: Approvals {
    Approvals(rules: ReviewRules(settings.review), store: store, target: context.target)
  }

  /// Asks git itself, which knows the user's own configuration and what the environment adds.
  static func isSigning(_ repository: Repository) throws -> Bool {
    try repository.git(["config", "--type=bool", "--default=false", "commit.gpgSign"]).text
      == "true"
  }

  /// Makes the commit of a feature.
  ///
  /// - Parameters:
  ///   - place: what it lands on.
  ///   - tip: the lane's tip.
  ///   - own: where the branch left one below that does not land with it.
  ///   - isAlone: leaves the branch's history out, since it holds what does not land with it.
  func landing(
    of feature: FeatureRecord, _ repository: Repository, tree: ObjectID, onto place: ObjectID,
    tip: ObjectID, branch: String, above own: ObjectID? = nil, isAlone: Bool = false
  ) throws -> ObjectID {
    let attempt = try store.attempts(of: feature.id).last { $0.state == .completed }
    let message = LandingMessage.text(
      feature, attempt: attempt, gate: settings.gate.command,
      reviewers: try book.standing(feature.id, tip: tip, repository).map(\.person),
      branch: BranchName.short(branch))
    if settings.landing.style == "rebase",
      let commit = try rebase(
        repository, tree: tree, onto: place, tip: tip, above: own, message: message)
    {
      return commit
    }
    return try write(
      repository, tree: tree,
      parents: settings.landing.style == "merge" && !isAlone ? [place, tip] : [place],
      message: message,
      author: identity)
  }

  /// Makes the commit that reverts a feature.
  func undo(
    of feature: FeatureRecord, _ commit: ObjectID, _ repository: Repository, tree: ObjectID,
    onto place: ObjectID
  ) throws -> ObjectID {
    try write(
      repository, tree: tree, parents: [place],
      message: LandingMessage.undo(feature, commit: commit.hex, gate: settings.gate.command),
      author: identity)
  }

  /// Plays the branch's commits again on what it lands on; `nil` where that does not give the merged
  /// tree, or the branch holds merges.
  private func rebase(
    _ repository: Repository, tree: ObjectID, onto place: ObjectID, tip: ObjectID,
    above own: ObjectID?, message: String
  ) throws -> ObjectID? {
    let commits = try repository.commits(
      from: tip, excluding: [place] + (own.map { [$0] } ?? [])
    ).reversed()
    guard !commits.isEmpty, commits.allSatisfy({ $0.parents.count == 1 }) else { return nil }
    var trees: [ObjectID] = []
    var current = try repository.commit(place).tree
    for commit in commits {
      let merged = try repository.mergeTrees(
        base: try repository.commit(commit.parents[0]).tree, ours: current, theirs: commit.tree)
      guard let next = merged.tree else { return nil }
      trees.append(next)
      current = next
    }
    guard current == tree else { return nil }
    var parent = place
    for (number, commit) in commits.enumerated() {
      let trailers = number == commits.count - 1 ? Trailers.parse(message) : []
      parent = try write(
        repository, tree: trees[number], parents: [parent],
        message: Trailers.append(
          trailers.map { ($0.key, $0.value) }, to: LandingMessage.ofLane(commit.message)),
        author: commit.author)
    }
    return parent
  }

  private func write(
    _ repository: Repository, tree: ObjectID, parents: [ObjectID], message: String,
    author: Signature
  ) throws -> ObjectID {
    guard isSigning else {
      return try repository.createCommit(
        tree: tree, parents: parents, message: message, author: author, committer: identity)
    }
    // git makes the commit, and finds what it is made of on the disk.
    try repository.storeObjects()
    var variables: [String: String] = [:]
    for (role, who) in [("AUTHOR", author), ("COMMITTER", identity)] {
      variables["GIT_\(role)_NAME"] = who.name
      variables["GIT_\(role)_EMAIL"] = who.email
      variables["GIT_\(role)_DATE"] = Self.date(who)
    }
    let result: GitProgram.Result
    do {
      result = try GitProgram.run(
        ["commit-tree", "-S", tree.hex] + parents.flatMap { ["-p", $0.hex] } + ["-F", "-"],
        directory: repository.workingDirectory ?? repository.gitDirectory,
        environment: repository.environment, adding: variables, input: Array(message.utf8),
        seconds: Self.signingSeconds)
    } catch let error as GitProgramError {
      throw SigningFailed(reason: error.description)
    }
    guard result.status == 0, let commit = ObjectID(hex: result.text) else {
      throw SigningFailed(
        reason: result.error.split(separator: "\n").suffix(3).joined(separator: "; "))
    }
    return commit
  }

  /// The time limit of a signer, including a person who types a passphrase.
  private static let signingSeconds = 40.0

  /// A time as git reads it without guessing: `@<seconds> <zone>`.
  private static func date(_ signature: Signature) -> String {
    let minutes = abs(signature.offsetMinutes)
    return String(
      format: "@%lld %@%02d%02d", signature.time, signature.offsetMinutes < 0 ? "-" : "+",
      minutes / 60, minutes % 60)
  }
}
