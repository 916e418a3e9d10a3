import Foundation
import Git

/// Keeps work that is on no branch reachable (P4).
package enum Rescue {
  /// The name of the reference for what an attempt left behind.
  package static func reference(_ feature: String, _ attempt: Int) -> String {
    "refs/lanekeeper/rescue/\(feature)/\(attempt)"
  }

  /// Writes a commit of everything in a worktree that is not ignored and points a reference at it;
  /// index, files and HEAD stay as they are.
  ///
  /// - Returns: the commit; `nil` where the worktree is as its HEAD has it.
  @discardableResult
  package static func snapshot(
    _ repository: Repository, reference: String, message: String, identity: Signature
  ) throws -> ObjectID? {
    guard let directory = repository.workingDirectory, let head = try repository.head().commit
    else { return nil }
    let index = repository.gitDirectory + "/index.rescue-\(getpid())"
    let files = FileManager.default
    try? files.removeItem(atPath: index)
    defer {
      try? files.removeItem(atPath: index)
      try? files.removeItem(atPath: index + ".lock")
    }
    if files.fileExists(atPath: repository.gitDirectory + "/index") {
      try files.copyItem(atPath: repository.gitDirectory + "/index", toPath: index)
    }
    func git(_ arguments: [String], _ input: [UInt8] = []) throws -> GitProgram.Result {
      try GitProgram.check(
        arguments, directory: directory, environment: repository.environment,
        adding: ["GIT_INDEX_FILE": index], input: input)
    }
    _ = try StageAll.run(
      environment: repository.environment, options: ["--ignore-errors"], git: git)
    guard let tree = ObjectID(hex: try git(["write-tree"]).text) else { return nil }
    guard tree != (try repository.commit(head).tree) else { return nil }
    let commit = try repository.createCommit(
      tree: tree, parents: [head], message: message, author: identity, committer: identity)
    var name = reference
    var number = 1
    while let present = try repository.reference(name), present != commit {
      number += 1
      name = "\(reference)-\(number)"
    }
    try repository.setReference(name, to: commit, message: "rescue: \(message)")
    return commit
  }
}
