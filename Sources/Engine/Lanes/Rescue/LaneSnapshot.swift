import Foundation
import Git
import Processes

/// The present content of a lane, including uncommitted work.
package struct LaneSnapshot: Sendable, Equatable {
  /// Files above this size that are not committed are left out: storing them would take longer than
  /// anyone waits for a forecast.
  package static let largestFile: Int64 = 8 << 20

  /// The commit that HEAD stands on.
  package var head: ObjectID
  /// The tree of everything in the lane's files that is not ignored.
  package var tree: ObjectID

  /// Reads a lane; index, files and references stay as they are.
  ///
  /// Only what differs from HEAD is read and stored, through an index of its own.
  /// - Parameter litter: patterns of files that agent programs leave and that are no work.
  /// - Returns: `nil` where the lane has no commit.
  package static func take(
    _ repository: Repository, litter: [String]
  ) throws -> LaneSnapshot? {
    guard let directory = repository.workingDirectory, let head = try repository.head().commit
    else { return nil }
    let tree = try repository.commit(head).tree
    let changed = try repository.status(excluding: litter).map(\.path).filter {
      isWorthReading(directory, $0)
    }
    guard !changed.isEmpty else { return LaneSnapshot(head: head, tree: tree) }
    let index =
      repository.gitDirectory + "/index.forecast-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    let files = FileManager.default
    defer {
      try? files.removeItem(atPath: index)
      try? files.removeItem(atPath: index + ".lock")
    }
    func git(_ arguments: [String], input: [UInt8] = []) throws -> GitProgram.Result {
      try GitProgram.check(
        Repository.wholeLook + arguments,
        directory: directory, environment: repository.environment,
        adding: ["GIT_INDEX_FILE": index], input: input)
    }
    _ = try git(["read-tree", tree.hex])
    _ = try git(
      ["update-index", "-z", "--add", "--remove", "--replace", "--stdin"],
      input: changed.flatMap { $0 + [0] })
    guard let written = ObjectID(hex: try git(["write-tree"]).text) else { return nil }
    return LaneSnapshot(head: head, tree: written)
  }

  /// Leaves out repositories made inside the lane, and what is too large.
  private static func isWorthReading(_ directory: String, _ path: [UInt8]) -> Bool {
    guard path.last != 0x2f else { return false }
    guard let facts = (DiskPath(directory) / path).status() else { return true }
    return facts.st_mode & S_IFMT != S_IFREG || facts.st_size <= largestFile
  }
}
