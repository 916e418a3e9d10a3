import Foundation
import Git
import Model

/// Repositories that an agent has made inside its lane, as scaffolding tools and `git clone` do.
///
/// Their files become files of the lane; their history is kept under a reference of its own. Submodules, which
/// `.gitmodules` names, stay.
package struct LaneRepositories {
  private let repository: Repository
  private let reference: String
  private let identity: Signature

  /// The outcome.
  package struct Outcome: Sendable, Equatable {
    /// Sentences for people.
    package var notes: [String] = []
    /// Paths that the index has as a commit and whose files are to take its place.
    package var dissolved: [[UInt8]] = []
    /// The reason for one that could not be dissolved, as a sentence.
    package var problem: String?
  }

  /// - Parameter reference: the beginning of the names under which histories are kept.
  package init(_ repository: Repository, keptAs reference: String, identity: Signature) {
    self.repository = repository
    self.reference = reference
    self.identity = identity
  }

  /// - Parameters:
  ///   - status: what git lists of the lane.
  ///   - changes: what the branch changes.
  package func dissolve(_ status: [StatusEntry], _ changes: [TreeChange]) throws -> Outcome {
    guard let lane = repository.workingDirectory else { return Outcome() }
    let unknown = status.filter { $0.isUntracked && $0.path.last == 0x2f }
      .map { Array($0.path.dropLast()) }
    let known =
      changes.filter { $0.new?.isSubmodule == true }.map(\.path)
      + status.filter { $0.staged != nil && $0.staged != .deleted }.map(\.path).filter {
        isRepository(lane, $0)
      }
    guard !unknown.isEmpty || !known.isEmpty else { return Outcome() }
    let declared = try Set(DeclaredSubmodule.ofFiles(lane, repository).map(\.path))
    var outcome = Outcome()
    for path in Set(known) where !declared.contains(path) && isRepository(lane, path) {
      if try dissolve(path, lane, &outcome) { outcome.dissolved.append(path) }
    }
    var paths = unknown
    // A dissolved one may have others inside.
    for _ in 0..<20 {
      var isAny = false
      for path in paths where !declared.contains(path) {
        if try dissolve(path, lane, &outcome) { isAny = true }
      }
      guard isAny else { break }
      paths = try NestedRepository.untracked(in: repository)
    }
    return outcome
  }

  private func isRepository(_ lane: String, _ path: [UInt8]) -> Bool {
    NestedRepository.gitDirectory(of: lane + "/" + String(decoding: path, as: UTF8.self)) != nil
  }

  /// - Returns: whether it is none any more.
  private func dissolve(_ path: [UInt8], _ lane: String, _ outcome: inout Outcome) throws -> Bool {
    let name = PathText.quoted(path)
    let place = lane + "/" + String(decoding: path, as: UTF8.self)
    let kept = reference + "-" + RescueName.slug(path)
    guard let nested = NestedRepository(at: place, keptIn: repository) else {
      outcome.problem = outcome.problem ?? "\(name) holds a .git that is no repository; remove it"
      return false
    }
    if nested.isOwnWorktree {
      if let own = try? Repository(opening: place, environment: repository.environment),
        let words = try Rescue.worktree(
          own, reference: kept, message: "the worktree \(name)", identity: identity)
      {
        outcome.notes.append("the worktree \(name) in the lane is kept as \(words)")
      }
      return false
    }
    do {
      let history = try nested.keep(
        as: kept, message: "the repository \(name) of a lane", identity: identity, withFiles: false)
      try TreeRemoval.remove(place + "/.git")
      outcome.notes.append(
        "\(name) was a repository of its own: its files are committed as files of the branch"
          + (history.map { ", and its history is kept as \($0)" } ?? ""))
      return true
    } catch {
      outcome.problem =
        outcome.problem
        ?? "\(name) is a repository of its own, whose history can't be kept: \(error). Commit its files "
        + "themselves: rm -rf \(name)/.git, git add \(name)"
      return false
    }
  }
}

extension DeclaredSubmodule {
  /// The submodules that the file of a worktree declares.
  static func ofFiles(_ worktree: String, _ repository: Repository) throws -> [DeclaredSubmodule] {
    guard let text = SmallFile.end(of: worktree + "/.gitmodules", most: 1 << 20) else { return [] }
    return try parse(Array(text.utf8), environment: repository.environment)
  }
}
