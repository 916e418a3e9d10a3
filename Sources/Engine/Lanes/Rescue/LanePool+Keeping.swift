import Foundation
import Git
import Model
import Processes
import Store

extension LanePool {
  /// Keeps what a lane holds that is not on a branch, so that it can be given to the next feature.
  ///
  /// What git does not take is moved beside the lanes. Repositories inside are kept and removed; submodules are
  /// kept and set back by ``resetSubmodules(_:_:)``.
  func keepWork(_ lane: LaneRecord, _ repository: Repository) throws {
    if !repository.mayHideFiles, let status = try? repository.status(), !status.isEmpty,
      try Leftovers.isOnlyNoise(status, products: GateLitter.paths(store), repository)
    {
      return
    }
    let base = try rescueName(lane, repository)
    let words = "what was left uncommitted in \(lane.name)"
    let kept = try Rescue.snapshot(
      repository, reference: base, message: words, identity: identity())
    var notes = [kept.words.map { "\(words) is kept as \($0)" }].compactMap(\.self)
    for path in kept.left { notes.append(try moveAside(path, lane)) }
    notes += try keepRepositories(repository, lane, as: base)
    guard !notes.isEmpty else { return }
    try store.record(
      .laneRescued, feature: lane.feature, agent: nil,
      ["lane": .integer(Int64(lane.number)), "detail": .string(notes.joined(separator: "; "))])
  }

  /// Puts free lanes that stand on a commit that can't be read back to what their last attempt began from. Their files
  /// stay, and are rescued when the lane is used again.
  ///
  /// - Returns: their numbers.
  @discardableResult
  package func leaveDamagedCommits(target: String) throws -> [Int] {
    let common = try Repository(opening: state.commonDirectory, environment: environment)
    guard let end = try common.reference(target) else { return [] }
    return try store.lanes().filter { $0.state == .free }.compactMap { lane in
      guard let own = try? Repository(opening: lane.path, environment: environment),
        let head = try? own.head().commit
      else { return nil }
      let damaged = try own.unreadable(from: head, beyond: [end])
      guard !damaged.isEmpty else { return nil }
      for id in damaged { _ = try own.setAside(id) }
      // Against a newer commit, the files would seem to delete what others have landed since.
      let base = try store.attempts().last { $0.lane == lane.number }
        .flatMap { ObjectID(hex: $0.base) }
      try BranchDamage.detach(own, onto: base ?? end)
      return lane.number
    }
  }

  /// Returns the name under which a lane's uncommitted work is kept: that of the attempt that was interrupted before
  /// it was put away, so that the feature's next attempt takes it up; else one of the lane's own.
  private func rescueName(_ lane: LaneRecord, _ repository: Repository) throws -> String {
    let own = "refs/lanekeeper/rescue/\(lane.name)/\(store.now)"
    guard
      let last = try store.attempts().last(where: {
        $0.lane == lane.number && $0.state != .running
      }), last.state == .interrupted, let branch = try store.feature(last.feature)?.branch,
      try repository.reference(branch) == repository.head().commit
    else { return own }
    let name = Rescue.reference(last.feature, last.number)
    return try repository.reference(name) == nil ? name : own
  }

  /// Moves a file that git can't keep out of a lane.
  ///
  /// - Returns: where it is now, as a sentence.
  private func moveAside(_ path: [UInt8], _ lane: LaneRecord) throws -> String {
    let name = "kept-\(lane.name)-\(store.now)"
    do throws(RootError) {
      let lanes = try Root(settings.directory)
      try lanes.makeDirectory(Array(name.utf8))
      let place = try Root(settings.directory + "/" + name)
      if let end = path.lastIndex(of: 0x2f) { try place.makeDirectory(Array(path[..<end])) }
      try place.take(path, from: Root(lane.path))
    } catch  where error.isAbsence {
      return "\(PathText.quoted(path)) has gone"
    } catch {
      throw LaneError.holdsWork(
        path: lane.path, reason: "\(PathText.quoted(path)) can't be moved: \(error)")
    }
    return
      "git can't keep \(PathText.quoted(path)), so it is now below \(settings.directory)/\(name)"
  }

  /// Keeps repositories inside a lane that its branch does not know, and removes them.
  private func keepRepositories(
    _ repository: Repository, _ lane: LaneRecord, as base: String
  ) throws -> [String] {
    var notes: [String] = []
    // A removed one may have had others inside.
    for _ in 0..<20 {
      let paths = try NestedRepository.untracked(in: repository)
      guard !paths.isEmpty else { break }
      for path in paths {
        let place = lane.path + "/" + String(decoding: path, as: UTF8.self)
        let reference = base + "-" + RescueName.slug(path)
        if let kept = try keepRepository(at: place, repository, as: reference) {
          notes.append("the repository \(PathText.quoted(path)) inside it is kept as \(kept)")
        }
        try TreeRemoval.remove(place)
      }
    }
    return notes
  }

