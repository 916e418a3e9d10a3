/// The root tree that git's index remembers, which `git commit` has just written.
package enum IndexTree {
  /// Returns the root tree's id in hex; `nil` where the index does not know it, or has a form that
  /// is not understood here (split, sparse, sha256).
  package static func root(_ raw: UnsafeRawBufferPointer) -> String? {
    let index = ByteView(raw)
    guard index.count >= 32, index.holds("DIRC", at: 0), let version = index.number32(4),
      (2...4).contains(version), let count = index.number32(8)
    else { return nil }
    let content = index.count - 20
    guard var place = endOfEntries(index, count: count, version: version, content) else {
      return nil
    }
    var root: String?
    while place + 8 <= content, let size = index.number32(place + 4) {
      guard place + 8 + size <= content else { return nil }
      if index.holds("TREE", at: place) {
        root = index.slice(place + 8, place + 8 + size).flatMap { Self.rootEntry(ByteView($0)) }
      } else if let first = index[place], !(0x41...0x5a).contains(first) {
        // Written in small letters: the index can't be read without understanding it.
        return nil
      }
      place += 8 + size
    }
    return place == content ? root : nil
  }

  /// Returns the root tree's id in hex, from the bytes of an index.
  package static func root(_ index: [UInt8]) -> String? {
    index.withUnsafeBytes { root($0) }
  }

  /// Returns the root tree's id in hex, from the extension `TREE`.
  package static func rootEntry(_ extension: UnsafeRawBufferPointer) -> String? {
    rootEntry(ByteView(`extension`))
  }

  /// The first entry of the extension: an empty path, NUL, the count of entries (-1: not valid), a
  /// space, the count of subtrees, a newline, the id.
  private static func rootEntry(_ tree: ByteView) -> String? {
    guard tree[0] == 0, let space = tree.index(of: 0x20, from: 1), space < 16,
      let newline = tree.index(of: 0x0a, from: space),
      let digits = tree.slice(1, space), let id = tree.slice(newline + 1, newline + 21),
      let entries = Int(String(decoding: digits, as: UTF8.self)), entries >= 0
    else { return nil }
    return Hex.text(Array(id))
  }

  private static func endOfEntries(
    _ index: ByteView, count: Int, version: Int, _ content: Int
  ) -> Int? {
    if let offset = endByExtension(index, content) { return offset }
    var place = 12
    for _ in 0..<count {
      guard place + 62 <= content, let flags = index.number16(place + 60) else { return nil }
      let extended = version >= 3 && flags & 0x4000 != 0
      let length = flags & 0x0fff
      var name = place + (extended ? 64 : 62)
      guard name <= content else { return nil }
      if version == 4 {
        while name < content, let byte = index[name], byte & 0x80 != 0 { name += 1 }
        name += 1
      }
      let end: Int
      if version < 4, length < 0xfff {
        end = name + length
      } else {
        guard let zero = index.index(of: 0, from: name) else { return nil }
        end = zero
      }
      guard end < content else { return nil }
      place = version == 4 ? end + 1 : place + (end - place + 8) / 8 * 8
    }
    return place
  }

  /// Large indexes say at their end where the entries end.
  private static func endByExtension(_ index: ByteView, _ content: Int) -> Int? {
    let start = content - 32
    guard start >= 12, index.holds("EOIE", at: start), index.number32(start + 4) == 24,
      let offset = index.number32(start + 8)
    else { return nil }
    return offset >= 12 && offset < content ? offset : nil
  }
}
