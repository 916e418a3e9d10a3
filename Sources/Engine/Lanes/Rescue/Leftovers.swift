import Foundation
import Git
import Model
import Processes

/// The outcome for work that an agent left uncommitted in its lane.
package enum LeftoverOutcome: Sendable, Equatable {
  /// There was none.
  case nothing
  case committed(ObjectID)
  /// git could not take the files in; its words.
  case refused(String)
  /// A hook of the repository refused the commit; its words.
  case hookRefused(String)
  /// The commit could not be signed; the signer's words.
  case unsigned(String)
  /// Conflicts of a merge were left in these files.
  case unresolved([String])
}

/// Commits what an agent left uncommitted, through the hooks like any other commit.
package enum Leftovers {
  /// - Parameters:
  ///   - litter: patterns of files that agent programs leave and that are no work.
  ///   - products: files that the gate leaves where it runs, which are no work either where they are new.
  ///   - message: subject and trailers.
  ///   - fallback: what is tried where a hook refuses that message.
  ///   - author: who commits; `nil` for the repository's user.
  ///   - adding: variables for git on top of the repository's environment.
  ///   - repositories: is told what git lists, puts away what stands in the way of a commit, and returns the paths
  ///     of repositories inside the worktree whose files are to be committed as its own.
  ///   - left: is told what git does not take, by path.
  ///   - commit: runs `git commit` with these arguments and this input where it has to run elsewhere, as
  ///     in a sandbox; the hooks that it starts may be the agent's.
  package static func commit(
    in repository: Repository, litter: [String], products: Set<[UInt8]> = [], message: String,
    fallback: String? = nil, author: (name: String, email: String)? = nil, adding: [String: String],
    repositories: (_ status: [StatusEntry]) throws -> [[UInt8]] = { _ in [] },
    left: (_ paths: [[UInt8]]) throws -> Void = { _ in },
    commit: ((_ arguments: [String], _ input: [UInt8]) throws -> (status: Int32, error: String))? =
      nil
  ) throws -> LeftoverOutcome {
    guard let directory = repository.workingDirectory else { return .nothing }
    let status = try repository.status()
    let unresolved = status.filter(\.isConflicted).map(\.path).filter {
      hasConflictMarkers(directory, $0)
    }
    guard unresolved.isEmpty else {
      return .unresolved(unresolved.map(PathText.quoted))
    }
    let isMerging = FileManager.default.fileExists(atPath: repository.gitDirectory + "/MERGE_HEAD")
    let dissolved = try repositories(status)
    guard !status.isEmpty || isMerging || !dissolved.isEmpty else { return .nothing }
    var hasTimedOut = false
    func git(_ arguments: [String], input: [UInt8] = []) throws -> GitProgram.Result {
      do {
        return try GitProgram.run(
          arguments, directory: directory, environment: repository.environment, adding: adding,
          input: input)
      } catch let error as GitProgramError where error.failure != nil {
        // A hook, filter or signer that does not end refuses the commit as much as one that says so.
        hasTimedOut = true
        return GitProgram.Result(status: error.status, output: [], error: error.description)
      }
    }
    let excluded = litter.flatMap { pattern in
      [":(exclude,glob)**/\(pattern)", ":(exclude,glob)**/\(pattern)/**"]
    }
    let made = Self.products(status, products)
    let staged = made.filter { $0.staged == .added }.map(\.path)
    if !staged.isEmpty {
      _ = try git(
        ["update-index", "--force-remove", "-z", "--stdin"], input: staged.flatMap { $0 + [0] })
    }
    let unwritten = isMerging ? [] : try PhantomChanges.paths(status, repository)
    if status.contains(where: { $0.staged != nil && unwritten.contains($0.path) }) {
      _ = try git(
        ["reset", "-q", "--pathspec-from-file=-", "--pathspec-file-nul"],
        input: unwritten.flatMap { Array(":(literal)".utf8) + $0 + [0] })
    }
    let leaving = made.map(\.path) + unwritten
    if !dissolved.isEmpty {
      _ = try git(
        ["update-index", "--force-remove", "-z", "--stdin"], input: dissolved.flatMap { $0 + [0] })
    }
    let holdsRepositories = status.contains { $0.isUntracked && $0.path.last == 0x2f }
    let refused: [[UInt8]]
    do {
      refused = try StageAll(
        directory: directory, environment: repository.environment, excluded: excluded,
        leaving: leaving,
        changed: holdsRepositories ? nil : status.map(\.path),
        lock: repository.gitDirectory + "/index.lock",
        git: { try git(Repository.wholeLook + $0, input: $1) }
      ).run()
    } catch let error as GitProgramError {
      return .refused(error.message)
    }
    if !refused.isEmpty { try left(refused) }
    let compared = ["diff-index", "--cached", "--quiet", "--ignore-submodules=none", "HEAD", "--"]
    if !isMerging, try git(compared).status == 0 { return .nothing }
    var arguments = ["commit", "-q", "--cleanup=whitespace", "-F", "-"]
    if let author {
      arguments =
        ["-c", "user.name=\(author.name)", "-c", "user.email=\(author.email)"] + arguments
        + ["--author=\(author.name) <\(author.email)>"]
    }
    func attempt(_ message: String) throws -> (status: Int32, error: String) {
      if let commit { return try commit(arguments, Array(message.utf8)) }
      let result = try git(arguments, input: Array(message.utf8))
      return (result.status, result.error)
    }
    var result = try attempt(message)
    if result.status != 0, !hasTimedOut, commit == nil, let fallback {
      // The words of the first refusal are what is told.
      let second = try attempt(fallback)
      if second.status == 0 { result = second }
    }
    guard result.status == 0, let tip = try repository.head().commit else {
      var words = result.error.trimmingCharacters(in: .whitespacesAndNewlines)
      // Another message would not help.
      if hasTimedOut { return .refused(words) }
      if words.isEmpty {
        let hooks = (try? git(["rev-parse", "--git-path", "hooks"]).text) ?? "the hooks directory"
        words =
          "git commit ended with \(result.status) and said nothing; a hook in \(hooks) does that (pre-commit, "
          + "prepare-commit-msg or commit-msg)"
      }
      guard commit == nil, try repository.configBool("commit.gpgsign") else {
        return .hookRefused(words)
      }
      // Who signs is asked for a commit that no hook looks at.
      let probe = try git(["commit-tree", "-S", "-p", "HEAD", "-m", "probe", "HEAD^{tree}"])
      return probe.status == 0 ? .hookRefused(words) : .unsigned(words)
    }
    return .committed(tip)
  }

  /// Returns whether all that git shows as changed is nobody's work.
  package static func isOnlyNoise(
    _ status: [StatusEntry], products: Set<[UInt8]>, _ repository: Repository
  ) throws -> Bool {
    let rest = Self.products(status, products).count
    if rest == status.count { return true }
    let unwritten = try PhantomChanges.paths(status, repository)
    return rest + unwritten.count == status.count
  }

  /// The entries that are new files of the gate.
  private static func products(
    _ status: [StatusEntry], _ products: Set<[UInt8]>
  ) -> [StatusEntry] {
    guard !products.isEmpty else { return [] }
    return status.filter {
      !$0.isConflicted && ($0.isUntracked || $0.staged == .added) && products.contains($0.path)
    }
  }

  private static func hasConflictMarkers(_ directory: String, _ path: [UInt8]) -> Bool {
    guard let data = (DiskPath(directory) / path).contents(most: 64 << 20) else { return false }
    let lines = data.split(separator: 0x0a)
    return lines.contains { $0.starts(with: "<<<<<<< ".utf8) }
      && lines.contains { $0.starts(with: ">>>>>>> ".utf8) }
  }
}