  /// Keeps all that a repository inside a lane has and nobody else.
  ///
  /// - Returns: the reference; `nil` where there is nothing to keep.
  func keepRepository(
    at place: String, _ repository: Repository, as reference: String
  ) throws -> String? {
    let message = "a repository inside a lane"
    guard let nested = NestedRepository(at: place, keptIn: repository) else { return nil }
    return try nested.keep(as: reference, message: message, identity: identity())
  }

  /// Keeps what the submodules of a worktree have that nobody else has, before git forgets the worktree with them.
  ///
  /// - Returns: the references.
  @discardableResult
  package func keepSubmodules(ofWorktree name: String) throws -> [String] {
    let common = try Repository(opening: state.commonDirectory, environment: environment)
    return try KeptSubmodules.keep(
      ofWorktree: name, common, as: "refs/lanekeeper/rescue/\(name)/\(store.now)",
      identity: identity())
  }

  /// Sets the submodules of a lane that has just been filled to what its commit has of them.
  ///
  /// What they hold has been kept. One that can't be set back without help from outside is emptied, as in a new lane.
  ///
  /// - Parameter isPristine: the submodules were as the lane's commit before had them.
  func resetSubmodules(
    _ lane: LaneRecord, _ repository: Repository, isPristine: Bool
  ) throws {
    guard FileManager.default.fileExists(atPath: repository.gitDirectory + "/modules"),
      let head = try repository.head().commit
    else { return }
    let tree = try repository.commit(head).tree
    let isSandboxed = environment["LANEKEEPER_USER_HOOKS"] == "none"
    for module in try DeclaredSubmodule.all(in: tree, repository) {
      let place = lane.path + "/" + String(decoding: module.path, as: UTF8.self)
      guard let wanted = try repository.entry(at: module.path, inTree: tree), wanted.isSubmodule,
        let nested = NestedRepository(at: place, keptIn: repository)
      else { continue }
      if isPristine, nested.head == wanted.id { continue }
      let base = "refs/lanekeeper/rescue/\(lane.name)/\(store.now)-" + RescueName.slug(module.path)
      _ = try nested.keep(as: base, message: "a submodule of \(lane.name)", identity: identity())
      if !isSandboxed {
        func git(_ arguments: [String]) -> Bool {
          (try? GitProgram.run(
            ["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"] + arguments,
            directory: place, environment: environment))?.status == 0
        }
        if git(["checkout", "-q", "-f", "--detach", wanted.id.hex]), git(["clean", "-ffdq"]) {
          continue
        }
      }
      try TreeRemoval.remove(place)
      try FileManager.default.createDirectory(
        atPath: place, withIntermediateDirectories: true)
    }
  }
}

extension NestedRepository {
  /// The repositories inside a worktree that its index does not know and that are not ignored, by path.
  package static func untracked(in repository: Repository) throws -> [[UInt8]] {
    try GitProgram.check(
      Repository.wholeLook + ["ls-files", "-o", "--exclude-standard", "-z"],
      directory: repository.workingDirectory ?? repository.gitDirectory,
      environment: repository.environment
    ).output.split(separator: 0).filter { $0.last == 0x2f }.map { Array($0.dropLast()) }
  }
}

/// The git directories of a worktree's submodules, which go when git forgets the worktree.
package enum KeptSubmodules {
  /// Lets references keep what only they have.
  ///
  /// - Parameter reference: the beginning of the references' names.
  /// - Throws: what kept something from being kept; then the worktree may not be forgotten.
  @discardableResult
  package static func keep(
    ofWorktree name: String, _ common: Repository, as reference: String, identity: Signature
  ) throws -> [String] {
    let modules = common.commonDirectory + "/worktrees/" + name + "/modules"
    guard FileManager.default.fileExists(atPath: modules) else { return [] }
    return try directories(below: modules).compactMap { path in
      guard
        let nested = NestedRepository(gitDirectory: path, worktree: nil, keptIn: common)
      else { return nil }
      let end = RescueName.slug(Array(path.dropFirst(modules.count + 1).utf8))
      do {
        return try nested.keep(
          as: reference + "-" + end, message: "a submodule of the worktree \(name)",
          identity: identity)
      } catch {
        // It is moved to where nothing is forgotten.
        let place =
          common.commonDirectory
          + "/lanekeeper/kept/\(name)-\(end)-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(
          atPath: (place as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        guard rename(path, place) == 0 else { throw error }
        return place
      }
    }
  }

  private static func directories(below modules: String) throws -> [String] {
    var found: [String] = []
    guard let files = FileManager.default.enumerator(atPath: modules) else { return [] }
    for case let path as String in files where (path as NSString).lastPathComponent == "HEAD" {
      let directory = modules + "/" + (path as NSString).deletingLastPathComponent
      var isDirectory: ObjCBool = false
      if FileManager.default.fileExists(atPath: directory + "/objects", isDirectory: &isDirectory),
        isDirectory.boolValue
      {
        found.append(directory)
      }
    }
    return found.sorted()
  }
}
