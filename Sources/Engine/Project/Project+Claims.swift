import Backlog
import Foundation
import Git
import Model
import Processes
import Store

extension Project {
  /// Looks at the target, and returns the check for paths that are stale for an owner; `nil` where the owner has
  /// no branch.
  package func staleCheck(_ owner: ClaimOwner, _ store: Store) throws -> StaleCheck? {
    try watch(store).look()
    guard owner.kind == .feature else { return nil }
    return staleCheck(owner.id, branch: try store.feature(owner.id)?.branch)
  }

  /// How to tell which paths are stale for a feature: those whose entry differs between the merge base of
  /// its branch with the target, and the target's tip. Both are read inside the claiming transaction.
  package func staleCheck(_ feature: String, branch: String?) -> StaleCheck? {
    guard let branch else { return nil }
    let (directory, environment, target) = (directory, environment, target)
    return StaleCheck(
      pair: {
        let repository = try Repository(opening: directory, environment: environment)
        guard let tip = try repository.reference(target),
          let own = try repository.reference(branch),
          let base = try repository.mergeBase(own, tip)
        else { return nil }
        return StaleCheck.Pair(base: base.hex, tip: tip.hex)
      },
      differing: { base, tip in
        let repository = try Repository(opening: directory, environment: environment)
        guard let one = ObjectID(hex: base), let two = ObjectID(hex: tip) else { return [] }
        return try repository.changes(
          from: try repository.commit(one).tree, to: try repository.commit(two).tree
        ).map(\.path)
      })
  }

  /// How to tell that the holder of a claim is dead: no heartbeat for a while, no process that holds the
  /// attempt's lock, and what it changed is known.
  package func expiryCheck() -> ExpiryCheck {
    let project = self
    return ExpiryCheck(bootID: Boot.id, uptime: Boot.uptimeMilliseconds()) {
      feature, attempt, lane in
      guard !FileLock.isHeld(project.state.attemptLock(feature.id, attempt.number)),
        !FileLock.isHeld(project.state.participantLock(attempt.participant))
      else { return nil }
      // Where that can't be read, the claims stay.
      return try? project.changedPaths(feature, lane: lane)
    }
  }

  /// Lists what a feature has changed and not landed: on its branch, and uncommitted in its lane.
  package func changedPaths(
    _ feature: FeatureRecord, lane: LaneRecord?
  ) throws -> [[UInt8]] {
    var paths: Set<[UInt8]> = []
    if let branch = feature.branch {
      paths.formUnion(try repository().branchWork(branch, target: target).paths)
    }
    if let lane, lane.feature == feature.id, FileManager.default.fileExists(atPath: lane.path) {
      let own = try Repository(opening: lane.path, environment: environment)
      paths.formUnion(
        try own.status().map { $0.path.last == 0x2f ? Array($0.path.dropLast()) : $0.path })
    }
    return paths.sorted { $0.lexicographicallyPrecedes($1) }
  }

  /// Returns the lane in which a feature is at work.
  package func lane(of feature: String, _ store: Store) throws -> LaneRecord? {
    try store.lanes().first { $0.feature == feature && $0.state == .assigned }
  }

  /// Adds the dependencies that came to light during runs.
  package func addingDiscoveries(to backlog: Backlog) throws -> Backlog {
    guard let known = try existingStore()?.dependencies() else { return backlog }
    var backlog = backlog
    let ids = Set(backlog.features.map(\.id))
    for index in backlog.features.indices {
      let present = Set(backlog.features[index].dependencies.map(\.id))
      for found in known[backlog.features[index].id] ?? []
      where found.source == .discovered && ids.contains(found.id)
        && !present.contains(found.id)
      {
        backlog.features[index].dependencies.append(
          Dependency(id: found.id, source: .discovered, reason: found.reason))
      }
    }
    return backlog
  }

  /// Brings the target into a lane. Blocks.
  package func sync(_ lane: LaneRecord, _ store: Store) throws -> LaneSync.Outcome {
    guard let feature = lane.feature, let branch = lane.branch else {
      return .notNow("\(lane.path) is no lane at work; `lanekeeper lanes` shows them")
    }
    func run() throws -> LaneSync.Outcome {
      try LaneSync(
        repository: try Repository(opening: lane.path, environment: environment), lane: lane,
        feature: feature, branch: branch, target: target, store: store, policies: pathPolicies,
        identity: identity(),
        commands: MergeCommands(
          scratch: lanesDirectory, guardProgram: try HelperPrograms.path("lanekeeper-guard"))
      ).run()
    }
    let view = SandboxView(state: state, lane: lane, environment: environment)
    guard view.isThere else { return try run() }
    return try view.whileHeld {
      let arrival = try view.bringIn(branch: branch, rescue: nil)
      if let problem = arrival.problems.first { return .notNow(problem) }
      defer { for reference in [target, branch] { try? view.follow(reference) } }
      return try run()
    }
  }

  /// Reads paths as they are typed in a checkout of this repository.
  ///
  /// - Parameter top: the absolute path of the checkout or lane.
  package func pathReader(top: String) throws -> PathReader {
    try PathReader(top: Array(top.utf8), naming: naming) { path in
      var found = stat()
      let bytes = (path + [0]).map { CChar(bitPattern: $0) }
      guard lstat(bytes, &found) == 0 else { return .file }
      switch found.st_mode & S_IFMT {
      case S_IFDIR:
        let git = (path + Array("/.git".utf8) + [0]).map { CChar(bitPattern: $0) }
        var inner = stat()
        return lstat(git, &inner) == 0 ? .repository : .directory
      case S_IFLNK:
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes {
          readlink(bytes, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
        }
        return count > 0 ? .link(Array(buffer[..<count])) : .file
      default: return .file
      }
    }
  }
}
