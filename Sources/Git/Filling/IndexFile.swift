import Foundation

/// The entries of an index file that git has written, of version 2 or 3, without marks and conflicts.
struct IndexFile {
  struct Entry {
    /// The offset of its first byte.
    var place: Int
    /// The range of its path.
    var path: Range<Int>
  }

  /// Nanoseconds by which a file has to be older than the index that remembers it, else it may have been written again in
  /// the same step of the file system's clock, which is up to 4,000,000.
  static let margin: Int64 = 10_000_000

  let data: Data
  /// When the file was written, in nanoseconds.
  let written: Int64
  /// In the order of the paths' bytes, none twice.
  let entries: [Entry]

  /// - Returns: `nil` where there is none, or one that is left to git.
  init?(path: String) {
    var facts = stat()
    // Looked at before it is read: if it is written meanwhile, its files are newer than this.
    guard lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG,
      let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe),
      let entries = data.withUnsafeBytes({ Self.entries($0) })
    else { return nil }
    self.data = data
    self.entries = entries
    written = Self.nanoseconds(facts.st_mtim)
  }

  static func number(_ bytes: UnsafeRawBufferPointer, _ place: Int) -> UInt32 {
    UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self))
  }

  static func nanoseconds(_ time: timespec) -> Int64 {
    Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  static func entries(_ bytes: UnsafeRawBufferPointer) -> [Entry]? {
    let end = bytes.count - 20
    guard end >= 12, bytes.starts(with: "DIRC".utf8), (2...3).contains(number(bytes, 4)) else {
      return nil
    }
    var entries: [Entry] = []
    var place = 12
    var before = 12..<12
    for _ in 0..<number(bytes, 8) {
      let path = place + FillPlan.Entry.path
      guard path <= end else { return nil }
      let flags =
        Int(bytes[place + FillPlan.Entry.flags]) << 8 | Int(bytes[place + FillPlan.Entry.flags + 1])
      let length = flags & 0xfff
      // Marks, conflicts, and paths whose length does not stand here.
      guard flags & 0xf000 == 0, length < 0xfff, length > 0, path + length < end,
        bytes[before].lexicographicallyPrecedes(bytes[path..<(path + length)])
      else { return nil }
      before = path..<(path + length)
      entries.append(Entry(place: place, path: before))
      place += (FillPlan.Entry.path + length + 8) / 8 * 8
    }
    return entries
  }

  /// Returns whether it has the paths, modes and objects that a tree has.
  func hasEntries(of plan: FillPlan, _ bytes: UnsafeRawBufferPointer) -> Bool {
    // What ends an index file is not there yet.
    let wanted = plan.index + [UInt8](repeating: 0, count: 20)
    return wanted.withUnsafeBytes { other in
      guard let others = Self.entries(other), others.count == entries.count else { return false }
      return zip(entries, others).allSatisfy { one, two in
        func isSame(_ start: Int, _ end: Int) -> Bool {
          bytes[(one.place + start)..<(one.place + end)].elementsEqual(
            other[(two.place + start)..<(two.place + end)])
        }
        return isSame(FillPlan.Entry.mode, FillPlan.Entry.mode + 4)
          && isSame(FillPlan.Entry.id, FillPlan.Entry.flags)
          && bytes[one.path].elementsEqual(other[two.path])
      }
    }
  }

  /// Returns whether what an entry remembers of its file was surely so when the index was written.
  func isSure(_ bytes: UnsafeRawBufferPointer, _ entry: Entry) -> Bool {
    Int64(Self.number(bytes, entry.place + 8)) * 1_000_000_000
      + Int64(Self.number(bytes, entry.place + 12)) + Self.margin < written
  }

  /// Lets an index that is being written count as later than the files that were written just now. Nobody
  /// else writes in the worktree so early.
  static func setLater(_ file: Int32) {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let later = nanoseconds(now) + margin + margin / 2
    let omitted = timespec(tv_sec: 0, tv_nsec: 0x3fff_fffe)
    let times = [
      omitted, timespec(tv_sec: Int(later / 1_000_000_000), tv_nsec: Int(later % 1_000_000_000)),
    ]
    futimens(file, times)
  }

  /// Returns whether a file is what an entry remembers of it, by its facts alone.
  static func isSame(_ facts: stat, _ bytes: UnsafeRawBufferPointer, _ entry: Int) -> Bool {
    func isSame(_ place: Int, _ value: some BinaryInteger) -> Bool {
      number(bytes, entry + place) == UInt32(truncatingIfNeeded: value)
    }
    // An entry that git has marked as to be looked into has the size 0.
    if facts.st_size == 0, !bytes[(entry + 40)..<(entry + 60)].elementsEqual(emptyBlob) {
      return false
    }
    return isSame(0, facts.st_ctim.tv_sec) && isSame(4, facts.st_ctim.tv_nsec)
      && isSame(8, facts.st_mtim.tv_sec) && isSame(12, facts.st_mtim.tv_nsec)
      && isSame(20, facts.st_ino) && isSame(24, mode(facts)) && isSame(28, facts.st_uid)
      && isSame(32, facts.st_gid) && isSame(36, facts.st_size)
  }

  /// git's name for a file without content.
  private static let emptyBlob: [UInt8] = [
    0xe6, 0x9d, 0xe2, 0x9b, 0xb2, 0xd1, 0xd6, 0x43, 0x4b, 0x8b, 0x29, 0xae, 0x77, 0x5a, 0xd8, 0xc2,
    0xe4, 0x8c, 0x53, 0x91,
  ]

  /// The mode of a file in the index; 0 if absent.
  private static func mode(_ facts: stat) -> UInt32 {
    switch facts.st_mode & S_IFMT {
    case S_IFREG: facts.st_mode & 0o100 == 0 ? 0o100644 : 0o100755
    case S_IFLNK: 0o120000
    default: 0
    }
  }
}
