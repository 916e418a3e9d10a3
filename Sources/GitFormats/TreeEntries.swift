/// The entries of a tree object one after the other: the mode in octal, a space, the name, NUL, the id.
struct TreeEntries {
  struct Entry {
    /// As git sees it: what it does not know is one of those that it knows.
    let mode: UInt32
    let name: ArraySlice<UInt8>
    let id: ArraySlice<UInt8>

    var isTree: Bool { mode == 0o040000 }

    /// Returns whether one stands before the other: git sorts a directory as if its name ended in `/`.
    static func < (one: Entry, other: Entry) -> Bool {
      let common = min(one.name.count, other.name.count)
      for offset in 0..<common {
        let a = one.name[one.name.startIndex + offset]
        let b = other.name[other.name.startIndex + offset]
        if a != b { return a < b }
      }
      return one.byte(common) < other.byte(common)
    }

    private func byte(_ offset: Int) -> UInt8 {
      if offset < name.count { return name[name.startIndex + offset] }
      return isTree ? 0x2f : 0
    }
  }

  private let content: [UInt8]
  private var place = 0
  private var last: Entry?

  init(_ content: [UInt8]) { self.content = content }

  /// Returns the next entry; `nil` at the end.
  ///
  /// - Throws: where an entry is damaged or stands in the wrong order.
  mutating func next() throws(TreeDiff.Unreadable) -> Entry? {
    guard place < content.count else { return nil }
    var mode: UInt32 = 0
    var end = place
    while end < content.count, content[end] != 0x20 {
      guard (0x30...0x37).contains(content[end]), end - place < 7 else {
        throw TreeDiff.Unreadable()
      }
      mode = mode << 3 | UInt32(content[end] - 0x30)
      end += 1
    }
    let start = end + 1
    guard end > place, start < content.count, let zero = content[start...].firstIndex(of: 0),
      zero > start, zero + 20 < content.count
    else { throw TreeDiff.Unreadable() }
    let name = content[start..<zero]
    guard !name.contains(0x2f) else { throw TreeDiff.Unreadable() }
    let entry = Entry(
      mode: Self.canonical(mode), name: name, id: content[(zero + 1)...(zero + 20)])
    if let last, !(last < entry) { throw TreeDiff.Unreadable() }
    last = entry
    place = zero + 21
    return entry
  }

  private static func canonical(_ mode: UInt32) -> UInt32 {
    switch mode & 0o170000 {
    case 0o100000: 0o100644 | (mode & 0o100 != 0 ? 0o111 : 0)
    case 0o120000: 0o120000
    case 0o040000: 0o040000
    default: 0o160000
    }
  }
}
