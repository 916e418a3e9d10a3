import Foundation

extension Repository {
  /// More files are left to git.
  private static let mostFiles = 2000

  /// Makes a worktree that is a checkout of one tree, index included, a checkout of another, without git.
  ///
  /// Only what differs is touched. A file that is not what the index remembers of it ends this, as it ends git's
  /// `read-tree -m -u`. Index and files become what git would make of them.
  ///
  /// - Returns: `false` where git has to do it: a filter or the like matters, something stands in the way, or
  ///   anything went wrong. Some of the files may be written then; the index is as it was.
  func updatePlainly(from old: ObjectID, to new: ObjectID) throws -> Bool {
    let changes = try changes(from: old, to: new)
    guard changes.count <= Self.mostFiles,
      !changes.contains(where: { $0.old?.mode == 0o160000 || $0.new?.mode == 0o160000 }),
      try checksOutPlainly()
    else { return false }
    return writingIndex { top, file in
      guard let index = IndexFile(path: gitDirectory + "/index") else { return false }
      let plan = try FillPlan(tree: new, database: database())
      let blobs = try StoredBlobs(self, packed: PackedBlobs(commonDirectory: commonDirectory))
      guard try plan.hasPlainAttributes(blobs) else { return false }
      var update = try IndexUpdate(from: index, to: plan)
      try update.removeOld(below: top)
      try update.writeNew(below: top, blobs)
      try update.index.withUnsafeBytes { bytes in
        try FillWriter.store(bytes, in: file)
        try SHA1.digest(bytes).withUnsafeBytes { try FillWriter.store($0, in: file) }
      }
      return true
    }
  }
}

/// The steps that turn the files of one index into those of another.
private struct IndexUpdate {
  /// A file is not what the index remembers of it, or something else is in its place.
  private struct InTheWay: Error {}

  private let old: IndexFile
  /// Entries of the old index whose files go, or are replaced.
  private var removed: [IndexFile.Entry] = []
  /// Entries of the new index whose files are written.
  private var written: [IndexFile.Entry] = []
  /// The new index, without its checksum; what is known of files that stay is in it.
  private(set) var index: [UInt8]

  /// Goes through both indexes at once, which are in the same order.
  init(from old: IndexFile, to plan: FillPlan) throws {
    self.old = old
    index = plan.index
    // What ends an index file is not there yet.
    let padded = index + [UInt8](repeating: 0, count: 20)
    guard let entries = padded.withUnsafeBytes({ IndexFile.entries($0) }) else { throw InTheWay() }
    var isSure = true
    old.data.withUnsafeBytes { before in
      padded.withUnsafeBytes { after in
        var next = 0
        for entry in entries {
          let path = after[entry.path]
          while next < old.entries.count,
            before[old.entries[next].path].lexicographicallyPrecedes(path)
          {
            removed.append(old.entries[next])
            next += 1
          }
          guard next < old.entries.count, before[old.entries[next].path].elementsEqual(path) else {
            written.append(entry)
            continue
          }
          let known = old.entries[next]
          next += 1
          // The new index would hide that it may have changed.
          if !old.isSure(before, known) { isSure = false }
          let isSame =
            before[(known.place + FillPlan.Entry.mode)..<(known.place + FillPlan.Entry.mode + 4)]
            .elementsEqual(
              after[(entry.place + FillPlan.Entry.mode)..<(entry.place + FillPlan.Entry.mode + 4)])
            && before[(known.place + FillPlan.Entry.id)..<(known.place + FillPlan.Entry.flags)]
              .elementsEqual(
                after[(entry.place + FillPlan.Entry.id)..<(entry.place + FillPlan.Entry.flags)])
          if isSame {
            index.replaceSubrange(
              entry.place..<(entry.place + FillPlan.Entry.id),
              with: before[known.place..<(known.place + FillPlan.Entry.id)])
          } else {
            removed.append(known)
            written.append(entry)
          }
        }
        removed += old.entries[next...]
      }
    }
    guard isSure else { throw InTheWay() }
  }

  /// Removes files, and directories that become empty.
  func removeOld(below top: Int32) throws {
    try old.data.withUnsafeBytes { bytes in
      var paths: [[UInt8]] = []
      for entry in removed {
        let path = Array(bytes[entry.path])
        try Self.checkDirectories(of: path, below: top)
        var facts = stat()
        guard FillWriter.path(path, { fstatat(top, $0, &facts, AT_SYMLINK_NOFOLLOW) }) == 0,
          old.isSure(bytes, entry), IndexFile.isSame(facts, bytes, entry.place)
        else { throw InTheWay() }
        paths.append(path)
      }
      // Nothing is touched before everything has been looked at.
      for path in paths {
        guard FillWriter.path(path, { unlinkat(top, $0, 0) }) == 0 else {
          throw GitError.system("remove a file", errno)
        }
      }
      for path in paths {
        var directory = path[...]
        while let slash = directory.lastIndex(of: 0x2f) {
          directory = directory[..<slash]
          let result = FillWriter.path(Array(directory)) { unlinkat(top, $0, AT_REMOVEDIR) }
          guard result == 0 else { break }
        }
      }
    }
  }

  /// Writes files, with the directories that they need, and their facts into the index.
  mutating func writeNew(below top: Int32, _ blobs: StoredBlobs) throws {
    var pieces: [FillPlan.Piece] = []
    for entry in written {
      let path = index[entry.path]
      let directory = Array(path[..<((path.lastIndex(of: 0x2f) ?? path.startIndex - 1) + 1)])
      if pieces.last?.directory == directory {
        pieces[pieces.count - 1].entries.append(entry.place)
      } else {
        pieces.append(FillPlan.Piece(directory: directory, entries: [entry.place]))
      }
    }
    for piece in pieces where !piece.directory.isEmpty {
      for (place, byte) in piece.directory.enumerated() where byte == 0x2f {
        let made = FillWriter.path(Array(piece.directory[..<place])) { mkdirat(top, $0, 0o777) }
        guard made == 0 || errno == EEXIST else { throw GitError.system("make a directory", errno) }
      }
      try Self.checkDirectories(of: piece.directory, below: top)
    }
    try index.withUnsafeMutableBytes { bytes in
      try FillWriter.fill(pieces, below: top, index: bytes, blobs)
    }
  }

  /// Throws where a directory of a path is a link or something else.
  private static func checkDirectories(of path: [UInt8], below top: Int32) throws {
    for (place, byte) in path.enumerated() where byte == 0x2f {
      var facts = stat()
      let result = FillWriter.path(Array(path[..<place])) {
        fstatat(top, $0, &facts, AT_SYMLINK_NOFOLLOW)
      }
      guard result == 0, facts.st_mode & S_IFMT == S_IFDIR else { throw InTheWay() }
    }
  }
}
