import ClaimRules
import Foundation
import Git
import Processes

/// What became of the work that an agent left uncommitted in its lane.
package enum LeftoverOutcome: Sendable, Equatable {
  /// There was none.
  case nothing
  case committed(ObjectID)
  /// A hook refused the commit; its words.
  case refused(String)
  /// Conflicts of a merge were left in these files.
  case unresolved([String])
}

/// Commits what an agent left uncommitted, through the hooks like any other commit.
package enum Leftovers {
  /// - Parameters:
  ///   - litter: patterns of files that agent programs leave and that are no work.
  ///   - message: subject and trailers.
  ///   - adding: variables for git on top of the repository's environment.
  ///   - repositories: is told what git lists, puts away what stands in the way of a commit, and returns the paths
  ///     of repositories inside the worktree whose files are to be committed as its own.
  ///   - left: is told what git does not take, by path.
  ///   - commit: runs `git commit` with these arguments and this input where it has to run elsewhere, as
  ///     in a sandbox; the hooks that it starts may be the agent's.
  package static func commit(
    in repository: Repository, litter: [String], message: String, adding: [String: String],
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
    func git(_ arguments: [String], input: [UInt8] = []) throws -> GitProgram.Result {
      try GitProgram.run(
        arguments, directory: directory, environment: repository.environment, adding: adding,
        input: input)
    }
    let excluded = litter.flatMap { pattern in
      [":(exclude,glob)**/\(pattern)", ":(exclude,glob)**/\(pattern)/**"]
    }
    if !dissolved.isEmpty {
      _ = try git(
        ["update-index", "--force-remove", "-z", "--stdin"], input: dissolved.flatMap { $0 + [0] })
    }
    let holdsRepositories = status.contains { $0.isUntracked && $0.path.last == 0x2f }
    let refused: [[UInt8]]
    do {
      refused = try StageAll(
        environment: repository.environment, excluded: excluded,
        repositories: holdsRepositories ? nil : [],
        git: { try git(Repository.wholeLook + $0, input: $1) }
      ).run()
    } catch let error as GitProgramError {
      return .refused(error.message)
    }
    if !refused.isEmpty { try left(refused) }
    let compared = ["diff-index", "--cached", "--quiet", "--ignore-submodules=none", "HEAD", "--"]
    if !isMerging, try git(compared).status == 0 { return .nothing }
    let arguments = ["commit", "-q", "--cleanup=whitespace", "-F", "-"]
    let result =
      try commit?(arguments, Array(message.utf8))
      ?? {
        let result = try git(arguments, input: Array(message.utf8))
        return (result.status, result.error)
      }()
    guard result.status == 0, let tip = try repository.head().commit else {
      return .refused(result.error.trimmingCharacters(in: .whitespacesAndNewlines))
    }
    return .committed(tip)
  }

  private static func hasConflictMarkers(_ directory: String, _ path: [UInt8]) -> Bool {
    guard let data = (DiskPath(directory) / path).contents() else { return false }
    let lines = data.split(separator: 0x0a)
    return lines.contains { $0.starts(with: "<<<<<<< ".utf8) }
      && lines.contains { $0.starts(with: ">>>>>>> ".utf8) }
  }
}
