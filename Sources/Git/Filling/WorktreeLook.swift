import Foundation
import Synchronization

/// Compares the files of a worktree with what its index remembers of them, without git.
///
/// It is sure or it says no: a file that was written when the index was, a name more than the index has (ignored ones,
/// too), a submodule, a conflict, and what is as it was by content alone, are left to git.
struct WorktreeLook {
  /// The files of one directory.
  private struct Piece {
    /// With a slash at its end; empty for the top.
    var directory: Range<Int>
    var entries: [IndexFile.Entry] = []
    /// The number of directories below with files.
    var directories = 0
  }

  private let index: IndexFile
  private let pieces: [Piece]

  init(_ index: IndexFile) {
    self.index = index
    pieces = index.data.withUnsafeBytes { Self.pieces(index.entries, $0) }
  }

  /// Sorts the entries of an index by directory; those of one directory need not stand together.
  private static func pieces(
    _ entries: [IndexFile.Entry], _ bytes: UnsafeRawBufferPointer
  ) -> [Piece] {
    var pieces = [Piece(directory: 0..<0)]
    // The directories that the present entry stands in, the top first.
    var open = [0]
    for entry in entries {
      let path = entry.path
      while open.count > 1 {
        let directory = pieces[open.last!].directory
        if path.count > directory.count,
          bytes[path.prefix(directory.count)].elementsEqual(bytes[directory])
        {
          break
        }
        open.removeLast()
      }
      var begin = path.lowerBound + pieces[open.last!].directory.count
      while let slash = bytes[begin..<path.upperBound].firstIndex(of: 0x2f) {
        pieces[open.last!].directories += 1
        pieces.append(Piece(directory: path.lowerBound..<(slash + 1)))
        open.append(pieces.count - 1)
        begin = slash + 1
      }
      pieces[open.last!].entries.append(entry)
    }
    return pieces
  }

  /// Returns whether all files are as the index has them, and nothing else is there.
  func isClean(_ directory: String) -> Bool {
    let root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard root >= 0 else { return false }
    defer { close(root) }
    // The top first: what is ignored mostly lies there.
    guard isClean(pieces[0], root) else { return false }
    let next = Atomic(1)
    let isClean = Atomic(true)
    let batch = 8
    DispatchQueue.concurrentPerform(iterations: pieces.count > 64 ? 4 : 1) { _ in
      while isClean.load(ordering: .relaxed) {
        let first = next.wrappingAdd(batch, ordering: .relaxed).oldValue
        guard first < pieces.count else { return }
        for piece in pieces[first..<min(first + batch, pieces.count)]
        where !self.isClean(piece, root) {
          isClean.store(false, ordering: .relaxed)
        }
      }
    }
    return isClean.load(ordering: .relaxed)
  }

  private func isClean(_ piece: Piece, _ root: Int32) -> Bool {
    index.data.withUnsafeBytes { bytes in
      // Without the slash, which would lead on through a link.
      let path = piece.directory.isEmpty ? [0x2e] : Array(bytes[piece.directory].dropLast())
      let directory = FillWriter.path(path) {
        openat(root, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      }
      guard directory >= 0, let listing = fdopendir(directory) else {
        if directory >= 0 { close(directory) }
        return false
      }
      defer { closedir(listing) }
      // Every name of the index is looked for; as many names as that are no others.
      var count = piece.entries.count + piece.directories
      while let entry = readdir(listing) {
        if Self.isSkipped(entry, isTop: piece.directory.isEmpty) { continue }
        count -= 1
        if count < 0 { return false }
      }
      return count == 0
        && piece.entries.allSatisfy { entry in
          let name = bytes.baseAddress! + entry.path.lowerBound + piece.directory.count
          var facts = stat()
          // A path in an index ends with a NUL byte.
          let result = fstatat(
            directory, name.assumingMemoryBound(to: CChar.self), &facts, AT_SYMLINK_NOFOLLOW)
          return result == 0 && index.isSure(bytes, entry)
            && IndexFile.isSame(facts, bytes, entry.place)
        }
    }
  }

  /// Returns whether a name is no file of the worktree: the directory itself, its parent, and git's own at the top.
  private static func isSkipped(_ entry: UnsafeMutablePointer<dirent>, isTop: Bool) -> Bool {
    withUnsafeBytes(of: &entry.pointee.d_name) { name in
      guard name[0] == 0x2e else { return false }
      if name[1] == 0 || name[1] == 0x2e && name[2] == 0 { return true }
      return isTop && name[..<5].elementsEqual([0x2e, 0x67, 0x69, 0x74, 0])
    }
  }
}
