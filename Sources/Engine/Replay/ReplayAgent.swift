import Foundation
import Git
import Model
import Processes

/// The agent of a replay: makes the real commits of a branch again in its lane, as a person would who
/// keeps the lane's rules. Where lines are in conflict it keeps those of both sides.
package struct ReplayAgent {
  private let plan: ReplayPlan
  private let change: ReplayedChange
  private let repository: Repository
  private let directory: String
  private let environment: [String: String]
  /// Which program claims and syncs.
  private let program: String
  private let target: String

  /// - Throws: ``Failure`` where the environment is not that of an attempt.
  package init(plan: ReplayPlan, environment: [String: String], program: String) throws {
    guard let lane = environment["LANEKEEPER_LANE"], let id = environment["LANEKEEPER_FEATURE_ID"],
      let change = plan.changes.first(where: { $0.id == id })
    else { throw Failure("only a run of `lanekeeper replay` starts this command", status: 64) }
    self.plan = plan
    self.change = change
    self.environment = environment
    self.program = program
    repository = try Repository(opening: lane, environment: environment)
    directory = lane
    target = "refs/heads/" + Replay.target
  }

  /// A refused commit; the feature waits or is tried again.
  private struct Refused: Error {}

  /// Works to the end.
  ///
  /// - Returns: the exit status of an agent.
  package func run() throws -> Int32 {
    do {
      if isMerging {
        try resolve(continuing: ["commit", "-q", "--no-edit"])
      } else {
        try git("reset", "-q", "--hard")
        try git("clean", "-qfd")
      }
      usleep(UInt32(min(600, max(0, plan.workSeconds)) * 1_000_000))
      if plan.claims != .commit { try claim() }
      for commit in try commitsLeft() { try pick(commit) }
      try finish()
      try sayIfEmpty()
      return 0
    } catch is Refused {
      return 0
    }
  }

  private var isMerging: Bool {
    FileManager.default.fileExists(atPath: repository.gitDirectory + "/MERGE_HEAD")
  }

  /// Claims every path of the change, after a sync where one is stale.
  private func claim() throws {
    let paths = change.paths.map { ClaimPath(file: $0).description }
    for isSynced in [false, true] {
      let result = try lanekeeper(["claim", "--json", "--"] + paths)
      if result.status == 0 { return }
      guard !isSynced, result.text.contains("\"stale_base\""), try sync() else { throw Refused() }
    }
  }

  /// Brings the target into the branch.
  ///
  /// - Returns: whether the branch has all of it now.
  private func sync() throws -> Bool {
    let result = try lanekeeper(["sync"])
    if result.status == 1, isMerging {
      try resolve(continuing: ["commit", "-q", "--no-edit"])
      return true
    }
    return result.status == 0
  }

  /// The commits that the branch does not hold yet.
  private func commitsLeft() throws -> [ObjectID] {
    guard let head = try repository.head().commit, let target = try repository.reference(target)
    else { return [] }
    let words = try repository.commits(from: head, excluding: [target]).map(\.message)
    return change.commits.filter { commit in
      !words.contains { $0.contains(Self.note(commit)) }
    }
  }

  private static func note(_ commit: ObjectID) -> String {
    "(cherry picked from commit \(commit.hex))"
  }

  private func pick(_ commit: ObjectID) throws {
    for isSynced in [false, true] {
      let result = try run(
        ["cherry-pick", "-x", "--allow-empty", "--keep-redundant-commits", commit.hex])
      if result.status == 0 { return }
      do {
        let isConflicted = try repository.status().contains(where: \.isConflicted)
        guard isConflicted else { throw Refused() }
        // What the target has by now may leave nothing of the commit, which `--continue` would not take.
        return try resolve(continuing: [
          "-c", "core.editor=true", "commit", "-q", "--allow-empty",
        ])
      } catch is Refused where !isSynced {
        // Either the base is stale, which a sync repairs, or somebody holds a path.
        try git("cherry-pick", "--quit")
        try git("reset", "-q", "--hard")
        let before = try repository.head().commit
        guard try sync(), try repository.head().commit != before else {
          // What is left in the lane is refused at its end, too, so that the feature waits.
          _ = try? git("cherry-pick", "--no-commit", commit.hex)
          throw Refused()
        }
      } catch {
        _ = try? git("cherry-pick", "--quit")
        throw error
      }
    }
  }

  /// Makes the branch as upstream's merge has it, where it can be without a conflict: with what people
  /// settled while they merged, and for a branch with too many commits.
  private func finish() throws {
    guard let head = try repository.head().commit, let target = try repository.reference(target),
      let base = try repository.mergeBase(head, target)
    else { return }
    let wanted = try repository.mergeTreesInDetail(
      base: try repository.commit(change.before).tree, ours: try repository.commit(base).tree,
      theirs: try repository.commit(change.after).tree)
    guard wanted.isClean, wanted.tree != (try repository.commit(head).tree) else { return }
    try git("read-tree", "-u", "--reset", wanted.tree.hex)
    guard try run(["commit", "-q", "-m", "As upstream has it"]).status == 0 else { throw Refused() }
  }

  /// Says by a commit that the target has all of the step by now, so that it is left out and no failure.
  private func sayIfEmpty() throws {
    guard let head = try repository.head().commit, let target = try repository.reference(target),
      let base = try repository.mergeBase(head, target),
      try repository.commit(head).tree == repository.commit(base).tree
    else { return }
    let words = "Step \(change.id) changes nothing that the target lacks"
    guard try run(["commit", "-q", "--allow-empty", "-m", words]).status == 0 else {
      throw Refused()
    }
  }

  /// Keeps the lines of both sides where they are in conflict, and a file that one side alone deleted.
  private func resolve(continuing command: [String]) throws {
    let listing = try git("ls-files", "--unmerged", "-z")
    var stages: [[UInt8]: [Int: TreeEntry]] = [:]
    for line in listing.output.split(separator: 0) {
      // <mode> <object> <stage> TAB <path>
      guard let tab = line.firstIndex(of: 0x09) else { continue }
      let words = String(decoding: line[..<tab], as: UTF8.self).split(separator: " ")
      guard words.count == 3, let mode = UInt32(words[0], radix: 8),
        let id = ObjectID(hex: String(words[1])), let stage = Int(words[2])
      else { continue }
      stages[Array(line[line.index(after: tab)...]), default: [:]][stage] = TreeEntry(
        mode: mode, id: id)
    }
    var lines: [UInt8] = []
    for (path, sides) in stages {
      guard let entry = try resolved(sides) else { continue }
      lines += Array("0 \(String(repeating: "0", count: 40))\t".utf8) + path + [0]
      lines += Array("\(String(entry.mode, radix: 8)) \(entry.id.hex) 0\t".utf8) + path + [0]
    }
    _ = try GitProgram.check(
      ["update-index", "-z", "--index-info"], directory: directory, environment: environment,
      adding: hooks, input: lines)
    try git("checkout-index", "-q", "-f", "-a")
    guard try run(command).status == 0 else { throw Refused() }
  }

  private func resolved(_ sides: [Int: TreeEntry]) throws -> TreeEntry? {
    guard var ours = sides[2], let theirs = sides[3] else {
      return sides[2] ?? sides[3] ?? sides[1]
    }
    let areFiles = [ours, theirs].allSatisfy { !$0.isLink && !$0.isSubmodule }
    guard areFiles else { return ours }
    let merged = try Repository.mergeContents(
      base: try sides[1].flatMap { $0.isLink || $0.isSubmodule ? nil : try repository.blob($0.id) },
      ours: try repository.blob(ours.id), theirs: try repository.blob(theirs.id), union: true)
    // A binary file has no lines to join; then the branch's own stays.
    if !merged.hasConflict { ours.id = try repository.writeBlob(merged.content) }
    return ours
  }

  /// The hooks' variables, which a clean environment for git loses.
  private var hooks: [String: String] { environment.filter { $0.key.hasPrefix("GIT_CONFIG_") } }

  private func run(_ arguments: [String]) throws -> GitProgram.Result {
    try GitProgram.run(
      arguments, directory: directory, environment: environment, adding: hooks)
  }

  @discardableResult
  private func git(_ arguments: String...) throws -> GitProgram.Result {
    try GitProgram.check(
      arguments, directory: directory, environment: environment, adding: hooks)
  }

  private func lanekeeper(_ arguments: [String]) throws -> ProcessOutput {
    try Command.runBlocking(
      [program] + arguments, directory: directory, environment: environment, timeoutSeconds: 600)
  }
}
