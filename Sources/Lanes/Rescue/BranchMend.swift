import Foundation
import Git
import Processes
import Store

/// Sets a feature's branch back to what can be read of it, where a failing disk, a power cut or a program has
/// spoiled objects of its history (P4, P7).
///
/// What the lane's files hold stays in them and is committed again. Nothing else is touched: what the target or
/// other branches have lost is a person's matter.
package struct BranchMend: Sendable {
  private let store: Store
  private let state: StateDirectory
  /// `refs/heads/…` of the target.
  private let target: String
  private let environment: [String: String]

  package init(
    store: Store, state: StateDirectory, target: String, environment: [String: String]
  ) {
    self.store = store
    self.state = state
    self.target = target
    self.environment = environment
  }

  /// What was done about a branch, for people and agents.
  package struct Report: Sendable, Equatable, CustomStringConvertible {
    package var branch: String
    package var objects: [ObjectID]
    /// Where the branch stood and stands now; `nil` where it did not have to be moved.
    package var moved: (from: ObjectID, to: ObjectID)?
    /// The reference that keeps the branch as it was, where git can read it and Lanekeeper can't.
    package var kept: String?

    package static func == (one: Report, two: Report) -> Bool { one.description == two.description }

    package var description: String {
      let names = objects.prefix(3).map(\.short).joined(separator: ", ")
      let what =
        "\(objects.count == 1 ? "object" : "objects") \(names)\(objects.count > 3 ? ", …" : "")"
      let loss =
        "\(what) of \(BranchName.short(branch)) could not be read (a failing disk, a power cut)"
      if objects.isEmpty {
        return "the lane stood on what can't be read, and was put back"
      }
      guard let moved else { return "\(loss) and is to be stored again" }
      if let kept {
        return
          "\(BranchName.short(branch)) has a commit that is not in git's form (`git fsck` tells how), so it went "
          + "back from \(moved.from.short), kept as \(kept), to \(moved.to.short)"
      }
      return
        "\(loss); the branch went back from \(moved.from.short) to \(moved.to.short), the last commit that is whole"
    }
  }

  /// What a branch has beyond the target can't all be read.
  package struct Spoiled: Error, CustomStringConvertible {
    package let branch: String
    package let objects: [ObjectID]

    package var description: String {
      "\(BranchName.short(branch)) holds what can't be read: \(objects.map(\.short).joined(separator: ", "))"
    }
  }

  /// Verifies that all of a branch beyond where it forked can be read: what lands must be whole, with its history.
  ///
  /// - Throws: ``Spoiled``.
  package static func verify(
    _ branch: String, tip: ObjectID, beyond forks: [ObjectID], _ repository: Repository
  ) throws {
    let objects = try repository.unreadable(from: tip, beyond: forks)
    guard objects.isEmpty else { throw Spoiled(branch: branch, objects: objects) }
  }

  /// Runs something that reads a feature's branch; where it fails since objects can't be read, mends the branch
  /// and runs it once more.
  package func retrying<T>(
    _ feature: String, branch: String?, lane: LaneRecord? = nil, body: () throws -> T
  ) throws -> T {
    do {
      return try body()
    } catch {
      guard let branch, afterFailure(feature, branch: branch, lane: lane) != nil else {
        throw error
      }
      return try body()
    }
  }

  /// Mends a branch after something failed that reads it.
  ///
  /// - Returns: `nil` where nothing is spoiled, or where that can't be told; then what had failed is to be reported.
  package func afterFailure(
    _ feature: String, branch: String, lane: LaneRecord? = nil
  ) -> Report? {
    (try? mend(feature, branch: branch, lane: lane)) ?? nil
  }

  /// Mends a branch, and rescued work that can't be read.
  ///
  /// - Parameter lane: the lane in which it is checked out, whose files stay as they are.
  /// - Returns: what was done; `nil` where everything can be read.
  @discardableResult
  package func mend(
    _ feature: String, branch: String, lane: LaneRecord? = nil
  ) throws -> Report? {
    let repository = try Repository(opening: state.commonDirectory, environment: environment)
    let landed = try repository.history(of: target)
    guard let tip = try repository.reference(branch) else {
      try mendRescues(repository, landed)
      return nil
    }
    let damaged = try repository.unreadable(from: tip, besides: landed)
    if damaged.isEmpty, try !isWalkable(tip, repository) {
      return try mendForm(feature, branch, tip, lane, repository, landed)
    }
    guard !damaged.isEmpty else {
      try mendRescues(repository, landed)
      guard let lane, try mendLane(lane, branch: nil, lost: nil, onto: nil, landed) else {
        return nil
      }
      try dropFromLogs(nil, repository, landed)
      return Report(branch: branch, objects: [], moved: nil)
    }
    for id in damaged { _ = try repository.setAside(id, into: state.damaged) }
    var report = Report(branch: branch, objects: damaged, moved: nil)
    // A pack may have what the file had lost.
    let fresh = try Repository(opening: state.commonDirectory, environment: environment)
    if try !fresh.unreadable(from: tip, besides: landed).isEmpty {
      // Without a lane the next attempt may as well begin from the target; a lane's files would seem to delete what
      // it has that they have not.
      let former = try lastWhole(feature, branch, tip, fresh, landed)
      guard let whole = try former ?? (lane == nil ? fresh.reference(target) : nil) else {
        throw Spoiled(branch: branch, objects: damaged)
      }
      try fresh.setReference(branch, to: whole, message: "lane: back to what can be read")
      if let lane { try mendLane(lane, branch: branch, lost: tip, onto: whole, landed) }
      try dropFromLogs(branch, fresh, landed)
      report.moved = (tip, whole)
    }
    try mendRescues(fresh, landed)
    try note(report, feature, tip)
    return report
  }

  private func note(_ report: Report, _ feature: String, _ tip: ObjectID) throws {
    let now = report.moved?.to ?? tip
    try store.noteMend(
      feature, from: tip.hex, to: now.hex,
      [
        "branch": .string(BranchName.short(report.branch)), "from": .string(tip.hex),
        "to": .string(now.hex), "objects": .strings(report.objects.map(\.hex)),
        "detail": .string(report.description),
      ])
  }

  /// Tells whether all commits beyond the target are such that libgit2 reads them, too.
  private func isWalkable(_ tip: ObjectID, _ repository: Repository) throws -> Bool {
    let end = try repository.reference(target)
    return (try? repository.commits(from: tip, excluding: [end].compactMap(\.self))) != nil
  }

  /// Sets a branch back that git can read and libgit2 can't, such as one with a time beyond all times. Where it was
  /// stays reachable, and what the lane's files hold is committed again.
  private func mendForm(
    _ feature: String, _ branch: String, _ tip: ObjectID, _ lane: LaneRecord?,
    _ repository: Repository, _ landed: Set<ObjectID>
  ) throws -> Report? {
    guard let whole = try lastWhole(feature, branch, tip, repository, landed) else { return nil }
    let kept = "refs/lanekeeper/rescue/\(feature)/form-\(tip.short)"
    try GitProgram.check(
      ["update-ref", kept, tip.hex], directory: state.commonDirectory, environment: environment)
    try repository.setReference(branch, to: whole, message: "lane: back to what can be read")
    if let lane { try mendLane(lane, branch: branch, lost: tip, onto: whole, landed) }
    let report = Report(branch: branch, objects: [tip], moved: (tip, whole), kept: kept)
    try note(report, feature, tip)
    return report
  }

  /// Finds the newest commit of a branch of which, and of all before it, everything can be read: along its first
  /// parents, among the places where it stood before, and where its attempts began.
  private func lastWhole(
    _ feature: String, _ branch: String, _ tip: ObjectID, _ repository: Repository,
    _ landed: Set<ObjectID>
  ) throws -> ObjectID? {
    var places: [ObjectID] = []
    var next: ObjectID? = tip
    while let id = next, places.count < 1000, let commit = try? repository.commit(id) {
      places.append(id)
      next = commit.parents.first
    }
    places += repository.formerPlaces(in: state.commonDirectory + "/logs/" + branch)
    places += try store.attempts(of: feature).reversed().compactMap { ObjectID(hex: $0.base) }
    return try firstWhole(places, repository, landed)
  }

  /// Finds where a lane stood before what it has lost, by its log and by what its attempts began from. Never
  /// something newer: against that, its files would seem to delete what others have made since.
  private func formerPlace(
    of lane: LaneRecord, _ repository: Repository, _ landed: Set<ObjectID>
  ) throws -> ObjectID? {
    let log = state.commonDirectory + "/worktrees/\(lane.name)/logs/HEAD"
    let attempts = try store.attempts().filter { $0.lane == lane.number }.suffix(10)
    return try firstWhole(
      repository.formerPlaces(in: log)
        + attempts.reversed().compactMap { ObjectID(hex: $0.base) }, repository, landed)
  }

  private func firstWhole(
    _ places: [ObjectID], _ repository: Repository, _ landed: Set<ObjectID>
  ) throws -> ObjectID? {
    var seen: Set<ObjectID> = []
    return try places.first { place in
      guard seen.insert(place).inserted else { return false }
      return try repository.unreadable(from: place, besides: landed).isEmpty
        && isWalkable(place, repository)
    }
  }

  /// Puts a lane whose HEAD stands on what can't be read onto a commit that can; the files stay, so that what
  /// they hold beyond it is uncommitted work.
  ///
  /// - Parameters:
  ///   - lost: a commit on which its HEAD may stand and that counts as lost.
  ///   - branch: the branch that it is to be on, where it was on it or on its lost tip.
  ///   - place: where it is to stand; `nil` for where it stood before.
  /// - Returns: whether it had to be.
  @discardableResult
  private func mendLane(
    _ lane: LaneRecord, branch: String?, lost: ObjectID?, onto place: ObjectID?,
    _ landed: Set<ObjectID>
  ) throws -> Bool {
    guard let own = try? Repository(opening: lane.path, environment: environment),
      own.commonDirectory == state.commonDirectory
    else { return false }
    let whole: ObjectID
    switch try own.head() {
    case .branch(let name, _) where name == branch:
      guard let place else { return false }
      whole = place
    case .branch: return false
    case .detached(let head):
      let damaged = try head == lost ? [] : own.unreadable(from: head, besides: landed)
      guard head == lost || !damaged.isEmpty else { return false }
      for id in damaged { _ = try own.setAside(id, into: state.damaged) }
      guard let former = try place ?? formerPlace(of: lane, own, landed) else { return false }
      whole = former
      try own.setHead(branch: head == lost ? branch : nil, commit: whole)
    }
    StaleLocks.removeOwn(gitDirectory: own.gitDirectory)
    // What was begun on the lost commits can't be gone on with.
    for name in ["MERGE_HEAD", "MERGE_MSG", "CHERRY_PICK_HEAD", "REVERT_HEAD", "ORIG_HEAD"] {
      try? FileManager.default.removeItem(atPath: own.gitDirectory + "/" + name)
    }
    try GitProgram.check(
      ["read-tree", whole.hex], directory: lane.path, environment: environment)
    return true
  }

  /// Puts lanes that nobody works in, and whose HEAD stands on what can't be read, back to where they stood
  /// before. What their files hold is kept when they are used again.
  package func mendIdleLanes() throws {
    let repository = try Repository(opening: state.commonDirectory, environment: environment)
    guard let end = try repository.reference(target) else { return }
    for lane in try store.lanes() where lane.state == .free {
      guard let own = try? Repository(opening: lane.path, environment: environment),
        let head = try? own.head().commit
      else { continue }
      if let damaged = try? own.unreadable(from: head, beyond: [end]), damaged.isEmpty { continue }
      let landed = try repository.history(of: target)
      if try mendLane(lane, branch: nil, lost: nil, onto: nil, landed) {
        try store.record(
          "lane_mended", ["lane": .integer(Int64(lane.number)), "from": .string(head.hex)])
        try dropFromLogs(nil, repository, landed)
      }
    }
  }

  /// Drops the lines of the branch's log, and of the lanes' own, that name what can't be read: git packs what
  /// stands in logs, and fails on what is gone.
  private func dropFromLogs(
    _ branch: String?, _ repository: Repository, _ landed: Set<ObjectID>
  ) throws {
    var known: [ObjectID: Bool] = [:]
    func isWhole(_ id: ObjectID) throws -> Bool {
      if let answer = known[id] { return answer }
      let answer = try id == .zero || repository.unreadable(from: id, besides: landed).isEmpty
      known[id] = answer
      return answer
    }
    let common = state.commonDirectory
    let lanes = try store.lanes().map { common + "/worktrees/" + $0.name + "/logs/HEAD" }
    for path in [branch.map { common + "/logs/" + $0 }].compactMap(\.self) + lanes {
      guard
        let text = RegularFile.read(path, most: 1 << 28).flatMap({
          String(validating: $0, as: UTF8.self)
        })
      else { continue }
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      let kept = try lines.filter { line in
        try line.split(separator: " ").prefix(2).allSatisfy {
          try ObjectID(hex: String($0)).map(isWhole) ?? true
        }
      }
      guard kept.count < lines.count else { continue }
      try kept.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
    }
  }

  /// Puts rescued work whose history can't be read onto what its attempt began from, and drops what can't be read
  /// itself: git can't pack a repository any more that has a reference to what is gone.
  private func mendRescues(_ repository: Repository, _ landed: Set<ObjectID>) throws {
    for rescue in try repository.references(prefix: "refs/lanekeeper/rescue/") {
      let damaged = try repository.unreadable(from: rescue.target, besides: landed)
      guard !damaged.isEmpty else { continue }
      for id in damaged { _ = try repository.setAside(id, into: state.damaged) }
      let kept = try onItsBase(rescue, repository, landed)
      if let kept {
        try repository.setReference(rescue.name, to: kept, message: "rescue: its history is lost")
      } else {
        try repository.deleteReference(rescue.name, expecting: nil)
      }
      try store.record(
        "rescue_mended",
        [
          "reference": .string(rescue.name), "from": .string(rescue.target.hex),
          "to": .string(kept?.hex ?? ""), "objects": .strings(damaged.map(\.hex)),
        ])
    }
  }

  /// The same tree as a commit on what the feature's branch, or the lane, had before; `nil` where that is not known
  /// or not all of the tree can be read.
  private func onItsBase(
    _ rescue: (name: String, target: ObjectID), _ repository: Repository, _ landed: Set<ObjectID>
  ) throws -> ObjectID? {
    guard let lost = try? repository.commit(rescue.target) else { return nil }
    // refs/lanekeeper/rescue/<feature>/<attempt>, or rescue/lane-<number>/<time>.
    let owner = String(rescue.name.split(separator: "/")[3])
    var base: ObjectID?
    if let lane = try store.lanes().first(where: { $0.name == owner }) {
      base = try formerPlace(of: lane, repository, landed)
    } else if let branch = try store.feature(owner)?.branch,
      let tip = try repository.reference(branch)
    {
      base = try lastWhole(owner, branch, tip, repository, landed)
    }
    guard let base else { return nil }
    let made = try repository.createCommit(
      tree: lost.tree, parents: [base], message: lost.message, author: lost.author,
      committer: lost.committer)
    return try repository.unreadable(from: made, besides: landed).isEmpty ? made : nil
  }
}
