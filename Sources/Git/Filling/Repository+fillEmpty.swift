import Foundation

extension Repository {
  /// Fewer files are written by one thread.
  private static let filesForThreads = 200

  /// Makes an empty worktree, which has no index yet, a checkout of a tree, with a thread for each core.
  ///
  /// Files and index become byte for byte what git would write. As with git, a worktree in which this was cut
  /// off has no index, but its lock.
  ///
  /// - Returns: `false` where git has to do it, as ``fill(_:)`` does: something needs a filter or the like,
  ///   or something went wrong. Some of the files may be written then; nothing else is left.
  func fillEmpty(_ tree: ObjectID) throws -> Bool {
    guard access(gitDirectory + "/index", F_OK) != 0 else { return false }
    try storeObjects()
    guard try checksOutPlainly() else { return false }
    return writingIndex { top, file in
      let plan = try FillPlan(tree: tree, database: database())
      let packed = PackedBlobs(commonDirectory: commonDirectory)
      let blobs = try StoredBlobs(self, packed: packed)
      guard try plan.hasPlainAttributes(blobs) else { return false }
      try writeFiles(of: plan, packed, below: top, index: file)
      return true
    }
  }

  /// Lets files and their index be written while the index is locked, and puts the index in its place.
  ///
  /// - Parameter write: gets the worktree's directory and the new index; returns whether both are written.
  /// - Returns: `false` where they are not: git finds out for itself what is wrong, and says it better. The index is as it
  ///   was then.
  func writingIndex(_ write: (_ top: Int32, _ index: Int32) throws -> Bool) -> Bool {
    guard let workingDirectory else { return false }
    let lock = gitDirectory + "/index.lock"
    let file = open(lock, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard file >= 0 else { return false }
    var isDone = false
    defer {
      close(file)
      if !isDone { unlink(lock) }
    }
    let top = open(workingDirectory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard top >= 0 else { return false }
    defer { close(top) }
    guard (try? write(top, file)) == true else { return false }
    IndexFile.setLater(file)
    isDone = rename(lock, gitDirectory + "/index") == 0
    return isDone
  }

  private func writeFiles(
    of plan: FillPlan, _ packed: PackedBlobs, below top: Int32, index file: Int32
  ) throws {
    for directory in plan.directories {
      guard FillWriter.path(directory, { mkdirat(top, $0, 0o777) }) == 0 else {
        throw GitError.system("make a directory", errno)
      }
    }
    var index = plan.index
    let (place, environment) = (commonDirectory, environment)
    let threads =
      plan.count < Self.filesForThreads ? 1 : min(ProcessInfo.processInfo.activeProcessorCount, 8)
    try index.withUnsafeMutableBytes { bytes in
      try FillWriter(root: top, pieces: plan.pieces, index: bytes, packed: packed) {
        try Repository(opening: place, environment: environment)
      }.run(threads: threads)
    }
    let checksum = index.withUnsafeBytes { SHA1.digest($0) }
    try (index + checksum).withUnsafeBytes { try FillWriter.store($0, in: file) }
  }
}
