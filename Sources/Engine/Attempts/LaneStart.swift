import Foundation
import Git
import Model
import Store

/// Brings a lane into the state in which an attempt begins.
struct LaneStart {
  let pool: LanePool
  let store: Store
  let target: String
  let policies: PathPolicies
  let hookVariables: [String: String]
  let identity: Signature

  /// Others hold what the target conflicts on with the branch, so the attempt can't begin yet.
  struct Refused: Error {
    var conflicts: [ClaimConflict]
  }

  /// The contents of the lane after its start.
  struct Outcome: Sendable {
    /// For the prompt.
    var notes: [String] = []
    /// All that earlier attempts made is in the lane, on the target as it is now, and nothing conflicts.
    var isWhole = false
  }

  /// Puts the lane onto the feature's branch, brings the target in, and takes up rescued work.
  ///
  /// - Parameter prepared: the commit that the lane is known to be a clean checkout of.
  /// - Throws: ``BranchDamage`` where the branch can't be read.
  func run(
    _ feature: FeatureRecord, _ attempt: AttemptRecord, lane: LaneRecord, branch: String,
    prepared: ObjectID?
  ) throws -> Outcome {
    let repository = try pool.open(lane, commit: ObjectID(hex: attempt.base)!)
    LeftCommits.begin(repository)
    var outcome = try BranchDamage.naming(
      branch, of: feature.id, beyond: target, repository
    ) {
      try fill(repository, feature, attempt, lane, branch, prepared)
    }
    try LaneBranches.note(branch, of: feature.id, pool.state)
    if let tip = try repository.reference(branch) {
      try store.noteStart(feature.id, attempt.number, tip: tip.hex)
    }
    outcome.notes += try kept(feature, attempt)
    return outcome
  }

  /// Lists the references kept beside the branch since an agent was last told of any.
  private func kept(_ feature: FeatureRecord, _ attempt: AttemptRecord) throws -> [String] {
    var notes: [String] = []
    for number in (1..<max(attempt.number, 1)).reversed() {
      notes += try store.keptWork(of: feature.id, attempt: number).map {
        "Beside your branch, of attempt \(number): \($0). Bring what you need of it onto your branch: "
          + "`git show NAME` shows it, `git checkout NAME -- PATH` takes a file out of it."
      }
      // Without an agent there is no prompt.
      if FileManager.default.fileExists(atPath: pool.state.prompt(feature.id, number)) { break }
    }
    return notes.reversed()
  }

  private func fill(
    _ repository: Repository, _ feature: FeatureRecord, _ attempt: AttemptRecord,
    _ lane: LaneRecord, _ branch: String, _ prepared: ObjectID?
  ) throws -> Outcome {
    let tip = try repository.reference(branch)
    let start = tip ?? ObjectID(hex: attempt.base)!
    if tip == nil, prepared == start {
      try repository.createReference(branch, target: start, message: "lane: starts")
      try repository.setHead(branch: branch, commit: start)
      return Outcome()
    }
    try pool.enter(lane, branch: branch, commit: start)
    guard tip != nil else {
      return Outcome(
        notes: try store.stack(of: feature.id).map {
          [
            "Your branch starts from feature #\($0.onto), which is built and has not landed yet; its "
              + "work is there already."
          ]
        } ?? [])
    }
    let notes = try bringTargetIn(repository, feature, lane, branch)
    guard notes.isEmpty else { return Outcome(notes: notes) }
    return try takeUpRescue(repository, feature, attempt)
  }

  /// Merges the target into the branch; conflicts are claimed, and left in the lane for the agent.
  private func bringTargetIn(
    _ repository: Repository, _ feature: FeatureRecord, _ lane: LaneRecord, _ branch: String
  ) throws -> [String] {
    let sync = LaneSync(
      repository: repository, lane: lane, feature: feature.id, branch: branch, target: target,
      store: store, policies: policies, identity: identity, commands: pool.mergeCommands)
    let stands = try StackBase.find(feature.id, target: target, store)
    let short = BranchName.short(stands.reference)
    switch try sync.run() {
    case .upToDate, .merged: return []
    case .conflicts(let names, let message):
      return [
        "\(short) was merged into your branch and conflicts in \(names.joined(separator: ", ")). "
          + "Resolve the conflict markers, keep what both sides want, `git add` and commit."
          + (message.isEmpty ? "" : "\n  " + message.replacing("\n", with: "\n  "))
      ]
    case .refused(let conflicts): throw Refused(conflicts: conflicts)
    case .notNow(let reason): return ["\(short) could not be merged into your branch: \(reason)"]
    }
  }

  /// Returns whether the feature's branch, into which the target was brought, differs from it.
  private func hasChanges(_ feature: FeatureRecord, _ repository: Repository) throws -> Bool {
    let stands = try StackBase.find(feature.id, target: target, store)
    guard let head = try repository.head().commit,
      let below = try repository.reference(stands.reference)
    else { return false }
    return try repository.commit(head).tree != repository.commit(below).tree
  }

  /// Puts back what the attempt before left uncommitted and could not commit.
  private func takeUpRescue(
    _ repository: Repository, _ feature: FeatureRecord, _ attempt: AttemptRecord
  ) throws -> Outcome {
    guard attempt.number > 1 else { return Outcome() }
    let name = Rescue.reference(feature.id, attempt.number - 1)
    guard let rescue = try repository.reference(name) else {
      return Outcome(isWhole: try hasChanges(feature, repository))
    }
    let parent = try repository.commit(rescue).parents.first
    let result = try GitProgram.run(
      ["cherry-pick", "--no-commit", rescue.hex],
      directory: repository.workingDirectory ?? "", environment: repository.environment,
      adding: hookVariables.merging(SupervisorMark.variables) { $1 })
    guard parent != nil else { return Outcome() }
    guard result.status == 0 else {
      return Outcome(notes: [
        "What the last attempt left uncommitted was taken up again (kept as \(name)) and conflicts "
          + "with what has landed since; resolve the conflict markers and commit."
      ])
    }
    return Outcome(
      notes: [
        "What the last attempt left uncommitted is in your files again, staged and not committed: "
          + "`git diff --cached` shows it (kept as \(name))."
      ], isWhole: true)
  }
}
