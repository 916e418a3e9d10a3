import Foundation
import Git
import Processes
import Store

/// Lets a clean checkout of the target follow a landing, as git's own fast-forward does.
struct Follow {
  let checkout: Repository
  let directory: String
  let landing: Int64
  var observe: @Sendable (LandingStep) -> Void = { _ in }
  /// Restores the configuration that all checkouts share; false where it had been changed.
  var repairConfiguration: @Sendable () -> Bool = { true }

  /// Finds the checkout that stands on the target; `nil` where there is none.
  static func find(
    target: String, common: Repository, landing: Int64, besides lanes: Set<String> = []
  ) throws -> Follow? {
    try all(target: target, common: common, landing: landing, besides: lanes).first
  }

  /// Finds all checkouts that stand on the target; there are several only where that was forced.
  ///
  /// - Parameter lanes: names of linked worktrees that are no person's.
  static func all(
    target: String, common: Repository, landing: Int64, besides lanes: Set<String>
  ) throws -> [Follow] {
    var found: [Follow] = []
    var paths: [String] = []
    if let main = common.mainWorktreePath { paths.append(main) }
    paths += common.worktrees().filter {
      $0.valid && $0.branch == target && !lanes.contains($0.name)
    }.map(\.path)
    for path in paths {
      guard let repository = try? Repository(opening: path, environment: common.environment),
        let directory = repository.workingDirectory,
        case .branch(let name, _) = try repository.head(), name == target
      else { continue }
      found.append(
        Follow(
          checkout: repository,
          directory: directory.hasSuffix("/") ? String(directory.dropLast()) : directory,
          landing: landing))
    }
    return found
  }

  /// The reason why a checkout can't follow now.
  struct HeldOff: Error, CustomStringConvertible {
    let reason: String
    var description: String { reason }
  }

  var lock: String { checkout.gitDirectory + "/index.lock" }
  var newIndex: String { checkout.gitDirectory + "/index.lanekeeper" }
  var oldIndex: String { checkout.gitDirectory + "/index.lanekeeper-old" }
  var stage: String { checkout.gitDirectory + "/lanekeeper-follow" }
  private var marker: String { "lanekeeper landing \(landing)\n" }

  /// Takes the lock of the checkout's index.
  ///
  /// It appears in one step together with its content, so that a killed process leaves none that is
  /// not known as ours.
  /// - Throws: ``HeldOff`` while another git command holds it.
  func takeLock() throws {
    let fresh = checkout.gitDirectory + "/index.lanekeeper-lock"
    unlink(fresh)
    let descriptor = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw HeldOff(reason: "\(fresh) can't be made: \(String(cString: strerror(errno)))")
    }
    let bytes = Array(marker.utf8)
    let written = write(descriptor, bytes, bytes.count)
    close(descriptor)
    defer { unlink(fresh) }
    guard written == bytes.count else {
      throw HeldOff(reason: "\(fresh) can't be written: \(String(cString: strerror(errno)))")
    }
    guard link(fresh, lock) == 0 else {
      throw HeldOff(
        reason: errno == EEXIST
          ? "another git command is at work in \(directory) (\(lock) is there)"
          : "\(lock) can't be made: \(String(cString: strerror(errno)))")
    }
  }

  /// Gives the lock back and removes what was put aside.
  func releaseLock() {
    removeAside()
    unlink(lock)
  }

  private func removeAside() {
    for path in [newIndex, newIndex + ".lock", oldIndex, stage] {
      try? FileManager.default.removeItem(atPath: path)
    }
  }

  /// Removes the lock of a landing that was killed, and only that.
  func removeStaleLock() {
    guard let text = try? String(contentsOfFile: lock, encoding: .utf8),
      text.hasPrefix("lanekeeper landing ")
    else { return }
    unlink(lock)
  }

  /// Removes what a landing put aside that was killed before it changed anything.
  func dropUnused() {
    guard let text = try? String(contentsOfFile: lock, encoding: .utf8),
      text.hasPrefix("lanekeeper landing ")
    else { return }
    releaseLock()
  }

  func file(_ path: [UInt8]) -> DiskPath { DiskPath(directory) / path }
}
