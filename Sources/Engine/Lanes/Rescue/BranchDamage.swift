import Foundation
import Git

/// Damage of a feature's branch: a failing disk, a power cut or a program has damaged objects of its
/// history, or it has a commit that is not in git's form.
///
/// The branch stays as it is: a person restores the objects or lets the feature start over. Files of loose objects that
/// can't be read are moved to `lanekeeper/damaged` in the git directory, since git stores the same content again only
/// where they are gone.
package struct BranchDamage: Error, Sendable, Equatable, CustomStringConvertible {
  package let feature: String
  /// `refs/heads/…`
  package let branch: String
  package let objects: [ObjectID]
  /// git's message about a commit that is not in its form; `nil` if objects can't be read.
  package var form: String?

  package var description: String {
    let names = objects.prefix(3).map(\.short).joined(separator: ", ")
    let kind = objects.count == 1 ? "object" : "objects"
    let damage =
      form.map { "has a commit that is not in git's form: \($0)" }
      ?? "needs \(kind) \(names)\(objects.count > 3 ? ", …" : ""), which can't be read"
    return "\(BranchName.short(branch)) \(damage) (`git fsck --full` lists all damage)"
  }

  /// The ways out for a person.
  package var advice: String {
    let restore =
      form == nil ? "restore the objects from another copy of the repository" : "repair it"
    return "\(restore), then `lanekeeper retry \(feature)`; or start over from the target with "
      + "`lanekeeper retry \(feature) --fresh`"
  }

  /// Verifies that all of a branch beyond some commits can be read.
  ///
  /// - Throws: ``BranchDamage``.
  package static func verify(
    _ branch: String, of feature: String, tip: ObjectID, beyond ends: [ObjectID],
    _ repository: Repository
  ) throws {
    let objects = try repository.unreadable(from: tip, beyond: ends)
    guard objects.isEmpty else {
      throw BranchDamage(feature: feature, branch: branch, objects: objects)
    }
  }

  /// Looks for damage on a branch beyond the target, and moves away the files of objects that can't be read.
  ///
  /// - Returns: `nil` where everything can be read, or where that can't be told, as on a damaged target.
  package static func find(
    _ branch: String, of feature: String, beyond target: String, _ repository: Repository
  ) -> BranchDamage? {
    guard let tip = try? repository.reference(branch) else { return nil }
    let ends = [try? repository.reference(target)].compactMap { $0 ?? nil }
    let isWalkable = (try? repository.commits(from: tip, excluding: ends)) != nil
    // Quick on a branch without damage: the whole history is read only on one with damage.
    if isWalkable, (try? repository.unreadable(from: tip, beyond: ends))?.isEmpty == true {
      return nil
    }
    guard let landed = try? repository.history(of: target),
      let objects = try? repository.unreadable(from: tip, besides: landed)
    else { return nil }
    if objects.isEmpty {
      guard !isWalkable else { return nil }
      let words = try? repository.unsoundObjects(from: tip, beyond: ends).first?.words
      return BranchDamage(
        feature: feature, branch: branch, objects: [], form: (words ?? nil) ?? "it can't be parsed")
    }
    for id in objects { _ = try? repository.setAside(id) }
    return BranchDamage(feature: feature, branch: branch, objects: objects)
  }

  /// Runs something that reads a feature's branch; where it fails since the branch is damaged, throws the damage in
  /// place of the error.
  ///
  /// - Throws: ``BranchDamage``, or what `body` throws.
  package static func naming<T>(
    _ branch: String, of feature: String, beyond target: String, _ repository: Repository,
    body: () throws -> T
  ) throws -> T {
    do {
      return try body()
    } catch {
      throw find(branch, of: feature, beyond: target, repository) ?? error
    }
  }

  /// Puts HEAD and index of a worktree that stands on a damaged branch onto another commit. Its files stay, so that
  /// what they hold beyond that commit is uncommitted work.
  package static func detach(_ worktree: Repository, onto commit: ObjectID) throws {
    StaleLocks.removeOwn(gitDirectory: worktree.gitDirectory)
    for name in ["MERGE_HEAD", "MERGE_MSG", "CHERRY_PICK_HEAD", "REVERT_HEAD", "ORIG_HEAD"] {
      try? FileManager.default.removeItem(atPath: worktree.gitDirectory + "/" + name)
    }
    try worktree.setHead(branch: nil, commit: commit)
    try GitProgram.check(
      ["read-tree", commit.hex], directory: worktree.workingDirectory ?? "",
      environment: worktree.environment)
  }

  /// Finds the newest commit of a branch that can be read with all that is before it, along its first parents and
  /// among the places where it stood.
  ///
  /// - Returns: `nil` where there is none beyond the target.
  package static func lastWhole(
    _ branch: String, tip: ObjectID, beyond target: String, _ repository: Repository
  ) throws -> ObjectID? {
    let landed = try repository.history(of: target)
    var places: [ObjectID] = []
    var next: ObjectID? = tip
    while let id = next, places.count < 1000, let commit = try? repository.commit(id) {
      places.append(id)
      next = commit.parents.first
    }
    places += repository.formerPlaces(in: repository.commonDirectory + "/logs/" + branch)
    let ends = [try repository.reference(target)].compactMap(\.self)
    return try places.first {
      try !landed.contains($0) && repository.unreadable(from: $0, besides: landed).isEmpty
        && (try? repository.commits(from: $0, excluding: ends)) != nil
    }
  }
}
