import Foundation
import Synchronization

/// Compares the files of a worktree with what its index remembers of them, without git.
///
/// It is sure or it says no: a file that was written when the index was, a name more than the index has (ignored ones,
/// too), a submodule, a conflict, and what is as it was by content alone, are left to git.
struct WorktreeLook {
  /// Some files of one directory.
  private struct Piece {
    /// With a slash at its end; empty for the top.
    var directory: Range<Int>
    /// Where their entries begin in the index.
    var entries: [Int] = []
    /// How many directories below hold files.
    var directories = 0
  }

  private enum Entry {
    static let size = 62
    static let flags = 60
  }

  /// git's name for a file without content.
  private static let emptyBlob: [UInt8] = [
    0xe6, 0x9d, 0xe2, 0x9b, 0xb2, 0xd1, 0xd6, 0x43, 0x4b, 0x8b, 0x29, 0xae, 0x77, 0x5a, 0xd8, 0xc2,
    0xe4, 0x8c, 0x53, 0x91,
  ]
  /// Nanoseconds by which a file has to be older than the index, since file systems count in steps of 4,000,000.
  private static let margin: Int64 = 10_000_000

  private let index: Data
  /// When the index was written, in nanoseconds.
  private let written: Int64
  private var pieces: [Piece] = []

  /// - Returns: `nil` where the index is not one to go by.
  init?(indexAt path: String) {
    var facts = stat()
    // Looked at before it is read: if it is written meanwhile, its files are newer than this.
    guard stat(path, &facts) == 0,
      let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    else { return nil }
    index = data
    written = Self.nanoseconds(facts.st_mtim)
    guard let pieces = data.withUnsafeBytes({ Self.pieces($0) }) else { return nil }
    self.pieces = pieces
  }

  private static func number(_ bytes: UnsafeRawBufferPointer, _ place: Int) -> UInt32 {
    UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self))
  }

  private static func nanoseconds(_ time: timespec) -> Int64 {
    Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Sorts the entries of an index by directory; those of one directory need not stand together.
  private static func pieces(_ bytes: UnsafeRawBufferPointer) -> [Piece]? {
    let end = bytes.count - 20
    guard end >= 12, bytes.starts(with: "DIRC".utf8), (2...3).contains(number(bytes, 4)) else {
      return nil
    }
    var pieces = [Piece(directory: 0..<0)]
    // The directories that the present entry stands in, the top first.
    var open = [0]
    var place = 12
    var before = 12..<12
    for _ in 0..<number(bytes, 8) {
      guard place + Entry.size <= end else { return nil }
      let flags = Int(bytes[place + Entry.flags]) << 8 | Int(bytes[place + Entry.flags + 1])
      let length = flags & 0xfff
      // Marks, conflicts, and names whose length does not stand here.
      let name = place + Entry.size
      guard flags & 0xf000 == 0, length < 0xfff, length > 0, name + length < end else {
        return nil
      }
      // Only then no name stands there twice.
      guard bytes[before].lexicographicallyPrecedes(bytes[name..<(name + length)]) else {
        return nil
      }
      before = name..<(name + length)
      while open.count > 1 {
        let directory = pieces[open.last!].directory
        if length > directory.count,
          bytes[name..<(name + directory.count)].elementsEqual(bytes[directory])
        {
          break
        }
        open.removeLast()
      }
      var begin = name + pieces[open.last!].directory.count
      while let slash = bytes[begin..<(name + length)].firstIndex(of: 0x2f) {
        pieces[open.last!].directories += 1
        pieces.append(Piece(directory: name..<(slash + 1)))
        open.append(pieces.count - 1)
        begin = slash + 1
      }
      pieces[open.last!].entries.append(place)
      place += (Entry.size + length + 8) / 8 * 8
    }
    return pieces
  }

  /// Tells whether all files are as the index has them, and nothing else is there.
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
    index.withUnsafeBytes { bytes in
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
      guard count == 0 else { return false }
      return piece.entries.allSatisfy {
        isClean(bytes, $0, prefix: piece.directory.count, directory)
      }
    }
  }

  /// Tells whether a name is no file of the worktree: the directory itself, its parent, and git's own at the top.
  private static func isSkipped(_ entry: UnsafeMutablePointer<dirent>, isTop: Bool) -> Bool {
    withUnsafeBytes(of: &entry.pointee.d_name) { name in
      guard name[0] == 0x2e else { return false }
      if name[1] == 0 || name[1] == 0x2e && name[2] == 0 { return true }
      return isTop && name[..<5].elementsEqual([0x2e, 0x67, 0x69, 0x74, 0])
    }
  }

  private func isClean(
    _ bytes: UnsafeRawBufferPointer, _ entry: Int, prefix: Int, _ directory: Int32
  ) -> Bool {
    let name = bytes.baseAddress! + entry + Entry.size + prefix
    var facts = stat()
    let result = fstatat(
      directory, name.assumingMemoryBound(to: CChar.self), &facts, AT_SYMLINK_NOFOLLOW)
    guard result == 0, Self.nanoseconds(facts.st_mtim) + Self.margin < written,
      Self.mode(facts) == Self.number(bytes, entry + 24)
    else { return false }
    // A file whose index entry git has marked as to be looked into has the size 0 there.
    if facts.st_size == 0, !bytes[(entry + 40)..<(entry + 60)].elementsEqual(Self.emptyBlob) {
      return false
    }
    func isSame(_ place: Int, _ value: some BinaryInteger) -> Bool {
      Self.number(bytes, entry + place) == UInt32(truncatingIfNeeded: value)
    }
    return isSame(0, facts.st_ctim.tv_sec) && isSame(4, facts.st_ctim.tv_nsec)
      && isSame(8, facts.st_mtim.tv_sec) && isSame(12, facts.st_mtim.tv_nsec)
      && isSame(20, facts.st_ino) && isSame(28, facts.st_uid) && isSame(32, facts.st_gid)
      && isSame(36, facts.st_size)
  }

  /// What an index has as a file's mode; 0 where it has none.
  private static func mode(_ facts: stat) -> UInt32 {
    switch facts.st_mode & S_IFMT {
    case S_IFREG: facts.st_mode & 0o100 == 0 ? 0o100644 : 0o100755
    case S_IFLNK: 0o120000
    default: 0
    }
  }
}
